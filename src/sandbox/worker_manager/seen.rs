//! `getWorker` and `listWorkers`: what the queue has seen of workers, with what is known of them here.

use serde_json::{Value, json};

use super::workers::Worker;
use super::{WorkerManagerState, listing, text};
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::queue::QueueState;
use crate::sandbox::wire::{Page, Paged};

fn pool_of(call: &Call<'_>) -> String {
    format!("{}/{}", call.param("provisionerId"), call.param("workerType"))
}

/// Adds what the service knows of a worker; one that only the queue knows stands alone.
fn add(to: &mut Value, pool: &str, worker: Option<&Worker>) {
    let Some(members) = to.as_object_mut() else { return };
    members.insert("workerPoolId".into(), json!(pool));
    members.insert("capacity".into(), json!(worker.map_or(0, |worker| worker.capacity)));
    members.insert("providerId".into(), json!(worker.map_or("none", |worker| worker.provider.as_str())));
    members.insert("state".into(), json!(worker.map_or("standalone", |worker| worker.state)));
    if let Some(config) = worker.and_then(|worker| worker.launch_config.as_ref()) {
        members.insert("launchConfigId".into(), json!(config));
    }
}

pub(super) fn list(state: &WorkerManagerState, queue: &QueueState, call: &Call<'_>) -> Outcome {
    let pool = pool_of(call);
    let wanted = call.query("workerState");
    let shown = queue
        .seen_workers(call)
        .into_iter()
        .map(|mut seen| {
            let worker = state.worker((&pool, text(&seen, "workerGroup"), text(&seen, "workerId"))).cloned();
            add(&mut seen, &pool, worker.as_ref());
            seen
        })
        .filter(|seen| wanted.is_none_or(|state| seen["state"] == state));
    let paged: Paged<Value> = Page::of(call)?.slice(shown);
    listing("workers", paged)
}

pub(super) fn get(state: &WorkerManagerState, queue: &QueueState, call: &Call<'_>) -> Outcome {
    let pool = pool_of(call);
    let (group, id) = (call.param("workerGroup"), call.param("workerId"));
    let mut seen = queue.seen_worker(call).ok_or_else(|| {
        Fault::not_found(format!(
            "Worker with workerId `{id}`, workerGroup `{group}`,worker-type `{}` and provisioner `{}` not found. Are you \
             sure it was created?",
            call.param("workerType"),
            call.param("provisionerId"),
        ))
    })?;
    let Some(members) = seen.as_object_mut() else { return Ok(Answer::Json(seen)) };
    members.shift_remove("taskQueueId");
    members.entry("actions").or_insert_with(|| json!([]));
    add(&mut seen, &pool, state.worker((&pool, group, id)));
    Ok(Answer::Json(seen))
}
