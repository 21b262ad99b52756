//! Tasks and groups as the queue answers them, with the members in the order of the services.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;

use super::QueueState;
use super::id::TaskId;
use super::task::{Priority, Requires, Run, State, Task, split_queue};
use crate::sandbox::wire::stamped;

/// `status` of a task.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskStatus<'a> {
    task_id: TaskId,
    provisioner_id: &'a str,
    worker_type: &'a str,
    task_queue_id: &'a str,
    scheduler_id: &'a str,
    project_id: &'a str,
    task_group_id: TaskId,
    priority: Priority,
    #[serde(serialize_with = "stamped::time")]
    deadline: DateTime<Utc>,
    #[serde(serialize_with = "stamped::time")]
    expires: DateTime<Utc>,
    retries_left: u32,
    state: State,
    runs: Vec<RunStatus<'a>>,
}

/// One run of a status.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunStatus<'a> {
    run_id: usize,
    state: State,
    reason_created: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_resolved: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    worker_group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    worker_id: Option<&'a str>,
    #[serde(serialize_with = "stamped::some", skip_serializing_if = "Option::is_none")]
    taken_until: Option<DateTime<Utc>>,
    #[serde(serialize_with = "stamped::time")]
    scheduled: DateTime<Utc>,
    #[serde(serialize_with = "stamped::some", skip_serializing_if = "Option::is_none")]
    started: Option<DateTime<Utc>>,
    #[serde(serialize_with = "stamped::some", skip_serializing_if = "Option::is_none")]
    resolved: Option<DateTime<Utc>>,
}

/// A definition with all its members.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskDefinition<'a> {
    provisioner_id: &'a str,
    worker_type: &'a str,
    task_queue_id: &'a str,
    scheduler_id: &'a str,
    project_id: &'a str,
    task_group_id: TaskId,
    dependencies: &'a [TaskId],
    requires: Requires,
    routes: &'a [String],
    priority: Priority,
    retries: u32,
    #[serde(serialize_with = "stamped::time")]
    created: DateTime<Utc>,
    #[serde(serialize_with = "stamped::time")]
    deadline: DateTime<Utc>,
    #[serde(serialize_with = "stamped::time")]
    expires: DateTime<Utc>,
    scopes: &'a [String],
    payload: &'a RawValue,
    metadata: &'a RawValue,
    tags: &'a RawValue,
    extra: &'a RawValue,
}

/// `{status}`.
#[derive(Serialize)]
pub(super) struct OnlyStatus<'a> {
    pub status: TaskStatus<'a>,
}

/// `{status, task}`, an item of `listTaskGroup`.
#[derive(Serialize)]
pub(super) struct StatusAndTask<'a> {
    pub status: TaskStatus<'a>,
    pub task: TaskDefinition<'a>,
}

/// Members of a task group.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupMembers<'a> {
    pub task_group_id: TaskId,
    pub scheduler_id: &'a str,
    #[serde(serialize_with = "stamped::some", skip_serializing_if = "Option::is_none")]
    pub expires: Option<DateTime<Utc>>,
    #[serde(serialize_with = "stamped::some", skip_serializing_if = "Option::is_none")]
    pub sealed: Option<DateTime<Utc>>,
}

/// Tasks of a list and the token of its next page.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskPage<T> {
    pub tasks: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continuation_token: Option<String>,
}

impl<'a> RunStatus<'a> {
    fn new(run_id: usize, run: &'a Run) -> Self {
        let worker = run.worker.as_ref();
        Self {
            run_id,
            state: run.state,
            reason_created: run.reason_created,
            reason_resolved: run.reason_resolved,
            worker_group: worker.map(|worker| &*worker.group),
            worker_id: worker.map(|worker| &*worker.id),
            taken_until: run.taken_until,
            scheduled: run.scheduled,
            started: run.started,
            resolved: run.resolved,
        }
    }
}

impl Task {
    /// Its status. It does not know its own ID.
    pub(super) fn status(&self, id: TaskId) -> TaskStatus<'_> {
        let (provisioner_id, worker_type) = split_queue(&self.queue);
        TaskStatus {
            task_id: id,
            provisioner_id,
            worker_type,
            task_queue_id: &self.queue,
            scheduler_id: &self.scheduler,
            project_id: &self.project,
            task_group_id: self.group,
            priority: self.priority,
            deadline: self.deadline,
            expires: self.expires,
            retries_left: self.retries_left,
            state: self.state(),
            runs: self.runs.iter().enumerate().map(|(run_id, run)| RunStatus::new(run_id, run)).collect(),
        }
    }

    /// Its definition, with the priority that it has now.
    pub(super) fn definition(&self) -> TaskDefinition<'_> {
        let (provisioner_id, worker_type) = split_queue(&self.queue);
        TaskDefinition {
            provisioner_id,
            worker_type,
            task_queue_id: &self.queue,
            scheduler_id: &self.scheduler,
            project_id: &self.project,
            task_group_id: self.group,
            dependencies: &self.dependencies,
            requires: self.requires,
            routes: &self.routes,
            priority: self.priority,
            retries: self.retries,
            created: self.created,
            deadline: self.deadline,
            expires: self.expires,
            scopes: &self.scopes,
            payload: self.payload.raw(),
            metadata: self.metadata.raw(),
            tags: self.tags.raw(),
            extra: self.extra.raw(),
        }
    }

    /// Both.
    pub(super) fn status_and_definition(&self, id: TaskId) -> StatusAndTask<'_> {
        StatusAndTask { status: self.status(id), task: self.definition() }
    }
}

impl QueueState {
    /// A page of a list of tasks with their statuses; those that are not there are left out.
    pub(super) fn page_of_tasks<'s>(
        &'s self,
        ids: impl IntoIterator<Item = &'s TaskId>,
        token: Option<String>,
    ) -> TaskPage<StatusAndTask<'s>> {
        let tasks = ids.into_iter().filter_map(|id| Some(self.tasks.get(id)?.status_and_definition(*id)));
        TaskPage { tasks: tasks.collect(), continuation_token: token }
    }
}
