//! Which schema is meant: a method's input or output, or a file.

use clap_complete::{ArgValueCandidates, CompletionCandidate};
use serde_json::Value;

use crate::commands::documents::open_schema;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::reference::{self, Catalogue, Service, suggest};

/// A schema, by method or by file.
#[derive(Debug, clap::Args)]
pub(super) struct SchemaTarget {
    /// Service (queue), or family of schemas (docker-worker)
    #[arg(add = ArgValueCandidates::new(families), required_unless_present = "schema")]
    pub(super) service: Option<String>,
    /// Method whose body it describes (createTask), or file (v1/task.json)
    #[arg(value_name = "METHOD|FILE", required_unless_present = "schema")]
    name: Option<String>,
    /// Take this schema: a file, or the URL of one
    #[arg(long, value_name = "FILE|URL", conflicts_with = "output")]
    schema: Option<String>,
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
    /// Whether `--schema` was given.
    pub(super) fn has_own(&self) -> bool {
        self.schema.is_some()
    }

    /// The schema of `--schema`, if it was given.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn own(&self, context: &Context) -> Result<Option<Value>> {
        let Some(place) = &self.schema else { return Ok(None) };
        Ok(Some(open_schema(place, context).await?))
    }

    /// The schema's file, and a service from which it is found: that which has it, or any for the
    /// schemas of workers, which belong to none.
    ///
    /// # Errors
    /// When there is no such service, method or file, or the method has no such schema.
    pub(super) fn find(&self, context: &Context) -> Result<(&'static Service, String)> {
        let catalogue = context.catalogue(false);
        let (family, name) = (self.service.as_deref().unwrap_or_default(), self.name.as_deref().unwrap_or_default());
        let of_no_service = files_of(family);
        let is_of_no_service = !of_no_service.is_empty() && catalogue.service(family).is_err();
        if self.output && (is_of_no_service || name.contains('/')) {
            return Err(Error::usage("--output goes with a method, not with a file"));
        }
        if is_of_no_service {
            return find_family_file(catalogue, family, name, &of_no_service);
        }
        if name.contains('/') {
            return find_file(catalogue, family, name);
        }
        let (service, method) = catalogue.method(family, name)?;
        let (file, what, otherwise) = match self.output {
            false => (&method.input, "takes no body", "--output is for the schema of its answer."),
            true => (&method.output, "has no schema for its answer", "It answers with nothing, or with no JSON."),
        };
        let missing = || Error::usage(format!("{}.{} {what}", service.service_name, method.name)).hint(otherwise);
        Ok((service, file.clone().ok_or_else(missing)?))
    }
}

/// A schema that belongs to no service; `.json` may be left out.
fn find_family_file(
    catalogue: &'static Catalogue,
    family: &str,
    name: &str,
    files: &[String],
) -> Result<(&'static Service, String)> {
    let name = name.trim_end_matches('#');
    let Some(file) = files.iter().find(|file| *file == name || file.strip_suffix(".json") == Some(name)) else {
        let error = Error::usage(format!("{family} has no schema `{name}`"));
        return Err(error.hint(format!("Choose from {}.", files.join(", "))));
    };
    Ok((catalogue.service("queue")?, format!("/schemas/{family}/{file}")))
}

fn find_file(catalogue: &'static Catalogue, family: &str, name: &str) -> Result<(&'static Service, String)> {
    let file = name.trim_end_matches('#');
    let service = catalogue.service(family)?;
    if service.schema(file).is_some() {
        return Ok((service, file.into()));
    }
    let error = Error::usage(format!("the {} service has no schema `{file}`", service.service_name));
    Err(match suggest(file, service.schemas.keys().map(String::as_str)).first() {
        Some(similar) => error.hint(format!("Did you mean `{similar}`?")),
        None => error.hint(format!("`tc schema list {}` lists its schemas.", service.service_name)),
    })
}

/// The files of schemas that belong to no service, such as those of workers' payloads.
fn files_of(family: &str) -> Vec<String> {
    let prefix = format!("/schemas/{family}/");
    let file = |uri: String| Some(uri.strip_prefix(&prefix)?.trim_end_matches('#').to_owned());
    reference::family_schema_uris().filter_map(file).collect()
}
