//! The transitions of a task. All changes of a run go through here, so that queues, claims and dependents agree with it.

use chrono::{DateTime, Utc};

use super::QueueState;
use super::built_in;
use super::id::TaskId;
use super::publish::Change;
use super::task::{Priority, Run, State, Worker};

/// How many runs a task may have at most.
pub(super) const MAX_RUNS: usize = 50;

impl QueueState {
    /// Adds a run that waits for a worker.
    pub(super) fn add_run(&mut self, id: TaskId, reason_created: &'static str, now: DateTime<Utc>) {
        let ticket = self.ticket();
        let Some(task) = self.tasks.get_mut(&id) else { return };
        let run_id = task.runs.len();
        // Most tasks have one run.
        task.runs.reserve_exact(usize::from(task.runs.is_empty()));
        task.runs.push(Run::pending(reason_created, now, ticket));
        if built_in::resolution(&task.queue).is_some() {
            self.built_in.insert((now + built_in::DELAY, id, run_id));
        }
        let queue = self.queues.entry(task.queue.clone()).or_default();
        queue.pending.insert((task.priority, ticket), (id, run_id));
    }

    /// Notes that a run was claimed by `claimTask`.
    pub(super) fn mark_direct(&mut self, id: TaskId, run_id: usize) {
        if let Some(run) = self.tasks.get_mut(&id).and_then(|task| task.runs.get_mut(run_id)) {
            run.direct = true;
        }
    }

    /// Adds the first run of a task that has none; false when it has one.
    pub(super) fn schedule(&mut self, id: TaskId, now: DateTime<Utc>) -> bool {
        let unscheduled = self.tasks.get(&id).is_some_and(|task| task.runs.is_empty());
        if unscheduled {
            self.add_run(id, "scheduled", now);
            self.publish(id, &Change::Pending { run_id: 0, first: false });
        }
        unscheduled
    }

    /// Adds a run to a task whose last one is over, and lets it be retried again as often as at first.
    pub(super) fn rerun(&mut self, id: TaskId, now: DateTime<Utc>) {
        let Some(task) = self.tasks.get_mut(&id) else { return };
        if matches!(task.state(), State::Pending | State::Running) || task.runs.len() >= MAX_RUNS {
            return;
        }
        task.retries_left = task.retries.min((MAX_RUNS - 1 - task.runs.len()) as u32);
        self.deadlines.insert((task.deadline, id));
        let run_id = task.runs.len();
        self.add_run(id, "rerun", now);
        self.publish(id, &Change::Pending { run_id, first: false });
    }

    /// Gives a pending last run to a worker until `taken_until`; false when it is not pending.
    pub(super) fn claim(
        &mut self,
        id: TaskId,
        run_id: usize,
        worker: &Worker,
        taken_until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> bool {
        let is_pending = self.tasks.get(&id).is_some_and(|task| {
            run_id + 1 == task.runs.len() && task.runs.last().is_some_and(|run| run.state == State::Pending)
        });
        if !is_pending {
            return false;
        }
        let ticket = self.ticket();
        let Some(task) = self.tasks.get_mut(&id) else { return false };
        let Some(run) = task.runs.get_mut(run_id) else { return false };
        let queue = self.queues.entry(task.queue.clone()).or_default();
        queue.pending.remove(&(task.priority, run.ticket));
        queue.claimed.insert(ticket, (id, run_id));
        self.claims.insert((taken_until, id, run_id));
        run.state = State::Running;
        run.worker = Some(worker.clone());
        run.taken_until = Some(taken_until);
        run.started = Some(now);
        run.ticket = ticket;
        self.publish(id, &Change::Running { run_id });
        true
    }

    /// Moves the end of a running last run's claim; false when it is not running.
    pub(super) fn reclaim(&mut self, id: TaskId, run_id: usize, taken_until: DateTime<Utc>) -> bool {
        let Some(task) = self.tasks.get_mut(&id) else { return false };
        let is_last = run_id + 1 == task.runs.len();
        let Some(run) = task.runs.get_mut(run_id).filter(|run| is_last && run.state == State::Running) else {
            return false;
        };
        if let Some(before) = run.taken_until.replace(taken_until) {
            self.claims.remove(&(before, id, run_id));
        }
        self.claims.insert((taken_until, id, run_id));
        self.revision += 1;
        true
    }

    /// Ends the last run, if it is pending or running. With `retry`, and retries left, the task goes on with another run
    /// that is made for this reason; else the task is resolved. False when there was nothing to end.
    pub(super) fn resolve(
        &mut self,
        id: TaskId,
        state: State,
        reason: &'static str,
        retry: Option<&'static str>,
        now: DateTime<Utc>,
    ) -> bool {
        let Some(run_id) = self.end(id, state, reason, retry, now) else { return false };
        self.publish(id, &Change::Ended { run_id, state, in_group: false });
        if self.tasks.get(&id).is_some_and(|task| task.runs.len() > run_id + 1) {
            self.publish(id, &Change::Pending { run_id: run_id + 1, first: true });
        }
        true
    }

    /// [`QueueState::resolve`] that tells nobody; the run that ended.
    fn end(
        &mut self,
        id: TaskId,
        state: State,
        reason: &'static str,
        retry: Option<&'static str>,
        now: DateTime<Utc>,
    ) -> Option<usize> {
        let task = self.tasks.get_mut(&id)?;
        let run_id = task.runs.len().wrapping_sub(1);
        let run = task.runs.last_mut().filter(|run| !run.state.is_resolved())?;
        if let Some(queue) = self.queues.get_mut(&task.queue) {
            queue.pending.remove(&(task.priority, run.ticket));
            queue.claimed.remove(&run.ticket);
        }
        if let Some(taken_until) = run.taken_until {
            self.claims.remove(&(taken_until, id, run_id));
        }
        run.state = state;
        run.reason_resolved = Some(reason);
        run.resolved = Some(now);
        self.revision += 1;
        match retry.filter(|_| task.retries_left > 0) {
            Some(reason) => {
                task.retries_left -= 1;
                self.add_run(id, reason, now);
            }
            None => self.announce(id, state, now),
        }
        Some(run_id)
    }

    /// Ends an unresolved task as an exception for this reason, even one that never had a run.
    /// False when it was resolved already.
    pub(super) fn cancel(&mut self, id: TaskId, reason: &'static str, now: DateTime<Utc>) -> bool {
        self.cancel_and_publish(id, reason, false, now)
    }

    /// [`QueueState::cancel`] of a task with its whole group.
    pub(super) fn cancel_in_group(&mut self, id: TaskId, now: DateTime<Utc>) -> bool {
        self.cancel_and_publish(id, "canceled", true, now)
    }

    fn cancel_and_publish(&mut self, id: TaskId, reason: &'static str, in_group: bool, now: DateTime<Utc>) -> bool {
        let Some(run_id) = self.end_even_without_run(id, reason, now) else { return false };
        self.publish(id, &Change::Ended { run_id, state: State::Exception, in_group });
        true
    }

    fn end_even_without_run(&mut self, id: TaskId, reason: &'static str, now: DateTime<Utc>) -> Option<usize> {
        let task = self.tasks.get_mut(&id)?;
        if !task.runs.is_empty() {
            return self.end(id, State::Exception, reason, None, now);
        }
        task.runs.reserve_exact(1);
        task.runs.push(Run {
            state: State::Exception,
            reason_resolved: Some(reason),
            resolved: Some(now),
            ..Run::pending("exception", now, 0)
        });
        self.revision += 1;
        self.announce(id, State::Exception, now);
        Some(0)
    }

    /// Changes the priority of an unresolved task; a pending run moves in its queue.
    pub(super) fn set_priority(&mut self, id: TaskId, priority: Priority) {
        let Some(task) = self.tasks.get_mut(&id) else { return };
        self.revision += 1;
        let before = std::mem::replace(&mut task.priority, priority);
        let Some(run) = task.runs.last().filter(|run| run.state == State::Pending) else { return };
        if let Some(queue) = self.queues.get_mut(&task.queue)
            && let Some(entry) = queue.pending.remove(&(before, run.ticket))
        {
            queue.pending.insert((priority, run.ticket), entry);
        }
    }

    /// Notes that a task is resolved, for its dependents and the index.
    fn announce(&mut self, id: TaskId, state: State, now: DateTime<Utc>) {
        self.resolutions.push_back((now + self.dependency_delay, id, state));
        let Some(task) = self.tasks.get(&id) else { return };
        // Until it is run again.
        self.deadlines.remove(&(task.deadline, id));
        if state == State::Completed && task.indexed {
            self.completed.push(id);
        }
    }

    /// Tells a task's dependents how it ended; those that wait for nothing else become pending.
    pub(super) fn satisfy_dependents(&mut self, id: TaskId, state: State, now: DateTime<Utc>) {
        let dependents: Vec<TaskId> = self.dependents.get(&id).into_iter().flatten().copied().collect();
        for dependent in dependents {
            let Some(task) = self.tasks.get_mut(&dependent) else { continue };
            if !task.requires.accepts(state) {
                continue;
            }
            task.unsatisfied.retain(|waiting| *waiting != id);
            if task.unsatisfied.is_empty() && task.deadline > now {
                self.schedule(dependent, now);
            }
        }
    }
}
