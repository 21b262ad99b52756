//! Definitions and statuses, one or many at a time.

use std::collections::HashSet;
use std::ops::Bound;

use serde_json::{Value, json};

use super::QueueState;
use super::id::TaskId;
use super::task::Task;
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::wire::{Object, Page};

pub(super) fn task(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (_, task) = state.find(call, |id| {
        format!("`{id}` does not correspond to a task that exists.\nAre you sure this task has already been submitted?")
    })?;
    Ok(Answer::Raw(task.definition()))
}

pub(super) fn status(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (id, _) = state.find(call, |id| {
        format!("`{id}` does not correspond to a task that exists.\nAre you sure this task exists?")
    })?;
    state.status_answer(id)
}

pub(super) fn tasks(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    many(state, call, "tasks", |object, _, task| task.write_definition(object.key("task")))
}

pub(super) fn statuses(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    many(state, call, "statuses", |object, id, task| task.write_status(object.key("status"), id))
}

/// Looks up the tasks that the body names, each once; those that do not exist are left out.
fn many(state: &QueueState, call: &Call<'_>, key: &str, write: impl Fn(&mut Object<'_>, TaskId, &Task)) -> Outcome {
    let ids: Vec<&str> = call.body["taskIds"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    call.authorize(&[("taskIds", json!(ids))])?;
    let mut known = HashSet::new();
    let ids = ids.into_iter().filter_map(TaskId::parse).filter(|id| known.insert(*id));
    let found = ids.filter_map(|id| Some((id, state.tasks.get(&id)?)));
    let paged = Page::of(call)?.slice(found);
    let mut out = String::new();
    let mut object = Object::open(&mut out);
    object.list(key, paged.items, |out, (id, task)| {
        let mut item = Object::open(out);
        item.add("taskId", id);
        write(&mut item, id, task);
        item.close();
    });
    object.add_some("continuationToken", paged.token);
    object.close();
    Ok(Answer::Raw(out))
}

pub(super) fn list_dependent_tasks(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let page = Page::of(call)?;
    let (id, _) = state.find(call, |id| format!("Task with taskId: `{id}` was not found"))?;
    let start = page.after.as_deref().and_then(TaskId::parse).map_or(Bound::Unbounded, Bound::Excluded);
    let dependents = state.dependents.get(&id).into_iter().flat_map(|ids| ids.range((start, Bound::Unbounded)));
    let paged = page.cut(dependents, |id| id.to_string());
    let mut out = String::new();
    let mut object = Object::open(&mut out);
    object.add("taskId", id);
    let tasks = paged.items.into_iter().filter_map(|id| Some((*id, state.tasks.get(id)?)));
    object.list("tasks", tasks, |out, (id, task)| task.write_both(out, id));
    object.add_some("continuationToken", paged.token);
    object.close();
    Ok(Answer::Raw(out))
}

/// The task that a route names, for methods that say it in these words.
pub(super) fn created<'s>(state: &'s QueueState, call: &Call<'_>) -> Result<(TaskId, &'s Task), Fault> {
    state.find(call, |id| format!("Task `{id}` not found. Are you sure it was created?"))
}
