//! Hooks that fire by themselves, seen from outside.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use tc::sandbox::{Options, Sandbox};

use crate::support::events::Events;
use crate::support::wire::Wire;

fn send(sandbox: &Sandbox, verb: &str, target: &str, body: &Value) -> Value {
    let wire = Wire::new(sandbox, verb, target);
    let reply = if body.is_null() { wire.send() } else { wire.json(body).send() };
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.value()
}

/// A hook with a role that may create its tasks.
fn hook(sandbox: &Sandbox, over: &Value) {
    let role = json!({"description": "", "scopes": [
        "queue:create-task:highest:proj/linux", "queue:create-task:project:none", "queue:scheduler-id:-",
    ]});
    send(sandbox, "PUT", "/api/auth/v1/roles/hook-id%3Ag%2Fh", &role);
    let mut hook = json!({
        "metadata": {"name": "n", "description": "d", "owner": "a@example.com"},
        "task": {
            "taskQueueId": "proj/linux", "payload": {"by": "${firedBy}"},
            "metadata": {"name": "n", "description": "d", "owner": "a@example.com", "source": "https://example.com"},
        },
        "schedule": [],
    });
    for (name, value) in over.as_object().unwrap() {
        hook[name] = value.clone();
    }
    send(sandbox, "PUT", "/api/hooks/v1/hooks/g/h", &hook);
}

#[test]
fn a_hook_fires_every_second() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let mut defined = Events::open(&sandbox, "?exchange=task-defined");
    hook(&sandbox, &json!({"schedule": ["* * * * * *"]}));
    let first = defined.next()["payload"]["status"]["taskId"].clone();
    assert_ne!(defined.next()["payload"]["status"]["taskId"], first);
    let fires = send(&sandbox, "GET", "/api/hooks/v1/hooks/g/h/last-fires", &Value::Null);
    assert_eq!(fires["lastFires"][0]["firedBy"], "schedule");
}

#[test]
fn a_hook_fires_on_a_message_and_not_on_its_own_for_ever_without_a_pause() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let bindings =
        json!([{"exchange": "exchange/taskcluster-queue/v1/task-defined", "routingKeyPattern": "primary.#"}]);
    hook(&sandbox, &json!({"bindings": bindings}));
    let mut defined = Events::open(&sandbox, "?exchange=task-defined");
    send(&sandbox, "POST", "/api/hooks/v1/hooks/g/h/trigger", &json!({}));
    // Each task that it creates fires it again, as on a real deployment.
    let ids: Vec<Value> = (0..4).map(|_| defined.next()["payload"]["status"]["taskId"].clone()).collect();
    assert_ne!(ids[2], ids[3]);
    // The sandbox answers all the while, and the hook can be removed.
    let started = Utc::now();
    send(&sandbox, "DELETE", "/api/hooks/v1/hooks/g/h", &Value::Null);
    assert!(Utc::now() - started < TimeDelta::from_std(Duration::from_secs(30)).unwrap());
}
