//! `tc group flaky`

use std::collections::BTreeMap;
use std::io::Write as _;

use futures::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use super::status::style;
use crate::client::Client;
use crate::commands::diagnosing::{
    FailedTask, Logs, MAX_CONCURRENT_TASKS, PatternArgs, failed_task, failure_of, seen, warn_of,
};
use crate::commands::selection::{self, FilterArgs, GroupTasks, Selection};
use crate::context::Context;
use crate::diagnosis::log::TaskFailure;
use crate::diagnosis::task::Hidden;
use crate::domain::{TaskItem, TaskState};
use crate::error::Result;
use crate::exit::Status;
use crate::ui::{Progress, sanitize};

/// List tasks that failed and then passed, with their errors
///
/// Tasks with a run that failed before one that completed, and tasks of one name of which some failed and some completed,
/// as retriggers do.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    /// Only print the IDs of the tasks that failed
    #[arg(long)]
    ids: bool,
    #[command(flatten)]
    patterns: PatternArgs,
    #[command(flatten)]
    filters: FilterArgs,
}

/// Ends of a run that say nothing of the task.
const ON_PURPOSE: [&str; 2] = ["canceled", "superseded"];

/// All tasks of one name.
#[derive(Default)]
struct SameName {
    completed: Vec<String>,
    /// Runs that failed of tasks that did not complete.
    failed: Vec<FailedTask>,
    /// Runs that failed of tasks that then completed.
    recovered: Vec<FailedTask>,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let group = selection::group(&args.group, context)?;
    let selection = Selection { filter: args.filters.filter(&[], context.now())?, program: None };
    let (client, logs) = (group.deployment.client(context)?, Logs::new(&args.patterns, context)?);
    let flaky = list(&client, &group.id, &selection, context).await?;
    if args.ids && !context.wants_json() {
        let mut out = context.ui.out();
        let mut seen = std::collections::HashSet::new();
        for (_, _, failed) in &flaky {
            if seen.insert(failed.request.task.clone()) {
                writeln!(out, "{}", failed.request.task)?;
            }
        }
        return Ok(Status::DONE);
    }
    let (found, hidden) = context.interruptible(read(flaky, &client, &logs, context)).await?;
    warn_of(&hidden, context);
    if context.wants_json() {
        let entries: Vec<Value> = found.iter().map(document).collect();
        context.print_json(json!({"taskGroupId": group.id, "flaky": entries}).to_string()).await?;
        return Ok(Status::DONE);
    }
    if found.is_empty() {
        context.ui.note("No task failed and then passed.");
    }
    print(&found, context)?;
    Ok(Status::DONE)
}

/// A name, a task of it that completed, and a run that failed.
type Flaky = (String, String, FailedTask);

async fn list(client: &Client, group: &str, selection: &Selection, context: &Context) -> Result<Vec<Flaky>> {
    let progress = Progress::start(&context.ui, "Listing", None);
    let mut names: BTreeMap<String, SameName> = BTreeMap::new();
    let mut tasks = GroupTasks::of(client, group)?;
    while let Some(page) = tasks.next().await? {
        page.each(|raw, item| {
            progress.advance(1);
            if selection.takes(raw, item)? {
                note(names.entry(item.name().to_owned()).or_default(), item, raw)?;
            }
            Ok(())
        })?;
    }
    progress.finish();
    let flaky = names.into_iter().filter_map(|(name, same)| {
        let completed = same.completed.first()?.clone();
        let runs = same.recovered.into_iter().chain(same.failed);
        Some(runs.map(move |failed| (name.clone(), completed.clone(), failed)).collect::<Vec<_>>())
    });
    Ok(flaky.flatten().collect())
}

fn note(same: &mut SameName, item: &TaskItem<'_>, raw: &[u8]) -> Result<()> {
    let completed = item.status.state == TaskState::Completed;
    if completed {
        same.completed.push(item.id().to_owned());
    }
    for run in &item.status.runs {
        let on_purpose = run.reason_resolved.as_deref().is_some_and(|reason| ON_PURPOSE.contains(&reason));
        if !run.state.is_unsuccessful() || on_purpose {
            continue;
        }
        let Some(failed) = failed_task(item, raw, Some(run.run_id))? else { continue };
        if completed { same.recovered.push(failed) } else { same.failed.push(failed) }
    }
    Ok(())
}

/// A flaky task with why it failed.
struct Explained {
    name: String,
    completed: String,
    failed: FailedTask,
    failure: Option<TaskFailure>,
}

async fn read(
    flaky: Vec<Flaky>,
    client: &Client,
    logs: &Logs,
    context: &Context,
) -> Result<(Vec<Explained>, Vec<Hidden>)> {
    let progress = Progress::start(&context.ui, "Reading logs", Some(flaky.len() as u64));
    let mut answers = stream::iter(flaky)
        .map(|(name, completed, failed)| async move {
            let failure = failure_of(&failed, client, logs).await;
            (name, completed, failed, failure)
        })
        .buffered(MAX_CONCURRENT_TASKS);
    let (mut found, mut hidden) = (Vec::new(), Vec::new());
    while let Some((name, completed, failed, failure)) = answers.next().await {
        // That it is flaky is known without its log.
        let failure = seen("a log", failure, &mut hidden)?.flatten();
        found.push(Explained { name, completed, failed, failure });
        progress.advance(1);
    }
    progress.finish();
    Ok((found, hidden))
}

fn document(found: &Explained) -> Value {
    let failure = found.failure.as_ref();
    json!({
        "name": found.name, "taskId": found.failed.request.task, "runId": found.failed.request.run,
        "completed": found.completed, "kind": failure.map(|failure| failure.kind),
        "infrastructure": failure.is_some_and(|failure| failure.kind.is_infrastructure()),
        "line": failure.map(|failure| &failure.line), "test": failure.and_then(|failure| failure.test.as_ref()),
    })
}

fn print(found: &[Explained], context: &Context) -> Result<()> {
    let ui = &context.ui;
    let mut out = ui.out();
    for task in found {
        let request = &task.failed.request;
        writeln!(out, "{} run {} {}", request.task, request.run, sanitize(&task.name))?;
        match &task.failure {
            Some(failure) => {
                let kind = ui.paint(style(TaskState::Failed), failure.kind);
                writeln!(out, "    ({kind}) {}", sanitize(&failure.line).replace('\n', " "))?;
            }
            None => writeln!(out, "    not explained by its log")?,
        }
        if task.completed != request.task {
            writeln!(out, "    completed as {}", task.completed)?;
        }
    }
    Ok(())
}
