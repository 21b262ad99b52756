//! A task in a sandbox, for tests that need one to hang something on.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use tc::sandbox::Sandbox;

use super::wire::{Reply, Wire};

/// `2026-11-22T12:54:12.000Z`.
pub fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A valid body for `createTask` as of `now`.
pub fn definition(now: DateTime<Utc>, group: &str) -> Value {
    json!({
        "taskQueueId": "proj/linux", "schedulerId": "test", "taskGroupId": group,
        "created": stamp(now), "deadline": stamp(now + TimeDelta::hours(2)), "expires": stamp(now + TimeDelta::days(3)),
        "payload": {}, "metadata": {"name": "n", "description": "d", "owner": "a@example.com", "source": "https://example.com"},
    })
}

/// Calls the queue as the client that may do anything.
pub fn queue(sandbox: &Sandbox, now: DateTime<Utc>, verb: &str, route: &str, body: &Value) -> Reply {
    let wire = Wire::new(sandbox, verb, &format!("/api/queue/v1{route}")).at(now);
    if body.is_null() { wire.send() } else { wire.json(body).send() }
}

/// Creates a task and claims its first run; returns its ID.
pub fn running(sandbox: &Sandbox, now: DateTime<Utc>) -> String {
    running_until(sandbox, now, now + TimeDelta::days(3))
}

/// The same for a task that is kept until then.
pub fn running_until(sandbox: &Sandbox, now: DateTime<Utc>, expires: DateTime<Utc>) -> String {
    let id = slugid::nice();
    let mut definition = definition(now, &id);
    definition["expires"] = stamp(expires).into();
    queue(sandbox, now, "PUT", &format!("/task/{id}"), &definition).is(200, "");
    let worker = json!({"workerGroup": "g", "workerId": "w"});
    queue(sandbox, now, "POST", &format!("/task/{id}/runs/0/claim"), &worker).is(200, "");
    id
}
