//! `tc task cancel`

use super::action::{self, ActionArgs};
use super::lookup::status_in;
use super::shown;
use crate::commands::bulk::{BulkAction, ItemOutcome};
use crate::context::Context;
use crate::domain::TaskState;
use crate::error::Result;
use crate::exit::Status;

/// Cancel tasks
///
/// More than one are shown and asked about first. A task that is resolved already stays as it is,
/// which is no failure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    action: ActionArgs,
    /// Do not ask
    #[arg(short, long, hide = true)]
    force: bool,
}

const ACTION: BulkAction = BulkAction { verb: "cancel", doing: "Cancelling", done: "cancelled", needs: "task.cancel" };

/// Cancels.
///
/// # Errors
/// Those of [`action::perform`].
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let mut flags = args.action.clone();
    flags.bulk.yes |= args.force;
    action::perform(ACTION, &flags, context, action::look, |client, id| {
        let flags = &flags;
        async move {
            let answer = client.call("queue", "cancelTask").arg(id.as_str()).send().await?;
            let status = status_in(&answer.body)?;
            if status.state != TaskState::Exception {
                context.ui.note(format_args!("Task {id} was resolved before: it stays {}.", status.state));
            }
            let line = shown::status_line(&status);
            Ok(ItemOutcome { line: action::line(flags, &id, &line), answer: Some(answer.body) })
        }
    })
    .await
}
