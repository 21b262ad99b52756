//! `tc group cancel`

use serde::Deserialize;
use std::io::Write as _;

use crate::commands::shared::{self, ActArgs, Deed, FilterArgs, GroupTasks, Selection, Target};
use crate::context::Context;
use crate::domain::TaskState;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Cancel tasks of a group: those that are not resolved yet
///
/// Shows what it will touch and asks; without a terminal it needs --yes. With --jq, tasks count for
/// which the program's first result is neither false nor null.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    /// Seal the group, then cancel all of it in one call. Sealing cannot be undone: nobody can ever
    /// add tasks to the group again
    #[arg(long)]
    seal: bool,
    #[command(flatten)]
    how: ActArgs,
    #[command(flatten)]
    filters: FilterArgs,
}

const DEED: Deed = Deed { verb: "cancel", doing: "Cancelling", done: "cancelled", needs: "group.cancel" };
const UNRESOLVED: [TaskState; 3] = [TaskState::Unscheduled, TaskState::Pending, TaskState::Running];

/// Cancels.
///
/// # Errors
/// Those of [`shared::perform`]; [`crate::error::Kind::Usage`] for states that cannot be cancelled.
pub async fn run(args: &Args, context: &Context) -> Result<Status> {
    let (group, context) = shared::group(&args.group, context)?;
    let mut filter = args.filters.filter(&UNRESOLVED, context.now())?;
    if let Some(state) = filter.states.iter().find(|state| state.is_resolved()).filter(|_| !args.filters.all) {
        return Err(Error::usage(format!("{state} tasks are resolved, and cannot be cancelled any more"))
            .hint("Only unscheduled, pending and running ones can, which is what is cancelled without --state."));
    }
    filter.states.retain(|state| !state.is_resolved());
    let selection = Selection::new(filter, &context)?;
    if args.seal {
        return seal_and_cancel(args, &group, selection, &context).await;
    }
    let client = context.client()?;
    let targets = GroupTasks::of(&client, &group)?.selected(&selection, Target::of);
    shared::perform(DEED, targets, &args.how.how(), &client, &context, |target| {
        let (client, id) = (client.clone(), target.id.clone());
        async move {
            client.call("queue", "cancelTask").arg(id.as_str()).send().await?;
            Ok(format!("cancelling task {id}"))
        }
    })
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cancelled {
    task_ids: Vec<String>,
}

/// The one-call way: it knows no filter.
async fn seal_and_cancel(args: &Args, group: &str, selection: Selection, context: &Context) -> Result<Status> {
    let mut filter = selection.filter;
    filter.states.clear();
    if !filter.is_empty() || selection.program.is_some() || !args.filters.states().is_empty() {
        return Err(Error::usage("--seal cancels the whole group; it cannot be combined with filters"));
    }
    let ui = &context.ui;
    if args.how.dry_run {
        ui.note(format_args!("Group {group} would be sealed and cancelled as a whole; nothing was sent."));
        return Ok(Status::DONE);
    }
    if !args.how.yes {
        if !ui.terminal.stdin {
            return Err(Error::usage(
                "to seal and cancel a group a confirmation is needed, and there is no terminal to ask on",
            )
            .hint("--yes does it without asking. Sealing cannot be undone."));
        }
        ui.note(format_args!(
            "About to seal group {group} and to cancel all of its tasks that are not resolved.\n\
             Sealing cannot be undone: nobody can ever add tasks to this group again."
        ));
        if !context.confirm("Seal and cancel it?").await? {
            return Err(Error::failed("nothing was sealed or cancelled: there was no yes"));
        }
    }
    let client = context.client()?;
    client.call("queue", "sealTaskGroup").arg(group).send().await?;
    let cancelled = client.call("queue", "cancelTaskGroup").arg(group).send().await;
    let response = cancelled
        .map_err(|error| error.hint("The group is sealed already; the same command tries to cancel it again."))?;
    if context.globals.json {
        context.print_json(response.body.clone()).await?;
        return Ok(Status::DONE);
    }
    let Cancelled { task_ids } = response.json()?;
    if ui.terminal.stdout {
        ui.note(format_args!("{} tasks cancelled; the group is sealed.", task_ids.len()));
    } else {
        let mut out = ui.out();
        for id in &task_ids {
            writeln!(out, "cancelling task {id}")?;
        }
    }
    Ok(Status::DONE)
}
