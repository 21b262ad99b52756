//! What people do to tasks: schedule, rerun, cancel, change the priority.

use serde_json::json;

use super::QueueState;
use super::id::TaskId;
use super::lifecycle::MAX_RUNS;
use super::publish::Change;
use super::read::created;
use super::task::{Priority, State, Task};
use crate::sandbox::call::{Call, Fault, Outcome};
use crate::sandbox::wire::stamp;

/// Checks the scopes that name the task's own scheduler, group and project.
fn authorize(call: &Call<'_>, task: &Task) -> Result<(), Fault> {
    call.authorize(&[
        ("schedulerId", json!(&*task.scheduler)),
        ("taskGroupId", json!(task.group)),
        ("projectId", json!(&*task.project)),
    ])
}

/// 409 once the deadline has passed; `what` is the participle of what cannot be done then.
fn before_deadline(call: &Call<'_>, id: TaskId, task: &Task, what: &str) -> Result<(), Fault> {
    // At the very moment of the deadline the task has been resolved already.
    if task.deadline > call.now {
        return Ok(());
    }
    Err(Fault::conflict(format!(
        "Task `{id}` can't be {what} its deadline {} {}.",
        preposition(what),
        stamp(task.deadline)
    )))
}

fn preposition(what: &str) -> &'static str {
    if what.starts_with("scheduled") { "at" } else { "of" }
}

pub(super) fn schedule_task(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (id, task) = state.find(call, |id| format!("taskId `{id}` not found. Are you sure it exists?"))?;
    authorize(call, task)?;
    before_deadline(call, id, task, "scheduled past")?;
    state.schedule(id, call.now);
    state.status_answer(id)
}

pub(super) fn rerun_task(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (id, task) = state.find(call, |id| {
        format!("`{id}` does not correspond to a task that exists.\nAre you sure this task has been submitted before?")
    })?;
    authorize(call, task)?;
    before_deadline(call, id, task, "rescheduled past")?;
    state.rerun(id, call.now);
    let stuck = |task: &Task| !matches!(task.state(), State::Pending | State::Running);
    if state.tasks.get(&id).is_some_and(|task| stuck(task)) {
        return Err(Fault::conflict(format!("Maximum number of runs reached ({MAX_RUNS}).")));
    }
    state.status_answer(id)
}

pub(super) fn cancel_task(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (id, task) = created(state, call)?;
    authorize(call, task)?;
    before_deadline(call, id, task, "canceled past")?;
    state.cancel(id, "canceled", call.now);
    state.status_answer(id)
}

pub(super) fn change_task_priority(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (id, task) = created(state, call)?;
    call.authorize(&[("taskQueueId", json!(&*task.queue))])?;
    before_deadline(call, id, task, "changed past")?;
    if task.state().is_resolved() {
        return Err(Fault::conflict(format!("Task `{id}` is resolved; its priority can't be changed.")));
    }
    let priority = Priority::parse(call.body["newPriority"].as_str().unwrap_or_default());
    if task.priority == priority {
        return Err(Fault::conflict(format!("Task `{id}` has the priority `{}` already.", priority.name())));
    }
    let before = task.priority;
    state.set_priority(id, priority);
    state.publish(id, &Change::Priority { before });
    state.status_answer(id)
}
