//! The queue: tasks, their runs, dependencies and groups, claims and artifacts, as a state machine.
//!
//! Nothing here sleeps or reads a clock: [`QueueState::advance`] is told the time and does what has fallen due.

mod actions;
mod advance;
mod answers;
mod artifact;
mod artifacts;
mod built_in;
mod claim;
mod completed;
mod create;
mod group;
mod id;
mod lifecycle;
mod metadata;
mod notices;
mod pending;
mod publish;
mod read;
mod resolve;
mod restore;
mod task;
mod texts;
mod timeline;
mod workers;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use self::answers::OnlyStatus;
pub(super) use self::completed::Completed;
use self::group::Group;
pub(super) use self::id::TaskId;
pub(super) use self::restore::Recorded;
use self::task::{Priority, State, Task};
use self::texts::Texts;
pub(super) use self::timeline::TaskTimes;
use self::workers::Workers;
use super::call::{Answer, Call, Fault, Outcome};
use super::certificate::Issuer;
use super::events::Events;
use super::notify::Outbox;
use super::object::Objects;
use super::storage::Storage;

/// The client that signs the credentials of tasks.
pub(super) const ISSUER: &str = "static/taskcluster/queue";

/// Everything that the queue knows.
pub(super) struct QueueState {
    issuer: Issuer,
    /// How long after its resolution a task's dependents are looked at.
    dependency_delay: TimeDelta,
    /// In boxes, so that the map has room to grow without having room for whole tasks.
    tasks: HashMap<TaskId, Box<Task>>,
    /// Which tasks depend on a task.
    dependents: HashMap<TaskId, BTreeSet<TaskId>>,
    groups: HashMap<TaskId, Group>,
    queues: HashMap<Arc<str>, TaskQueue>,
    /// What thousands of tasks share.
    texts: Texts,
    tickets: u64,
    deadlines: BTreeSet<(DateTime<Utc>, TaskId)>,
    expiries: BTreeSet<(DateTime<Utc>, TaskId)>,
    claims: BTreeSet<(DateTime<Utc>, TaskId, usize)>,
    /// When the runs of the built-in task queues are resolved.
    built_in: BTreeSet<(DateTime<Utc>, TaskId, usize)>,
    /// Grows with every change of a task.
    revision: u64,
    resolutions: VecDeque<(DateTime<Utc>, TaskId, State)>,
    /// Tasks that completed and that the index has not seen yet.
    completed: Vec<TaskId>,
    /// When artifacts are forgotten, of those runs that may have some.
    artifact_expiries: BTreeSet<(DateTime<Utc>, TaskId, usize)>,
    storage: Arc<Storage>,
    objects: Arc<Objects>,
    workers: Workers,
    events: Arc<Events>,
    outbox: Arc<Outbox>,
}

/// The runs of one task queue that wait for a worker or have one.
#[derive(Debug, Default)]
struct TaskQueue {
    /// By urgency, then by age.
    pending: BTreeMap<(Priority, u64), (TaskId, usize)>,
    /// By age of the claim.
    claimed: BTreeMap<u64, (TaskId, usize)>,
}

impl TaskQueue {
    fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.claimed.is_empty()
    }
}

impl QueueState {
    /// A queue without tasks; `access_token` is that of the client [`ISSUER`].
    pub(super) fn new(access_token: impl Into<String>) -> Self {
        // Until the server sets another, its storage cannot be reached.
        let storage = Arc::new(Storage::new("http://localhost:1"));
        Self {
            issuer: Issuer { client_id: ISSUER.into(), access_token: access_token.into() },
            dependency_delay: TimeDelta::zero(),
            tasks: HashMap::new(),
            dependents: HashMap::new(),
            groups: HashMap::new(),
            queues: HashMap::new(),
            texts: Texts::default(),
            tickets: 0,
            deadlines: BTreeSet::new(),
            expiries: BTreeSet::new(),
            claims: BTreeSet::new(),
            built_in: BTreeSet::new(),
            revision: 0,
            resolutions: VecDeque::new(),
            completed: Vec::new(),
            artifact_expiries: BTreeSet::new(),
            objects: Arc::new(Objects::new(Arc::clone(&storage))),
            storage,
            workers: Workers::default(),
            events: Arc::default(),
            outbox: Arc::default(),
        }
    }

    /// The same, looking at dependents only this long after a task is resolved, as the services do.
    #[must_use]
    pub(super) fn with_dependency_delay(mut self, delay: TimeDelta) -> Self {
        self.dependency_delay = delay;
        self
    }

    /// The same, with its stored artifacts in these.
    #[must_use]
    pub(super) fn with_storage(mut self, storage: Arc<Storage>, objects: Arc<Objects>) -> Self {
        self.storage = storage;
        self.objects = objects;
        self
    }

    /// The same, publishing here.
    #[must_use]
    pub(super) fn with_events(mut self, events: Arc<Events>) -> Self {
        self.events = events;
        self
    }

    /// The same, writing to people here.
    #[must_use]
    pub(super) fn with_outbox(mut self, outbox: Arc<Outbox>) -> Self {
        self.outbox = outbox;
        self
    }

    /// Whether a worker of this task queue would get a task now.
    pub(super) fn claimable(&self, task_queue_id: &str) -> bool {
        self.queues.get(task_queue_id).is_some_and(|queue| !queue.pending.is_empty())
    }

    /// The task queue of the pending run that should be taken first; none when nothing is pending. The built-in queues
    /// need no worker.
    pub(super) fn most_urgent_queue(&self) -> Option<String> {
        let first = |queue: &TaskQueue| queue.pending.keys().next().copied();
        let queues = self.queues.iter().filter(|(name, _)| built_in::resolution(name).is_none());
        let queues = queues.filter_map(|(name, queue)| Some((first(queue)?, name)));
        queues.min().map(|(_, name)| name.to_string())
    }

    /// Whether there is such a task.
    pub(super) fn has(&self, id: &TaskId) -> bool {
        self.tasks.contains_key(id)
    }

    /// Drops task queues and workers that were not seen for so long that they are not listed any more.
    pub(super) fn forget_expired_workers(&mut self, now: DateTime<Utc>) {
        self.workers.forget_expired(now);
    }

    /// Where a task stands; none when there is no such task.
    pub(super) fn state_of(&self, task_id: &str) -> Option<String> {
        TaskId::parse(task_id).and_then(|id| self.tasks.get(&id)).map(|task| task.state().to_string())
    }

    /// Whether nothing is pending or running.
    pub(super) fn is_idle(&self) -> bool {
        self.queues.values().all(TaskQueue::is_empty)
    }

    /// Whether this run is the task's last and is running.
    pub(super) fn is_running(&self, task_id: &str, run_id: usize) -> bool {
        let task = TaskId::parse(task_id).and_then(|id| self.tasks.get(&id));
        task.is_some_and(|task| task.state() == State::Running && run_id + 1 == task.runs.len())
    }

    /// Lets the claim of a running run end at this time, as if its worker had gone silent a while ago.
    pub(super) fn shorten_claim(&mut self, task_id: &str, run_id: usize, until: DateTime<Utc>) {
        if let Some(id) = TaskId::parse(task_id) {
            self.reclaim(id, run_id, until);
        }
    }

    /// The one copy of a string that many tasks share.
    fn intern(&mut self, name: &str) -> Arc<str> {
        self.texts.name(name)
    }

    /// A number that is another one after every change of a task: what waits for a change need not look before.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    fn ticket(&mut self) -> u64 {
        self.revision += 1;
        self.tickets += 1;
        self.tickets
    }

    /// The task that a route names; `refusal` says that there is none.
    fn find(&self, call: &Call<'_>, refusal: impl FnOnce(&str) -> String) -> Result<(TaskId, &Task), Fault> {
        let text = call.param("taskId");
        TaskId::parse(text)
            .and_then(|id| Some((id, &**self.tasks.get(&id)?)))
            .ok_or_else(|| Fault::not_found(refusal(text)))
    }

    /// `{status}` of a task.
    fn status_answer(&self, id: TaskId) -> Outcome {
        match self.tasks.get(&id) {
            Some(task) => Answer::of(&OnlyStatus { status: task.status(id) }),
            None => Err(Fault::internal(format!("task {id} was forgotten while it was answered"))),
        }
    }
}

/// Answers a call of the queue; none for methods without behaviour.
pub(super) fn handle(state: &mut QueueState, call: &Call<'_>) -> Option<Outcome> {
    state.advance(call.now);
    let outcome = dispatch(state, call);
    // What the call has set off at once (dependents of a resolved task) is done before the next one.
    state.advance(call.now);
    outcome
}

fn dispatch(state: &mut QueueState, call: &Call<'_>) -> Option<Outcome> {
    Some(match call.method.name.as_str() {
        "createArtifact" => artifacts::create_artifact(state, call),
        "createTask" => create::create_task(state, call),
        "task" => read::task(state, call),
        "status" => read::status(state, call),
        "tasks" => read::tasks(state, call),
        "statuses" => read::statuses(state, call),
        "listDependentTasks" => read::list_dependent_tasks(state, call),
        "listTaskGroup" => group::list_task_group(state, call),
        "getTaskGroup" => group::get_task_group(state, call),
        "sealTaskGroup" => group::seal_task_group(state, call),
        "cancelTaskGroup" => group::cancel_task_group(state, call),
        "changeTaskGroupPriority" => group::change_task_group_priority(state, call),
        "scheduleTask" => actions::schedule_task(state, call),
        "rerunTask" => actions::rerun_task(state, call),
        "cancelTask" => actions::cancel_task(state, call),
        "changeTaskPriority" => actions::change_task_priority(state, call),
        "claimWork" => claim::claim_work(state, call),
        "claimTask" => claim::claim_task(state, call),
        "reclaimTask" => claim::reclaim_task(state, call),
        "reportCompleted" => resolve::report_completed(state, call),
        "reportFailed" => resolve::report_failed(state, call),
        "reportException" => resolve::report_exception(state, call),
        "pendingTasks" => pending::pending_tasks(state, call),
        "taskQueueCounts" => pending::task_queue_counts(state, call),
        "listPendingTasks" => pending::list_pending_tasks(state, call),
        "listClaimedTasks" => pending::list_claimed_tasks(state, call),
        "finishArtifact" => artifacts::finish_artifact(state, call),
        "artifact" | "latestArtifact" => artifacts::content(state, call),
        "getArtifact" | "getLatestArtifact" => artifacts::redirect(state, call),
        "artifactInfo" | "latestArtifactInfo" => artifacts::info(state, call),
        "listArtifacts" | "listLatestArtifacts" => artifacts::list(state, call),
        other => return metadata(state, call, other),
    })
}

fn metadata(state: &mut QueueState, call: &Call<'_>, method: &str) -> Option<Outcome> {
    Some(match method {
        "listProvisioners" => metadata::list_provisioners(state, call),
        "getProvisioner" => metadata::get_provisioner(state, call),
        "listWorkerTypes" => metadata::list_worker_types(state, call),
        "getWorkerType" => metadata::get_worker_type(state, call),
        "listTaskQueues" => metadata::list_task_queues(state, call),
        "getTaskQueue" => metadata::get_task_queue(state, call),
        "listWorkers" => metadata::list_workers(state, call),
        "getWorker" => metadata::get_worker(state, call),
        "quarantineWorker" => metadata::quarantine_worker(state, call),
        "declareWorker" => metadata::declare_worker(state, call),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
