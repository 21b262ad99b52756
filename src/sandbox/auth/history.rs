//! Records of changes: the audit history of who did what, and the messages of the `auth` service.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use crate::sandbox::call::{Answer, Call, Outcome};
use crate::sandbox::events::Events;
use crate::sandbox::wire::{Page, stamp};

/// How many changes are remembered; older ones are forgotten.
const MAX_REMEMBERED: usize = 100_000;

/// What is noted of a method: service and method, the kind of thing that it changes, what it does to it, and the
/// parameter or parameters that name it.
const NOTED: &[(&str, &str, &str, &str, &[&str])] = &[
    ("auth", "createClient", "client", "created", &["clientId"]),
    ("auth", "updateClient", "client", "updated", &["clientId"]),
    ("auth", "deleteClient", "client", "deleted", &["clientId"]),
    ("auth", "enableClient", "client", "enabled", &["clientId"]),
    ("auth", "disableClient", "client", "disabled", &["clientId"]),
    ("auth", "resetAccessToken", "client", "resetAccessToken", &["clientId"]),
    ("auth", "createRole", "role", "created", &["roleId"]),
    ("auth", "updateRole", "role", "updated", &["roleId"]),
    ("auth", "deleteRole", "role", "deleted", &["roleId"]),
    ("secrets", "set", "secret", "updated", &["name"]),
    ("secrets", "remove", "secret", "deleted", &["name"]),
    ("hooks", "createHook", "hook", "created", &["hookGroupId", "hookId"]),
    ("hooks", "updateHook", "hook", "updated", &["hookGroupId", "hookId"]),
    ("hooks", "removeHook", "hook", "deleted", &["hookGroupId", "hookId"]),
    ("worker-manager", "createWorkerPool", "worker_pool", "created", &["workerPoolId"]),
    ("worker-manager", "updateWorkerPool", "worker_pool", "updated", &["workerPoolId"]),
    ("worker-manager", "deleteWorkerPool", "worker_pool", "deleted", &["workerPoolId"]),
];

/// All changes, oldest first.
#[derive(Default)]
pub(in crate::sandbox) struct History {
    changes: VecDeque<Change>,
}

struct Change {
    by: String,
    action: &'static str,
    at: DateTime<Utc>,
    id: String,
    kind: &'static str,
}

/// A change on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    client_id: &'a str,
    action_type: &'a str,
    created: String,
    entity_id: &'a str,
    entity_type: &'a str,
}

impl History {
    /// Notes a call that has succeeded, if it changed something, and publishes what the `auth` service publishes of it.
    pub(in crate::sandbox) fn note(&mut self, call: &Call<'_>, events: &Events) {
        let named =
            |(service, method, ..): &&(&str, &str, _, _, _)| *service == call.service && *method == call.method.name;
        let Some((service, _, kind, action, params)) = NOTED.iter().find(named) else { return };
        let id = params.iter().map(|name| call.param(name)).collect::<Vec<_>>().join("/");
        if *service == "auth" && events.wanted() {
            publish(events, kind, action, &id);
        }
        if self.changes.len() == MAX_REMEMBERED {
            self.changes.pop_front();
        }
        let by = call.client_id.clone().unwrap_or_default();
        self.changes.push_back(Change { by, action, at: call.now, id, kind });
    }

    /// `listAuditHistory`: what a client did, newest first.
    pub(in crate::sandbox) fn of_client(&self, call: &Call<'_>) -> Outcome {
        let client = call.param("clientId");
        self.list(call, |change| change.by == client)
    }

    /// `getEntityHistory`: what was done to a client, a role, a secret, a hook or a worker pool, newest first.
    pub(in crate::sandbox) fn of_entity(&self, call: &Call<'_>) -> Outcome {
        let (kind, id) = (call.param("entityType"), call.param("entityId"));
        self.list(call, |change| change.kind == kind && change.id == id)
    }

    fn list(&self, call: &Call<'_>, wanted: impl Fn(&Change) -> bool) -> Outcome {
        let entries = self.changes.iter().rev().filter(|change| wanted(change)).map(|change| Entry {
            client_id: &change.by,
            action_type: change.action,
            created: stamp(change.at),
            entity_id: &change.id,
            entity_type: change.kind,
        });
        let paged = Page::of(call)?.slice(entries);
        let mut answer = json!({"auditHistory": paged.items});
        if let (Some(token), Some(members)) = (paged.token, answer.as_object_mut()) {
            members.insert("continuationToken".into(), token.into());
        }
        Ok(Answer::Json(answer))
    }
}

fn publish(events: &Events, kind: &str, action: &str, id: &str) {
    let name = match (kind, action) {
        ("client", "created") => "clientCreated",
        ("client", "deleted") => "clientDeleted",
        ("client", _) => "clientUpdated",
        (_, "created") => "roleCreated",
        (_, "deleted") => "roleDeleted",
        _ => "roleUpdated",
    };
    let member = if kind == "client" { "clientId" } else { "roleId" };
    events.publish("auth", name, &[], &[], json!({member: id, "version": 1}));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::rig::{Request, read};

    #[test]
    fn a_clients_changes_are_listed_newest_first_and_published() {
        let (mut history, events) = (History::default(), Events::default());
        let mut reader = events.subscribe();
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let mut note = |by: &str, service, method, params: &[(&'static str, &str)]| {
            let mut request = Request::new(service, method);
            request.client_id = Some(by.into());
            for (name, value) in params {
                request = request.param(name, value);
            }
            drop(request.send(now, |call| {
                history.note(call, &events);
                None
            }));
        };
        note("a", "auth", "createClient", &[("clientId", "c")]);
        note("b", "auth", "deleteRole", &[("roleId", "r")]);
        note("a", "auth", "client", &[("clientId", "c")]);
        note("a", "hooks", "removeHook", &[("hookGroupId", "g"), ("hookId", "h")]);
        let list = |limit: usize| {
            let request = Request::new("auth", "listAuditHistory").param("clientId", "a").query("limit", limit);
            read(request.send(now, |call| Some(history.of_client(call))).unwrap()).1
        };
        let found = list(9);
        assert_eq!(
            found["auditHistory"][0],
            json!({
                "clientId": "a", "actionType": "deleted", "created": "2026-11-22T12:00:00.000Z", "entityId": "g/h",
                "entityType": "hook",
            })
        );
        assert_eq!(found["auditHistory"][1]["entityType"], "client");
        assert_eq!(found["auditHistory"].as_array().unwrap().len(), 2);
        assert!(list(1)["continuationToken"].is_string());
        let of_role = Request::new("auth", "getEntityHistory").param("entityType", "role").param("entityId", "r");
        let found = read(of_role.send(now, |call| Some(history.of_entity(call))).unwrap()).1;
        assert_eq!((&found["auditHistory"][0]["clientId"], &found["auditHistory"][1]), (&json!("b"), &json!(null)));
        let published: Vec<_> =
            std::iter::from_fn(|| reader.try_recv().ok()).map(|event| event.payload.clone()).collect();
        assert_eq!(published, [json!({"clientId": "c", "version": 1}), json!({"roleId": "r", "version": 1})]);
    }
}
