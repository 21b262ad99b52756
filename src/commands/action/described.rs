//! An action as JSON. Pure.

use serde_json::{Value, json};

use crate::definition::actions::Action;

/// What an action is, for `list` and `show`, which add what each has of its own.
pub(super) fn described(action: &Action) -> Value {
    json!({
        "name": action.name,
        "kind": action.kind.word(),
        "title": action.title,
        "description": action.description,
        "context": action.context,
        "schema": action.schema,
        "scope": action.kind.caller_scope(),
    })
}
