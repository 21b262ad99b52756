//! What the verbs that change tasks have in common.

use std::future::Future;
use std::path::PathBuf;

use futures::stream;

use super::each::each;
use super::ids::{IdArgs, Named};
use super::lookup::{self, Lookup};
use crate::client::Client;
use crate::commands::shared::{self, Deed, Done, How, Target};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;

/// What is done to which tasks, and how.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ActionArgs {
    #[command(flatten)]
    pub ids: IdArgs,
    /// Only print the tasks that it would be done to
    #[arg(short = 'n', long, visible_alias = "noop")]
    pub dry_run: bool,
    /// Show the tasks and ask first, as is done anyway for more than one
    #[arg(short, long)]
    pub confirm: bool,
    /// Do not ask
    #[arg(short, long, conflicts_with = "confirm")]
    pub yes: bool,
    /// How many calls at once, at most; by default what the settings say, or as many as pay
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Write the IDs of tasks that it could not be done to into this file, for another try
    #[arg(long, value_name = "FILE")]
    pub failures: Option<PathBuf>,
}

/// Does it to each of the tasks.
///
/// One task is acted on at once unless a question is wished for; more are shown and asked about.
/// What is shown has passed `look`, all of it, or nothing is done. `act` has to look for itself, as
/// things may have changed in the meantime.
///
/// # Errors
/// Those of [`shared::perform`] and those of `look`.
pub async fn perform<Looked: Future<Output = Result<Lookup>>, Acted: Future<Output = Result<Done>>>(
    deed: Deed,
    args: &ActionArgs,
    context: &Context,
    look: impl Fn(Client, String) -> Looked,
    act: impl Fn(Client, String) -> Acted,
) -> Result<Status> {
    let named = args.ids.read(context).await?;
    let context = &named.targets.context;
    let count = named.targets.refs.len();
    let how = How {
        ask: args.confirm || (count > 1 && !args.yes),
        confirm: args.confirm,
        dry_run: args.dry_run,
        jobs: args.jobs,
        failures: args.failures.clone(),
        // The IDs of new tasks are a result that people want to see, too.
        lines: count == 1 || deed.verb == "retrigger",
        alone: named.single,
    };
    if how.ask && !how.confirm && !how.dry_run && !context.ui.terminal.stdin {
        // Before a hundred thousand tasks are looked at in vain.
        return Err(unasked(deed, count));
    }
    let targets = if how.ask || how.dry_run {
        look_at_all(deed, &named, look).await?
    } else {
        named.targets.refs.iter().map(|found| Target { id: found.id.clone(), ..Target::default() }).collect()
    };
    let client = context.client()?;
    let targets = stream::iter(targets.into_iter().map(Ok));
    shared::perform(deed, targets, &how, &client, context, |target| act(client.clone(), target.id.clone())).await
}

fn unasked(deed: Deed, count: usize) -> Error {
    let message =
        format!("to {} {count} tasks a confirmation is needed, and there is no terminal to ask on", deed.verb);
    Error::usage(message).hint("--yes does it without asking, --dry-run only shows what.")
}

/// Looks at all tasks before anything is done to any.
async fn look_at_all<Looked: Future<Output = Result<Lookup>>>(
    deed: Deed,
    named: &Named,
    look: impl Fn(Client, String) -> Looked,
) -> Result<Vec<Target>> {
    let context = &named.targets.context;
    let client = &context.client()?;
    let mut found = Vec::new();
    let outcome = each(
        named,
        context,
        |task| look(client.clone(), task.id.clone()),
        |_, looked_up| {
            found.push(looked_up.target()?);
            Ok(())
        },
    )
    .await;
    match outcome {
        Ok(_) => Ok(found),
        Err(error) if named.single => Err(error),
        Err(error) => Err(error.hint(format!("Nothing was {}. Leave out the tasks that are named above.", deed.done))),
    }
}

/// Looks at a task that any state will do for.
///
/// # Errors
/// Those of the calls.
pub async fn look(client: Client, id: String) -> Result<Lookup> {
    lookup::status_and_definition(&client, &id).await
}

/// A line about one of possibly many tasks.
pub fn line(args: &ActionArgs, id: &str, text: &str) -> String {
    let single = args.ids.tasks.len() == 1 && args.ids.tasks.iter().all(|word| word != "-");
    if single { text.to_owned() } else { format!("{id} {text}") }
}
