//! Definitions and statuses, one or many at a time.

use std::collections::HashSet;
use std::ops::Bound;

use serde::Serialize;
use serde_json::{Value, json};

use super::QueueState;
use super::answers::{StatusAndTask, TaskDefinition, TaskPage, TaskStatus};
use super::id::TaskId;
use super::task::Task;
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::wire::{Page, Paged};

pub(super) fn task(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (_, task) = state.find(call, |id| {
        format!("`{id}` does not correspond to a task that exists.\nAre you sure this task has already been submitted?")
    })?;
    Answer::of(&task.definition())
}

pub(super) fn status(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (id, _) = state.find(call, |id| {
        format!("`{id}` does not correspond to a task that exists.\nAre you sure this task exists?")
    })?;
    state.status_answer(id)
}

pub(super) fn tasks(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let Paged { items, token } = many(state, call)?;
    let tasks = items.into_iter().map(|(task_id, task)| TaskItem { task_id, task: task.definition() }).collect();
    Answer::of(&TaskPage { tasks, continuation_token: token })
}

pub(super) fn statuses(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let Paged { items, token } = many(state, call)?;
    let statuses =
        items.into_iter().map(|(task_id, task)| StatusItem { task_id, status: task.status(task_id) }).collect();
    Answer::of(&StatusPage { statuses, continuation_token: token })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TaskItem<'a> {
    task_id: TaskId,
    task: TaskDefinition<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusItem<'a> {
    task_id: TaskId,
    status: TaskStatus<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusPage<'a> {
    statuses: Vec<StatusItem<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_token: Option<String>,
}

/// A page of the tasks that the body names, each once; those that do not exist are left out.
fn many<'s>(state: &'s QueueState, call: &Call<'_>) -> Result<Paged<(TaskId, &'s Task)>, Fault> {
    let ids: Vec<&str> = call.body["taskIds"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    call.authorize(&[("taskIds", json!(ids))])?;
    let mut known = HashSet::new();
    let ids = ids.into_iter().filter_map(TaskId::parse).filter(|id| known.insert(*id));
    let found = ids.filter_map(|id| Some((id, &**state.tasks.get(&id)?)));
    Ok(Page::of(call)?.slice(found))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependents<'a> {
    task_id: TaskId,
    #[serde(flatten)]
    page: TaskPage<StatusAndTask<'a>>,
}

pub(super) fn list_dependent_tasks(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let page = Page::of(call)?;
    let (id, _) = state.find(call, |id| format!("Task with taskId: `{id}` was not found"))?;
    let start = page.after.as_deref().and_then(TaskId::parse).map_or(Bound::Unbounded, Bound::Excluded);
    let dependents = state.dependents.get(&id).into_iter().flat_map(|ids| ids.range((start, Bound::Unbounded)));
    let paged = page.cut(dependents, |id| id.to_string());
    Answer::of(&Dependents { task_id: id, page: state.page_of_tasks(paged.items, paged.token) })
}

/// The task that a route names, for methods that say it in these words.
pub(super) fn created<'s>(state: &'s QueueState, call: &Call<'_>) -> Result<(TaskId, &'s Task), Fault> {
    state.find(call, |id| format!("Task `{id}` not found. Are you sure it was created?"))
}
