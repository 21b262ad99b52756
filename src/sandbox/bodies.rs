//! What services do to a body before anything else, and how much of it an error may repeat.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::reference::Method;

/// What a service does to the body before it does anything else; its errors repeat the body so.
pub(super) fn amend(service: &str, method: &Method, params: &IndexMap<String, String>, body: &mut Value) {
    if (service, method.name.as_str()) == ("queue", "createTask") {
        split_queue_id(body);
        if let Some(object) = body.as_object_mut() {
            let group = || params.get("taskId").map_or_else(String::new, Clone::clone);
            object.entry("taskGroupId").or_insert_with(|| group().into());
        }
    }
    if let ("hooks", "createHook" | "updateHook", Some(hook)) = (service, method.name.as_str(), body.as_object_mut()) {
        for name in ["hookGroupId", "hookId"] {
            hook.entry(name).or_insert_with(|| params.get(name).map_or("", String::as_str).into());
        }
    }
}

/// Puts the defaults, which stand behind the `given` members of a body, into the order in which the services' own schemas
/// have them. The references that are published have lost it.
pub(super) fn arrange(service: &str, method: &str, given: usize, body: &mut Value) {
    const TASK: [&str; 10] = [
        "schedulerId",
        "projectId",
        "dependencies",
        "requires",
        "routes",
        "priority",
        "retries",
        "scopes",
        "tags",
        "extra",
    ];
    let Some(members) = body.as_object_mut() else { return };
    match (service, method) {
        ("queue", "createTask") => {
            let mut sent: Vec<(String, Value)> = std::mem::take(members).into_iter().collect();
            let mut filled = sent.split_off(given.min(sent.len()));
            filled.sort_by_key(|(name, _)| TASK.iter().position(|known| known == name));
            *members = sent.into_iter().chain(filled).collect::<Map<String, Value>>();
        }
        ("hooks", "createHook" | "updateHook") => {
            let schema = members.iter_mut().skip(given).find(|(name, _)| *name == "triggerSchema");
            if let Some((_, schema)) = schema {
                *schema = json!({"type": "object", "additionalProperties": false});
            }
        }
        _ => {}
    }
}

/// The two halves of a task queue's ID are properties of their own as well.
pub(super) fn split_queue_id(definition: &mut Value) {
    let halves = definition["taskQueueId"].as_str().and_then(|id| id.split_once('/'));
    if let Some((provisioner, worker_type)) = halves.map(|(a, b)| (a.to_owned(), b.to_owned())) {
        definition["provisionerId"] = provisioner.into();
        definition["workerType"] = worker_type.into();
    }
}

/// The body as an error may repeat it: without secrets.
pub(super) fn conceal(service: &str, method: &Method, body: &mut Value) {
    const OMITTED: &str = "(OMITTED)";
    let secret = match (service, method.name.as_str()) {
        ("secrets", "set") => body.get_mut("secret"),
        ("worker-manager", "createWorker" | "updateWorker") => {
            body.get_mut("providerInfo").and_then(|info| info.get_mut("staticSecret"))
        }
        ("worker-manager", "registerWorker" | "reregisterWorker") => Some(&mut *body),
        _ => return,
    };
    if let Some(secret) = secret {
        *secret = OMITTED.into();
    } else if body.is_string() {
        // What could not be understood may hold one anywhere.
        *body = OMITTED.into();
    }
}
