//! `tc task cancel`

use super::action::{self, ActionArgs};
use super::shown;
use crate::commands::bulk::{BulkAction, ItemOutcome, resolved_before, status_after};
use crate::context::Context;
use crate::domain::TaskState;
use crate::error::Result;
use crate::exit::Status;

/// Cancel tasks
///
/// With more than one, the tasks are shown and confirmed first. A task that is resolved already stays as it is, which
/// is no failure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    action: ActionArgs,
    /// Do not ask
    #[arg(long, hide = true)]
    force: bool,
    /// Do not ask, in a program that is called as the Go tool: elsewhere -f is --failed or --force, and no yes
    #[arg(short = 'f', hide = true)]
    short_force: bool,
}

const ACTION: BulkAction = BulkAction { verb: "cancel", doing: "Cancelling", done: "cancelled", needs: "task.cancel" };

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let mut flags = args.action.clone();
    flags.bulk.yes |= args.force || (args.short_force && context.is_taskcluster());
    action::perform(ACTION, &flags, context, action::look, |client, id| {
        let flags = &flags;
        async move {
            let answer = client.call("queue", "cancelTask").arg(id.as_str()).send().await?;
            let status = status_after(&answer, &id, TaskState::is_resolved)?;
            let (line, note) = (shown::status_line(&status), resolved_before(&status));
            Ok(ItemOutcome { line: action::line(flags, &id, &line), answer: Some(answer.body), note })
        }
    })
    .await
}
