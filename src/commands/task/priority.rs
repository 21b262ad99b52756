//! `tc task priority`

use super::action::{self, ActionArgs};
use crate::commands::bulk::{
    BulkAction, ItemOutcome, change_priority, check_priority, is_priority, priority_candidates,
};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use clap_complete::ArgValueCandidates;

/// Change the priority of tasks that are not resolved
///
/// With more than one, the tasks are shown and confirmed first.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The new priority, which may also stand last: highest, very-high, high, medium, low, very-low, lowest
    #[arg(value_name = "PRIORITY", add = ArgValueCandidates::new(priority_candidates))]
    priority: String,
    #[command(flatten)]
    action: ActionArgs,
}

const ACTION: BulkAction =
    BulkAction { verb: "reprioritize", doing: "Changing", done: "changed", needs: "task.priority" };

/// Changes priorities.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let mut flags = args.action.clone();
    let first = args.priority.clone();
    let priority = if is_priority(&first) {
        first
    } else {
        let last = flags.ids.tasks.pop().unwrap_or_default();
        flags.ids.tasks.insert(0, first);
        check_priority(&last, flags.ids.tasks.first())?;
        last
    };
    let (flags, priority) = (&flags, priority.as_str());
    action::perform(ACTION, flags, context, action::look, |client, id| async move {
        let answer = change_priority(&client, &id, priority).await?;
        Ok(ItemOutcome { line: action::line(flags, &id, priority), answer: Some(answer), note: None })
    })
    .await
}
