//! Workers take pending runs: `claimWork`, `claimTask`, `reclaimTask`, and the credentials that come with a claim.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::QueueState;
use super::id::TaskId;
use super::read::created;
use super::task::{Task, Worker, split_queue};
use crate::sandbox::call::{Answer, Call, Fault, Outcome, WorkRequest};
use crate::sandbox::wire::{Object, round_to_millis, stamp};

/// How long a claim lasts unless it is renewed.
const CLAIM: TimeDelta = TimeDelta::minutes(20);

fn worker(state: &mut QueueState, call: &Call<'_>) -> Worker {
    let text = |key: &str| call.body[key].as_str().unwrap_or_default();
    Worker { group: state.intern(text("workerGroup")), id: state.intern(text("workerId")) }
}

fn worker_params(worker: &Worker) -> [(&'static str, Value); 2] {
    [("workerGroup", json!(&*worker.group)), ("workerId", json!(&*worker.id))]
}

/// Answers at once. Where nothing is handed out, the server may try [`QueueState::claim_for`] for a while.
pub(super) fn claim_work(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let worker = worker(state, call);
    call.authorize(&worker_params(&worker))?;
    let queue = call.param("taskQueueId");
    let request = WorkRequest {
        task_queue_id: queue.to_owned(),
        worker: (worker.group.to_string(), worker.id.to_string()),
        tasks: call.body["tasks"].as_u64().unwrap_or(1),
        quarantined: state.workers.is_quarantined(queue, &worker, call.now),
    };
    // A worker in quarantine is noted as seen, too.
    state.workers.seen(queue, Some(&worker), call.now);
    Ok(state.claim_for(&request, call.now).map_or(Answer::NoWork(request), Answer::Raw))
}

impl QueueState {
    /// Hands out tasks to a worker that asked for some; none when nothing is pending in its queue. Its quarantine is not
    /// looked at again: the services hand a task to a request that is waiting already.
    pub(crate) fn claim_for(&mut self, request: &WorkRequest, now: DateTime<Utc>) -> Option<String> {
        let WorkRequest { task_queue_id: queue, worker: (group, id), tasks, quarantined } = request;
        if *quarantined || !self.claimable(queue) {
            return None;
        }
        let worker = Worker { group: self.intern(group), id: self.intern(id) };
        let mut claimed = Vec::new();
        while (claimed.len() as u64) < *tasks {
            let first = self.queues.get(queue.as_str()).and_then(|queue| queue.pending.values().next().copied());
            let Some((id, run_id)) = first else { break };
            if !self.claim(id, run_id, &worker, taken_until(now), now) {
                break;
            }
            self.workers.took(queue, &worker, id, run_id);
            claimed.push((id, run_id));
        }
        if claimed.is_empty() {
            return None;
        }
        let mut out = String::new();
        let mut object = Object::open(&mut out);
        object.list("tasks", claimed, |out, (id, run_id)| write_claim(self, now, out, (id, run_id), true));
        object.close();
        Some(out)
    }
}

pub(super) fn claim_task(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let worker = worker(state, call);
    let (id, task) = created(state, call)?;
    let queue = task.queue.clone();
    let (provisioner, worker_type) = split_queue(&queue);
    let [group, worker_id] = worker_params(&worker);
    call.authorize(&[group, worker_id, ("provisionerId", json!(provisioner)), ("workerType", json!(worker_type))])?;
    before_deadline(call, id, task, "claimed")?;
    if state.workers.is_quarantined(&queue, &worker, call.now) {
        return Ok(Answer::Json(json!({})));
    }
    let run_id = existing_run(call, id, task)?;
    let claimed = state.claim(id, run_id, &worker, taken_until(call.now), call.now);
    if claimed {
        state.mark_direct(id, run_id);
    } else if !is_taken_by(state, id, run_id, &worker) {
        return Err(Fault::conflict(format!("Run {run_id} was already claimed by another worker.")));
    }
    // Unlike `claimWork`, this notes the task queue as seen but not the worker.
    state.workers.seen(&queue, None, call.now);
    state.workers.took(&queue, &worker, id, run_id);
    let mut out = String::new();
    write_claim(state, call.now, &mut out, (id, run_id), true);
    Ok(Answer::Raw(out))
}

pub(super) fn reclaim_task(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (id, task) = created(state, call)?;
    let run_id = existing_run(call, id, task)?;
    before_deadline(call, id, task, "reclaimed")?;
    let queue = task.queue.clone();
    let worker = task.runs.get(run_id).and_then(|run| run.worker.clone());
    if !state.reclaim(id, run_id, taken_until(call.now)) {
        return Err(not_running(id, run_id));
    }
    state.workers.seen(&queue, worker.as_ref(), call.now);
    let mut out = String::new();
    write_claim(state, call.now, &mut out, (id, run_id), false);
    Ok(Answer::Raw(out))
}

/// The run that a route names.
pub(super) fn existing_run(call: &Call<'_>, id: TaskId, task: &Task) -> Result<usize, Fault> {
    let text = call.param("runId");
    let run_id = text.parse().ok().filter(|run_id| *run_id < task.runs.len());
    run_id.ok_or_else(|| Fault::not_found(format!("Run {text} not found on task `{id}`.")))
}

/// 409 for a run that is over, or that was never begun.
pub(super) fn not_running(id: TaskId, run_id: usize) -> Fault {
    Fault::conflict(format!("Run {run_id} on task `{id}` is resolved or not running."))
}

fn before_deadline(call: &Call<'_>, id: TaskId, task: &Task, what: &str) -> Result<(), Fault> {
    if task.deadline > call.now {
        return Ok(());
    }
    let message = format!("Task `{id}` can't be {what} past its deadline of {}.", stamp(task.deadline));
    Err(Fault::conflict(message))
}

fn taken_until(now: DateTime<Utc>) -> DateTime<Utc> {
    round_to_millis(now + CLAIM)
}

/// Whether this worker has the run through `claimTask` already: that call is answered again when it is sent again. A run
/// that came with `claimWork` is refused even to its own worker.
fn is_taken_by(state: &QueueState, id: TaskId, run_id: usize, worker: &Worker) -> bool {
    state.tasks.get(&id).is_some_and(|task| {
        run_id + 1 == task.runs.len()
            && task
                .runs
                .last()
                .is_some_and(|run| !run.state.is_resolved() && run.direct && run.worker.as_ref() == Some(worker))
    })
}

/// Appends what a worker learns of a run that it has just taken. A renewed claim comes without the definition.
fn write_claim(state: &QueueState, now: DateTime<Utc>, out: &mut String, (id, run_id): (TaskId, usize), is_new: bool) {
    let Some(task) = state.tasks.get(&id) else { return };
    let Some(run) = task.runs.get(run_id) else { return };
    let (Some(worker), Some(taken_until)) = (&run.worker, run.taken_until) else { return };
    let mut object = Object::open(out);
    task.write_status(object.key("status"), id);
    object.add("runId", run_id).add("workerGroup", &*worker.group).add("workerId", &*worker.id);
    // The services write this one time of a new claim with an offset.
    let until = taken_until.to_rfc3339_opts(SecondsFormat::Millis, !is_new);
    object.add("takenUntil", until);
    if is_new {
        task.write_definition(object.key("task"));
    }
    object.add("credentials", credentials(state, now, id, run_id, task, worker, taken_until));
    object.close();
}

fn credentials(
    state: &QueueState,
    now: DateTime<Utc>,
    id: TaskId,
    run_id: usize,
    task: &Task,
    worker: &Worker,
    taken_until: DateTime<Utc>,
) -> Value {
    #[derive(Deserialize)]
    struct Scopes {
        scopes: Vec<String>,
    }
    let mut scopes: Vec<String> = ["reclaim-task", "resolve-task", "create-artifact"]
        .map(|action| format!("queue:{action}:{id}/{run_id}"))
        .into();
    scopes.extend(serde_json::from_str::<Scopes>(&task.definition()).map(|own| own.scopes).unwrap_or_default());
    let Worker { group, id: worker_id } = worker;
    let name = format!("task-client/{id}/{run_id}/on/{group}/{worker_id}/until/{}", seconds(taken_until));
    state.issuer.credentials(&name, &scopes, now, taken_until)
}

/// Seconds since the epoch with only the decimals that there are: `1795353252.23`.
fn seconds(time: DateTime<Utc>) -> String {
    let text = format!("{}.{:03}", time.timestamp(), time.timestamp_subsec_millis());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::wire::parse_time;

    #[test]
    fn seconds_have_no_idle_decimals() {
        for (text, expected) in [
            ("2026-11-22T13:14:12.236Z", "1795353252.236"),
            ("2026-11-22T13:14:12.230Z", "1795353252.23"),
            ("2026-11-22T13:14:10.000Z", "1795353250"),
        ] {
            assert_eq!(seconds(parse_time(text).unwrap()), expected);
        }
    }
}
