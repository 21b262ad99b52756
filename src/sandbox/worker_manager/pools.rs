//! Worker pools: make, change, remove, list.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::stats::Counts;
use super::{NULL, Pool, STATIC, WorkerManagerState, launch_configs, listing, no_pool, text};
use crate::reference::{Catalogue, Source};
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::input::refuse;
use crate::sandbox::wire::{Name, Page, stamp};
use crate::schema::Validator;

/// The schemas of configurations by what a provider's ID tells of its kind.
const CLOUDS: &[(&str, &[&str])] = &[
    ("v1/config-google.json", &["google", "gcp"]),
    ("v1/config-aws.json", &["aws", "ec2"]),
    ("v1/config-azure.json", &["azure"]),
];

impl Pool {
    fn read(id: &str, body: &Value, now: DateTime<Utc>) -> Self {
        let mut config = body["config"].clone();
        let launch_configs = launch_configs::read(id, &mut config, now);
        Self {
            provider: text(body, "providerId").into(),
            description: text(body, "description").into(),
            owner: text(body, "owner").into(),
            email_on_error: body["emailOnError"] == true,
            config,
            launch_configs,
            created: now,
            modified: now,
        }
    }

    /// Whether nobody could tell one from the other but by their times.
    fn is_like(&self, other: &Pool) -> bool {
        let what = |pool: &Pool| {
            let Pool { provider, description, owner, config, .. } = pool;
            (provider.clone(), description.clone(), owner.clone(), pool.email_on_error, config.clone())
        };
        what(self) == what(other)
    }

    fn json(&self, id: &str, counts: &Counts) -> Value {
        let mut pool = json!({
            "workerPoolId": id,
            "providerId": self.provider,
            "description": self.description,
            "created": stamp(self.created),
            "lastModified": stamp(self.modified),
            "config": self.config,
            "owner": self.owner,
            "emailOnError": self.email_on_error,
        });
        counts.add_to(&mut pool);
        pool
    }
}

/// The schema that a provider's configurations must fit; none for a provider that there is not.
///
/// A cloud provider goes by any name on a deployment, so that a word of the name shows its kind.
fn config_schema(provider: &str) -> Option<&'static str> {
    match provider {
        STATIC => Some("v1/config-static.json"),
        NULL => Some("v1/config-null.json"),
        _ => CLOUDS
            .iter()
            .find(|(_, words)| provider.split(['-', '_']).any(|word| words.contains(&word)))
            .map(|(file, _)| *file),
    }
}

/// Checks the scope for the provider, that there is one, and that it takes the configuration.
fn check(call: &Call<'_>) -> Result<(), Fault> {
    let provider = text(&call.body, "providerId");
    call.authorize(&[("providerId", json!(provider))])?;
    let file = config_schema(provider).ok_or_else(|| Fault::input("Invalid Provider"))?;
    let broken = |reason: String| Fault::new(500, "InternalServerError", reason);
    let service =
        Catalogue::embedded(Source::Current).service("worker-manager").map_err(|error| broken(error.to_string()))?;
    let validator = Validator::new(service, file).map_err(|error| broken(error.to_string()))?;
    let schema_url = format!("{}/schemas/worker-manager/{file}#", call.root_url);
    refuse(&validator.faults(&call.body["config"]), &schema_url)
}

pub(super) fn create(state: &mut WorkerManagerState, call: &Call<'_>) -> Outcome {
    check(call)?;
    let id = call.param("workerPoolId");
    let pool = Pool::read(id, &call.body, call.now);
    if let Some(existing) = state.pool(id) {
        // The same call once more is no conflict.
        return if existing.is_like(&pool) {
            Ok(Answer::Json(existing.json(id, &Counts::default())))
        } else {
            Err(Fault::conflict("Worker pool already exists"))
        };
    }
    let answer = pool.json(id, &Counts::default());
    state.publish("workerPoolCreated", &[], json!({"workerPoolId": id, "providerId": pool.provider}));
    launch_configs::publish_changes(state, id, &[], &pool);
    state.pools.insert(Name::new(id), pool);
    Ok(Answer::Json(answer))
}

pub(super) fn update(state: &mut WorkerManagerState, call: &Call<'_>) -> Outcome {
    check(call)?;
    let id = call.param("workerPoolId");
    if call.body.get("workerPoolId").is_some_and(|given| given != id) {
        return Err(Fault::input("Incorrect workerPoolId in request body"));
    }
    replace(state, id, call.now, |_| Pool::read(id, &call.body, call.now))
}

pub(super) fn delete(state: &mut WorkerManagerState, call: &Call<'_>) -> Outcome {
    let id = call.param("workerPoolId");
    replace(state, id, call.now, |before| Pool {
        provider: NULL.into(),
        description: before.description.clone(),
        owner: before.owner.clone(),
        config: before.config.clone(),
        launch_configs: Vec::new(),
        ..*before
    })
}

/// Puts another definition in the place of a pool's, whose age and archived launch configurations it keeps.
fn replace(state: &mut WorkerManagerState, id: &str, now: DateTime<Utc>, make: impl FnOnce(&Pool) -> Pool) -> Outcome {
    let before = state.pool(id).ok_or_else(no_pool)?;
    let mut pool = make(before);
    let previous = before.provider.clone();
    let configs_before = before.launch_configs.clone();
    pool.created = before.created;
    pool.modified = now;
    launch_configs::keep(&configs_before, &mut pool.launch_configs, now);
    let message = json!({"workerPoolId": id, "providerId": pool.provider, "previousProviderId": previous});
    state.publish("workerPoolUpdated", &[], message);
    launch_configs::publish_changes(state, id, &configs_before, &pool);
    let answer = pool.json(id, &Counts::default());
    state.pools.insert(Name::new(id), pool);
    Ok(Answer::Json(answer))
}

pub(super) fn get(state: &WorkerManagerState, call: &Call<'_>) -> Outcome {
    let id = call.param("workerPoolId");
    let pool = state.pool(id).ok_or_else(no_pool)?;
    Ok(Answer::Json(pool.json(id, &Counts::of(state.workers_of(id).map(|(_, worker)| worker)))))
}

/// Unlike [`get`], the services do not count here.
pub(super) fn list(state: &WorkerManagerState, call: &Call<'_>) -> Outcome {
    let shown = state.pools.iter().map(|(id, pool)| pool.json(&id.0, &Counts::default()));
    listing("workerPools", Page::of(call)?.slice(shown))
}
