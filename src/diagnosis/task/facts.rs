//! What is known of a task, its worker pool and the tasks that it waits for.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::diagnosis::log::LogErrors;
use crate::domain::TaskState;

/// What is known of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TaskFacts {
    /// The ID.
    pub id: String,
    /// The name.
    pub name: String,
    /// The worker pool, as `provisioner/workerType`.
    pub pool: String,
    /// Where it stands.
    pub status: StatusFacts,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
    /// When it is given up.
    pub deadline: Option<DateTime<Utc>>,
    /// Its priority.
    pub priority: String,
    /// The longest that a run may take.
    pub max_run_time: Option<TimeDelta>,
    /// Exit statuses after which the worker lets the queue try again.
    pub retry_statuses: Vec<i64>,
    /// The tasks that it waits for, and those that these wait for, by ID.
    pub upstream: Arc<BTreeMap<String, Upstream>>,
    /// What the task itself waits for.
    pub dependencies: Vec<String>,
    /// Whether these must complete, and not just be resolved.
    pub requires_success: bool,
    /// How its task queue stands, for a pending task.
    pub queue: QueueFacts,
    /// What is known of its worker pool, for a pending task.
    pub workers: PoolFacts,
    /// What its log says; none when there is no log.
    pub log: Option<LogErrors>,
    /// How long runs of a task of this name took elsewhere.
    pub usual_run_times: Vec<TimeDelta>,
    /// What is wrong with the payload, as far as that can be checked from here.
    pub payload_faults: Vec<String>,
    /// Further tasks that the worker of the newest run had lately: IDs.
    pub other_tasks_of_worker: Vec<String>,
    /// What could not be looked at.
    pub hidden: Vec<Hidden>,
}

/// Where a task stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatusFacts {
    /// The state.
    pub state: TaskState,
    /// How often the queue will still try again by itself.
    pub retries_left: Option<u64>,
    /// The runs, from run 0 on.
    pub runs: Vec<RunFacts>,
}

impl Default for StatusFacts {
    fn default() -> Self {
        Self { state: TaskState::Unscheduled, retries_left: None, runs: Vec::new() }
    }
}

/// A run of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RunFacts {
    /// Its number.
    pub number: u32,
    /// Why there is this run.
    pub created_because: String,
    /// Why it is over; empty while it is not.
    pub resolved_because: String,
    /// The worker that has it, as `group/id`; empty before.
    pub worker: String,
    /// When it became pending.
    pub scheduled: Option<DateTime<Utc>>,
    /// When a worker claimed it.
    pub started: Option<DateTime<Utc>>,
    /// When it was over.
    pub resolved: Option<DateTime<Utc>>,
    /// Until when the worker has claimed it.
    pub taken_until: Option<DateTime<Utc>>,
}

impl RunFacts {
    /// How long it ran.
    pub(crate) fn took(&self) -> Option<TimeDelta> {
        Some(self.resolved? - self.started?)
    }
}

/// A task that another one waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Upstream {
    /// The name.
    pub name: String,
    /// The state; none for a task that does not exist any more.
    pub state: Option<TaskState>,
    /// Why its newest run is over.
    pub reason: String,
    /// When its newest run became pending, was claimed, or was over: the latest of these.
    pub since: Option<DateTime<Utc>>,
    /// What it waits for itself.
    pub dependencies: Vec<String>,
    /// Whether these must complete.
    pub requires_success: bool,
}

/// How a task queue stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct QueueFacts {
    /// Tasks that wait for a worker.
    pub pending: Option<u64>,
    /// Tasks that workers have.
    pub claimed: Option<u64>,
    /// How many are claimed before this one.
    pub ahead: Option<Ahead>,
    /// The length of runs that were resolved lately in the queue.
    pub recent_run_times: Vec<TimeDelta>,
}

/// The tasks that are claimed before another one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ahead {
    /// Those of a higher priority.
    pub by_priority: u64,
    /// Those of the same priority that wait for longer.
    pub by_age: u64,
    /// Not all of the queue was looked at, so there may be more.
    pub is_least: bool,
}

/// What is known of a worker pool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PoolFacts {
    /// What worker-manager says of it.
    pub pool: PoolState,
    /// What went wrong with its workers in the last hours.
    pub errors: Vec<PoolError>,
    /// Workers that have asked for work lately; none when that is not known.
    pub seen: Option<Vec<SeenWorker>>,
}

/// A worker pool as worker-manager has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum PoolState {
    /// It was not asked, or did not answer.
    #[default]
    Unknown,
    /// There is none; these have a similar name.
    Missing(Vec<String>),
    /// There is one.
    Known(Capacity),
}

/// How many tasks a pool's workers can run at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Capacity {
    /// Who provides the workers.
    pub provider: String,
    /// The most that may be running; none where the provider has no such limit.
    pub most: Option<u64>,
    /// Of workers that were asked for.
    pub requested: u64,
    /// Of workers that run.
    pub running: u64,
    /// Of workers that are about to stop.
    pub stopping: u64,
}

/// Something that went wrong with workers of a pool, and how often.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PoolError {
    /// What went wrong.
    pub title: String,
    /// How often.
    pub count: u64,
    /// When it happened last.
    pub last: Option<DateTime<Utc>>,
}

/// A worker that has asked for work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SeenWorker {
    /// The worker, as `group/id`.
    pub name: String,
    /// When it was active last, to some hours.
    pub active: Option<DateTime<Utc>>,
    /// Whether it gets no work, because somebody said so.
    pub is_quarantined: bool,
}

/// Something that could not be looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hidden {
    /// What: "the worker pool".
    pub what: String,
    /// The scopes that are missing; empty when it failed for another reason.
    pub scopes: Vec<String>,
    /// Why, where that is not for want of scopes.
    pub reason: String,
}
