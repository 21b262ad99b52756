//! Task groups: listing, sealing, and what is done to all tasks of one.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;

use super::QueueState;
use super::answers::{GroupMembers, StatusAndTask, TaskPage};
use super::id::TaskId;
use super::task::Priority;
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::wire::Page;

/// How much longer than its tasks a group lives.
const GROUP_LIFETIME_EXTENSION: TimeDelta = TimeDelta::hours(1);

/// Tasks that were created together.
#[derive(Debug)]
pub(super) struct Group {
    /// The `schedulerId` that all tasks of the group share.
    pub scheduler: Arc<str>,
    /// When the group is forgotten.
    pub expires: Option<DateTime<Utc>>,
    /// Since when nobody can add tasks.
    pub sealed: Option<DateTime<Utc>>,
    /// How many of its tasks have never been resolved.
    pub unresolved: usize,
    /// Its tasks, in the order in which they are listed.
    pub tasks: BTreeSet<TaskId>,
}

impl Group {
    pub(super) fn new(scheduler: Arc<str>) -> Self {
        Self { scheduler, expires: None, sealed: None, unresolved: 0, tasks: BTreeSet::new() }
    }

    /// Adds a task. The group's own expiry moves only when the task would outlive it.
    pub(super) fn add(&mut self, id: TaskId, expires: DateTime<Utc>) {
        self.tasks.insert(id);
        self.unresolved += 1;
        if self.expires.is_none_or(|before| before < expires) {
            self.expires = Some(expires + GROUP_LIFETIME_EXTENSION);
        }
    }

    fn members(&self, id: TaskId) -> GroupMembers<'_> {
        GroupMembers { task_group_id: id, scheduler_id: &self.scheduler, expires: self.expires, sealed: self.sealed }
    }
}

#[derive(Serialize)]
struct GroupPage<'a> {
    #[serde(flatten)]
    group: GroupMembers<'a>,
    #[serde(flatten)]
    page: TaskPage<StatusAndTask<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Canceled {
    task_group_size: usize,
    task_ids: Vec<TaskId>,
    cancelled_count: usize,
    task_group_id: TaskId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reprioritized<'a> {
    task_group_id: TaskId,
    scheduler_id: &'a str,
    new_priority: Priority,
    tasks_affected: usize,
    task_ids: &'a [TaskId],
}

fn missing(text: &str) -> Fault {
    Fault::not_found(format!("No task-group with taskGroupId: `{text}`"))
}

fn find(call: &Call<'_>, state: &QueueState) -> Result<TaskId, Fault> {
    let text = call.param("taskGroupId");
    TaskId::parse(text).filter(|id| state.groups.contains_key(id)).ok_or_else(|| missing(text))
}

fn find_mut<'s>(call: &Call<'_>, state: &'s mut QueueState) -> Result<(TaskId, &'s mut Group), Fault> {
    let text = call.param("taskGroupId");
    TaskId::parse(text).and_then(|id| Some((id, state.groups.get_mut(&id)?))).ok_or_else(|| missing(text))
}

pub(super) fn list_task_group(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let page = Page::or_empty(call)?;
    let id = find(call, state)?;
    let Some(group) = state.groups.get(&id) else { return Err(missing(call.param("taskGroupId"))) };
    let start = page.after.as_deref().and_then(TaskId::parse).map_or(Bound::Unbounded, Bound::Excluded);
    let paged = page.cut(group.tasks.range((start, Bound::Unbounded)), |id| id.to_string());
    Answer::of(&GroupPage { group: group.members(id), page: state.page_of_tasks(paged.items, paged.token) })
}

pub(super) fn get_task_group(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (id, group) = find_mut(call, state)?;
    Answer::of(&group.members(id))
}

pub(super) fn seal_task_group(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (id, group) = find_mut(call, state)?;
    call.authorize(&[("schedulerId", json!(&*group.scheduler))])?;
    let is_new = group.sealed.is_none();
    group.sealed.get_or_insert(call.now);
    let answer = Answer::of(&group.members(id));
    if is_new {
        state.publish_group("taskGroupSealed", id);
    }
    answer
}

pub(super) fn cancel_task_group(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (id, group) = find_mut(call, state)?;
    call.authorize(&[("schedulerId", json!(&*group.scheduler))])?;
    if group.sealed.is_none() {
        return Err(Fault::conflict(format!("Cannot cancel unsealed task group: `{id}`")));
    }
    let tasks: Vec<TaskId> = group.tasks.iter().copied().collect();
    let task_group_size = tasks.len();
    let task_ids: Vec<TaskId> = tasks.into_iter().filter(|task| state.cancel_in_group(*task, call.now)).collect();
    Answer::of(&Canceled { task_group_size, cancelled_count: task_ids.len(), task_ids, task_group_id: id })
}

pub(super) fn change_task_group_priority(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (id, group) = find_mut(call, state)?;
    call.authorize(&[("schedulerId", json!(&*group.scheduler))])?;
    let scheduler = group.scheduler.clone();
    let priority = Priority::parse(call.body["newPriority"].as_str().unwrap_or_default());
    let tasks: Vec<TaskId> = group.tasks.iter().copied().collect();
    let changed: Vec<TaskId> = tasks
        .into_iter()
        .filter(|id| state.tasks.get(id).is_some_and(|task| !task.state().is_resolved() && task.priority != priority))
        .collect();
    for id in &changed {
        state.set_priority(*id, priority);
    }
    state.publish_group_priority(id, priority, changed.len());
    Answer::of(&Reprioritized {
        task_group_id: id,
        scheduler_id: &scheduler,
        new_priority: priority,
        tasks_affected: changed.len(),
        task_ids: &changed,
    })
}
