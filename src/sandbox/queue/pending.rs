//! What waits in a task queue, and what its workers have taken.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::QueueState;
use super::answers::{TaskDefinition, TaskPage};
use super::id::TaskId;
use super::task::{Run, Task, split_queue};
use crate::sandbox::call::{Answer, Call, Outcome};
use crate::sandbox::wire::{Page, stamped};

pub(super) fn pending_tasks(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    counts(state, call, false)
}

pub(super) fn task_queue_counts(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    counts(state, call, true)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts<'a> {
    provisioner_id: &'a str,
    worker_type: &'a str,
    task_queue_id: &'a str,
    pending_tasks: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_tasks: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PendingTask<'a> {
    task_id: TaskId,
    run_id: usize,
    task: TaskDefinition<'a>,
    #[serde(serialize_with = "stamped::time")]
    inserted: DateTime<Utc>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClaimedTask<'a> {
    task_id: TaskId,
    run_id: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    worker_group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    worker_id: Option<&'a str>,
    #[serde(serialize_with = "stamped::some", skip_serializing_if = "Option::is_none")]
    claimed: Option<DateTime<Utc>>,
    task: TaskDefinition<'a>,
}

fn counts(state: &QueueState, call: &Call<'_>, with_claimed: bool) -> Outcome {
    let name = call.param("taskQueueId");
    let (provisioner_id, worker_type) = split_queue(name);
    let queue = state.queues.get(name);
    Answer::of(&Counts {
        provisioner_id,
        worker_type,
        task_queue_id: name,
        pending_tasks: queue.map_or(0, |queue| queue.pending.len()),
        claimed_tasks: with_claimed.then(|| queue.map_or(0, |queue| queue.claimed.len())),
    })
}

pub(super) fn list_pending_tasks(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    // By age, whatever the priority.
    let queue = state.queues.get(call.param("taskQueueId"));
    let mut runs: Vec<_> =
        queue.into_iter().flat_map(|queue| &queue.pending).map(|((_, at), run)| (*at, *run)).collect();
    runs.sort_unstable_by_key(|(at, _)| *at);
    list(state, call, runs, |task_id, run_id, task, run| PendingTask {
        task_id,
        run_id,
        task: task.definition(),
        inserted: run.scheduled,
    })
}

pub(super) fn list_claimed_tasks(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let queue = state.queues.get(call.param("taskQueueId"));
    let runs: Vec<_> = queue.into_iter().flat_map(|queue| &queue.claimed).map(|(at, run)| (*at, *run)).collect();
    list(state, call, runs, |task_id, run_id, task, run| ClaimedTask {
        task_id,
        run_id,
        worker_group: run.worker.as_ref().map(|worker| &*worker.group),
        worker_id: run.worker.as_ref().map(|worker| &*worker.id),
        claimed: run.started,
        task: task.definition(),
    })
}

/// A page of runs that come with the key they are sorted by.
fn list<'s, T: Serialize>(
    state: &'s QueueState,
    call: &Call<'_>,
    runs: Vec<(u64, (TaskId, usize))>,
    item: impl Fn(TaskId, usize, &'s Task, &'s Run) -> T,
) -> Outcome {
    let page = Page::lenient(call)?;
    let after = page.after.as_deref().and_then(|after| after.parse::<u64>().ok());
    let paged =
        page.cut(runs.into_iter().filter(|(at, _)| after.is_none_or(|after| *at > after)), |(at, _)| at.to_string());
    let tasks = paged.items.into_iter().filter_map(|(_, (id, run_id))| {
        let task = state.tasks.get(&id)?;
        Some(item(id, run_id, task, task.runs.get(run_id)?))
    });
    Answer::of(&TaskPage { tasks: tasks.collect(), continuation_token: paged.token })
}
