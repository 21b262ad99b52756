//! The worker-manager service: worker pools, their workers and their errors. The sandbox has no machines to provide:
//! static workers come by themselves, and pools of cloud providers are kept but start nothing.

mod errors;
mod history;
mod launch_configs;
mod pools;
mod register;
mod seen;
mod stats;
#[cfg(test)]
mod tests;
mod workers;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use self::errors::PoolError;
use self::launch_configs::LaunchConfig;
use self::workers::Worker;
use super::call::{Answer, Call, Fault, Outcome};
use super::certificate::Issuer;
use super::events::Events;
use super::queue::QueueState;
use super::wire::{Name, Paged};

/// The client that signs the credentials of workers.
pub(super) const ISSUER: &str = "static/taskcluster/worker-manager";

/// The provider of workers that come by themselves.
const STATIC: &str = "static";

/// The provider of pools that are to go away.
const NULL: &str = "null-provider";

/// Everything that the worker-manager service knows.
pub(super) struct WorkerManagerState {
    issuer: Issuer,
    events: Arc<Events>,
    pools: BTreeMap<Name, Pool>,
    /// By worker pool, then by group and ID.
    workers: BTreeMap<Name, BTreeMap<(Name, Name), Worker>>,
    /// Oldest first.
    errors: VecDeque<PoolError>,
}

/// A worker pool.
struct Pool {
    provider: String,
    description: String,
    owner: String,
    email_on_error: bool,
    /// The configuration, with the IDs of its launch configurations filled in.
    config: Value,
    launch_configs: Vec<LaunchConfig>,
    created: DateTime<Utc>,
    modified: DateTime<Utc>,
}

impl WorkerManagerState {
    /// No pools yet; `access_token` is that of the client [`ISSUER`].
    pub(super) fn new(access_token: impl Into<String>, events: Arc<Events>) -> Self {
        Self {
            issuer: Issuer { client_id: ISSUER.into(), access_token: access_token.into() },
            events,
            pools: BTreeMap::new(),
            workers: BTreeMap::new(),
            errors: VecDeque::new(),
        }
    }

    fn pool(&self, id: &str) -> Option<&Pool> {
        self.pools.get(&Name::new(id))
    }

    fn workers_of(&self, pool: &str) -> impl Iterator<Item = (&(Name, Name), &Worker)> {
        self.workers.get(&Name::new(pool)).into_iter().flatten()
    }

    /// Publishes a message of an exchange; `words` may lack what a message does not have.
    fn publish(&self, name: &'static str, words: &[(&str, &str)], payload: Value) {
        if self.events.wanted() {
            self.events.publish("worker-manager", name, words, &[], payload);
        }
    }
}

/// Answers a call of the worker-manager service; none for methods without behaviour.
pub(super) fn handle(state: &mut WorkerManagerState, queue: &QueueState, call: &Call<'_>) -> Option<Outcome> {
    state.forget_expired(call.now);
    Some(match call.method.name.as_str() {
        "listProviders" => Ok(Answer::Json(json!({
            "providers": [{"providerId": STATIC, "providerType": STATIC}],
        }))),
        "createWorkerPool" => pools::create(state, call),
        "updateWorkerPool" => pools::update(state, call),
        "deleteWorkerPool" => pools::delete(state, call),
        "workerPool" => pools::get(state, call),
        "listWorkerPools" => pools::list(state, call),
        "listWorkerPoolLaunchConfigs" => launch_configs::list(state, call),
        "workerPoolStats" => stats::of_pool(state, call),
        "listWorkerPoolsStats" => stats::of_all(state, call),
        "reportWorkerError" => errors::report(state, call),
        "listWorkerPoolErrors" => errors::list(state, call),
        "workerPoolErrorStats" => errors::stats(state, call),
        "createWorker" => workers::create(state, call),
        "updateWorker" => workers::update(state, call),
        "removeWorker" => workers::remove(state, call),
        "worker" => workers::get(state, call),
        "listWorkersForWorkerPool" | "listWorkersForWorkerGroup" => workers::list(state, call),
        "registerWorker" => register::register(state, call),
        "reregisterWorker" => register::reregister(state, call),
        "shouldWorkerTerminate" => register::should_terminate(state, call),
        "getWorker" => seen::get(state, queue, call),
        "listWorkers" => seen::list(state, queue, call),
        _ => return None,
    })
}

fn no_pool() -> Fault {
    Fault::not_found("Worker pool does not exist")
}

/// 404 as the methods about workers word it.
fn no_such_pool(id: &str) -> Fault {
    Fault::not_found(format!("Worker pool {id} does not exist"))
}

fn listing(key: &str, paged: Paged<Value>) -> Outcome {
    let mut answer = json!({ key: paged.items });
    if let (Some(token), Some(members)) = (paged.token, answer.as_object_mut()) {
        members.insert("continuationToken".into(), token.into());
    }
    Ok(Answer::Json(answer))
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}
