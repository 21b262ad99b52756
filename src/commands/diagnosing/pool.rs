//! How a task queue and its worker pool stand.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::look::seen;
use super::wire::{at, text};
use crate::client::Client;
use crate::diagnosis::task::{Ahead, Capacity, Hidden, PoolError, PoolFacts, PoolState, QueueFacts, SeenWorker};
use crate::error::{Kind, Result};
use crate::reference::suggest;

/// Pending tasks that are looked at for a place in the queue, at most.
const MAX_LISTED_TASKS: usize = 2000;
/// Workers that are looked at, at most.
const MAX_LISTED_WORKERS: usize = 2000;
/// Errors of a pool that are looked at, at most.
const MAX_LISTED_ERRORS: usize = 1000;
/// How far back errors of a pool count.
const ERROR_WINDOW: TimeDelta = TimeDelta::hours(6);
/// Kinds of errors that are told.
const MAX_TOLD_ERRORS: usize = 3;
/// Priorities, the most urgent first.
const PRIORITIES: [&str; 8] = ["highest", "very-high", "high", "medium", "low", "very-low", "lowest", "normal"];

/// What is known of a pool and its queue, whichever task waits in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Pool {
    pub(super) workers: PoolFacts,
    pending: Option<u64>,
    claimed: Option<u64>,
    listed: Option<Vec<Waiting>>,
    is_cut: bool,
    pub(super) hidden: Vec<Hidden>,
}

/// A task that waits in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Waiting {
    task: String,
    priority: usize,
    since: Option<DateTime<Utc>>,
}

impl Pool {
    /// Looks at all that may be looked at.
    ///
    /// # Errors
    /// Those of [`seen`].
    pub(super) async fn look(client: &Client, pool: &str, now: DateTime<Utc>) -> Result<Self> {
        let (counts, listed, state, errors, workers) = futures::join!(
            counts(client, pool),
            pending(client, pool),
            state(client, pool),
            errors(client, pool, now),
            workers(client, pool, now),
        );
        let mut found = Self::default();
        let hidden = &mut found.hidden;
        if let Some((pending, claimed)) = seen("the counts of the task queue", counts, hidden)? {
            (found.pending, found.claimed) = (pending, claimed);
        }
        if let Some((listed, is_cut)) = seen("the tasks that are pending", listed, hidden)? {
            (found.listed, found.is_cut) = (Some(listed), is_cut);
        }
        found.workers.pool = seen("the worker pool", state, hidden)?.unwrap_or_default();
        found.workers.errors = seen("the errors of the worker pool", errors, hidden)?.unwrap_or_default();
        found.workers.seen = seen("the workers", workers, hidden)?;
        Ok(found)
    }

    /// How the queue stands for one task.
    pub(super) fn queue_for(&self, task: &str, priority: &str, recent_run_times: Vec<TimeDelta>) -> QueueFacts {
        let ahead = self.listed.as_ref().and_then(|listed| {
            let own = listed.iter().find(|waiting| waiting.task == task);
            if own.is_none() && !self.is_cut {
                // It was claimed meanwhile, or is about to be listed.
                return None;
            }
            let rank = rank(priority);
            let before = |waiting: &&Waiting| waiting.task != task;
            let by_priority = listed.iter().filter(before).filter(|waiting| waiting.priority < rank).count();
            let older =
                |waiting: &&Waiting| waiting.priority == rank && own.is_none_or(|own| waiting.since < own.since);
            let by_age = listed.iter().filter(before).filter(older).count();
            Some(Ahead { by_priority: by_priority as u64, by_age: by_age as u64, is_least: self.is_cut })
        });
        QueueFacts { pending: self.pending, claimed: self.claimed, ahead, recent_run_times }
    }
}

fn rank(priority: &str) -> usize {
    PRIORITIES.iter().position(|name| *name == priority).unwrap_or(PRIORITIES.len())
}

async fn counts(client: &Client, pool: &str) -> Result<(Option<u64>, Option<u64>)> {
    let answer: Value = client.call("queue", "taskQueueCounts").arg(pool).send().await?.json()?;
    Ok((answer["pendingTasks"].as_u64(), answer["claimedTasks"].as_u64()))
}

async fn pending(client: &Client, pool: &str) -> Result<(Vec<Waiting>, bool)> {
    let (tasks, is_cut) = listed(client, "queue", "listPendingTasks", &[pool], "tasks", MAX_LISTED_TASKS).await?;
    let tasks = tasks.iter().map(|task| Waiting {
        task: text(&task["taskId"]),
        priority: rank(task["task"]["priority"].as_str().unwrap_or("lowest")),
        since: at(&task["inserted"]),
    });
    Ok((tasks.collect(), is_cut))
}

async fn state(client: &Client, pool: &str) -> Result<PoolState> {
    let answer: Value = match client.call("worker-manager", "workerPool").arg(pool).send().await {
        Ok(answer) => answer.json()?,
        Err(error) if error.kind() == Kind::NotFound => return Ok(PoolState::Missing(near(client, pool).await)),
        Err(error) => return Err(error),
    };
    let number = |key: &str| answer[key].as_u64().unwrap_or(0);
    Ok(PoolState::Known(Capacity {
        provider: text(&answer["providerId"]),
        most: answer["config"]["maxCapacity"].as_u64(),
        requested: number("requestedCapacity"),
        running: number("runningCapacity"),
        stopping: number("stoppingCapacity"),
    }))
}

/// Pools of a similar name; none when that cannot be found out, for it is only a help.
async fn near(client: &Client, pool: &str) -> Vec<String> {
    let pools = listed(client, "worker-manager", "listWorkerPools", &[], "workerPools", MAX_LISTED_WORKERS).await;
    let Ok((pools, _)) = pools else { return Vec::new() };
    let names = pools.iter().filter_map(|pool| pool["workerPoolId"].as_str());
    suggest(pool, names).into_iter().map(str::to_owned).collect()
}

async fn errors(client: &Client, pool: &str, now: DateTime<Utc>) -> Result<Vec<PoolError>> {
    let found =
        listed(client, "worker-manager", "listWorkerPoolErrors", &[pool], "workerPoolErrors", MAX_LISTED_ERRORS).await;
    let (errors, _) = match found {
        Err(error) if error.kind() == Kind::NotFound => return Ok(Vec::new()),
        found => found?,
    };
    let mut grouped: Vec<PoolError> = Vec::new();
    for error in &errors {
        let reported = at(&error["reported"]);
        if reported.is_none_or(|reported| now - reported > ERROR_WINDOW) {
            continue;
        }
        let title = [text(&error["title"]), first_line(&error["description"])];
        let title = title.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
        match grouped.iter_mut().find(|known| known.title == title) {
            Some(known) => {
                known.count += 1;
                known.last = known.last.max(reported);
            }
            None => grouped.push(PoolError { title, count: 1, last: reported }),
        }
    }
    grouped.sort_by_key(|error| std::cmp::Reverse(error.count));
    grouped.truncate(MAX_TOLD_ERRORS);
    Ok(grouped)
}

fn first_line(value: &Value) -> String {
    const MAX_CHARACTERS: usize = 200;
    let line = value.as_str().unwrap_or_default().lines().next().unwrap_or_default();
    line.chars().take(MAX_CHARACTERS).collect()
}

async fn workers(client: &Client, pool: &str, now: DateTime<Utc>) -> Result<Vec<SeenWorker>> {
    let (provisioner, worker_type) = pool.split_once('/').unwrap_or((pool, ""));
    let arguments = [provisioner, worker_type];
    let found = listed(client, "queue", "listWorkers", &arguments, "workers", MAX_LISTED_WORKERS).await;
    let (workers, _) = match found {
        Err(error) if error.kind() == Kind::NotFound => return Ok(Vec::new()),
        found => found?,
    };
    Ok(workers
        .iter()
        .map(|worker| SeenWorker {
            name: format!("{}/{}", text(&worker["workerGroup"]), text(&worker["workerId"])),
            active: at(&worker["lastDateActive"]).or_else(|| at(&worker["firstClaim"])),
            is_quarantined: at(&worker["quarantineUntil"]).is_some_and(|until| until > now),
        })
        .collect())
}

/// The items of a list, up to so many, and whether there are more.
async fn listed(
    client: &Client,
    service: &str,
    method: &str,
    arguments: &[&str],
    key: &str,
    most: usize,
) -> Result<(Vec<Value>, bool)> {
    let call = arguments.iter().fold(client.call(service, method), |call, argument| call.arg(*argument));
    let mut pages = call.pages()?;
    let mut all = Vec::new();
    while let Some(page) = pages.next().await? {
        let mut page: Value = page.json()?;
        if let Some(Value::Array(items)) = page.get_mut(key).map(Value::take) {
            all.extend(items);
        }
        if all.len() >= most {
            return Ok((all, true));
        }
    }
    Ok((all, false))
}
