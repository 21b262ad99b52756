//! `expandScopes`, `currentScopes`

use serde_json::json;

use super::expand::compare;
use super::records::Auth;
use crate::sandbox::call::{Answer, Call, Outcome};

/// The scopes of a body or a list, as strings.
pub(super) fn scopes_of(call: &Call<'_>, name: &str) -> Vec<String> {
    call.body[name]
        .as_array()
        .map(|scopes| scopes.iter().filter_map(|scope| scope.as_str().map(Into::into)).collect())
        .unwrap_or_default()
}

/// The scopes of a body in the services' order, in which roles and clients keep them.
pub(super) fn sorted_scopes_of(call: &Call<'_>, name: &str) -> Vec<String> {
    let mut scopes = scopes_of(call, name);
    scopes.sort_by(|a, b| compare(a, b));
    scopes
}

pub(super) fn expand(auth: &Auth, call: &Call<'_>) -> Outcome {
    Ok(Answer::Json(json!({"scopes": auth.expand(&scopes_of(call, "scopes"))})))
}

pub(super) fn current(call: &Call<'_>) -> Outcome {
    Ok(Answer::Json(json!({"scopes": call.scopes})))
}
