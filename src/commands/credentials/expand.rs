//! Roles among the scopes of a task, which only the deployment can expand.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::context::Context;
use crate::definition::d2g;
use crate::error::Result;

#[derive(Deserialize)]
struct Expanded {
    scopes: Vec<String>,
}

/// The scopes of a definition with its roles expanded; none where it has no roles, and nothing is asked.
pub(crate) async fn expanded_scopes(definition: &Value, context: &Context) -> Result<Option<Vec<String>>> {
    if !d2g::needs_expansion(definition) {
        return Ok(None);
    }
    let client = context.client()?;
    let body = json!({"scopes": definition.get("scopes")});
    let expanded: Expanded = client.call("auth", "expandScopes").json(&body).send().await?.json()?;
    Ok(Some(expanded.scopes))
}
