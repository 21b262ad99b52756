//! Which schema is meant: a method's input or output, or a file.

use crate::error::{Error, Result};
use crate::reference::{Catalogue, Service, Source, suggest};

/// A schema, by method or by file.
#[derive(Debug, clap::Args)]
pub struct Target {
    /// Service: queue
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    service: String,
    /// Method whose body it describes (createTask), or file (v1/task.json)
    #[arg(value_name = "METHOD|FILE")]
    name: String,
    /// Take the schema of the method's answer instead of its body
    #[arg(long)]
    output: bool,
}

impl Target {
    /// The service and the schema's file.
    ///
    /// # Errors
    /// When there is no such service, method or file, or the method has no such schema.
    pub fn find(&self) -> Result<(&'static Service, &'static str)> {
        let catalogue = Catalogue::embedded(Source::Current);
        if self.name.contains('/') {
            return self.find_file(catalogue.service(&self.service)?);
        }
        let (service, method) = catalogue.method(&self.service, &self.name)?;
        let (file, what, otherwise) = match self.output {
            false => (&method.input, "takes no body", "--output shows the schema of its answer."),
            true => (&method.output, "has no schema for its answer", "It answers with nothing, or with no JSON."),
        };
        let missing = || Error::usage(format!("{}.{} {what}", service.service_name, method.name)).hint(otherwise);
        Ok((service, file.as_deref().ok_or_else(missing)?))
    }

    fn find_file(&self, service: &'static Service) -> Result<(&'static Service, &'static str)> {
        if self.output {
            return Err(Error::usage("--output goes with a method, not with a file"));
        }
        let file = self.name.trim_end_matches('#');
        let missing = || {
            let error = Error::usage(format!("the {} service has no schema `{file}`", service.service_name));
            match suggest(file, service.schemas.keys().map(String::as_str)).first() {
                Some(similar) => error.hint(format!("Did you mean `{similar}`?")),
                None => error.hint(format!("`tc schema list {}` lists its schemas.", service.service_name)),
            }
        };
        let (file, _) = service.schemas.get_key_value(file).ok_or_else(missing)?;
        Ok((service, file))
    }
}
