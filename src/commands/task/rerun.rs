//! `tc task rerun`

use futures::stream::{self, StreamExt as _};

use super::action::{self, ActionArgs};
use super::lookup::{self, Lookup};
use super::shown;
use crate::client::Client;
use crate::commands::bulk::{BulkAction, ItemOutcome, status_after};
use crate::context::Context;
use crate::domain::TaskState;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Rerun tasks that failed or ended as an exception
///
/// A rerun is one more run of the same task, so its chain of trust stays verifiable. Refused for tasks in other
/// states, and for tasks whose dependencies are not resolved as they must be. With more than one, the tasks are shown
/// and confirmed first. Where the group has an action `rerun` (`tc action list TASK`), `tc action rerun` needs the
/// scopes of its hook in place of those of the queue, and does what the project's own code decides.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    action: ActionArgs,
    /// Rerun completed tasks, too, and ignore the state of dependencies
    #[arg(short, long)]
    force: bool,
}

const ACTION: BulkAction = BulkAction { verb: "re-run", doing: "Re-running", done: "re-run", needs: "task.rerun" };
/// Dependencies that are looked at at once.
const MAX_CONCURRENT_LOOKUPS: usize = 16;
/// Dependencies that a refusal names.
const MAX_NAMED_DEPENDENCIES: usize = 5;

/// # Errors
/// Those of [`action::perform`]; [`Kind::Conflict`] for tasks that are not to be rerun.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let (flags, force) = (&args.action, args.force);
    let look = |client: Client, id: String| async move { look(&client, &id, force).await };
    action::perform(ACTION, flags, context, look, |client, id| async move {
        if !force {
            self::look(&client, &id, force).await?;
        }
        let answer = client.call("queue", "rerunTask").arg(id.as_str()).send().await?;
        let line = shown::status_line(&status_after(&answer, &id, |state| !state.is_resolved())?);
        Ok(ItemOutcome { line: action::line(flags, &id, &line), answer: Some(answer.body), note: None })
    })
    .await
}

/// Looks at a task that is to be rerun, and refuses those that should not be.
async fn look(client: &Client, id: &str, force: bool) -> Result<Lookup> {
    let looked_up = lookup::status_and_definition(client, id).await?;
    if !force {
        check_state(&looked_up)?;
        check_dependencies(client, &looked_up).await?;
    }
    Ok(looked_up)
}

fn check_state(looked_up: &Lookup) -> Result<()> {
    let status = looked_up.status()?;
    if status.state.is_unsuccessful() {
        return Ok(());
    }
    let (id, state) = (&status.task_id, status.state);
    Err(Error::new(Kind::Conflict, format!("task {id} is {state}; only failed tasks and exceptions are rerun"))
        .hint("Use --force to rerun it all the same."))
}

/// The queue reruns a task whatever its dependencies; it would run on what is not there.
async fn check_dependencies(client: &Client, looked_up: &Lookup) -> Result<()> {
    let definition = looked_up.definition()?;
    let any_end = definition.requires.as_deref() == Some("all-resolved");
    let mut states = stream::iter(&definition.dependencies)
        .map(|id| async move {
            let looked_up = lookup::status(client, id).await?;
            Ok::<_, Error>((id.0.to_string(), looked_up.status()?.state))
        })
        .buffered(MAX_CONCURRENT_LOOKUPS);
    let mut unmet: Vec<(String, TaskState)> = Vec::new();
    while let Some(found) = states.next().await {
        let (id, state) = match found {
            Ok(found) => found,
            // A dependency that has expired cannot be waited for.
            Err(error) if error.kind() == Kind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let met = if any_end { state.is_resolved() } else { state == TaskState::Completed };
        if !met {
            unmet.push((id, state));
        }
    }
    if unmet.is_empty() {
        return Ok(());
    }
    let id = looked_up.status()?.task_id.into_owned();
    let mut which: Vec<String> =
        unmet.iter().take(MAX_NAMED_DEPENDENCIES).map(|(id, state)| format!("{id} ({state})")).collect();
    if unmet.len() > MAX_NAMED_DEPENDENCIES {
        which.push(format!("{} more", unmet.len() - MAX_NAMED_DEPENDENCIES));
    }
    let must = if any_end { "resolved" } else { "completed" };
    Err(Error::new(Kind::Conflict, format!("task {id} depends on tasks that are not {must}: {}", which.join(", ")))
        .hint("Wait for these, or rerun those that failed first; --force reruns it all the same."))
}
