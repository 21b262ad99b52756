//! Which schema is meant: a method's input or output, or a file.

use clap_complete::{ArgValueCandidates, CompletionCandidate};

use crate::error::{Error, Result};
use crate::reference::{self, Catalogue, Service, Source, suggest};

/// A schema, by method or by file.
#[derive(Debug, clap::Args)]
pub struct SchemaTarget {
    /// Service (queue), or family of schemas (docker-worker)
    #[arg(add = ArgValueCandidates::new(families))]
    service: String,
    /// Method whose body it describes (createTask), or file (v1/task.json)
    #[arg(value_name = "METHOD|FILE")]
    name: String,
    /// Take the schema of the method's answer instead of its body
    #[arg(long)]
    output: bool,
}

/// All services and families, for completion.
pub(super) fn families() -> Vec<CompletionCandidate> {
    let mut names: Vec<String> = reference::schema_uris()
        .iter()
        .filter_map(|uri| uri.strip_prefix("/schemas/")?.split('/').next().map(Into::into))
        .collect();
    names.dedup();
    names.into_iter().map(CompletionCandidate::new).collect()
}

impl SchemaTarget {
    /// The schema's file, and a service from which it is found: that which has it, or any for the
    /// schemas of workers, which belong to none.
    ///
    /// # Errors
    /// When there is no such service, method or file, or the method has no such schema.
    pub fn find(&self) -> Result<(&'static Service, String)> {
        let catalogue = Catalogue::embedded(Source::Current);
        if self.name.contains('/') {
            return self.find_file(catalogue);
        }
        let (service, method) = catalogue.method(&self.service, &self.name)?;
        let (file, what, otherwise) = match self.output {
            false => (&method.input, "takes no body", "--output is for the schema of its answer."),
            true => (&method.output, "has no schema for its answer", "It answers with nothing, or with no JSON."),
        };
        let missing = || Error::usage(format!("{}.{} {what}", service.service_name, method.name)).hint(otherwise);
        Ok((service, file.clone().ok_or_else(missing)?))
    }

    fn find_file(&self, catalogue: &'static Catalogue) -> Result<(&'static Service, String)> {
        if self.output {
            return Err(Error::usage("--output goes with a method, not with a file"));
        }
        let file = self.name.trim_end_matches('#');
        let path = format!("/schemas/{}/{file}", self.service);
        let service = match catalogue.service(&self.service) {
            Err(_) if reference::schema(&path).is_some() => return Ok((catalogue.service("queue")?, path)),
            found => found?,
        };
        if service.schema(file).is_some() {
            return Ok((service, file.into()));
        }
        let error = Error::usage(format!("the {} service has no schema `{file}`", service.service_name));
        Err(match suggest(file, service.schemas.keys().map(String::as_str)).first() {
            Some(similar) => error.hint(format!("Did you mean `{similar}`?")),
            None => error.hint(format!("`tc schema list {}` lists its schemas.", service.service_name)),
        })
    }
}
