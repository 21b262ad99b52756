//! Tasks with all that has happened to them, out of the queue and into another one.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;

use super::QueueState;
use super::create::{Draft, Times, insert};
use super::id::TaskId;
use super::task::{Priority, Run, State, Worker};
use crate::sandbox::call::Fault;
use crate::sandbox::wire::parse_time;

/// Why runs are made.
const CREATED: &[&str] = &["scheduled", "retry", "task-retry", "rerun", "exception"];

/// Why runs end.
const RESOLVED: &[&str] = &[
    "completed",
    "failed",
    "deadline-exceeded",
    "canceled",
    "superseded",
    "claim-expired",
    "worker-shutdown",
    "malformed-payload",
    "resource-unavailable",
    "internal-error",
    "intermittent-task",
];

/// A task as `listTaskGroup` answers it, and by how much its times are moved.
pub(crate) struct Recorded<'a> {
    /// The task.
    pub task_id: &'a str,
    /// `task`, with all defaults.
    pub definition: &'a Value,
    /// `status`
    pub status: &'a Value,
    /// What is added to every time.
    pub shift: TimeDelta,
}

impl Recorded<'_> {
    fn time(&self, value: &Value, key: &str) -> Option<DateTime<Utc>> {
        value[key].as_str().and_then(parse_time).map(|time| time + self.shift)
    }

    fn required(&self, key: &str) -> Result<DateTime<Utc>, Fault> {
        let time = self.time(self.definition, key);
        time.ok_or_else(|| Fault::input(format!("`{key}` of task {} is not a time", self.task_id)))
    }

    fn run(&self, queue: &mut QueueState, run: &Value) -> Result<Run, Fault> {
        let known = |key: &str, all: &[&'static str]| match run[key].as_str() {
            None => Ok(None),
            Some(text) => all.iter().find(|known| **known == text).copied().map(Some).ok_or_else(|| {
                Fault::input(format!("`{text}` is not a value of `{key}` in a run of task {}", self.task_id))
            }),
        };
        let state = run["state"].as_str().and_then(State::parse);
        let state = state.ok_or_else(|| Fault::input(format!("a run of task {} has no state", self.task_id)))?;
        let worker = run["workerGroup"].as_str().zip(run["workerId"].as_str());
        let scheduled = self.time(run, "scheduled");
        Ok(Run {
            state,
            reason_resolved: known("reasonResolved", RESOLVED)?,
            worker: worker.map(|(group, id)| Worker { group: queue.intern(group), id: queue.intern(id) }),
            taken_until: self.time(run, "takenUntil"),
            started: self.time(run, "started"),
            resolved: self.time(run, "resolved"),
            ..Run::pending(
                known("reasonCreated", CREATED)?.unwrap_or("scheduled"),
                scheduled.map_or_else(|| self.required("created"), Ok)?,
                queue.ticket(),
            )
        })
    }
}

impl QueueState {
    /// Adds a task with its runs. It waits for nothing until [`QueueState::reconnect`] says so.
    ///
    /// # Errors
    /// 409 when there is such a task already, 400 when a run is in no state that there is.
    pub(crate) fn restore(&mut self, recorded: &Recorded<'_>) -> Result<TaskId, Fault> {
        let text = recorded.task_id;
        let id = TaskId::parse(text).ok_or_else(|| Fault::input(format!("invalid task ID `{text}`")))?;
        if self.tasks.contains_key(&id) {
            return Err(Fault::conflict(format!("task {id} exists already")));
        }
        let draft = Draft::read(recorded.definition, id)?;
        let times = Times {
            created: recorded.required("created")?,
            deadline: recorded.required("deadline")?,
            expires: recorded.required("expires")?,
        };
        let runs = recorded.status["runs"].as_array().into_iter().flatten();
        let runs = runs.map(|run| recorded.run(self, run)).collect::<Result<Vec<Run>, Fault>>()?;
        let task = draft.into_task(self, &times, Vec::new())?;
        insert(self, id, task);
        let Some(task) = self.tasks.get_mut(&id) else { return Ok(id) };
        if let Some(priority) = recorded.status["priority"].as_str() {
            task.priority = Priority::parse(priority);
        }
        if let Some(left) = recorded.status["retriesLeft"].as_u64() {
            task.retries_left = u32::try_from(left).unwrap_or(task.retries);
        }
        let queue = self.queues.entry(task.queue.clone()).or_default();
        if let Some((run_id, run)) = runs.iter().enumerate().next_back() {
            match run.state {
                State::Pending => {
                    queue.pending.insert((task.priority, run.ticket), (id, run_id));
                }
                State::Running => {
                    queue.claimed.insert(run.ticket, (id, run_id));
                    self.claims.extend(run.taken_until.map(|until| (until, id, run_id)));
                }
                State::Unscheduled | State::Completed | State::Failed | State::Exception => {}
            }
        }
        if task.indexed && runs.last().is_some_and(|run| run.state == State::Completed) {
            self.completed.push(id);
        }
        task.runs = runs;
        // What was resolved before causes no message; only the group must not wait for it.
        if task.state().is_resolved() {
            self.deadlines.remove(&(task.deadline, id));
            task.ever_resolved = true;
            if let Some(group) = self.groups.get_mut(&task.group) {
                group.unresolved = group.unresolved.saturating_sub(1);
            }
        }
        Ok(id)
    }

    /// Lets restored tasks wait for those of their dependencies that are there and not resolved as they require. Returns
    /// how many dependencies are not there.
    pub(crate) fn reconnect(&mut self, ids: &[TaskId]) -> usize {
        let mut left_out = 0;
        for id in ids {
            let Some(task) = self.tasks.get(id) else { continue };
            let (known, unknown): (Vec<TaskId>, Vec<TaskId>) =
                task.dependencies.iter().partition(|dependency| self.tasks.contains_key(*dependency));
            left_out += unknown.len();
            let open = |dependency: &TaskId| {
                *dependency == *id
                    || self.tasks.get(dependency).is_some_and(|other| !task.requires.accepts(other.state()))
            };
            let unsatisfied: Vec<TaskId> = known.into_iter().filter(open).collect();
            if let Some(task) = self.tasks.get_mut(id) {
                task.unsatisfied = unsatisfied;
            }
        }
        left_out
    }

    /// Seals a restored group.
    pub(crate) fn restore_seal(&mut self, id: TaskId, sealed: DateTime<Utc>) {
        if let Some(group) = self.groups.get_mut(&id) {
            group.sealed = Some(sealed);
        }
    }

    /// The groups with since when they are sealed, in the order of their IDs.
    pub(crate) fn group_seals(&self) -> Vec<(TaskId, Option<DateTime<Utc>>)> {
        let ids: BTreeSet<TaskId> = self.groups.keys().copied().collect();
        ids.into_iter().filter_map(|id| Some((id, self.groups.get(&id)?.sealed))).collect()
    }

    /// Each task as `{status, task}`, group after group.
    pub(crate) fn each_task(&self) -> impl Iterator<Item = impl Serialize + '_> {
        let groups = self.group_seals().into_iter().filter_map(|(id, _)| self.groups.get(&id));
        let ids = groups.flat_map(|group| &group.tasks);
        ids.filter_map(|id| Some(self.tasks.get(id)?.status_and_definition(*id)))
    }
}
