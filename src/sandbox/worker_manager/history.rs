//! Worker pools of the past, which nobody has made by a call: those that a made-up push ran on.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::errors::PoolError;
use super::workers::Worker;
use super::{Pool, WorkerManagerState};
use crate::sandbox::wire::Name;

/// Who provides the workers of such pools.
const PROVIDER: &str = "gcp";
/// How long such workers are known.
const WORKER_LIFETIME: TimeDelta = TimeDelta::days(1);

impl WorkerManagerState {
    /// Adds a pool with these workers, each as group and ID, which may have so many. One that exists stays as it is.
    pub(in crate::sandbox) fn remember_pool(
        &mut self,
        id: &str,
        workers: &[(String, String)],
        capacity: usize,
        now: DateTime<Utc>,
    ) {
        if self.pool(id).is_some() {
            return;
        }
        let config = json!({"minCapacity": 0, "maxCapacity": capacity, "launchConfigs": []});
        let pool = Pool {
            provider: PROVIDER.into(),
            description: "A worker pool of a made-up push.".into(),
            owner: "sheriff@example.com".into(),
            email_on_error: false,
            config,
            launch_configs: Vec::new(),
            created: now,
            modified: now,
        };
        self.pools.insert(Name::new(id), pool);
        // What is long past is no news, so that nothing is published.
        let known = self.workers.entry(Name::new(id)).or_default();
        for (group, worker_id) in workers {
            let worker = Worker { provider: PROVIDER.into(), ..Worker::new(1, now + WORKER_LIFETIME, now) };
            known.insert((Name::new(&**group), Name::new(&**worker_id)), worker);
        }
    }

    /// Adds an error of a pool that was reported at this time.
    pub(in crate::sandbox) fn remember_error(&mut self, pool: &str, title: &str, description: &str, at: DateTime<Utc>) {
        self.errors.push_back(PoolError {
            pool: pool.into(),
            id: slugid::nice(),
            reported: at,
            kind: "creation-error".into(),
            title: title.into(),
            description: description.into(),
            extra: json!({}),
            launch_config: None,
        });
    }
}
