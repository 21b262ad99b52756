//! What went wrong with workers: reported by themselves, listed and counted for those who look after their pools.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::stats::UNKNOWN;
use super::{WorkerManagerState, listing, no_pool, text};
use crate::sandbox::call::{Answer, Call, Outcome};
use crate::sandbox::wire::{Page, canonical, stamp};

/// How many errors are kept; older ones are forgotten.
const MAX_KEPT_ERRORS: usize = 10_000;

/// One error of a worker pool.
pub(super) struct PoolError {
    pub pool: String,
    pub id: String,
    pub reported: DateTime<Utc>,
    pub kind: String,
    pub title: String,
    pub description: String,
    pub extra: Value,
    pub launch_config: Option<String>,
}

impl PoolError {
    fn json(&self) -> Value {
        let mut error = json!({
            "errorId": self.id,
            "workerPoolId": self.pool,
            "reported": stamp(self.reported),
            "kind": self.kind,
            "title": self.title,
            "description": self.description,
            "extra": self.extra,
        });
        if let (Some(config), Some(members)) = (&self.launch_config, error.as_object_mut()) {
            members.insert("launchConfigId".into(), json!(config));
        }
        error
    }
}

pub(super) fn report(state: &mut WorkerManagerState, call: &Call<'_>) -> Outcome {
    let (group, worker) = (text(&call.body, "workerGroup"), text(&call.body, "workerId"));
    call.authorize(&[("workerGroup", json!(group)), ("workerId", json!(worker))])?;
    let pool_id = call.param("workerPoolId");
    let provider = state.pool(pool_id).ok_or_else(no_pool)?.provider.clone();
    let mut extra = call.body["extra"].as_object().cloned().unwrap_or_default();
    extra.insert("workerGroup".into(), json!(group));
    extra.insert("workerId".into(), json!(worker));
    let key = |name: &str| text(&call.body, name).to_owned();
    let known = state.workers_of(pool_id).find(|((of, id), _)| *of.0 == *group && *id.0 == *worker);
    let mut error = PoolError {
        pool: pool_id.into(),
        id: slugid::v4(),
        reported: call.now,
        kind: key("kind"),
        title: key("title"),
        description: key("description"),
        extra: extra.into(),
        launch_config: known.and_then(|(_, worker)| worker.launch_config.clone()),
    };
    publish(state, &provider, (group, worker), &error);
    let answer = error.json();
    // From here on the database has ordered the members.
    error.extra = canonical(&error.extra);
    if state.errors.len() == MAX_KEPT_ERRORS {
        state.errors.pop_front();
    }
    state.errors.push_back(error);
    Ok(Answer::Json(answer))
}

fn publish(state: &WorkerManagerState, provider: &str, (group, worker): (&str, &str), error: &PoolError) {
    let (provisioner, worker_type) = error.pool.split_once('/').unwrap_or((&error.pool, ""));
    let mut words = vec![
        ("providerId", provider),
        ("provisionerId", provisioner),
        ("workerType", worker_type),
        ("workerGroup", group),
        ("workerId", worker),
    ];
    words.extend(error.launch_config.as_deref().map(|config| ("launchConfigId", config)));
    let payload = json!({
        "workerPoolId": error.pool,
        "providerId": provider,
        "errorId": error.id,
        "kind": error.kind,
        "title": error.title,
        "timestamp": stamp(error.reported),
        "workerId": worker,
        "workerGroup": group,
    });
    state.publish("workerPoolError", &words, payload);
}

/// `listWorkerPoolErrors`: newest first.
pub(super) fn list(state: &WorkerManagerState, call: &Call<'_>) -> Outcome {
    let pool = call.param("workerPoolId");
    let wanted = |error: &&PoolError| {
        error.pool == pool
            && call.query("errorId").is_none_or(|id| error.id == id)
            && call.query("launchConfigId").is_none_or(|id| error.launch_config.as_deref() == Some(id))
    };
    let shown = state.errors.iter().rev().filter(wanted).map(PoolError::json);
    listing("workerPoolErrors", Page::of(call)?.slice(shown))
}

/// The times of so many units until now, each with no errors yet.
fn units(now: DateTime<Utc>, unit: TimeDelta, count: i32) -> Map<String, Value> {
    let last = now.duration_trunc(unit).unwrap_or(now);
    (0..count).rev().map(|back| (stamp(last - unit * back), json!(0))).collect()
}

/// Counts one more under a name.
fn count(counts: &mut Map<String, Value>, name: &str) {
    let before = counts.get(name).and_then(Value::as_u64).unwrap_or(0);
    counts.insert(name.to_owned(), json!(before + 1));
}

/// Counts one more under a time, if that is looked at.
fn count_at(counts: &mut Map<String, Value>, time: DateTime<Utc>, unit: TimeDelta) {
    let name = stamp(time.duration_trunc(unit).unwrap_or(time));
    if counts.contains_key(&name) {
        count(counts, &name);
    }
}

/// `workerPoolErrorStats`: how many there were in the last seven days, of one pool or of all.
pub(super) fn stats(state: &WorkerManagerState, call: &Call<'_>) -> Outcome {
    let pool = call.query("workerPoolId").unwrap_or_default();
    call.authorize(&[("workerPoolId", json!(pool))])?;
    let (hour, day) = (TimeDelta::hours(1), TimeDelta::days(1));
    let (mut hourly, mut daily) = (units(call.now, hour, 24), units(call.now, day, 7));
    let [mut titles, mut codes, mut pools, mut configs] = [(); 4].map(|()| Map::new());
    let mut total = 0;
    let counted = |error: &&PoolError| error.reported > call.now - TimeDelta::days(7);
    for error in state.errors.iter().filter(counted).filter(|error| pool.is_empty() || error.pool == pool) {
        total += 1;
        count_at(&mut hourly, error.reported, hour);
        count_at(&mut daily, error.reported, day);
        count(&mut titles, &error.title);
        count(&mut codes, error.extra["code"].as_str().unwrap_or("other"));
        count(&mut pools, &error.pool);
        count(&mut configs, error.launch_config.as_deref().unwrap_or(UNKNOWN));
    }
    Ok(Answer::Json(json!({
        "workerPoolId": pool,
        "totals": {
            "total": total,
            "hourly": hourly,
            "daily": daily,
            "title": titles,
            "code": codes,
            "workerPool": pools,
            "launchConfig": configs,
        },
    })))
}
