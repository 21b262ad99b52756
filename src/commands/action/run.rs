//! `tc action run`

use super::perform::{self, PerformArgs};
use crate::commands::waiting::Ended;
use crate::context::Context;
use crate::error::Result;

/// Run an action on a task group or on tasks
///
/// Prefer an action to `tc task rerun`, `tc task retrigger` or `tc group cancel` where a group has one: it needs
/// other scopes (hooks:trigger-hook:..), does what the project's own code decides, and the tasks that it creates can
/// be verified by their chain of trust. The input gets the defaults of the action's schema and is checked; the scopes
/// of the decision task are checked, too. Shows what will be sent and asks for confirmation. Nothing is sent twice.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the action, as `tc action list` shows it
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    perform: PerformArgs,
}

/// Runs it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Ended> {
    perform::perform(&args.name, &args.perform, context).await
}
