//! How many workers a pool has, and how many tasks they can run at once.

use serde_json::{Value, json};

use super::workers::Worker;
use super::{WorkerManagerState, listing, no_pool};
use crate::sandbox::call::{Answer, Call, Outcome};
use crate::sandbox::wire::Page;

/// What workers without a launch configuration are counted under.
pub(super) const UNKNOWN: &str = "unknown";

/// The states of workers in the order of the counts.
const STATES: [&str; 4] = ["requested", "running", "stopping", "stopped"];

/// Workers and capacity by state.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Counts {
    workers: [u64; 4],
    capacity: [u64; 4],
}

impl Counts {
    pub(super) fn of<'w>(workers: impl Iterator<Item = &'w Worker>) -> Self {
        let mut counts = Self::default();
        for worker in workers {
            let at = STATES.iter().position(|state| *state == worker.state);
            for (state, (count, capacity)) in counts.workers.iter_mut().zip(&mut counts.capacity).enumerate() {
                if at == Some(state) {
                    *count += 1;
                    *capacity += worker.capacity;
                }
            }
        }
        counts
    }

    /// What is not stopped.
    fn current(&self) -> u64 {
        self.capacity.iter().take(3).sum()
    }

    fn members(&self, kind: &str, of: &[u64; 4]) -> Vec<(String, u64)> {
        STATES.iter().zip(of).map(|(state, count)| (format!("{state}{kind}"), *count)).collect()
    }

    /// Adds the counts to the description of a pool.
    pub(super) fn add_to(&self, pool: &mut Value) {
        self.write(pool, &[("Count", &self.workers), ("Capacity", &self.capacity)]);
    }

    fn write(&self, to: &mut Value, kinds: &[(&str, &[u64; 4])]) {
        let Some(members) = to.as_object_mut() else { return };
        members.insert("currentCapacity".into(), json!(self.current()));
        for (kind, of) in kinds {
            members.extend(self.members(kind, of).into_iter().map(|(name, count)| (name, json!(count))));
        }
    }
}

/// `workerPoolStats`: by launch configuration.
pub(super) fn of_pool(state: &WorkerManagerState, call: &Call<'_>) -> Outcome {
    let id = call.param("workerPoolId");
    let pool = state.pool(id).ok_or_else(no_pool)?;
    let configs = pool.launch_configs.iter().map(|config| config.id.as_str());
    let stats = configs.chain([UNKNOWN]).map(|config| {
        let named = |worker: &&Worker| worker.launch_config.as_deref().unwrap_or(UNKNOWN) == config;
        let counts = Counts::of(state.workers_of(id).map(|(_, worker)| worker).filter(named));
        let mut entry = json!({"workerPoolId": id, "launchConfigId": config});
        counts.write(&mut entry, &[("Capacity", &counts.capacity), ("Count", &counts.workers)]);
        entry
    });
    Ok(Answer::Json(json!({"launchConfigStats": stats.collect::<Vec<_>>()})))
}

/// `listWorkerPoolsStats`: by worker pool.
pub(super) fn of_all(state: &WorkerManagerState, call: &Call<'_>) -> Outcome {
    let stats = state.pools.keys().map(|id| {
        let mut entry = json!({"workerPoolId": &*id.0});
        Counts::of(state.workers_of(&id.0).map(|(_, worker)| worker)).add_to(&mut entry);
        entry
    });
    listing("workerPoolsStats", Page::of(call)?.slice(stats))
}
