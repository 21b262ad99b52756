//! `built-in/succeed` and `built-in/fail`: task queues whose tasks the deployment resolves itself.

use chrono::{DateTime, TimeDelta, Utc};

use super::QueueState;
use super::id::TaskId;
use super::task::{State, Worker};

/// How long a task stays pending. The service polls; here it is as quick as a test may want to see it pending.
pub(super) const DELAY: TimeDelta = TimeDelta::seconds(1);

/// How the claim would last, if the task were not resolved at once.
const CLAIM_LIFETIME: TimeDelta = TimeDelta::minutes(20);

/// What the tasks of this queue come to; none when it is no built-in one.
pub(super) fn resolution(task_queue_id: &str) -> Option<(State, &'static str)> {
    match task_queue_id {
        "built-in/succeed" => Some((State::Completed, "completed")),
        "built-in/fail" => Some((State::Failed, "failed")),
        _ => None,
    }
}

impl QueueState {
    /// Claims and resolves a run of a built-in queue. A payload must be empty, as the service has it.
    pub(super) fn resolve_built_in(&mut self, id: TaskId, run_id: usize, at: DateTime<Utc>) {
        let Some(task) = self.tasks.get(&id) else { return };
        let queue = task.queue.clone();
        let Some((state, reason)) = resolution(&queue) else { return };
        let is_empty = task.payload.raw().get() == "{}";
        let name = queue.rsplit('/').next().unwrap_or_default();
        let worker = Worker { group: self.intern("built-in"), id: self.intern(name) };
        if !self.claim(id, run_id, &worker, at + CLAIM_LIFETIME, at) {
            return;
        }
        self.workers.seen(&queue, Some(&worker), at);
        self.workers.took(&queue, &worker, id, run_id);
        let (state, reason) = if is_empty { (state, reason) } else { (State::Exception, "malformed-payload") };
        self.resolve(id, state, reason, None, at);
    }
}
