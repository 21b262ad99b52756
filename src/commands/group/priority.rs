//! `tc group priority`

use clap::builder::PossibleValuesParser;
use serde::Deserialize;
use serde_json::json;

use crate::commands::bulk::{self, BulkAction, BulkArgs, BulkItem};
use crate::commands::selection::{self, FilterArgs, GroupTasks, Selection};
use crate::context::Context;
use crate::domain::TaskState;
use crate::error::Result;
use crate::exit::Status;

/// Change the priority of a group's tasks that are not resolved yet
///
/// Without filters this is one call for the whole group. With filters the tasks are changed one by
/// one, and then it shows what it will touch and asks; without a terminal it needs --yes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    /// The new priority
    #[arg(value_parser = PossibleValuesParser::new(
        ["highest", "very-high", "high", "medium", "low", "very-low", "lowest"]))]
    priority: String,
    #[command(flatten)]
    bulk: BulkArgs,
    #[command(flatten)]
    filters: FilterArgs,
}

const ACTION: BulkAction =
    BulkAction { verb: "reprioritize", doing: "Changing", done: "changed", needs: "task.priority" };
const UNRESOLVED: [TaskState; 3] = [TaskState::Unscheduled, TaskState::Pending, TaskState::Running];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    tasks_affected: u64,
}

/// Changes the priority.
///
/// # Errors
/// Those of the calls and of [`bulk::perform`].
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let group = selection::group(&args.group, context)?;
    let selection = Selection::new(args.filters.filter(&UNRESOLVED, context.now())?, context)?;
    let client = group.deployment.client(context)?;
    let body = json!({"newPriority": args.priority});
    let whole = args.filters.filter(&[], context.now())?.is_empty() && selection.program.is_none();
    if whole && !args.bulk.dry_run {
        let call = client.call("queue", "changeTaskGroupPriority").arg(group.id.as_str()).json(&body);
        let response = call.send().await?;
        if context.globals.json {
            context.print_json(response.body.clone()).await?;
        } else {
            let Changed { tasks_affected } = response.json()?;
            context.ui.note(format_args!("{tasks_affected} tasks now have priority {}.", args.priority));
        }
        return Ok(Status::DONE);
    }
    let targets = GroupTasks::of(&client, &group.id)?.selected(&selection, |item| BulkItem::in_group(&group, item));
    bulk::perform(ACTION, targets, &args.bulk.options(), context, |client, target| {
        let (client, id, body) = (client, target.id.clone(), body.clone());
        let priority = args.priority.clone();
        async move {
            client.call("queue", "changeTaskPriority").arg(id.as_str()).json(&body).send().await?;
            Ok(format!("{id} {priority}"))
        }
    })
    .await
}
