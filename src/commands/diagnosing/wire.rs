//! Facts from what the queue answers.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::definition::validate::WorkerChoice;
use crate::diagnosis::task::{RunFacts, StatusFacts, TaskFacts, Upstream};
use crate::domain::TaskState;
use crate::domain::task::time;

/// What a status and a definition say of a task.
pub(crate) fn facts_of(status: &Value, definition: &Value) -> TaskFacts {
    let dependencies = texts(&definition["dependencies"]);
    let payload = &definition["payload"];
    let pool = match status["taskQueueId"].as_str() {
        Some(queue) => queue.to_owned(),
        None => format!("{}/{}", text(&status["provisionerId"]), text(&status["workerType"])),
    };
    TaskFacts {
        id: text(&status["taskId"]),
        name: text(&definition["metadata"]["name"]),
        pool,
        status: status_of(status),
        created: at(&definition["created"]),
        deadline: at(&status["deadline"]).or_else(|| at(&definition["deadline"])),
        priority: definition["priority"].as_str().unwrap_or("lowest").to_owned(),
        max_run_time: payload["maxRunTime"].as_i64().and_then(TimeDelta::try_seconds),
        retry_statuses: payload["onExitStatus"]["retry"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_i64)
            .collect(),
        requires_success: requires_success(definition),
        dependencies,
        ..TaskFacts::default()
    }
}

fn status_of(status: &Value) -> StatusFacts {
    StatusFacts {
        state: TaskState::of(status["state"].as_str().unwrap_or_default()),
        retries_left: status["retriesLeft"].as_u64(),
        runs: status["runs"].as_array().into_iter().flatten().map(run).collect(),
    }
}

fn run(run: &Value) -> RunFacts {
    let worker = match (run["workerGroup"].as_str(), run["workerId"].as_str()) {
        (None, None) => String::new(),
        (group, id) => format!("{}/{}", group.unwrap_or_default(), id.unwrap_or_default()),
    };
    RunFacts {
        number: run["runId"].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(0),
        created_because: text(&run["reasonCreated"]),
        resolved_because: text(&run["reasonResolved"]),
        worker,
        scheduled: at(&run["scheduled"]),
        started: at(&run["started"]),
        resolved: at(&run["resolved"]),
        taken_until: at(&run["takenUntil"]),
    }
}

/// What they say of a task that another one waits for.
pub(crate) fn upstream_of(status: &Value, definition: &Value) -> Upstream {
    let runs = status_of(status).runs;
    let last = runs.last();
    Upstream {
        name: text(&definition["metadata"]["name"]),
        state: status["state"].as_str().map(TaskState::of),
        reason: last.map(|run| run.resolved_because.clone()).unwrap_or_default(),
        since: last.and_then(|run| run.resolved.or(run.started).or(run.scheduled)),
        dependencies: texts(&definition["dependencies"]),
        requires_success: requires_success(definition),
    }
}

/// What is wrong with the payload of a definition, as far as its worker can be told from it.
pub(super) fn payload_faults(definition: &Value) -> Vec<String> {
    let payload = &definition["payload"];
    let Some(worker) = WorkerChoice::Auto.of(payload) else { return Vec::new() };
    let findings = worker.check(payload, "payload").unwrap_or_default();
    findings.into_iter().map(|finding| format!("{}: {}", finding.path.replace('/', "."), finding.message)).collect()
}

fn requires_success(definition: &Value) -> bool {
    definition["requires"] != "all-resolved"
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub(super) fn at(value: &Value) -> Option<DateTime<Utc>> {
    time(value.as_str())
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
