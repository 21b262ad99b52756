//! Why the tasks of a group failed.

use futures::stream::{self, StreamExt as _};
use serde_json::Value;

use super::log::{LogRequest, Logs};
use super::look::seen;
use super::wire::text;
use crate::client::Client;
use crate::commands::selection::{GroupTasks, Selection};
use crate::context::Context;
use crate::diagnosis::log::{FailureKind, TaskFailure};
use crate::diagnosis::task::{Hidden, kind_of_reason};
use crate::domain::TaskItem;
use crate::error::{Error, Result};
use crate::ui::Progress;

/// Tasks that are looked at once. Three answers are waited for one after the other until a log comes, and meanwhile others
/// are read, of which there are fewer at once.
pub(crate) const MAX_CONCURRENT_TASKS: usize = 48;
/// Exceptions that the task itself has no part in, so that its log does not tell why.
const WITHOUT_LOG: [&str; 3] = ["claim-expired", "worker-shutdown", "deadline-exceeded"];
/// Tasks that somebody ended on purpose did not fail.
const ON_PURPOSE: [&str; 2] = ["canceled", "superseded"];

/// A task that failed or ended as an exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FailedTask {
    /// Its name.
    pub(crate) name: String,
    /// Its platform; empty where it has none.
    pub(crate) platform: String,
    /// Why the run ended as an exception; empty for one that failed.
    pub(crate) reason: String,
    /// The run, and where its log is.
    pub(crate) request: LogRequest,
}

/// Why tasks failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Failures {
    /// Those of which it is known.
    pub(crate) explained: Vec<TaskFailure>,
    /// Those of which nothing tells: ID and name.
    pub(crate) unexplained: Vec<(String, String)>,
    /// What could not be looked at.
    pub(crate) hidden: Vec<Hidden>,
}

/// A group whose failures are asked for.
#[derive(Clone, Copy)]
pub(crate) struct GroupFailures<'a> {
    /// The client of its deployment.
    pub(crate) client: &'a Client,
    /// Its ID.
    pub(crate) group: &'a str,
    /// The tasks that are meant.
    pub(crate) selection: &'a Selection,
    /// Reads the logs.
    pub(crate) logs: &'a Logs,
}

/// What is to be read of a run that failed; none for a run that somebody ended on purpose.
///
/// # Errors
/// When it is no item of a group.
pub(crate) fn failed_task(item: &TaskItem<'_>, raw: &[u8], run: Option<u32>) -> Result<Option<FailedTask>> {
    let runs = &item.status.runs;
    let run = run.map_or(runs.last(), |number| runs.iter().find(|run| run.run_id == number));
    let reason = run.and_then(|run| run.reason_resolved.as_deref()).unwrap_or_default();
    if ON_PURPOSE.contains(&reason) {
        return Ok(None);
    }
    let value: Value = serde_json::from_slice(raw)
        .map_err(|source| Error::failed("the queue listed an invalid task").caused_by(source))?;
    let definition = &value["task"];
    Ok(Some(FailedTask {
        name: item.name().to_owned(),
        platform: platform(definition),
        reason: if reason == "failed" { String::new() } else { reason.to_owned() },
        request: LogRequest::of(item.id(), run.map_or(0, |run| run.run_id), definition),
    }))
}

/// The platform that a task is for, by what definitions say of it.
fn platform(definition: &Value) -> String {
    let (treeherder, tags) = (&definition["extra"]["treeherder"], &definition["tags"]);
    let machine = text(&treeherder["machine"]["platform"]);
    let build_type = treeherder["collection"].as_object().and_then(|collection| collection.keys().next().cloned());
    match (machine.is_empty(), build_type) {
        (false, Some(build_type)) => format!("{machine}/{build_type}"),
        (false, None) => machine,
        (true, _) => ["test-platform", "platform", "os"]
            .into_iter()
            .map(|tag| text(&tags[tag]))
            .find(|it| !it.is_empty())
            .unwrap_or_default(),
    }
}

/// Why the tasks of a group failed that are meant.
///
/// # Errors
/// Those of listing; what else cannot be looked at leaves tasks unexplained.
pub(crate) async fn failures(wanted: GroupFailures<'_>, context: &Context) -> Result<Failures> {
    let listing = Progress::start(&context.ui, "Listing", None);
    let (mut tasks, mut failed) = (GroupTasks::of(wanted.client, wanted.group)?, Vec::new());
    while let Some(page) = tasks.next().await? {
        page.each(|raw, item| {
            listing.advance(1);
            if wanted.selection.takes(raw, item)? {
                failed.extend(failed_task(item, raw, None)?);
            }
            Ok(())
        })?;
    }
    listing.finish();
    let mut seen_twice = std::collections::HashSet::new();
    failed.retain(|task| seen_twice.insert(task.request.task.clone()));
    read(failed, wanted, context).await
}

async fn read(failed: Vec<FailedTask>, wanted: GroupFailures<'_>, context: &Context) -> Result<Failures> {
    let progress = Progress::start(&context.ui, "Reading logs", Some(failed.len() as u64));
    // None waits for the result of one that is slow.
    let mut answers = stream::iter(failed.into_iter().enumerate())
        .map(|(place, task)| async move { (place, failure_of(&task, wanted.client, wanted.logs).await, task) })
        .buffer_unordered(MAX_CONCURRENT_TASKS);
    let (mut read, mut hidden) = (Vec::new(), Vec::new());
    let reading = async {
        while let Some((place, failure, task)) = answers.next().await {
            progress.advance(1);
            read.push((place, seen("a log", failure, &mut hidden)?.flatten(), task));
        }
        Ok(())
    };
    context.interruptible(reading).await?;
    progress.finish();
    read.sort_unstable_by_key(|(place, ..)| *place);
    let mut found = Failures { hidden, ..Failures::default() };
    for (_, failure, task) in read {
        match failure {
            Some(failure) => found.explained.push(failure),
            None => found.unexplained.push((task.request.task, task.name)),
        }
    }
    Ok(found)
}

/// Why a task failed; none where nothing tells.
///
/// # Errors
/// Those of the calls.
pub(crate) async fn failure_of(task: &FailedTask, client: &Client, logs: &Logs) -> Result<Option<TaskFailure>> {
    let FailedTask { name, platform, reason, request } = task;
    let failure = |line: String, kind: FailureKind, test: Option<String>| TaskFailure {
        task: request.task.clone(),
        name: name.clone(),
        platform: platform.clone(),
        line,
        kind,
        test,
    };
    let by_reason =
        || (!reason.is_empty()).then(|| failure(format!("exception: {reason}"), kind_of_reason(reason), None));
    if WITHOUT_LOG.contains(&reason.as_str()) {
        return Ok(by_reason());
    }
    let found = logs.errors(client, request.clone()).await?;
    let best = found.as_ref().and_then(|found| found.errors.telling());
    Ok(match best {
        Some(best) => Some(failure(best.text.clone(), best.kind, best.test.clone())),
        None => by_reason(),
    })
}
