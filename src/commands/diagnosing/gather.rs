//! All that can be found out about a task.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::log::{LogRequest, Logs};
use super::look::seen;
use super::named::{indexed_task, is_index_path};
use super::pool::Pool;
use super::upstream::{Known, both};
use super::wire::{facts_of, payload_faults, text};
use crate::client::Client;
use crate::commands::selection::GroupTasks;
use crate::context::Context;
use crate::diagnosis::task::{Hidden, TaskFacts};
use crate::domain::TaskState;
use crate::domain::task_ref::TaskRef;
use crate::error::{Error, Kind, Result};

/// Tasks of the group whose run times count for an estimate.
const RECENT_TASKS: &str = "200";
/// Tasks of a worker that are named.
const MAX_TASKS_OF_WORKER: usize = 20;

/// Where else a task of the same name ran.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Task groups by ID or address, and index paths.
    pub(crate) with: Vec<String>,
}

/// Finds out about tasks of one deployment; what several have in common is asked for once.
pub(crate) struct Gatherer<'a> {
    client: Client,
    context: &'a Context,
    now: DateTime<Utc>,
    logs: Logs,
    /// Tasks that are known already.
    pub(crate) known: Known,
    pools: Mutex<HashMap<String, Arc<Pool>>>,
    run_times: Mutex<HashMap<(String, String), Vec<TimeDelta>>>,
    comparison: Comparison,
    /// Live logs are waited for; of many running tasks that takes too long.
    reads_live_logs: bool,
}

impl<'a> Gatherer<'a> {
    /// Knows nothing yet.
    pub(crate) fn new(client: Client, logs: Logs, comparison: Comparison, context: &'a Context) -> Self {
        Self {
            client,
            context,
            now: context.now(),
            logs,
            known: Known::default(),
            pools: Mutex::default(),
            run_times: Mutex::default(),
            comparison,
            reads_live_logs: true,
        }
    }

    /// The same, for many tasks: without the logs of those that run.
    pub(crate) fn without_live_logs(self) -> Self {
        Self { reads_live_logs: false, ..self }
    }

    /// All that can be found out about a task.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when there is no such task; what else cannot be looked at is a fact of its own.
    pub(crate) async fn task(&self, id: &str) -> Result<TaskFacts> {
        let (status, definition) = both(&self.client, id).await?;
        let facts = facts_of(&status, &definition);
        self.complete(facts, &text(&status["taskGroupId"]), &definition).await
    }

    /// Adds to what a status and a definition say of a task what else can be found out.
    ///
    /// # Errors
    /// Those of [`Gatherer::task`].
    pub(crate) async fn complete(&self, mut facts: TaskFacts, group: &str, definition: &Value) -> Result<TaskFacts> {
        match facts.status.state {
            TaskState::Unscheduled => facts.upstream = self.known.above(&self.client, &facts.dependencies).await?,
            TaskState::Pending => self.pending(&mut facts, group).await?,
            TaskState::Running => {
                if self.reads_live_logs {
                    self.log(&mut facts, definition).await?;
                }
                facts.usual_run_times = self.usual_run_times(&facts.name, &mut facts.hidden).await?;
            }
            TaskState::Failed => self.log(&mut facts, definition).await?,
            TaskState::Exception => self.exception(&mut facts, definition).await?,
            TaskState::Completed | TaskState::Other(_) => {}
        }
        Ok(facts)
    }

    async fn pending(&self, facts: &mut TaskFacts, group: &str) -> Result<()> {
        let pool = self.pool(&facts.pool).await?;
        let recent = self.recent_run_times(group, &facts.pool).await;
        let recent = seen("the run times of the group", recent, &mut facts.hidden)?.unwrap_or_default();
        facts.queue = pool.queue_for(&facts.id, &facts.priority, recent);
        facts.workers = pool.workers.clone();
        facts.hidden.extend(pool.hidden.iter().cloned());
        Ok(())
    }

    async fn pool(&self, name: &str) -> Result<Arc<Pool>> {
        let known = self.pools.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(pool) = known {
            return Ok(pool);
        }
        let pool = Arc::new(Pool::look(&self.client, name, self.now).await?);
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::clone(&pool));
        Ok(pool)
    }

    /// How long tasks of the group took that ran in this pool.
    async fn recent_run_times(&self, group: &str, pool: &str) -> Result<Vec<TimeDelta>> {
        let key = (group.to_owned(), pool.to_owned());
        let known = self.run_times.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(times) = known {
            return Ok(times);
        }
        let page: Value =
            self.client.call("queue", "listTaskGroup").arg(group).query("limit", RECENT_TASKS).send().await?.json()?;
        let mut by_pool: HashMap<String, Vec<TimeDelta>> = HashMap::from([(pool.to_owned(), Vec::new())]);
        for task in page["tasks"].as_array().into_iter().flatten() {
            let facts = facts_of(&task["status"], &task["task"]);
            let times = facts.status.runs.iter().filter_map(|run| run.took());
            by_pool.entry(facts.pool.clone()).or_default().extend(times);
        }
        let mut run_times = self.run_times.lock().unwrap_or_else(PoisonError::into_inner);
        for (pool, times) in by_pool {
            run_times.insert((group.to_owned(), pool), times);
        }
        Ok(run_times.get(&key).cloned().unwrap_or_default())
    }

    async fn log(&self, facts: &mut TaskFacts, definition: &Value) -> Result<()> {
        let Some(run) = facts.status.runs.last() else { return Ok(()) };
        let is_over = facts.status.state != TaskState::Running;
        let request = LogRequest { is_over, ..LogRequest::of(&facts.id, run.number, definition) };
        let found = self.context.interruptible(self.logs.errors(&self.client, request)).await;
        facts.log = seen("the log", found, &mut facts.hidden)?.flatten().map(|found| found.errors);
        Ok(())
    }

    async fn exception(&self, facts: &mut TaskFacts, definition: &Value) -> Result<()> {
        let Some(run) = facts.status.runs.last().cloned() else { return Ok(()) };
        match run.resolved_because.as_str() {
            "malformed-payload" => {
                facts.payload_faults = payload_faults(definition);
                self.log(facts, definition).await?;
            }
            "claim-expired" | "worker-shutdown" => {
                let others = self.tasks_of_worker(&facts.pool, &run.worker, &facts.id).await;
                facts.other_tasks_of_worker = seen("the worker", others, &mut facts.hidden)?.unwrap_or_default();
            }
            "canceled" | "superseded" | "deadline-exceeded" => {}
            _ => self.log(facts, definition).await?,
        }
        Ok(())
    }

    async fn tasks_of_worker(&self, pool: &str, worker: &str, but: &str) -> Result<Vec<String>> {
        let (Some((provisioner, worker_type)), Some((group, id))) = (pool.split_once('/'), worker.split_once('/'))
        else {
            return Ok(Vec::new());
        };
        let call = [provisioner, worker_type, group, id]
            .into_iter()
            .fold(self.client.call("queue", "getWorker"), |call, argument| call.arg(argument));
        let worker: Value = match call.send().await {
            Ok(answer) => answer.json()?,
            Err(error) if error.kind() == Kind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut tasks: Vec<String> = worker["recentTasks"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|task| task["taskId"].as_str())
            .filter(|task| *task != but)
            .map(str::to_owned)
            .collect();
        tasks.reverse();
        tasks.truncate(MAX_TASKS_OF_WORKER);
        Ok(tasks)
    }

    /// How long a task of this name took where it was asked to look.
    async fn usual_run_times(&self, name: &str, hidden: &mut Vec<Hidden>) -> Result<Vec<TimeDelta>> {
        let mut times = Vec::new();
        for place in &self.comparison.with {
            let found = self.run_times_at(place, name).await;
            times.extend(seen(&format!("runs of the same task in {place}"), found, hidden)?.unwrap_or_default());
        }
        Ok(times)
    }

    async fn run_times_at(&self, place: &str, name: &str) -> Result<Vec<TimeDelta>> {
        let group = if is_index_path(place) {
            let (status, definition) = both(&self.client, &indexed_task(&self.client, place).await?).await?;
            let facts = facts_of(&status, &definition);
            if facts.name == name {
                return Ok(facts.status.runs.iter().filter_map(|run| run.took()).collect());
            }
            text(&status["taskGroupId"])
        } else {
            TaskRef::parse_group(place).map_err(|fault| Error::usage(fault.to_string()))?.id
        };
        let mut times = Vec::new();
        let mut tasks = GroupTasks::of(&self.client, &group)?;
        while let Some(page) = tasks.next().await? {
            page.each(|_, item| {
                if item.name() == name && item.status.state == TaskState::Completed {
                    times.extend(item.status.last_run().and_then(|run| run.run_time(self.now)));
                }
                Ok(())
            })?;
        }
        Ok(times)
    }
}
