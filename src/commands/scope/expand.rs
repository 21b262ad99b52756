//! `tc scope expand`

use std::io::Write as _;

use serde::Deserialize;
use serde_json::json;

use crate::commands::credentials::needs;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Expand scopes: add those of the roles that they assume
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A scope, such as `assume:repo:github.com/mozilla/gecko`; also one a line
    #[arg(value_name = "SCOPE", required = true)]
    scopes: Vec<String>,
}

#[derive(Deserialize)]
struct Expanded {
    scopes: Vec<String>,
}

/// Prints one scope a line, or a list.
///
/// # Errors
/// When one is no scope, or the call fails.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let scopes = needs::split_scopes(&args.scopes)?;
    if scopes.is_empty() {
        return Err(Error::usage("there is no scope to expand"));
    }
    let client = context.client()?;
    let call = client.call("auth", "expandScopes").json(&json!({"scopes": scopes}));
    let expanded: Expanded = call.send().await?.json()?;
    if context.wants_json() {
        context.print_json(json!(expanded.scopes).to_string()).await?;
        return Ok(Status::DONE);
    }
    let mut out = context.ui.out();
    for scope in &expanded.scopes {
        writeln!(out, "{}", context.ui.safe(scope))?;
    }
    Ok(Status::DONE)
}
