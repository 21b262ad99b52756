//! What waits in a task queue, and what its workers have taken.

use super::QueueState;
use super::id::TaskId;
use super::task::{Run, Task, split_queue};
use crate::sandbox::call::{Answer, Call, Outcome};
use crate::sandbox::wire::{Object, Page, stamp};

pub(super) fn pending_tasks(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    counts(state, call, false)
}

pub(super) fn task_queue_counts(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    counts(state, call, true)
}

fn counts(state: &QueueState, call: &Call<'_>, with_claimed: bool) -> Outcome {
    let name = call.param("taskQueueId");
    let (provisioner, worker_type) = split_queue(name);
    let queue = state.queues.get(name);
    let mut out = String::new();
    let mut object = Object::open(&mut out);
    object.add("provisionerId", provisioner).add("workerType", worker_type).add("taskQueueId", name);
    object.add("pendingTasks", queue.map_or(0, |queue| queue.pending.len()));
    if with_claimed {
        object.add("claimedTasks", queue.map_or(0, |queue| queue.claimed.len()));
    }
    object.close();
    Ok(Answer::Raw(out))
}

pub(super) fn list_pending_tasks(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    // By age, whatever the priority.
    let queue = state.queues.get(call.param("taskQueueId"));
    let mut runs: Vec<_> =
        queue.into_iter().flat_map(|queue| &queue.pending).map(|((_, at), run)| (*at, *run)).collect();
    runs.sort_unstable_by_key(|(at, _)| *at);
    list(state, call, runs, |object, task, run| {
        task.write_definition(object.key("task"));
        object.add("inserted", stamp(run.scheduled));
    })
}

pub(super) fn list_claimed_tasks(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let queue = state.queues.get(call.param("taskQueueId"));
    let runs: Vec<_> = queue.into_iter().flat_map(|queue| &queue.claimed).map(|(at, run)| (*at, *run)).collect();
    list(state, call, runs, |object, task, run| {
        if let Some(worker) = &run.worker {
            object.add("workerGroup", &*worker.group).add("workerId", &*worker.id);
        }
        object.add_some("claimed", run.started.map(stamp));
        task.write_definition(object.key("task"));
    })
}

/// A page of runs that come with the key they are sorted by.
fn list(
    state: &QueueState,
    call: &Call<'_>,
    runs: Vec<(u64, (TaskId, usize))>,
    write: impl Fn(&mut Object<'_>, &Task, &Run),
) -> Outcome {
    let page = Page::lenient(call)?;
    let after = page.after.as_deref().and_then(|after| after.parse::<u64>().ok());
    let paged =
        page.cut(runs.into_iter().filter(|(at, _)| after.is_none_or(|after| *at > after)), |(at, _)| at.to_string());
    let mut out = String::new();
    let mut object = Object::open(&mut out);
    let found = paged.items.into_iter().filter_map(|(_, (id, run_id))| {
        let task = state.tasks.get(&id)?;
        Some((id, run_id, task, task.runs.get(run_id)?))
    });
    object.list("tasks", found, |out, (id, run_id, task, run)| {
        let mut item = Object::open(out);
        item.add("taskId", id).add("runId", run_id);
        write(&mut item, task, run);
        item.close();
    });
    object.add_some("continuationToken", paged.token);
    object.close();
    Ok(Answer::Raw(out))
}
