//! `tc group cancel`

use std::io::Write as _;

use serde_json::Value;

use super::seal;
use crate::commands::bulk::{
    self, BulkAction, BulkArgs, BulkItem, Confirmation, ItemOutcome, about_group, lacks, resolved_before, status_after,
};
use crate::commands::selection::{self, FilterArgs, GroupTasks, Selection};
use crate::context::{Context, Named};
use crate::domain::TaskState;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Cancel tasks of a group: those that are not resolved yet
///
/// Shows the affected tasks and asks for confirmation; without a terminal it needs --yes. With --jq, only tasks are
/// affected for which the program's first result is neither false nor null. Where the group has an action
/// `cancel-all` (`tc action list GROUP`), `tc action run cancel-all GROUP` needs the scopes of its hook in place of
/// those of the queue, and spares the tasks that the project exempts.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    /// Seal the group, then cancel all of it in one call. Sealing cannot be undone: nobody can ever
    /// add tasks to the group again
    #[arg(long)]
    seal: bool,
    #[command(flatten)]
    bulk: BulkArgs,
    #[command(flatten)]
    filters: FilterArgs,
}

const ACTION: BulkAction = BulkAction { verb: "cancel", doing: "Cancelling", done: "cancelled", needs: "group.cancel" };
const UNRESOLVED: [TaskState; 3] = [TaskState::Unscheduled, TaskState::Pending, TaskState::Running];

/// # Errors
/// Those of [`bulk::perform`]; [`crate::error::Kind::Usage`] for states that cannot be cancelled.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let group = selection::group(&args.group, context)?;
    let mut filter = args.filters.filter(&UNRESOLVED, context.now())?;
    if let Some(state) = filter.states.iter().find(|state| state.is_resolved()).filter(|_| !args.filters.all) {
        let error = Error::usage(format!("{state} tasks are resolved, and cannot be cancelled any more"))
            .hint("Only unscheduled, pending and running ones can, which is what is cancelled without --state.");
        // The Go tool has another meaning for `-f` here.
        return Err(if args.filters.failed && !args.bulk.yes {
            error.hint("Use --yes to skip the question; -f is --failed.")
        } else {
            error
        });
    }
    filter.states.retain(|state| !state.is_resolved());
    let selection = Selection::new(filter, context)?;
    if args.seal {
        return seal_and_cancel(args, &group, selection, context).await;
    }
    let client = group.deployment.client(context)?;
    let targets = GroupTasks::of(&client, &group.id)?.selected(&selection, |item| BulkItem::in_group(&group, item));
    let mut options = args.bulk.options();
    // The Go tool asks whatever standard input is, and a no is no failure there.
    options.confirm |= context.is_taskcluster();
    bulk::perform(ACTION, targets, &options, context, |client, target| {
        let (client, id) = (client, target.id.clone());
        async move {
            let response = client.call("queue", "cancelTask").arg(id.as_str()).send().await?;
            let status = status_after(&response, &id, TaskState::is_resolved)?;
            let line = format!("cancelling task {id}");
            Ok(ItemOutcome { line, note: resolved_before(&status), answer: None })
        }
    })
    .await
}

/// The one-call way: it knows no filter.
async fn seal_and_cancel(args: &Args, named: &Named, selection: Selection, context: &Context) -> Result<Status> {
    let group = named.id.as_str();
    let mut filter = selection.filter;
    filter.states.clear();
    if !filter.is_empty() || selection.program.is_some() || !args.filters.states().is_empty() {
        return Err(Error::usage("--seal cancels the whole group; it cannot be combined with filters"));
    }
    let ui = &context.ui;
    if args.bulk.dry_run {
        ui.note(format_args!("Group {group} would be sealed and cancelled as a whole; nothing was sent."));
        return Ok(Status::DONE);
    }
    if !args.bulk.yes {
        let confirmation = Confirmation {
            action: "seal and cancel the group",
            refusal: "sealed and cancelled nothing",
            notice: &format!(
                "About to seal group {group} and to cancel all of its tasks that are not resolved.\n\
                 Sealing cannot be undone: nobody can ever add tasks to this group again."
            ),
            question: "Seal and cancel it?",
            hint: "Use --yes to skip the question. Sealing cannot be undone.",
            was_requested: false,
        };
        if !confirmation.ask(context).await? {
            return Ok(Status::NOT_CONFIRMED);
        }
    }
    let client = named.deployment.client(context)?;
    seal::seal(&client, group).await?;
    let cancelled = client.call("queue", "cancelTaskGroup").arg(group).send().await;
    let response = cancelled
        .map_err(|error| error.hint("The group is sealed already; the same command tries to cancel it again."))?;
    let answer = about_group(&response, group)?;
    let ids = answer.get("taskIds").and_then(Value::as_array).ok_or_else(|| lacks(&response, "taskIds"))?;
    let ids: Vec<&str> = ids.iter().filter_map(Value::as_str).collect();
    if context.globals.json {
        context.print_done(&format!("sealed and cancelled group {group}"), response.body.clone()).await?;
        return Ok(Status::DONE);
    }
    if ui.terminal.stdout {
        ui.note(format_args!("{} tasks cancelled; the group is sealed.", ids.len()));
    } else {
        let mut out = ui.out();
        for id in ids {
            writeln!(out, "cancelling task {id}")?;
        }
    }
    Ok(Status::DONE)
}
