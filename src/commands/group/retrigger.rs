//! `tc group retrigger`

use futures::{TryStreamExt as _, stream};

use crate::client::Client;
use crate::commands::bulk::{self, BulkAction, BulkArgs, BulkItem, status_of};
use crate::commands::selection::{self, FilterArgs, GroupTasks, Selection};
use crate::context::Context;
use crate::domain::retrigger::retrigger;
use crate::domain::slugid;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Retrigger tasks of a group: make new tasks of the same definitions
///
/// Without --exact the copies have no routes and no dependencies. Chain of trust cannot verify them. Prints the IDs
/// of the old and the new tasks. Asks for confirmation; without a terminal it needs --yes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    /// Keep routes and dependencies
    #[arg(long)]
    exact: bool,
    /// Number of copies of each
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    times: u16,
    #[command(flatten)]
    bulk: BulkArgs,
    #[command(flatten)]
    filters: FilterArgs,
}

const ACTION: BulkAction =
    BulkAction { verb: "retrigger", doing: "Retriggering", done: "retriggered", needs: "group.retrigger" };

/// # Errors
/// Those of [`bulk::perform`]; [`crate::error::Kind::Usage`] when no filter chooses tasks.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let group = selection::group(&args.group, context)?;
    let selection = Selection::new(args.filters.filter(&[], context.now())?, context)?;
    if selection.filter.is_empty() && selection.program.is_none() {
        return Err(
            Error::usage("no task is selected to retrigger").hint("Choose some with a filter, or all with --all.")
        );
    }
    if !args.bulk.dry_run && !context.ui.is_quiet() {
        context.ui.warn("the copies are new tasks: chain of trust cannot verify them as part of their group's push");
    }
    let client = group.deployment.client(context)?;
    // The copies join the group. If they were made while it is being listed, they would be copied in turn.
    let all = GroupTasks::of(&client, &group.id)?
        .selected(&selection, |item| BulkItem::in_group(&group, item))
        .try_collect::<Vec<BulkItem>>();
    let targets = stream::once(all).map_ok(|all| stream::iter(all.into_iter().map(Ok))).try_flatten();
    bulk::perform(ACTION, targets, &args.bulk.options(), context, |client, target| {
        let (client, id, now) = (client, target.id.clone(), context.now());
        let (exact, times) = (args.exact, args.times);
        async move {
            let definition = client.call("queue", "task").arg(id.as_str()).send().await?.json()?;
            let copy = retrigger(&definition, now, exact)
                .map_err(|source| Error::failed(format!("task {id} cannot be copied")).caused_by(source))?;
            let mut lines = Vec::new();
            for _ in 0..times {
                lines.push(format!("{id} {}", create(&client, &copy).await?));
            }
            Ok(lines.join("\n"))
        }
    })
    .await
}

/// Makes a task. Its ID is chosen here, so a try after a lost answer makes no second one.
async fn create(client: &Client, definition: &serde_json::Value) -> Result<String> {
    let id = slugid::nice();
    let response = client.call("queue", "createTask").arg(id.as_str()).json(definition).send().await?;
    status_of(&response, &id)?;
    Ok(id)
}
