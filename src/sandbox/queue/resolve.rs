//! Workers report how a run ended: `reportCompleted`, `reportFailed`, `reportException`.

use super::QueueState;
use super::claim::{existing_run, not_running};
use super::read::created;
use super::task::{Run, State};
use crate::sandbox::call::{Call, Fault, Outcome};

pub(super) fn report_completed(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    report(state, call, State::Completed, "completed")
}

pub(super) fn report_failed(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    report(state, call, State::Failed, "failed")
}

fn report(state: &mut QueueState, call: &Call<'_>, target: State, reason: &'static str) -> Outcome {
    let (id, task) = created(state, call)?;
    let run_id = existing_run(call, id, task)?;
    let is_last = run_id + 1 == task.runs.len();
    match task.runs.get(run_id).map(|run| run.state) {
        Some(State::Running) => {}
        // The same report once more is no conflict.
        Some(now) if now == target && is_last => return state.status_answer(id),
        Some(now) if now == target => return Err(not_running(id, run_id)),
        _ => return Err(Fault::conflict(format!("Run {run_id} of task `{id}` is not running or {target}."))),
    }
    state.resolve(id, target, reason, None, call.now);
    state.status_answer(id)
}

/// The reasons of an exception, and as what the queue then retries.
const REASONS: &[(&str, Option<&str>)] = &[
    ("worker-shutdown", Some("retry")),
    ("intermittent-task", Some("task-retry")),
    ("malformed-payload", None),
    ("resource-unavailable", None),
    ("internal-error", None),
];

pub(super) fn report_exception(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (id, task) = state.find(call, |id| format!("Task `{id}` not found. Are you sure it exists?"))?;
    let run_id = existing_run(call, id, task)?;
    let given = call.body["reason"].as_str().unwrap_or_default();
    let Some((reason, retry)) = REASONS.iter().find(|(reason, _)| *reason == given) else {
        return Err(Fault::input(format!("`{given}` is not a reason for an exception")));
    };
    let last = task.runs.len() - 1;
    let run = task.runs.get(run_id);
    let is = |state: State| run.is_some_and(|run: &Run| run.state == state);
    if run_id == last && is(State::Running) {
        state.resolve(id, State::Exception, reason, *retry, call.now);
        return state.status_answer(id);
    }
    // The same report once more is no conflict, as long as at most a retry has come after the run.
    let same = is(State::Exception) && run.and_then(|run| run.reason_resolved) == Some(*reason);
    if same && last <= run_id + 1 { state.status_answer(id) } else { Err(not_running(id, run_id)) }
}
