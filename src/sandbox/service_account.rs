//! Calls that the sandbox makes of its own queue, as somebody who may do anything: for seeds and simulated workers.

use std::cell::Cell;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::auth::ROOT;
use super::call::{Answer, Call, Fault};
use super::state::State;
use super::storage::{Blob, Place, Stored};
use super::wire::parse_time;
use crate::reference::{Catalogue, Source};

/// Makes one call of the queue at a time of the caller's choosing, which must not go backwards.
///
/// The body must be valid, with the schema's defaults in it where the behaviour needs them.
///
/// # Errors
/// What the queue refuses.
pub(super) fn call_queue(
    state: &mut State,
    method: &str,
    params: &[(&str, &str)],
    body: Value,
    now: DateTime<Utc>,
) -> Result<Value, Fault> {
    let (_, method) = Catalogue::embedded(Source::Current)
        .method("queue", method)
        .map_err(|error| Fault::new(500, "InternalServerError", error.to_string()))?;
    let params: IndexMap<String, String> =
        params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let call = Call {
        service: "queue",
        method,
        params,
        query: IndexMap::new(),
        body,
        client_id: Some(ROOT.to_owned()),
        scopes: vec!["*".to_owned()],
        now,
        root_url: "http://localhost",
        authorized: Cell::new(true),
    };
    match state.behave_queue(&call) {
        Some(outcome) => read(outcome?),
        None => {
            Err(Fault::new(501, "NotImplemented", format!("the sandbox has no behaviour for {}", call.method.name)))
        }
    }
}

/// Adds an artifact of a running run with all that is stored of it. It expires with its task.
///
/// # Errors
/// What the queue refuses.
pub(super) fn add_artifact(
    state: &mut State,
    (task_id, run_id): (&str, usize),
    name: &str,
    storage: Stored,
    blob: Blob,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let run = run_id.to_string();
    let params = [("taskId", task_id), ("runId", run.as_str()), ("name", name)];
    let status = call_queue(state, "status", &params[..1], Value::Null, now)?;
    let expires = status["status"]["expires"].clone();
    let storage_type = if storage == Stored::S3 { "s3" } else { "object" };
    let body = json!({"storageType": storage_type, "expires": expires, "contentType": blob.media_type()});
    let answer = call_queue(state, "createArtifact", &params, body, now)?;
    if storage == Stored::S3 {
        state.storage.put(Place::of_artifact(task_id, run_id, name), blob);
        return Ok(());
    }
    let text = |key: &str| answer[key].as_str().unwrap_or_default();
    let expires = expires.as_str().and_then(parse_time).unwrap_or(now);
    state.objects.put(text("name"), text("projectId"), text("uploadId"), expires, blob);
    call_queue(state, "finishArtifact", &params, json!({"uploadId": answer["uploadId"]}), now).map(drop)
}

fn read(answer: Answer) -> Result<Value, Fault> {
    match answer {
        Answer::Json(value) | Answer::Status(_, value) => Ok(value),
        Answer::Raw(text) => {
            serde_json::from_str(&text).map_err(|error| Fault::new(500, "InternalServerError", error.to_string()))
        }
        Answer::NoContent | Answer::Redirect(..) | Answer::Text(_) => Ok(Value::Null),
        Answer::NoWork(_) => Ok(json!({"tasks": []})),
        Answer::WithHeaders(_, answer) => read(*answer),
    }
}
