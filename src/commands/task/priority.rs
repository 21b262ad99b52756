//! `tc task priority`

use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::action::{self, ActionArgs};
use crate::commands::bulk::{BulkAction, ItemOutcome};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Change the priority of tasks that are not resolved
///
/// More than one are shown and asked about first.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The new priority
    #[arg(value_parser = PossibleValuesParser::new(
        ["highest", "very-high", "high", "medium", "low", "very-low", "lowest"]))]
    priority: String,
    #[command(flatten)]
    action: ActionArgs,
}

const ACTION: BulkAction =
    BulkAction { verb: "reprioritize", doing: "Changing", done: "changed", needs: "task.priority" };

/// Changes priorities.
///
/// # Errors
/// Those of [`action::perform`].
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let (flags, priority) = (&args.action, args.priority.as_str());
    action::perform(ACTION, flags, context, action::look, |client, id| async move {
        let call = client.call("queue", "changeTaskPriority").arg(id.as_str());
        let answer = call.json(&json!({"newPriority": priority})).send().await?;
        Ok(ItemOutcome { line: action::line(flags, &id, priority), answer: Some(answer.body) })
    })
    .await
}
