//! `tc scope required`

use std::io::Write as _;

use serde_json::json;

use crate::commands::credentials::needs::{self, Narrowing};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Print the scopes that verbs and methods need
///
/// What is not known, such as the scheduler of a task, becomes a wildcard: `queue:rerun-task:*`. These are
/// the scopes that `tc signin --for` asks for.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A verb (task.rerun) or a method (queue.rerunTask)
    #[arg(value_name = "VERB|METHOD", required = true)]
    names: Vec<String>,
    #[command(flatten)]
    narrowing: Narrowing,
}

/// Prints one scope a line, or a list.
///
/// # Errors
/// When a name is neither a verb nor a method.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let needs = needs::of(&args.names, &args.narrowing.known()?, context)?;
    needs::tell_open(&needs, context);
    if context.wants_json() {
        context.print_json(json!(needs.scopes).to_string()).await?;
        return Ok(Status::DONE);
    }
    if needs.scopes.is_empty() && needs.open.is_empty() {
        context.ui.note("No scopes are needed.");
    }
    let mut out = context.ui.out();
    for scope in needs.scopes {
        writeln!(out, "{scope}")?;
    }
    Ok(Status::DONE)
}
