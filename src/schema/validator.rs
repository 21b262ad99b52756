//! Checks a body against a schema.

use std::collections::BTreeMap;

use jsonschema::{Draft, Retrieve, Uri};
use serde_json::Value;

use super::circles;
use super::documents::{Documents, SchemaError};
use super::faults::{self, Fault};
use super::formats;
use crate::reference::Service;

/// A compiled schema. It is costly to make (about a millisecond) and cheap to use, from any thread.
#[derive(Debug, Clone)]
pub(crate) struct Validator {
    compiled: jsonschema::Validator,
}

impl Validator {
    /// Compiles the schema `file` (`v1/create-task-request.json`) of `service`.
    ///
    /// # Errors
    /// When there is no such schema, or it or one that it refers to is broken.
    pub(crate) fn new(service: &Service, file: &str) -> Result<Self, SchemaError> {
        let documents = Documents::load(service, file)?;
        let path = documents.root_url().path().to_owned();
        let base = documents.root_url().to_string();
        let schema = documents.root().schema.clone();
        // The services' schemas declare a draft 6 in all but name; 7 adds to it and changes nothing.
        formats::register(jsonschema::options().with_draft(Draft::Draft7))
            .with_base_uri(base)
            .with_retriever(Loaded(documents.into_parsed()))
            .build(&schema)
            .map(|compiled| Self { compiled })
            .map_err(|error| SchemaError::Unusable { path, reason: error.to_string() })
    }

    /// Compiles a schema that stands alone. Its `$schema` names the draft, which is 7 without one, and with one that nobody
    /// knows, such as that of Taskcluster's own schemas.
    ///
    /// # Errors
    /// When it is not a schema, refers to another document, or to itself without an end.
    pub(crate) fn of(schema: &Value) -> Result<Self, SchemaError> {
        circles::check(schema)?;
        let draft = schema.get("$schema").and_then(Value::as_str);
        let is_known = draft.is_some_and(|draft| draft.contains("json-schema.org/"));
        let mut schema = schema.clone();
        if !is_known && let Some(members) = schema.as_object_mut() {
            members.remove("$schema");
        }
        let options = jsonschema::options();
        let options = if is_known { options } else { options.with_draft(Draft::Draft7) };
        formats::register(options)
            .with_retriever(Loaded(BTreeMap::new()))
            .build(&schema)
            .map(|compiled| Self { compiled })
            .map_err(|error| SchemaError::Unusable { path: "#".into(), reason: error.to_string() })
    }

    pub(super) fn errors<'a>(&'a self, body: &'a Value) -> impl Iterator<Item = jsonschema::ValidationError<'a>> {
        self.compiled.iter_errors(body)
    }

    /// What keeps a value from being a schema of draft 7, as [`Validator::faults`] tells it.
    pub(crate) fn metaschema_faults(schema: &Value) -> Vec<Fault> {
        let reference = serde_json::json!({"$ref": "http://json-schema.org/draft-07/schema#"});
        Self::of(&reference).map(|draft| draft.faults(schema)).unwrap_or_default()
    }

    /// What is wrong with `body`, in the words of the services: at each level first what the value
    /// itself lacks, then its members in the order in which they stand in the body. Empty when all is well.
    pub(crate) fn faults(&self, body: &Value) -> Vec<Fault> {
        faults::collect(self.compiled.iter_errors(body), body)
    }

    /// Whether `body` has no fault.
    #[cfg(test)]
    pub(crate) fn is_valid(&self, body: &Value) -> bool {
        self.compiled.is_valid(body)
    }
}

/// Serves the schemas that were loaded, and nothing else: validating never opens a file or a socket.
struct Loaded(BTreeMap<String, Value>);

impl Retrieve for Loaded {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let url = uri.as_str().trim_end_matches('#');
        self.0.get(url).cloned().ok_or_else(|| format!("unknown schema `{url}`").into())
    }
}
