//! Workers trade a secret for credentials, renew them, and ask whether they are still wanted.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::workers::named;
use super::{NULL, WorkerManagerState, no_such_pool, text};
use crate::domain::Secret;
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::wire::stamp;

/// How long a worker has until it must register again, unless its pool says otherwise, in seconds.
const REREGISTRATION: i64 = 96 * 60 * 60;

/// How much longer credentials are valid than their expiry says.
const CREDENTIALS_GRACE_PERIOD: TimeDelta = TimeDelta::minutes(15);

/// `registerWorker`
pub(super) fn register(state: &mut WorkerManagerState, call: &Call<'_>) -> Outcome {
    let [pool, group, id, provider] = in_body(call);
    let found = state.pool(pool).ok_or_else(|| no_such_pool(pool))?;
    let config = found.config["workerConfig"].clone();
    if found.provider != provider {
        return Err(Fault::input(format!("Worker pool {pool} is not of provider {provider}")));
    }
    let worker = state.worker((pool, group, id));
    let worker =
        worker.ok_or_else(|| Fault::not_found(format!("Worker {group}/{id} in worker pool {pool} does not exist")))?;
    let shown = call.body["workerIdentityProof"]["staticSecret"].as_str();
    let known = worker.identity.as_ref().map(Secret::reveal);
    if shown.is_none() || shown != known {
        return Err(Fault::input("bad worker identity proof"));
    }
    if worker.state == "stopped" {
        return Err(Fault::input(format!("Worker {group}/{id} is stopped")));
    }
    let mut answer = credentials(state, call, (pool, group, id))?;
    let secret = answer.as_object_mut().and_then(|members| {
        let secret = members.shift_remove("secret")?;
        members.insert("workerConfig".into(), if config.is_null() { json!({}) } else { config });
        Some((members, secret))
    });
    if let Some((members, secret)) = secret {
        members.insert("secret".into(), secret);
    }
    Ok(Answer::Json(answer))
}

/// `reregisterWorker`
pub(super) fn reregister(state: &mut WorkerManagerState, call: &Call<'_>) -> Outcome {
    let [pool, group, id, _] = in_body(call);
    call.authorize(&[("workerPoolId", json!(pool)), ("workerGroup", json!(group)), ("workerId", json!(id))])?;
    state.pool(pool).ok_or_else(|| no_such_pool(pool))?;
    let known = state.worker((pool, group, id)).filter(|worker| worker.state != "stopped");
    let known = known.and_then(|worker| worker.secret.as_ref()).map(Secret::reveal);
    if known.is_none() || known != call.body["secret"].as_str() {
        return Err(Fault::input("Could not generate credentials for this secret"));
    }
    Ok(Answer::Json(credentials(state, call, (pool, group, id))?))
}

fn in_body<'c>(call: &'c Call<'_>) -> [&'c str; 4] {
    ["workerPoolId", "workerGroup", "workerId", "providerId"].map(|name| text(&call.body, name))
}

/// `{expires, credentials, secret}` for a worker, whose next secret this is.
fn credentials(
    state: &mut WorkerManagerState,
    call: &Call<'_>,
    name @ (pool, group, id): (&str, &str, &str),
) -> Result<Value, Fault> {
    let secret = format!("{}{}", slugid::v4(), slugid::v4());
    let timeout = state.pool(pool).and_then(|pool| pool.config["lifecycle"]["reregistrationTimeout"].as_i64());
    let expires = call.now + TimeDelta::seconds(timeout.unwrap_or(REREGISTRATION));
    let worker = state.worker_mut(name).ok_or_else(|| Fault::not_found("Worker not found"))?;
    worker.secret = Some(Secret::new(secret.as_str()));
    let client = format!("worker/{}/{pool}/{group}/{id}", worker.provider);
    Ok(json!({
        "expires": stamp(expires),
        "credentials": issue(state, &client, (pool, group, id), call.now, expires + CREDENTIALS_GRACE_PERIOD),
        "secret": secret,
    }))
}

fn issue(
    state: &WorkerManagerState,
    client: &str,
    (pool, group, id): (&str, &str, &str),
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Value {
    let worker = format!("{pool}/{group}/{id}");
    let scopes = [
        format!("assume:worker-type:{pool}"),
        format!("assume:worker-pool:{pool}"),
        format!("assume:worker-id:{group}/{id}"),
        format!("queue:worker-id:{group}/{id}"),
        format!("secrets:get:worker-type:{pool}"),
        format!("secrets:get:worker-pool:{pool}"),
        format!("queue:claim-work:{pool}"),
        format!("worker-manager:remove-worker:{worker}"),
        format!("worker-manager:reregister-worker:{worker}"),
        format!("worker-manager:should-worker-terminate:{worker}"),
    ];
    state.issuer.credentials(client, &scopes, now, until)
}

/// `shouldWorkerTerminate`: when its pool is to go away, its launch configuration was archived, or it was removed.
pub(super) fn should_terminate(state: &WorkerManagerState, call: &Call<'_>) -> Outcome {
    let name = named(call);
    let worker = state.worker(name).ok_or_else(|| Fault::not_found("Worker not found"))?;
    let pool = state.pool(name.0);
    let archived = |id: &String| {
        pool.is_some_and(|pool| pool.launch_configs.iter().any(|config| config.id == *id && config.archived))
    };
    let reason = if worker.state == "stopped" {
        "worker was removed"
    } else if pool.is_none_or(|pool| pool.provider == NULL) {
        "worker pool was deleted"
    } else if worker.launch_config.as_ref().is_some_and(archived) {
        "launch config was archived"
    } else {
        "none"
    };
    Ok(Answer::Json(json!({"terminate": reason != "none", "reason": reason})))
}
