//! Calls that the sandbox makes of its own queue, as somebody who may do anything: for seeds and simulated workers.

use std::cell::Cell;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde_json::Value;

use super::auth::ROOT;
use super::call::{Answer, Call, Fault};
use super::state::State;
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

fn read(answer: Answer) -> Result<Value, Fault> {
    match answer {
        Answer::Json(value) | Answer::Status(_, value) => Ok(value),
        Answer::Raw(text) => {
            serde_json::from_str(&text).map_err(|error| Fault::new(500, "InternalServerError", error.to_string()))
        }
        Answer::NoContent | Answer::Redirect(..) | Answer::Text(_) => Ok(Value::Null),
        Answer::WithHeaders(_, answer) => read(*answer),
    }
}
