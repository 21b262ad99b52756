//! What the verbs that change tasks have in common.

use std::future::Future;

use futures::stream;

use super::ids::IdArgs;
use super::lookup::{self, Lookup};
use crate::client::Client;
use crate::commands::bulk::{self, BulkAction, BulkArgs, BulkItem, BulkOptions, ItemOutcome, look_up};
use crate::commands::selection::NamedTasks;
use crate::context::{Context, NamedTask};
use crate::error::Result;
use crate::exit::Status;

/// What is done to which tasks, and how.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct ActionArgs {
    #[command(flatten)]
    pub ids: IdArgs,
    #[command(flatten)]
    pub bulk: BulkArgs,
    /// Show the tasks and ask for confirmation, which is the default for more than one
    #[arg(short, long, conflicts_with = "yes")]
    pub confirm: bool,
}

/// Acts on each of the tasks.
///
/// One task is acted on at once unless confirmation is requested; more are shown and asked about.
/// What is shown has passed `look`, all of it, or nothing is done. `act` has to look for itself, as
/// things may have changed in the meantime.
pub(super) async fn perform<Looked: Future<Output = Result<Lookup>>, Acted: Future<Output = Result<ItemOutcome>>>(
    action: BulkAction,
    args: &ActionArgs,
    context: &Context,
    look: impl Fn(Client, String) -> Looked,
    act: impl Fn(Client, String) -> Acted,
) -> Result<Status> {
    let named = args.ids.read(context).await?;
    let count = named.tasks.len();
    let options = BulkOptions {
        ask: args.confirm || (count > 1 && !args.bulk.yes),
        confirm: args.confirm,
        // The IDs of new tasks are a result that people want to see, too.
        lines: count == 1 || action.verb == "retrigger",
        alone: named.is_single,
        jq_selects: false,
        ..args.bulk.options()
    };
    if options.ask && !options.confirm && !options.dry_run {
        // Before a hundred thousand tasks are looked at for nothing.
        action.check_terminal(count, context)?;
    }
    let items = if options.ask || options.dry_run {
        look_at_all(action, &named, context, look).await?
    } else {
        let item = |found: &NamedTask| BulkItem::of(found.deployment.clone(), found.id.clone());
        named.tasks.iter().map(item).collect()
    };
    let items = stream::iter(items.into_iter().map(Ok));
    bulk::perform(action, items, &options, context, |client, item| act(client, item.id.clone())).await
}

/// Looks at all tasks before anything is done to any.
async fn look_at_all<Looked: Future<Output = Result<Lookup>>>(
    action: BulkAction,
    named: &NamedTasks,
    context: &Context,
    look: impl Fn(Client, String) -> Looked,
) -> Result<Vec<BulkItem>> {
    let mut found = Vec::new();
    let outcome = look_up(
        named,
        context,
        |client, task| look(client, task.id.clone()),
        |task, looked_up| {
            found.push(looked_up.item(task.deployment.clone())?);
            Ok(())
        },
    )
    .await;
    match outcome {
        Ok(_) => Ok(found),
        Err(error) if named.is_single => Err(error),
        Err(error) => {
            Err(error.hint(format!("Leave out the tasks that are named above; so far, nothing was {}.", action.done)))
        }
    }
}

/// Looks at a task that any state will do for.
pub(super) async fn look(client: Client, id: String) -> Result<Lookup> {
    lookup::status_and_definition(&client, &id).await
}

/// A line about one of possibly many tasks.
pub(super) fn line(args: &ActionArgs, id: &str, text: &str) -> String {
    let single = args.ids.tasks.len() == 1 && args.ids.tasks.iter().all(|word| word != "-");
    if single { text.to_owned() } else { format!("{id} {text}") }
}
