//! Failures of the modules below, as errors that tell the user what to do.

use super::Error;
use crate::reference::{LookupError, Source};
use crate::schema::SchemaError;
use crate::ui::jq::JqError;

/// Where to look for a method that the embedded references lack.
const OTHER_VERSION: &str = "A deployment of another version may have it: \
    `tc references distill <root URL> -o DIR` writes down what a deployment has.";

impl From<LookupError> for Error {
    fn from(source: LookupError) -> Self {
        let message = source.to_string();
        match source {
            LookupError::Service { similar, .. } => {
                suggest(Error::usage(message), &similar, "`tc api` lists all services.")
            }
            LookupError::Method { service, similar, references, .. } => {
                let error = suggest(Error::usage(message), &similar, &format!("`tc api {service}` lists its methods."));
                match references {
                    Source::Current => error.hint(OTHER_VERSION),
                    Source::Legacy => error,
                }
            }
            LookupError::Broken { .. } => Error::failed(message),
        }
    }
}

impl From<SchemaError> for Error {
    fn from(source: SchemaError) -> Self {
        match source {
            SchemaError::Missing { .. } => Error::usage(source.to_string()).hint("`tc schema list` lists all schemas."),
            SchemaError::Broken { .. } | SchemaError::Unusable { .. } => Error::failed(source.to_string()),
        }
    }
}

impl From<JqError> for Error {
    fn from(source: JqError) -> Self {
        match source {
            JqError::Syntax(_) => Error::usage(source.to_string()),
            JqError::Input(_) | JqError::Run(_) => Error::failed(source.to_string()),
            JqError::Halted { status, message } => Error::halted(status, message),
        }
    }
}

/// Adds a "did you mean", or where to look when nothing is similar.
fn suggest(error: Error, similar: &[String], otherwise: &str) -> Error {
    match similar {
        [] => error.hint(otherwise),
        names => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            error.hint(format!("Did you mean {}?", names.join(" or ")))
        }
    }
}
