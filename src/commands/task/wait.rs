//! `tc task wait`

use std::io::Write as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::ValueEnum;

use super::ids::{IdArgs, Named};
use super::lookup::{self, Lookup};
use super::shown;
use super::status::print_documents;
use crate::client::Client;
use crate::commands::shared::{self, EventArgs, Outage};
use crate::context::Context;
use crate::domain::TaskState;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Wait until tasks are resolved
///
/// Ends with 0 when all of them completed, with 3 when they are resolved and not all completed, and
/// with 8 when the time limit came first. Prints where each stands as soon as it is settled. An
/// outage of up to ten minutes is borne, except with `--retries 0`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    ids: IdArgs,
    /// Give up after this time: `2 hours`
    // It takes the place of the global option of this name, which is about single calls.
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// What to wait for
    #[arg(long = "for", value_enum, value_name = "STATE", default_value_t)]
    goal: Goal,
    #[command(flatten)]
    events: EventArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Goal {
    /// A worker has the task, or had it
    Running,
    /// The task is over
    #[default]
    Resolved,
}

impl Goal {
    /// Whether a task in this state is worth no more waiting.
    fn is_settled(self, state: TaskState) -> bool {
        state.is_resolved() || self == Goal::Running && state == TaskState::Running
    }

    /// Whether a task in this state is as it was wished for.
    fn is_reached(self, state: TaskState) -> bool {
        state == TaskState::Completed || self == Goal::Running && state == TaskState::Running
    }
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Pauses double up to this one: a task takes minutes, and nobody minds half of one.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Waits.
///
/// # Errors
/// [`Kind::Unsuccessful`], [`Kind::Pending`], and those of the calls.
pub async fn run(args: &Args, context: &Context) -> Result<Status> {
    let mut context = context.same();
    context.globals.timeout = None;
    let mut named = args.ids.read(&context).await?;
    named.targets.context.globals.timeout = None;
    let context = &named.targets.context;
    let limit = args.timeout.as_deref().map(|text| shared::length(text, "--timeout", context.now())).transpose()?;
    let limit = limit.map(|length| context.now() + length);
    let client = context.client()?;
    let mut documents = vec![String::new(); named.targets.refs.len()];
    let outcome = context.interruptible(wait(args, &named, &client, limit, &mut documents)).await;
    if context.wants_json() {
        documents.retain(|document| !document.is_empty());
        return print_documents(&named, documents, outcome).await;
    }
    outcome
}

async fn wait(
    args: &Args,
    named: &Named,
    client: &Client,
    limit: Option<DateTime<Utc>>,
    documents: &mut [String],
) -> Result<Status> {
    let context = &named.targets.context;
    let refs = &named.targets.refs;
    let mut open: Vec<usize> = (0..refs.len()).collect();
    let mut failed = 0;
    let mut pause = FIRST_PAUSE;
    let mut events = args.events.of_tasks(refs.iter().map(|task| task.id.as_str()), context).await?;
    let mut outage = Outage::new(client, false, context);
    loop {
        let before = open.len();
        if let Some(answers) = outage.bridge(ask(client, named, &open).await)? {
            let mut left = Vec::new();
            for (index, looked_up) in open.into_iter().zip(answers) {
                match settle(args.goal, named, &looked_up, documents.get_mut(index))? {
                    Some(is_reached) => failed += usize::from(!is_reached),
                    None => left.push(index),
                }
            }
            open = left;
        }
        if open.is_empty() {
            return verdict(failed, refs.len());
        }
        // Something is going on when tasks are being settled.
        pause = if open.len() < before { FIRST_PAUSE } else { pause };
        let mut nap = events.pause(pause);
        if let Some(limit) = limit {
            let remaining = (limit - context.now()).to_std().unwrap_or_default();
            if remaining.is_zero() {
                let which = match refs.len() {
                    1 => "the task is".to_owned(),
                    all => format!("{} of {all} tasks are", open.len()),
                };
                let message = format!("{which} not {} at the time limit", args.goal.word());
                return Err(Error::new(Kind::Pending, message));
            }
            nap = nap.min(remaining);
        }
        events.wait(nap).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Takes note of how a task stands, and tells it once that is settled; whether the goal is reached then.
fn settle(goal: Goal, named: &Named, looked_up: &Lookup, document: Option<&mut String>) -> Result<Option<bool>> {
    let context = &named.targets.context;
    let status = looked_up.status()?;
    if let Some(document) = document {
        *document = String::from_utf8_lossy(looked_up.raw()).into_owned();
    }
    if !goal.is_settled(status.state) {
        return Ok(None);
    }
    if !context.wants_json() {
        let mut out = context.ui.out();
        let id = if named.single { String::new() } else { format!("{} ", status.task_id) };
        writeln!(out, "{id}{}", shown::status_line(&status))?;
        out.flush()?;
    }
    Ok(Some(goal.is_reached(status.state)))
}

impl Goal {
    fn word(self) -> &'static str {
        match self {
            Goal::Running => "running",
            Goal::Resolved => "resolved",
        }
    }
}

/// Asks about the tasks at these places, in this order.
pub(super) async fn ask(client: &Client, named: &Named, open: &[usize]) -> Result<Vec<Lookup>> {
    use futures::stream::{self, StreamExt as _, TryStreamExt as _};
    let refs = open.iter().filter_map(|index| named.targets.refs.get(*index));
    stream::iter(refs).map(|found| lookup::status(client, &found.id)).buffered(16).try_collect().await
}

/// How it ended for so many tasks.
pub(super) fn verdict(failed: usize, total: usize) -> Result<Status> {
    match (failed, total) {
        (0, _) => Ok(Status::DONE),
        (_, 1) => Err(Error::new(Kind::Unsuccessful, "the task did not complete")),
        _ => Err(Error::new(Kind::Unsuccessful, format!("{failed} of {total} tasks did not complete"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_is_enough_where_running_is_waited_for() {
        assert!(Goal::Running.is_settled(TaskState::Running) && !Goal::Resolved.is_settled(TaskState::Running));
        assert!(Goal::Running.is_reached(TaskState::Completed) && !Goal::Running.is_reached(TaskState::Failed));
        assert!(!Goal::Running.is_settled(TaskState::Unscheduled));
    }
}
