//! `--scopes`: what a call needs, with its arguments filled in.

use std::io::Write as _;

use indexmap::IndexMap;
use serde_json::Value;

use super::Invocation;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::reference::Method;

/// Prints the scope expression: as a tree on a terminal, as JSON in a pipe.
///
/// # Errors
/// When the output cannot be written.
pub(super) async fn print(
    method: &Method,
    invocation: &Invocation,
    body: Option<&[u8]>,
    context: &Context,
) -> Result<Status> {
    let needed = method.scopes.as_ref().map(|scopes| scopes.render(&parameters(method, invocation, body)));
    if context.ui.terminal.stdout && !context.globals.json && context.globals.jq.is_none() {
        let text = match &needed {
            None => "none: anyone may call it\n".to_owned(),
            Some(expression) => expression.outline(0),
        };
        context.ui.out().write_all(context.ui.safe(&text).as_bytes())?;
    } else {
        // No scopes needed is an empty conjunction, so that scripts meet one type less.
        let json = match &needed {
            None => r#"{"AllOf":[]}"#.to_owned(),
            Some(expression) => serde_json::to_string(expression).map_err(std::io::Error::from)?,
        };
        context.print_json(json).await?;
    }
    Ok(Status::DONE)
}

/// What the command line and the body tell of the expression's parameters.
fn parameters(method: &Method, invocation: &Invocation, body: Option<&[u8]>) -> IndexMap<String, Value> {
    let mut known: IndexMap<String, Value> = IndexMap::new();
    if let Some(Value::Object(body)) = body.and_then(|body| serde_json::from_slice(body).ok()) {
        known.extend(body);
    }
    let args = method.args.iter().zip(&invocation.args).map(|(name, value)| (name.clone(), value.as_str().into()));
    known.extend(args);
    known.extend(invocation.query.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
    // Queue methods name a worker pool in one piece where their scopes name it in two.
    if let Some((provisioner, worker)) =
        known.get("taskQueueId").and_then(Value::as_str).and_then(|id| id.split_once('/'))
    {
        let (provisioner, worker) = (provisioner.to_owned(), worker.to_owned());
        known.entry("provisionerId".into()).or_insert(provisioner.into());
        known.entry("workerType".into()).or_insert(worker.into());
    }
    known
}
