//! `tc task wait`

use std::cell::Cell;
use std::io::Write as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::ValueEnum;

use super::ids::IdArgs;
use super::lookup::{self, Lookup};
use super::shown;
use super::status::print_documents;
use crate::commands::listening::EventArgs;
use crate::commands::notices::{About, NotifyArgs};
use crate::commands::selection::NamedTasks;
use crate::commands::waiting::{Limit, Outage};
use crate::context::{Context, NamedTask};
use crate::domain::TaskState;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Wait until tasks are resolved
///
/// Ends with 0 when all of them completed, with 3 when they are resolved and not all completed, and with 8 when the
/// time limit came first. Prints the state of each as soon as it is resolved. Retries for up to ten minutes while the
/// deployment is unreachable, except with `--retries 0`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
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
    #[command(flatten)]
    notify: NotifyArgs,
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

/// Tasks that are asked about at once.
const MAX_CONCURRENT_LOOKUPS: usize = 16;
const FIRST_POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Pauses double up to this one: a task takes minutes, and nobody minds half of one.
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(30);

/// # Errors
/// [`Kind::Unsuccessful`], [`Kind::Pending`].
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = args.ids.read(context).await?;
    let limit = Limit::read(args.timeout.as_deref())?;
    let end = limit.length().map(|length| context.now() + length);
    let mut documents = vec![String::new(); named.tasks.len()];
    let open = Cell::new(named.tasks.len());
    let work = Box::pin(wait(args, &named, context, end, &mut documents, &open));
    let late = || pending(args.goal, open.get(), named.tasks.len());
    let waiting = context.interruptible(limit.hold(work, late));
    let outcome = args.notify.after(|| about(&named, context), context, waiting).await;
    if context.wants_json() {
        documents.retain(|document| !document.is_empty());
        return print_documents(&named, context, documents, outcome).await;
    }
    outcome
}

/// The tasks, for the message on how it ended.
pub(super) fn about(named: &NamedTasks, context: &Context) -> Result<About> {
    let tasks: Vec<_> = named.tasks.iter().map(|task| (task.deployment.clone(), task.id.as_str())).collect();
    About::tasks(&tasks, context)
}

async fn wait(
    args: &Args,
    named: &NamedTasks,
    context: &Context,
    limit: Option<DateTime<Utc>>,
    documents: &mut [String],
    left_open: &Cell<usize>,
) -> Result<Status> {
    let tasks = &named.tasks;
    let mut open: Vec<usize> = (0..tasks.len()).collect();
    let mut failed = 0;
    let mut pause = FIRST_POLL_INTERVAL;
    let mut events = args.events.of_tasks(tasks.iter().map(|task| task.id.as_str()), context).await?;
    let mut outage = Outage::new(false, context)?;
    loop {
        let before = open.len();
        if let Some(answers) = outage.bridge(ask(context, named, &open).await)? {
            let mut left = Vec::new();
            for (index, looked_up) in open.into_iter().zip(answers) {
                match settle(args.goal, named, context, &looked_up, documents.get_mut(index))? {
                    Some(is_reached) => failed += usize::from(!is_reached),
                    None => left.push(index),
                }
            }
            open = left;
            left_open.set(open.len());
        }
        if open.is_empty() {
            return verdict(failed, tasks.len());
        }
        // Something is going on when tasks are being settled.
        pause = if open.len() < before { FIRST_POLL_INTERVAL } else { pause };
        let mut nap = events.pause(pause);
        if let Some(limit) = limit {
            let remaining = (limit - context.now()).to_std().unwrap_or_default();
            if remaining.is_zero() {
                return Err(pending(args.goal, open.len(), tasks.len()));
            }
            nap = nap.min(remaining);
        }
        events.wait(nap).await;
        pause = (pause * 2).min(MAX_POLL_INTERVAL);
    }
}

/// The error at the time limit, with so many tasks that are not settled.
fn pending(goal: Goal, open: usize, all: usize) -> Error {
    let which = match all {
        1 => "the task is".to_owned(),
        all => format!("{open} of {all} tasks are"),
    };
    Error::new(Kind::Pending, format!("{which} not {} at the time limit", goal.word()))
}

/// Takes note of how a task stands, and tells it once that is settled; whether the goal is reached then.
fn settle(
    goal: Goal,
    named: &NamedTasks,
    context: &Context,
    looked_up: &Lookup,
    document: Option<&mut String>,
) -> Result<Option<bool>> {
    let status = looked_up.status()?;
    if let Some(document) = document {
        *document = String::from_utf8_lossy(looked_up.raw()).into_owned();
    }
    if !goal.is_settled(status.state) {
        return Ok(None);
    }
    if !context.wants_json() {
        let mut out = context.ui.out();
        let id = if named.is_single { String::new() } else { format!("{} ", status.task_id) };
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
pub(super) async fn ask(context: &Context, named: &NamedTasks, open: &[usize]) -> Result<Vec<Lookup>> {
    use futures::stream::{self, StreamExt as _, TryStreamExt as _};
    let look = |found: &NamedTask| {
        let (client, id) = (found.deployment.client(context), found.id.clone());
        async move { lookup::status(&client?, &id).await }
    };
    let tasks = open.iter().filter_map(|index| named.tasks.get(*index));
    stream::iter(tasks).map(look).buffered(MAX_CONCURRENT_LOOKUPS).try_collect().await
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
