//! What the queue publishes of its tasks and groups, with the members in the order of real services.

use serde_json::{Map, Value, json};

use super::QueueState;
use super::group::Group;
use super::id::TaskId;
use super::task::{Priority, State, Task, split_queue};
use crate::sandbox::wire::stamp;

/// Something that happened to a task.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Defined,
    /// A run that waits. Where it comes with its task or as a retry, the message's members have another order.
    Pending {
        run_id: usize,
        first: bool,
    },
    /// With the end of the claim as workers see it.
    Running {
        run_id: usize,
    },
    /// The end of a run.
    Ended {
        run_id: usize,
        state: State,
        /// As part of its group: the message then lacks the priority and the tags.
        in_group: bool,
    },
    Artifact {
        run_id: usize,
        artifact: Value,
    },
    Priority {
        before: Priority,
    },
}

impl Change {
    /// The name of the exchange.
    fn name(&self) -> &'static str {
        match self {
            Change::Defined => "taskDefined",
            Change::Pending { .. } => "taskPending",
            Change::Running { .. } => "taskRunning",
            Change::Ended { state: State::Completed, .. } => "taskCompleted",
            Change::Ended { state: State::Failed, .. } => "taskFailed",
            Change::Ended { .. } => "taskException",
            Change::Artifact { .. } => "artifactCreated",
            Change::Priority { .. } => "taskPriorityChanged",
        }
    }

    fn run_id(&self) -> Option<usize> {
        match self {
            Change::Defined | Change::Priority { .. } => None,
            Change::Pending { run_id, .. }
            | Change::Running { run_id }
            | Change::Ended { run_id, .. }
            | Change::Artifact { run_id, .. } => Some(*run_id),
        }
    }

    /// What the message says beside the status, in order.
    fn members(&self, task: &Task, tags: &Value) -> Vec<(&'static str, Value)> {
        let run_id = ("runId", json!(self.run_id()));
        let task_member = ("task", json!({"tags": tags}));
        let run = self.run_id().and_then(|run_id| task.runs.get(run_id));
        let worker = run.and_then(|run| run.worker.as_ref());
        let worker = worker.map(|worker| [("workerGroup", json!(&*worker.group)), ("workerId", json!(&*worker.id))]);
        let worker = worker.into_iter().flatten();
        match self {
            Change::Defined => vec![task_member],
            Change::Pending { first: true, .. } => vec![task_member, run_id],
            Change::Pending { first: false, .. } => vec![run_id, task_member],
            Change::Running { .. } => {
                let until = run.and_then(|run| run.taken_until);
                // As in the worker's own answer, the time has an offset here.
                let until = until.map(|until| until.to_rfc3339_opts(chrono::SecondsFormat::Millis, false));
                let rest = [("takenUntil", json!(until)), task_member];
                [run_id].into_iter().chain(worker).chain(rest).collect()
            }
            Change::Ended { .. } => [run_id, task_member].into_iter().chain(worker).collect(),
            Change::Artifact { artifact, .. } => {
                [("artifact", artifact.clone())].into_iter().chain(worker).chain([run_id]).collect()
            }
            Change::Priority { before } => {
                vec![("oldPriority", json!(before.name())), ("newPriority", json!(task.priority.name()))]
            }
        }
    }
}

impl QueueState {
    /// Publishes that something happened to a task.
    pub(super) fn publish(&self, id: TaskId, change: &Change) {
        let Some(task) = self.tasks.get(&id) else { return };
        let is_notified = task.notified && !self.events.is_muted();
        if !is_notified && !self.events.wanted() {
            return;
        }
        let mut status = json!(task.status(id));
        if is_notified {
            self.notify(task, change.name(), &status);
        }
        if !self.events.wanted() {
            return;
        }
        let mut tags = json!(task.tags.raw());
        if let (Change::Ended { in_group: true, .. }, Some(status)) = (change, status.as_object_mut()) {
            status.shift_remove("priority");
            tags = json!({});
        }
        let mut payload = Map::from_iter([("status".to_owned(), status)]);
        payload.extend(change.members(task, &tags).into_iter().map(|(name, value)| (name.to_owned(), value)));
        payload.insert("version".to_owned(), json!(1));
        let run_id = change.run_id().map(|run_id| run_id.to_string()).unwrap_or_default();
        let run = change.run_id().and_then(|run_id| task.runs.get(run_id));
        let (group, worker) = run.and_then(|run| run.worker.as_ref()).map_or(("", ""), |it| (&*it.group, &*it.id));
        let (provisioner, worker_type) = split_queue(&task.queue);
        let words = [
            ("taskId", id.as_str()),
            ("runId", &run_id),
            ("workerGroup", group),
            ("workerId", worker),
            ("provisionerId", provisioner),
            ("workerType", worker_type),
            ("schedulerId", &task.scheduler),
            ("taskGroupId", task.group.as_str()),
        ];
        self.events.publish("queue", change.name(), &words, &task.routes, payload.into());
    }

    /// Publishes that a group was sealed, or that all of its tasks are resolved.
    pub(super) fn publish_group(&self, name: &'static str, id: TaskId) {
        let Some(group) = self.groups.get(&id).filter(|_| self.events.wanted()) else { return };
        let mut payload = json!({"taskGroupId": id, "schedulerId": &*group.scheduler});
        let times = [("expires", group.expires), ("sealed", group.sealed)];
        if let Some(members) = payload.as_object_mut() {
            members.extend(times.into_iter().filter_map(|(name, time)| Some((name.to_owned(), json!(stamp(time?))))));
            members.insert("version".to_owned(), json!(1));
        }
        self.publish_of_group(name, id, group, payload);
    }

    /// Publishes that all tasks of a group have another priority now.
    pub(super) fn publish_group_priority(&self, id: TaskId, priority: Priority, changed: usize) {
        let Some(group) = self.groups.get(&id).filter(|_| self.events.wanted()) else { return };
        let payload = json!({
            "taskGroupId": id,
            "schedulerId": &*group.scheduler,
            "newPriority": priority.name(),
            "tasksAffected": changed,
            "version": 1,
        });
        self.publish_of_group("taskGroupPriorityChanged", id, group, payload);
    }

    fn publish_of_group(&self, name: &'static str, id: TaskId, group: &Group, payload: Value) {
        let words = [("taskGroupId", id.as_str()), ("schedulerId", &*group.scheduler)];
        self.events.publish("queue", name, &words, &[], payload);
    }
}
