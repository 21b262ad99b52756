//! Failures of the modules below, as errors with advice.

use super::{Advice, Error};
use crate::reference::{Catalogue, LookupError, Source};
use crate::schema::SchemaError;
use crate::ui::jq::JqError;

impl From<LookupError> for Error {
    fn from(source: LookupError) -> Self {
        let message = source.to_string();
        let legacy = || Catalogue::embedded(Source::Legacy);
        match source {
            LookupError::Service { name, .. } if legacy().service(&name).is_ok() => {
                Error::usage(message).advise(Advice::UseLegacy)
            }
            LookupError::Service { similar, .. } => suggest(Error::usage(message), &similar, Advice::ListServices),
            LookupError::Method { service, name, searched: Source::Current, .. }
                if legacy().method(&service, &name).is_ok() =>
            {
                Error::usage(message).advise(Advice::UseLegacy).advise(Advice::OtherReferences)
            }
            LookupError::Method { service, similar, searched, .. } => {
                let error = suggest(Error::usage(message), &similar, Advice::ListMethods(service));
                match searched {
                    Source::Current => error.advise(Advice::OtherReferences),
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
            SchemaError::Missing { .. } => Error::usage(source.to_string()).advise(Advice::ListSchemas),
            SchemaError::Broken { .. } | SchemaError::Unusable { .. } | SchemaError::Endless(_) => {
                Error::failed(source.to_string())
            }
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
fn suggest(error: Error, similar: &[String], otherwise: Advice) -> Error {
    match similar {
        [] => error.advise(otherwise),
        names => {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            error.hint(format!("Did you mean {}?", names.join(" or ")))
        }
    }
}
