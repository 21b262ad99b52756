//! Workers: static ones are made by a call, and by simulated workers that take a task.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{STATIC, WorkerManagerState, listing, no_such_pool, text};
use crate::domain::Secret;
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::wire::{Name, Page, parse_time, stamp};

/// How long a simulated worker is known after it has taken a task.
const SIMULATED: TimeDelta = TimeDelta::days(1);

/// A worker of a pool.
#[derive(Debug, Clone)]
pub(super) struct Worker {
    pub provider: String,
    /// `running` or `stopped`: static workers know no other states.
    pub state: &'static str,
    pub capacity: u64,
    pub created: DateTime<Utc>,
    pub expires: DateTime<Utc>,
    pub modified: DateTime<Utc>,
    pub checked: DateTime<Utc>,
    pub launch_config: Option<String>,
    /// What the worker shows when it registers.
    pub identity: Option<Secret>,
    /// What it shows when it registers again.
    pub secret: Option<Secret>,
}

impl Worker {
    pub(super) fn new(capacity: u64, expires: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self {
            provider: STATIC.into(),
            state: "running",
            capacity,
            created: now,
            expires,
            modified: now,
            checked: now,
            launch_config: None,
            identity: None,
            secret: None,
        }
    }

    fn json(&self, pool: &str, (group, id): (&str, &str)) -> Value {
        let mut worker = json!({
            "workerPoolId": pool,
            "workerGroup": group,
            "workerId": id,
            "providerId": self.provider,
            "created": stamp(self.created),
            "expires": stamp(self.expires),
            "state": self.state,
            "capacity": self.capacity,
            "lastModified": stamp(self.modified),
            "lastChecked": stamp(self.checked),
        });
        if let (Some(config), Some(members)) = (&self.launch_config, worker.as_object_mut()) {
            members.insert("launchConfigId".into(), json!(config));
        }
        worker
    }
}

/// Pool, group and ID of the worker that a route names.
pub(super) fn named<'c>(call: &'c Call<'_>) -> (&'c str, &'c str, &'c str) {
    (call.param("workerPoolId"), call.param("workerGroup"), call.param("workerId"))
}

fn missing() -> Fault {
    Fault::not_found("Worker not found")
}

impl WorkerManagerState {
    pub(super) fn worker(&self, (pool, group, id): (&str, &str, &str)) -> Option<&Worker> {
        self.workers.get(&Name::new(pool))?.get(&(Name::new(group), Name::new(id)))
    }

    pub(super) fn worker_mut(&mut self, (pool, group, id): (&str, &str, &str)) -> Option<&mut Worker> {
        self.workers.get_mut(&Name::new(pool))?.get_mut(&(Name::new(group), Name::new(id)))
    }

    fn insert(&mut self, (pool, group, id): (&str, &str, &str), worker: Worker) {
        self.publish_worker("workerRunning", (pool, group, id), &worker, worker.modified, None);
        self.workers.entry(Name::new(pool)).or_default().insert((Name::new(group), Name::new(id)), worker);
    }

    /// Notes a simulated worker that takes tasks of a pool, if there is such a pool. In a pool of a cloud it is one that the
    /// first launch configuration started.
    pub(in crate::sandbox) fn simulated(&mut self, pool: &str, group: &str, id: &str, now: DateTime<Utc>) {
        let Some(found) = self.pool(pool) else { return };
        let launch_config = found.launch_configs.iter().find(|config| !config.archived).map(|config| config.id.clone());
        if found.provider != STATIC && launch_config.is_none() {
            return;
        }
        let provider = found.provider.clone();
        if let Some(worker) = self.worker_mut((pool, group, id)) {
            worker.checked = now;
            worker.expires = worker.expires.max(now + SIMULATED);
        } else {
            let worker = Worker { provider, launch_config, ..Worker::new(1, now + SIMULATED, now) };
            self.insert((pool, group, id), worker);
        }
    }

    /// Publishes that a worker is in another state, or gone for a reason.
    fn publish_worker(
        &self,
        name: &'static str,
        (pool, group, id): (&str, &str, &str),
        worker: &Worker,
        now: DateTime<Utc>,
        reason: Option<&str>,
    ) {
        let (provisioner, worker_type) = pool.split_once('/').unwrap_or((pool, ""));
        let words = [
            ("providerId", worker.provider.as_str()),
            ("provisionerId", provisioner),
            ("workerType", worker_type),
            ("workerGroup", group),
            ("workerId", id),
            ("launchConfigId", worker.launch_config.as_deref().unwrap_or_default()),
        ];
        let mut payload = json!({
            "workerPoolId": pool,
            "providerId": worker.provider,
            "workerId": id,
            "workerGroup": group,
            "capacity": worker.capacity,
            "timestamp": stamp(now),
        });
        if let (Some(reason), Some(members)) = (reason, payload.as_object_mut()) {
            members.insert("reason".into(), json!(reason));
        }
        self.publish(name, &words, payload);
    }
}

impl WorkerManagerState {
    /// How many there are.
    #[cfg(test)]
    pub(in crate::sandbox) fn count(&self) -> usize {
        self.workers.values().map(|workers| workers.len()).sum()
    }

    /// Drops the workers that are not known any more.
    pub(in crate::sandbox) fn forget_expired(&mut self, now: DateTime<Utc>) {
        self.workers.retain(|_, workers| {
            workers.retain(|_, worker| worker.expires > now);
            !workers.is_empty()
        });
    }
}

/// The worker that a body asks for.
fn read(state: &WorkerManagerState, call: &Call<'_>) -> Result<Worker, Fault> {
    let id = call.param("workerPoolId");
    let pool = state.pool(id).ok_or_else(|| no_such_pool(id))?;
    if pool.provider != STATIC {
        let message = format!("Workers of provider {} are not made by this method", pool.provider);
        return Err(Fault::input(message));
    }
    let expires = text(&call.body, "expires");
    let expires = parse_time(expires).ok_or_else(|| Fault::input(format!("`expires` is not a time: {expires}")))?;
    if expires < call.now {
        return Err(Fault::input("worker.expires must be in the future"));
    }
    let identity = call.body["providerInfo"]["staticSecret"].as_str();
    let identity = identity.ok_or_else(|| Fault::input("a static worker needs providerInfo with a staticSecret"))?;
    let mut worker = Worker::new(call.body["capacity"].as_u64().unwrap_or(1), expires, call.now);
    worker.identity = Some(Secret::new(identity));
    Ok(worker)
}

pub(super) fn create(state: &mut WorkerManagerState, call: &Call<'_>) -> Outcome {
    let worker = read(state, call)?;
    let name = named(call);
    let (pool, group, id) = name;
    // Even where the worker is there already, the answer tells of one that was made just now.
    let answer = worker.json(pool, (group, id));
    match state.worker(name) {
        None => state.insert(name, worker),
        Some(existing) => {
            let revealed = |worker: &Worker| worker.identity.as_ref().map(|secret| secret.reveal().to_owned());
            let what = |worker: &Worker| (worker.state, worker.capacity, worker.expires, revealed(worker));
            if what(existing) != what(&worker) {
                return Err(Fault::conflict("Worker already exists"));
            }
        }
    }
    Ok(Answer::Json(answer))
}

pub(super) fn update(state: &mut WorkerManagerState, call: &Call<'_>) -> Outcome {
    let given = read(state, call)?;
    let worker = state.worker_mut(named(call)).ok_or_else(missing)?;
    worker.capacity = given.capacity;
    worker.expires = given.expires;
    worker.identity = given.identity;
    get(state, call)
}

pub(super) fn remove(state: &mut WorkerManagerState, call: &Call<'_>) -> Outcome {
    let name = named(call);
    let worker = state.worker_mut(name).ok_or_else(missing)?;
    let was_running = worker.state != "stopped";
    worker.state = "stopped";
    worker.modified = call.now;
    let worker = worker.clone();
    if was_running {
        state.publish_worker("workerRemoved", name, &worker, call.now, Some("worker was removed by a call"));
        state.publish_worker("workerStopped", name, &worker, call.now, None);
    }
    Ok(Answer::Json(json!({})))
}

pub(super) fn get(state: &WorkerManagerState, call: &Call<'_>) -> Outcome {
    let name @ (pool, group, id) = named(call);
    let worker = state.worker(name).ok_or_else(missing)?;
    Ok(Answer::Json(worker.json(pool, (group, id))))
}

/// The workers of a pool, or of one group of it.
pub(super) fn list(state: &WorkerManagerState, call: &Call<'_>) -> Outcome {
    let pool = call.param("workerPoolId");
    let wanted = |(group, worker): (&str, &Worker)| {
        call.params.get("workerGroup").is_none_or(|wanted| group == wanted)
            && call.query("state").is_none_or(|state| worker.state == state)
            && call.query("launchConfigId").is_none_or(|config| worker.launch_config.as_deref() == Some(config))
    };
    let shown = state
        .workers_of(pool)
        .filter(|((group, _), worker)| wanted((&group.0, worker)))
        .map(|((group, id), worker)| worker.json(pool, (&group.0, &id.0)));
    listing("workers", Page::of(call)?.slice(shown))
}
