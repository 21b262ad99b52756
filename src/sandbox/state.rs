//! Everything that one sandbox holds, and which service's behaviour a call goes to.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::auth::{self, Auth, Presented};
use super::call::{Answer, Call, Outcome, WorkRequest};
use super::index::{self, IndexState};
use super::notify::{self, NotifyState};
use super::object::{self, Objects};
use super::purge_cache::{self, PurgeCacheState};
use super::queue::{self, QueueState};
use super::secrets::{self, SecretsState};
use super::storage::Storage;
use super::worker_manager::{self, WorkerManagerState};
use crate::reference::Method;

/// The state of all services of one sandbox.
pub(super) struct State {
    pub auth: Auth,
    pub queue: QueueState,
    pub storage: Arc<Storage>,
    pub objects: Arc<Objects>,
    /// How long a worker takes for tasks of a seed.
    pub run_times: HashMap<String, TimeDelta>,
    pub index: IndexState,
    secrets: SecretsState,
    notify: NotifyState,
    purge_cache: PurgeCacheState,
    worker_manager: WorkerManagerState,
    started: DateTime<Utc>,
}

impl State {
    /// A deployment that was started just now.
    pub(super) fn new(now: DateTime<Utc>, dependency_delay: TimeDelta, storage: Arc<Storage>) -> Self {
        let auth = Auth::new(now);
        let token = |client: &str| auth.access_token(client).map(|token| token.reveal().to_owned()).unwrap_or_default();
        let queue = QueueState::new(token(queue::ISSUER)).with_dependency_delay(dependency_delay);
        let objects = Arc::new(Objects::new(Arc::clone(&storage)));
        let queue = queue.with_storage(Arc::clone(&storage), Arc::clone(&objects));
        let index = IndexState::new(token(index::ISSUER));
        Self {
            auth,
            queue,
            storage,
            objects,
            run_times: HashMap::new(),
            index,
            secrets: SecretsState::default(),
            notify: NotifyState::default(),
            purge_cache: PurgeCacheState::default(),
            worker_manager: WorkerManagerState::default(),
            started: now,
        }
    }

    /// Runs the behaviour of a method; nothing when it has none here.
    pub(super) fn behave(&mut self, call: &Call<'_>, presented: &Presented<'_>) -> Option<Outcome> {
        if let Some(answer) = self.monitoring(call) {
            return Some(Ok(answer));
        }
        match call.service {
            "auth" => auth::behave(&mut self.auth, call, presented),
            "queue" => self.behave_queue(call),
            "object" => object::handle(&self.objects, call),
            "index" => index::handle(&mut self.index, call),
            "secrets" => secrets::handle(&mut self.secrets, call),
            "notify" => notify::handle(&mut self.notify, call),
            "purge-cache" => purge_cache::handle(&mut self.purge_cache, call),
            "worker-manager" => worker_manager::handle(&mut self.worker_manager, call),
            _ => None,
        }
    }

    /// Runs the behaviour of a method of the queue, and files what it completed in the index.
    pub(super) fn behave_queue(&mut self, call: &Call<'_>) -> Option<Outcome> {
        let outcome = queue::handle(&mut self.queue, call);
        self.index.file(self.queue.take_completed(), call.now);
        outcome
    }

    /// Does what has fallen due in the queue until `now`, and files what it completed in the index.
    pub(super) fn advance(&mut self, now: DateTime<Utc>) {
        self.queue.advance(now);
        self.index.file(self.queue.take_completed(), now);
    }

    /// Drops what the queue has for the index: it comes from elsewhere.
    pub(super) fn forget_completed(&mut self) {
        drop(self.queue.take_completed());
    }

    /// Hands out tasks to a worker that is waiting for some; none when there are none.
    pub(super) fn claim_for(&mut self, request: &WorkRequest, now: DateTime<Utc>) -> Option<String> {
        self.advance(now);
        self.queue.claim_for(request, now)
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
