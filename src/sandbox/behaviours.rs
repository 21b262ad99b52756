//! Which service's behaviour a call goes to, and what services do to bodies before.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::auth::{self, Presented};
use super::call::{Answer, Call, Outcome};
use super::state::State;
use super::{github, hooks, index, notify, object, purge_cache, queue, secrets, worker_manager};
use crate::reference::Method;

impl State {
    /// Runs the behaviour of a method; nothing when it has none here.
    pub(super) fn behave(&mut self, call: &Call<'_>, presented: &Presented<'_>) -> Option<Outcome> {
        if let Some(answer) = self.monitoring(call) {
            return Some(Ok(answer));
        }
        let outcome = self.dispatch(call, presented);
        if let Some(Ok(_)) = outcome {
            self.history.note(call, &self.events);
        }
        outcome
    }

    fn dispatch(&mut self, call: &Call<'_>, presented: &Presented<'_>) -> Option<Outcome> {
        match call.service {
            "auth" if call.method.name == "listAuditHistory" => Some(self.history.list(call)),
            "auth" => auth::behave(&mut self.auth, call, presented),
            "queue" => self.behave_queue(call),
            "object" => object::handle(&self.objects, call),
            "index" => index::handle(&mut self.index, call),
            "hooks" => hooks::handle(self, call),
            "github" => github::handle(call),
            "secrets" => secrets::handle(&mut self.secrets, call),
            "notify" => notify::handle(&mut self.notify, call),
            "purge-cache" => purge_cache::handle(&mut self.purge_cache, call),
            "worker-manager" => worker_manager::handle(&mut self.worker_manager, &self.queue, call),
            _ => None,
        }
    }

    /// Runs the behaviour of a method of the queue, and files what it completed in the index.
    pub(super) fn behave_queue(&mut self, call: &Call<'_>) -> Option<Outcome> {
        let outcome = queue::handle(&mut self.queue, call);
        self.index.file(self.queue.take_completed(), call.now);
        outcome
    }

    /// The methods that every service has.
    fn monitoring(&self, call: &Call<'_>) -> Option<Answer> {
        Some(Answer::Json(match call.method.name.as_str() {
            "ping" => {
                let uptime = (call.now - self.started).as_seconds_f64();
                json!({"alive": true, "uptime": uptime})
            }
            "version" => json!({"version": crate::reference::VERSION, "commit": "", "source": "", "build": ""}),
            "lbheartbeat" | "heartbeat" => json!({}),
            _ => return None,
        }))
    }
}

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
    if (service, method.name.as_str()) == ("secrets", "set") {
        if let Some(secret) = body.get_mut("secret") {
            *secret = OMITTED.into();
        } else if body.is_string() {
            // What could not be understood may hold one anywhere.
            *body = OMITTED.into();
        }
    }
}
