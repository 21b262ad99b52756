//! `tc task schedule`

use super::action::{self, ActionArgs};
use super::shown;
use crate::commands::bulk::{BulkAction, ItemOutcome, status_after};
use crate::context::Context;
use crate::domain::TaskState;
use crate::error::Result;
use crate::exit::Status;

/// Schedule tasks now, whether their dependencies are resolved or not
///
/// These tasks no longer wait for their dependencies. With more than one, the tasks are shown and confirmed first.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    action: ActionArgs,
}

const ACTION: BulkAction =
    BulkAction { verb: "schedule", doing: "Scheduling", done: "scheduled", needs: "task.schedule" };

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let flags = &args.action;
    action::perform(ACTION, flags, context, action::look, |client, id| async move {
        let answer = client.call("queue", "scheduleTask").arg(id.as_str()).send().await?;
        let status = status_after(&answer, &id, |state| state != TaskState::Unscheduled)?;
        let note = format!("Task {id} is {} already, and was not scheduled.", status.state);
        let (line, note) = (shown::status_line(&status), status.state.is_resolved().then_some(note));
        Ok(ItemOutcome { line: action::line(flags, &id, &line), answer: Some(answer.body), note })
    })
    .await
}
