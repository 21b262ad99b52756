//! What happens by itself as time goes on: claims expire, deadlines pass, dependents follow, tasks are forgotten.

use chrono::{DateTime, Utc};

use super::id::TaskId;
use super::task::{State, Task};
use super::{QueueState, TaskQueue};

/// Something that falls due. Where several do at once, the order is this one: a task that is done in the last moment
/// still releases its dependents before their deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Resolution(TaskId, State),
    Claim(TaskId, usize),
    BuiltIn(TaskId, usize),
    Deadline(TaskId),
    ArtifactExpiry(TaskId, usize),
    Expiry(TaskId),
}

impl QueueState {
    /// Does all that has fallen due until `now`, in the order in which it fell due.
    pub(crate) fn advance(&mut self, now: DateTime<Utc>) {
        while let Some((at, due)) = self.next_due().filter(|(at, _)| *at <= now) {
            match due {
                Due::Resolution(id, state) => {
                    self.resolutions.pop_front();
                    self.satisfy_dependents(id, state, at);
                    self.tell_group(id);
                }
                Due::Claim(id, run_id) => {
                    self.claims.remove(&(at, id, run_id));
                    self.expire_claim(id, at);
                }
                Due::BuiltIn(id, run_id) => {
                    self.built_in.remove(&(at, id, run_id));
                    self.resolve_built_in(id, run_id, at);
                }
                Due::Deadline(id) => {
                    self.deadlines.remove(&(at, id));
                    self.cancel(id, "deadline-exceeded", at);
                }
                Due::ArtifactExpiry(id, run_id) => {
                    self.artifact_expiries.remove(&(at, id, run_id));
                    self.forget_expired_artifacts((id, run_id), at);
                }
                Due::Expiry(id) => {
                    self.expiries.remove(&(at, id));
                    self.forget(id);
                }
            }
        }
    }

    /// When something happens next by itself; none when nothing does.
    pub(crate) fn next_event(&self) -> Option<DateTime<Utc>> {
        self.next_due().map(|(at, _)| at)
    }

    fn next_due(&self) -> Option<(DateTime<Utc>, Due)> {
        [
            self.resolutions.front().map(|(at, id, state)| (*at, Due::Resolution(*id, *state))),
            self.claims.first().map(|(at, id, run_id)| (*at, Due::Claim(*id, *run_id))),
            self.built_in.first().map(|(at, id, run_id)| (*at, Due::BuiltIn(*id, *run_id))),
            self.deadlines.first().map(|(at, id)| (*at, Due::Deadline(*id))),
            self.artifact_expiries.first().map(|(at, id, run_id)| (*at, Due::ArtifactExpiry(*id, *run_id))),
            self.expiries.first().map(|(at, id)| (*at, Due::Expiry(*id))),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Counts a resolved task in its group, and says when the whole group is resolved.
    fn tell_group(&mut self, id: TaskId) {
        let Some(task) = self.tasks.get_mut(&id) else { return };
        let is_first = !std::mem::replace(&mut task.ever_resolved, true);
        let id = task.group;
        let Some(group) = self.groups.get_mut(&id) else { return };
        group.unresolved -= usize::from(is_first);
        if group.unresolved == 0 {
            self.publish_group("taskGroupResolved", id);
        }
    }

    fn expire_claim(&mut self, id: TaskId, at: DateTime<Utc>) {
        // Past the deadline the deadline's own resolution counts.
        if self.tasks.get(&id).is_some_and(|task| task.deadline > at) {
            self.resolve(id, State::Exception, "claim-expired", Some("retry"), at);
        }
    }

    /// Forgets a task that has expired.
    fn forget(&mut self, id: TaskId) {
        let Some(task) = self.tasks.remove(&id) else { return };
        self.disconnect(id, *task);
        self.texts.forget_with_task(self.tasks.len());
        if self.tasks.len() < self.tasks.capacity() / 8 {
            self.tasks.shrink_to(self.tasks.len() * 2);
            self.dependents.shrink_to(self.dependents.len() * 2);
            self.groups.shrink_to(self.groups.len() * 2);
        }
    }

    /// Drops all that points to a task that is no longer there.
    fn disconnect(&mut self, id: TaskId, task: Task) {
        let Task { group, deadline, dependencies, queue, ever_resolved, runs, .. } = task;
        for (run_id, run) in runs.into_iter().enumerate() {
            self.forget_stored((id, run_id), run.artifacts);
        }
        self.deadlines.remove(&(deadline, id));
        self.dependents.remove(&id);
        for dependency in dependencies {
            if let Some(dependents) = self.dependents.get_mut(&dependency) {
                dependents.remove(&id);
                if dependents.is_empty() {
                    self.dependents.remove(&dependency);
                }
            }
        }
        if self.queues.get(&queue).is_some_and(TaskQueue::is_empty) {
            self.queues.remove(&queue);
        }
        if let Some(found) = self.groups.get_mut(&group) {
            found.tasks.remove(&id);
            found.unresolved -= usize::from(!ever_resolved);
            if found.tasks.is_empty() {
                self.groups.remove(&group);
            }
        }
    }
}
