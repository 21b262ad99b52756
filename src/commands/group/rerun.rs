//! `tc group rerun`

use crate::commands::bulk::{self, BulkAction, BulkArgs, BulkItem, status_after};
use crate::commands::selection::{self, FilterArgs, GroupTasks, Selection};
use crate::context::Context;
use crate::domain::TaskState;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Rerun tasks of a group: those that failed or ended as an exception
///
/// Shows the affected tasks and asks for confirmation; without a terminal it needs --yes. With --jq, only tasks are
/// affected for which the program's first result is neither false nor null.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    #[command(flatten)]
    bulk: BulkArgs,
    #[command(flatten)]
    filters: FilterArgs,
}

const ACTION: BulkAction = BulkAction { verb: "rerun", doing: "Rerunning", done: "rerun", needs: "group.rerun" };
const UNSUCCESSFUL: [TaskState; 2] = [TaskState::Failed, TaskState::Exception];

/// # Errors
/// Those of [`bulk::perform`]; [`crate::error::Kind::Usage`] for states that are not to be rerun.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let group = selection::group(&args.group, context)?;
    let mut filter = args.filters.filter(&UNSUCCESSFUL, context.now())?;
    if let Some(state) = filter.states.iter().find(|state| !state.is_unsuccessful()).filter(|_| !args.filters.all) {
        return Err(Error::usage(format!("{state} tasks are not rerun: only failed ones and exceptions are"))
            .hint("`tc task rerun --force` reruns a completed task all the same."));
    }
    filter.states.retain(|state| state.is_unsuccessful());
    let selection = Selection::new(filter, context)?;
    let client = group.deployment.client(context)?;
    let targets = GroupTasks::of(&client, &group.id)?.selected(&selection, |item| BulkItem::in_group(&group, item));
    bulk::perform(ACTION, targets, &args.bulk.options(), context, |client, target| {
        let (client, id) = (client, target.id.clone());
        async move {
            let response = client.call("queue", "rerunTask").arg(id.as_str()).send().await?;
            status_after(&response, &id, |state| !state.is_resolved())?;
            Ok(format!("rerunning task {id}"))
        }
    })
    .await
}
