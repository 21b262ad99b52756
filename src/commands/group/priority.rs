//! `tc group priority`

use clap_complete::ArgValueCandidates;
use serde_json::{Value, json};

use crate::client::Response;
use crate::commands::bulk::{
    self, BulkAction, BulkArgs, BulkItem, about_group, change_priority, check_priority, is_priority, lacks,
    priority_candidates,
};
use crate::commands::selection::{self, FilterArgs, GroupTasks, Selection};
use crate::context::Context;
use crate::domain::TaskState;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Change the priority of a group's tasks that are not resolved yet
///
/// Without filters this is one call for the whole group. With filters the tasks are changed one by one, and it shows
/// them and asks for confirmation first; without a terminal it needs --yes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    /// The new priority, which may also stand first: highest, very-high, high, medium, low, very-low, lowest
    #[arg(value_name = "PRIORITY", add = ArgValueCandidates::new(priority_candidates))]
    priority: String,
    #[command(flatten)]
    bulk: BulkArgs,
    #[command(flatten)]
    filters: FilterArgs,
}

const ACTION: BulkAction =
    BulkAction { verb: "reprioritize", doing: "Changing", done: "changed", needs: "task.priority" };
const UNRESOLVED: [TaskState; 3] = [TaskState::Unscheduled, TaskState::Pending, TaskState::Running];

/// Changes the priority.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let (group, priority) = match (&args.group, &args.priority) {
        (priority, group) if is_priority(priority) => (group, priority),
        (group, priority) => (group, priority),
    };
    check_priority(priority, Some(group))?;
    let group = selection::group(group, context)?;
    let selection = Selection::new(args.filters.filter(&UNRESOLVED, context.now())?, context)?;
    let client = group.deployment.client(context)?;
    let whole = args.filters.filter(&[], context.now())?.is_empty() && selection.program.is_none();
    if whole && !args.bulk.dry_run {
        let call = client
            .call("queue", "changeTaskGroupPriority")
            .arg(group.id.as_str())
            .json(&json!({"newPriority": priority}));
        let response = call.send().await?;
        let note = changed(&response, &group.id, priority)?;
        if context.globals.json {
            let done = format!("changed the priority of group {}", group.id);
            context.print_done(&done, response.body.clone()).await?;
        } else {
            context.ui.note(note);
        }
        return Ok(Status::DONE);
    }
    let targets = GroupTasks::of(&client, &group.id)?.selected(&selection, |item| BulkItem::in_group(&group, item));
    bulk::perform(ACTION, targets, &args.bulk.options(), context, |client, target| {
        let (client, id, priority) = (client, target.id.clone(), priority.clone());
        async move {
            change_priority(&client, &id, &priority).await?;
            Ok(format!("{id} {priority}"))
        }
    })
    .await
}

/// What the answer says that was changed. A try that is made again after a lost answer finds nothing left to change.
fn changed(response: &Response, group: &str, priority: &str) -> Result<String> {
    let answer = about_group(response, group)?;
    match answer.get("newPriority").and_then(Value::as_str) {
        Some(new) if new == priority => {}
        Some(new) => return Err(Error::failed(format!("{} answered that the priority is {new}", response.what))),
        None => return Err(lacks(response, "newPriority")),
    }
    let count = answer.get("tasksAffected").and_then(Value::as_u64).ok_or_else(|| lacks(response, "tasksAffected"))?;
    Ok(match count {
        0 => {
            format!("Nothing is left to change: no unresolved task of the group has another priority than {priority}.")
        }
        1 => format!("1 task now has priority {priority}."),
        count => format!("{count} tasks now have priority {priority}."),
    })
}
