//! The worker-manager service, as far as it is about worker pools; the sandbox has no machines to provide.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::call::{Answer, Call, Fault, Outcome};
use super::wire::{Name, Page, stamp};

/// The one provider: workers that come by themselves.
const STATIC: &str = "static";

/// All worker pools.
#[derive(Default)]
pub(super) struct WorkerManagerState {
    pools: BTreeMap<Name, Pool>,
}

struct Pool {
    /// What was asked for: `providerId`, `description`, `config`, `owner`, `emailOnError`.
    body: Value,
    created: DateTime<Utc>,
    modified: DateTime<Utc>,
}

impl Pool {
    fn json(&self, id: &str) -> Value {
        let mut pool = json!({
            "workerPoolId": id,
            "providerId": self.body["providerId"],
            "description": self.body["description"],
            "created": stamp(self.created),
            "lastModified": stamp(self.modified),
            "config": self.body["config"],
            "owner": self.body["owner"],
            "emailOnError": self.body["emailOnError"],
            "currentCapacity": 0,
        });
        for measure in ["Count", "Capacity"] {
            for state in ["requested", "running", "stopping", "stopped"] {
                pool[format!("{state}{measure}")] = json!(0);
            }
        }
        pool
    }
}

/// Answers a call of the worker-manager service; none for methods without behaviour.
pub(super) fn handle(state: &mut WorkerManagerState, call: &Call<'_>) -> Option<Outcome> {
    Some(match call.method.name.as_str() {
        "listProviders" => Ok(Answer::Json(json!({
            "providers": [{"providerId": STATIC, "providerType": STATIC}],
        }))),
        "createWorkerPool" => create(state, call),
        "updateWorkerPool" => update(state, call),
        "deleteWorkerPool" => delete(state, call),
        "workerPool" => find(state, call).map(|pool| Answer::Json(pool.json(call.param("workerPoolId")))),
        "listWorkerPools" => list(state, call),
        _ => return None,
    })
}

fn missing() -> Fault {
    Fault::not_found("Worker pool does not exist")
}

fn find<'s>(state: &'s WorkerManagerState, call: &Call<'_>) -> Result<&'s Pool, Fault> {
    state.pools.get(&Name::new(call.param("workerPoolId"))).ok_or_else(missing)
}

/// Checks the scope for the provider, and that there is one.
fn check_provider(call: &Call<'_>) -> Result<(), Fault> {
    call.authorize(&[("providerId", call.body["providerId"].clone())])?;
    if call.body["providerId"] == STATIC {
        return Ok(());
    }
    Err(Fault::input(format!("Invalid Provider: {}; there is only `{STATIC}`", call.body["providerId"])))
}

fn create(state: &mut WorkerManagerState, call: &Call<'_>) -> Outcome {
    check_provider(call)?;
    let id = Name::new(call.param("workerPoolId"));
    if let Some(pool) = state.pools.get(&id) {
        // The same call once more is no conflict.
        return if pool.body == call.body {
            Ok(Answer::Json(pool.json(&id.0)))
        } else {
            Err(Fault::conflict("Worker pool already exists"))
        };
    }
    let pool = Pool { body: call.body.clone(), created: call.now, modified: call.now };
    let answer = pool.json(&id.0);
    state.pools.insert(id, pool);
    Ok(Answer::Json(answer))
}

fn update(state: &mut WorkerManagerState, call: &Call<'_>) -> Outcome {
    check_provider(call)?;
    let id = Name::new(call.param("workerPoolId"));
    let pool = state.pools.get_mut(&id).ok_or_else(missing)?;
    pool.body = call.body.clone();
    pool.modified = call.now;
    Ok(Answer::Json(pool.json(&id.0)))
}

/// A pool without workers is gone at once.
fn delete(state: &mut WorkerManagerState, call: &Call<'_>) -> Outcome {
    let id = Name::new(call.param("workerPoolId"));
    let mut pool = state.pools.remove(&id).ok_or_else(missing)?;
    pool.body["providerId"] = "null-provider".into();
    pool.modified = call.now;
    Ok(Answer::Json(pool.json(&id.0)))
}

fn list(state: &WorkerManagerState, call: &Call<'_>) -> Outcome {
    let paged = Page::of(call)?.slice(&state.pools);
    let pools: Vec<Value> = paged.items.into_iter().map(|(id, pool)| pool.json(&id.0)).collect();
    let mut answer = json!({"workerPools": pools});
    if let Some(token) = paged.token {
        answer["continuationToken"] = json!(token);
    }
    Ok(Answer::Json(answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::rig::{Request, read};

    #[test]
    fn a_pool_lives_from_its_creation_to_its_removal() {
        let mut state = WorkerManagerState::default();
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let mut send = |method: &str, provider: &str, description: &str| {
            let body = json!({
                "providerId": provider, "description": description, "config": {}, "owner": "a@example.com",
                "emailOnError": false,
            });
            let mut request = Request::new("worker-manager", method).body(body);
            if method != "listWorkerPools" {
                request = request.param("workerPoolId", "p/w");
            }
            read(request.send(now, |call| handle(&mut state, call)).unwrap())
        };
        assert_eq!(send("workerPool", STATIC, "").0, 404);
        assert_eq!(send("updateWorkerPool", STATIC, "").0, 404);
        assert_eq!(send("createWorkerPool", "cloud", "").0, 400);
        assert_eq!(send("createWorkerPool", STATIC, "one").0, 200);
        assert_eq!(send("createWorkerPool", STATIC, "one").0, 200);
        assert_eq!(send("createWorkerPool", STATIC, "two").0, 409);
        assert_eq!(send("updateWorkerPool", STATIC, "two").1["description"], "two");
        assert_eq!(send("workerPool", STATIC, "").1["description"], "two");
        assert_eq!(send("listWorkerPools", STATIC, "").1["workerPools"][0]["workerPoolId"], "p/w");
        assert_eq!(send("deleteWorkerPool", STATIC, "").1["providerId"], "null-provider");
        assert_eq!(send("listWorkerPools", STATIC, "").1, json!({"workerPools": []}));
    }
}
