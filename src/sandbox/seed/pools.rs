//! The worker pools of a push. One that began a while ago had as many workers as took its tasks, and one pool in trouble.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::sandbox::call::Fault;
use crate::sandbox::service_account::call_queue;
use crate::sandbox::state::State;

/// How often starting a worker of the pool in trouble failed, and how long there was between two times.
const LAUNCH_ERRORS: i32 = 7;
const BETWEEN_ERRORS: TimeDelta = TimeDelta::minutes(9);

/// How many workers a pool may have on which nobody has worked yet.
const USUAL_CAPACITY: usize = 10;

/// Makes the pools. Of those with workers, the one in which the most tasks wait is the one in trouble.
///
/// # Errors
/// None that is known of: the queue is asked for what it has seen.
pub(in crate::sandbox) fn furnish(
    state: &mut State,
    pools: &BTreeSet<String>,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let mut longest: (u64, &str) = (0, "");
    for pool in pools {
        let Some((provisioner, worker_type)) = pool.split_once('/') else { continue };
        let params = [("provisionerId", provisioner), ("workerType", worker_type)];
        let listed = call_queue(state, "listWorkers", &params, Value::Null, now)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let workers = listed["workers"].as_array().into_iter().flatten();
        let workers: Vec<(String, String)> =
            workers.map(|worker| (text(&worker["workerGroup"]), text(&worker["workerId"]))).collect();
        let capacity = if workers.is_empty() { USUAL_CAPACITY } else { workers.len() };
        state.worker_manager.remember_pool(pool, &workers, capacity, now);
        if workers.is_empty() {
            continue;
        }
        let counts = call_queue(state, "taskQueueCounts", &[("taskQueueId", pool)], Value::Null, now)?;
        longest = longest.max((counts["pendingTasks"].as_u64().unwrap_or(0), pool));
    }
    if let (1.., pool) = longest {
        let (title, description) = ("Worker could not be created", "The quota of CPUs in region us-west1 is used up.");
        for number in (1..=LAUNCH_ERRORS).rev() {
            state.worker_manager.remember_error(pool, title, description, now - BETWEEN_ERRORS * number);
        }
    }
    Ok(())
}
