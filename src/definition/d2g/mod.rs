//! A docker-worker payload becomes a payload of generic-worker (multiuser, POSIX) that runs the same container.
//!
//! What comes out is what the service's own converter makes, so that a task can be looked at before a worker
//! converts it. Both sides are checked against the schemas of the references.

mod command;
mod image;
mod payload;
mod scopes;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::reference::{Catalogue, Source};
use crate::schema::{Defaults, Fault, SchemaError, Validator};

pub(crate) use scopes::needs_expansion;

/// The schema of what goes in.
pub(crate) const DOCKER_WORKER_SCHEMA: &str = "/schemas/docker-worker/v1/payload.json#";
/// The schema of what comes out.
pub(crate) const GENERIC_WORKER_SCHEMA: &str = "/schemas/generic-worker/multiuser_posix.json#";

/// Why something cannot be converted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum D2gError {
    /// The payload is not docker-worker's.
    #[error("the payload is not a docker-worker payload")]
    Payload(Vec<Fault>),
    /// What was made is not a payload of generic-worker, such as a negative exit status in `onExitStatus`.
    #[error("the payload has no generic-worker equivalent")]
    Converted(Vec<Fault>),
    /// The definition is not an object with a payload.
    #[error("the task definition has no payload")]
    NoPayload,
    /// The definition does not say where it runs.
    #[error("the task definition has neither `taskQueueId` nor `provisionerId` and `workerType`")]
    NoTaskQueue,
    /// `scopes` is not a list of strings.
    #[error("`scopes` is not a list of strings")]
    Scopes,
    /// No image can have this name.
    #[error("invalid image reference `{0}`")]
    Image(String),
    /// The payload uses what the task's scopes do not allow. Each item is one need, satisfied by any of its scopes.
    #[error("the payload needs scopes that the task lacks")]
    MissingScopes(Vec<Vec<String>>),
    /// A schema of the references is broken.
    #[error(transparent)]
    Schema(#[from] SchemaError),
}

impl D2gError {
    /// The faults that the schemas found.
    pub(crate) fn faults(&self) -> &[Fault] {
        match self {
            Self::Payload(faults) | Self::Converted(faults) => faults,
            _ => &[],
        }
    }
}

/// What was made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Conversion {
    /// The payload or definition, its keys sorted.
    pub value: Value,
    /// Environment variables that are not in it: the worker that converts a task writes them to a file itself.
    pub omitted_variables: Vec<String>,
}

/// Converts a payload; the container is called `container`.
///
/// # Errors
/// [`D2gError`].
pub(crate) fn convert_payload(payload: &Value, container: &str) -> Result<Conversion, D2gError> {
    let mut payload = payload.clone();
    // Any service will do to find a schema that belongs to none.
    let queue = Catalogue::embedded(Source::Current).service("queue").map_err(|_| D2gError::NoPayload)?;
    let faults = Validator::new(queue, DOCKER_WORKER_SCHEMA)?.faults(&payload);
    if !faults.is_empty() {
        return Err(D2gError::Payload(faults));
    }
    // The defaults of features count even where there is no `features`.
    if let Value::Object(members) = &mut payload {
        members.entry("features").or_insert_with(|| Map::new().into());
    }
    Defaults::new(queue, DOCKER_WORKER_SCHEMA)?.fill(&mut payload);
    let (value, omitted_variables) = payload::convert(&payload, container)?;
    let faults = Validator::new(queue, GENERIC_WORKER_SCHEMA)?.faults(&value);
    if !faults.is_empty() {
        return Err(D2gError::Converted(faults));
    }
    Ok(Conversion { value: sorted(value), omitted_variables })
}

/// Converts a definition: its payload and its scopes. `expanded` are its scopes with roles expanded, where that has
/// been done ([`needs_expansion`]).
///
/// # Errors
/// [`D2gError`].
pub(crate) fn convert_definition(
    definition: &Value,
    expanded: Option<&[String]>,
    container: &str,
) -> Result<Conversion, D2gError> {
    let members = definition.as_object().ok_or(D2gError::NoPayload)?;
    let payload = members.get("payload").ok_or(D2gError::NoPayload)?;
    let Conversion { value: converted, omitted_variables } = convert_payload(payload, container)?;
    let given = scopes::given(members)?;
    let queue = scopes::task_queue(members);
    let mut members: Map<String, Value> = members.clone();
    // A definition without scopes and without a queue is a fragment, of which the payload alone matters.
    if given.is_some() || queue.is_some() {
        let queue = queue.ok_or(D2gError::NoTaskQueue)?;
        let given = given.unwrap_or_default();
        let expanded = expanded.unwrap_or(&given);
        let missing = scopes::missing(payload, &queue, expanded);
        if !missing.is_empty() {
            return Err(D2gError::MissingScopes(missing));
        }
        members.insert("scopes".into(), scopes::converted(&given, expanded, &queue).into());
    }
    members.insert("payload".into(), converted);
    Ok(Conversion { value: sorted(Value::Object(members)), omitted_variables })
}

/// The same with the keys of all objects in order, as the service's converter writes them.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            members.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
