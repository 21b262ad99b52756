//! Workers take pending runs: `claimWork`, `claimTask`, `reclaimTask`, and the credentials that come with a claim.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use super::QueueState;
use super::answers::{TaskDefinition, TaskStatus};
use super::id::TaskId;
use super::read::created;
use super::task::{Task, Worker, split_queue};
use crate::sandbox::call::{Answer, Call, Fault, Outcome, WorkRequest};
use crate::sandbox::wire::{round_to_millis, stamp};

/// How long a claim lasts unless it is renewed.
const CLAIM_LIFETIME: TimeDelta = TimeDelta::minutes(20);

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
        let tasks = claimed.into_iter().filter_map(|(id, run_id)| claim(self, now, id, run_id, true)).collect();
        // Nothing in it can fail to serialize.
        serde_json::to_string(&Claims { tasks }).ok()
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
    Answer::of(&claim(state, call.now, id, run_id, true))
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
    Answer::of(&claim(state, call.now, id, run_id, false))
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
    round_to_millis(now + CLAIM_LIFETIME)
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

/// What `claimWork` answers.
#[derive(Serialize)]
struct Claims<'a> {
    tasks: Vec<Claim<'a>>,
}

/// What a worker learns of a run that it has just taken, or whose claim it renewed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Claim<'a> {
    status: TaskStatus<'a>,
    run_id: usize,
    worker_group: &'a str,
    worker_id: &'a str,
    taken_until: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskDefinition<'a>>,
    credentials: Value,
}

/// The claim of a run that is taken. A renewed one comes without the definition.
fn claim(state: &QueueState, now: DateTime<Utc>, id: TaskId, run_id: usize, is_new: bool) -> Option<Claim<'_>> {
    let task = state.tasks.get(&id)?;
    let run = task.runs.get(run_id)?;
    let (worker, taken_until) = (run.worker.as_ref()?, run.taken_until?);
    Some(Claim {
        status: task.status(id),
        run_id,
        worker_group: &worker.group,
        worker_id: &worker.id,
        // The services write this one time of a new claim with an offset.
        taken_until: taken_until.to_rfc3339_opts(SecondsFormat::Millis, !is_new),
        task: is_new.then(|| task.definition()),
        credentials: credentials(state, now, id, run_id, task, worker, taken_until),
    })
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
    let mut scopes: Vec<String> = ["reclaim-task", "resolve-task", "create-artifact"]
        .map(|action| format!("queue:{action}:{id}/{run_id}"))
        .into();
    scopes.extend(task.scopes.iter().cloned());
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
