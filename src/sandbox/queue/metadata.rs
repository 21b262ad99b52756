//! The methods about task queues, worker types, provisioners and workers.

use std::collections::BTreeMap;

use chrono::{DateTime, Months, TimeDelta, Utc};
use serde_json::{Value, json};

use super::QueueState;
use super::task::split_queue;
use super::workers::{Quarantine, SeenQueue, SeenWorker};
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::wire::{Name, Page, Paged, parse_time, stamp};

fn queue_json(name: &str, queue: &SeenQueue) -> Value {
    json!({
        "taskQueueId": name,
        "expires": stamp(queue.expires),
        "lastDateActive": stamp(queue.active),
        "description": "",
        "stability": "experimental",
    })
}

fn worker_type_json(name: &str, queue: &SeenQueue) -> Value {
    let mut value = queue_json(name, queue);
    add_halves(&mut value, name);
    value["actions"] = json!([]);
    value
}

fn add_halves(value: &mut Value, queue: &str) {
    let (provisioner, worker_type) = split_queue(queue);
    value["provisionerId"] = json!(provisioner);
    value["workerType"] = json!(worker_type);
}

fn listing(key: &str, paged: Paged<Value>) -> Outcome {
    let mut answer = json!({ key: paged.items });
    if let Some(token) = paged.token {
        answer["continuationToken"] = json!(token);
    }
    Ok(Answer::Json(answer))
}

/// The task queues that are still known, in the order of their names.
fn known<'s>(state: &'s QueueState, call: &Call<'_>) -> impl Iterator<Item = (&'s str, &'s SeenQueue)> {
    let now = call.now;
    state.workers.queues.iter().filter(move |(_, queue)| queue.expires >= now).map(|(name, queue)| (&*name.0, queue))
}

pub(super) fn list_task_queues(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let queues = known(state, call).map(|(name, queue)| queue_json(name, queue));
    listing("taskQueues", Page::of(call)?.slice(queues))
}

pub(super) fn get_task_queue(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let wanted = call.param("taskQueueId");
    let found = known(state, call).find(|(name, _)| *name == wanted);
    let (name, queue) = found.ok_or_else(|| {
        Fault::not_found(format!("Task queue with `{wanted}` not found. Are you sure it was created?"))
    })?;
    Ok(Answer::Json(queue_json(name, queue)))
}

pub(super) fn list_worker_types(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let provisioner = call.param("provisionerId");
    let types = known(state, call)
        .filter(|(name, _)| split_queue(name).0 == provisioner)
        .map(|(name, queue)| worker_type_json(name, queue));
    listing("workerTypes", Page::of(call)?.slice(types))
}

pub(super) fn get_worker_type(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let (provisioner, worker_type) = (call.param("provisionerId"), call.param("workerType"));
    let found = known(state, call).find(|(name, _)| split_queue(name) == (provisioner, worker_type));
    let (name, queue) = found.ok_or_else(|| {
        Fault::not_found(format!(
            "Worker-type `{worker_type}` with Provisioner `{provisioner}` not found. Are you sure it was created?"
        ))
    })?;
    let mut value = worker_type_json(name, queue);
    value["actions"] = json!([]);
    Ok(Answer::Json(value))
}

/// Provisioners are what the task queues' names begin with; each is as alive as the liveliest of its queues.
fn provisioners(state: &QueueState, call: &Call<'_>) -> BTreeMap<Name, SeenQueue> {
    let mut found: BTreeMap<Name, SeenQueue> = BTreeMap::new();
    for (name, queue) in known(state, call) {
        let entry = found.entry(Name::new(split_queue(name).0)).or_insert_with(|| queue.clone());
        entry.expires = entry.expires.max(queue.expires);
        entry.active = entry.active.max(queue.active);
    }
    found
}

fn provisioner_json(name: &Name, seen: &SeenQueue) -> Value {
    json!({
        "provisionerId": &*name.0,
        "actions": [],
        "expires": stamp(seen.expires),
        "lastDateActive": stamp(seen.active),
        "description": "",
        "stability": "experimental",
        "actions": [],
    })
}

pub(super) fn list_provisioners(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let found = provisioners(state, call);
    listing("provisioners", Page::of(call)?.slice(found.iter().map(|(name, seen)| provisioner_json(name, seen))))
}

pub(super) fn get_provisioner(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let name = Name::new(call.param("provisionerId"));
    let found = provisioners(state, call);
    let seen = found
        .get(&name)
        .ok_or_else(|| Fault::not_found(format!("Provisioner `{}` not found. Are you sure it was created?", name.0)))?;
    Ok(Answer::Json(provisioner_json(&name, seen)))
}

/// `taskQueueId` of a route that has its halves.
fn queue_of(call: &Call<'_>) -> String {
    format!("{}/{}", call.param("provisionerId"), call.param("workerType"))
}

pub(super) fn list_workers(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    listing("workers", Page::of(call)?.slice(shown_workers(state, call)))
}

/// The workers of the route's task queue, in quarantine or not, as the query wants them.
fn shown_workers(state: &QueueState, call: &Call<'_>) -> impl Iterator<Item = Value> {
    let wanted = call.query("quarantined");
    let workers = state.workers.workers.get(&Name::new(queue_of(call))).into_iter().flatten();
    workers
        .filter(move |(_, worker)| {
            let quarantined = worker.is_quarantined(call.now);
            worker.is_known(call.now)
                && match wanted {
                    Some("true") => quarantined,
                    Some("false") => !quarantined,
                    _ => true,
                }
        })
        .map(move |((group, id), worker)| {
            let mut entry = json!({
                "workerGroup": &*group.0,
                "workerId": &*id.0,
                "firstClaim": stamp(worker.first_claim),
                "lastDateActive": stamp(worker.active),
            });
            if let Some((task, run)) = worker.recent.back() {
                entry["latestTask"] = json!({"taskId": task, "runId": run});
            }
            if let Some(until) = worker.quarantine_until.filter(|until| *until > call.now) {
                entry["quarantineUntil"] = json!(stamp(until));
            }
            entry
        })
}

impl QueueState {
    /// What `listWorkers` shows of the workers of a task queue.
    pub(in crate::sandbox) fn seen_workers(&self, call: &Call<'_>) -> Vec<Value> {
        shown_workers(self, call).collect()
    }

    /// What `getWorker` shows of a worker; none when it has not been seen.
    pub(in crate::sandbox) fn seen_worker(&self, call: &Call<'_>) -> Option<Value> {
        let workers = self.workers.workers.get(&Name::new(queue_of(call)))?;
        let worker = workers.get(&worker_key(call)).filter(|worker| worker.is_known(call.now))?;
        Some(worker_json(call, worker, true))
    }
}

fn worker_key(call: &Call<'_>) -> (Name, Name) {
    (Name::new(call.param("workerGroup")), Name::new(call.param("workerId")))
}

/// What the services say of a worker that was never put into quarantine: that it was until a time long past.
fn never_quarantined(now: DateTime<Utc>) -> DateTime<Utc> {
    now.checked_sub_months(Months::new(120)).unwrap_or(now)
}

fn worker_json(call: &Call<'_>, worker: &SeenWorker, with_details: bool) -> Value {
    let queue = queue_of(call);
    let mut value = json!({
        "taskQueueId": queue,
        "workerGroup": call.param("workerGroup"),
        "workerId": call.param("workerId"),
    });
    let quarantine = worker.quarantine_until.unwrap_or_else(|| never_quarantined(worker.first_claim));
    value["quarantineUntil"] = json!(stamp(quarantine));
    value["expires"] = json!(stamp(worker.expires));
    value["firstClaim"] = json!(stamp(worker.first_claim));
    let recent = worker.recent.iter().map(|(id, run)| json!({"taskId": id, "runId": run}));
    value["recentTasks"] = recent.collect();
    value["lastDateActive"] = json!(stamp(worker.active));
    value["actions"] = json!([]);
    if with_details && !worker.quarantines.is_empty() {
        let details = worker.quarantines.iter().map(|decision| {
            json!({
                "clientId": decision.client_id,
                "updatedAt": stamp(decision.at),
                "quarantineUntil": stamp(decision.until),
                "quarantineInfo": decision.info,
            })
        });
        value["quarantineDetails"] = details.collect();
    }
    add_halves(&mut value, &queue);
    if with_details {
        value["actions"] = json!([]);
    }
    value
}

fn no_worker(call: &Call<'_>, hint: &str) -> Fault {
    Fault::not_found(format!(
        "Worker with workerId `{}`, workerGroup `{}`,worker-type `{}` and provisionerId `{}` not found.{hint}",
        call.param("workerId"),
        call.param("workerGroup"),
        call.param("workerType"),
        call.param("provisionerId"),
    ))
}

pub(super) fn get_worker(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    state.seen_worker(call).map(Answer::Json).ok_or_else(|| no_worker(call, " Are you sure it was created?"))
}

pub(super) fn quarantine_worker(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let text = call.body["quarantineUntil"].as_str().unwrap_or_default();
    let until = parse_time(text).ok_or_else(|| Fault::input(format!("`quarantineUntil` is not a time: {text}")))?;
    let workers = state.workers.workers.get_mut(&Name::new(queue_of(call)));
    let found = workers.and_then(|workers| workers.get_mut(&worker_key(call)));
    let worker = found.ok_or_else(|| no_worker(call, ""))?;
    worker.quarantine_until = Some(until);
    worker.expires = worker.expires.max(call.now + TimeDelta::days(1));
    worker.quarantines.push(Quarantine {
        client_id: call.client_id.clone().unwrap_or_default(),
        at: call.now,
        until,
        info: call.body["quarantineInfo"].as_str().unwrap_or_default().to_owned(),
    });
    // This answer leaves the decisions out, as the services do.
    Ok(Answer::Json(worker_json(call, worker, false)))
}

pub(super) fn declare_worker(state: &mut QueueState, call: &Call<'_>) -> Outcome {
    let properties: Vec<&String> = call.body.as_object().into_iter().flat_map(|body| body.keys()).collect();
    call.authorize(&[("properties", json!(properties))])?;
    let text = call.body["expires"].as_str().unwrap_or_default();
    let expires = parse_time(text).ok_or_else(|| Fault::input(format!("`expires` is not a time: {text}")))?;
    let queue = queue_of(call);
    state.workers.seen(&queue, None, call.now);
    state.workers.worker_seen(&queue, worker_key(call), expires, call.now);
    get_worker(state, call)
}
