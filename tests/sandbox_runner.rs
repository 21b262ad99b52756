//! The life of a worker as the worker runner of a static machine leads it, with the credentials that it is given.

use chrono::Utc;
use serde_json::{Value, json};
use tc::sandbox::{Options, Sandbox};

use crate::support::task::{definition, queue};
use crate::support::wire::{Reply, Wire};

const SECRET: &str = "SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS";

struct Runner {
    sandbox: Sandbox,
    credentials: Value,
}

impl Runner {
    /// A pool with two machines, of which the first has registered.
    fn registered() -> (Self, Value) {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let mut runner = Self { sandbox, credentials: Value::Null };
        let pool = json!({
            "providerId": "static", "description": "", "owner": "a@example.com", "emailOnError": false,
            "config": {"lifecycle": {"reregistrationTimeout": 3600}, "workerConfig": {"disk": "large"}},
        });
        runner.as_root("PUT", "/worker-pool/proj%2Flinux", &pool).is(200, "");
        for id in ["i1", "i2"] {
            let expires = "2100-01-01T00:00:00.000Z";
            let worker = json!({"expires": expires, "capacity": 1, "providerInfo": {"staticSecret": SECRET}});
            runner.as_root("PUT", &format!("/workers/proj%2Flinux/g/{id}"), &worker).is(200, "");
        }
        let body = json!({
            "workerPoolId": "proj/linux", "providerId": "static", "workerGroup": "g", "workerId": "i1",
            "workerIdentityProof": {"staticSecret": SECRET},
        });
        let answer = runner.wire("POST", "/worker/register").anonymous().json(&body).send().is(200, "").value();
        runner.credentials = answer["credentials"].clone();
        (runner, answer)
    }

    fn wire(&self, verb: &str, route: &str) -> Wire {
        Wire::new(&self.sandbox, verb, &format!("/api/worker-manager/v1{route}"))
    }

    fn as_root(&self, verb: &str, route: &str, body: &Value) -> Reply {
        let wire = self.wire(verb, route);
        if body.is_null() { wire.send() } else { wire.json(body).send() }
    }

    fn as_worker(&self, verb: &str, route: &str) -> Reply {
        self.wire(verb, route).signed_with(&self.credentials).send()
    }

    fn should_terminate(&self) -> Value {
        self.as_worker("GET", "/workers/proj%2Flinux/g/i1/should-terminate").is(200, "").value()
    }
}

#[test]
fn a_worker_registers_runs_a_task_and_leaves() {
    let (runner, answer) = Runner::registered();
    assert_eq!(answer["workerConfig"], json!({"disk": "large"}));
    let id = slugid::nice();
    queue(&runner.sandbox, Utc::now(), "PUT", &format!("/task/{id}"), &definition(Utc::now(), &id)).is(200, "");
    let work = json!({"workerGroup": "g", "workerId": "i1", "tasks": 1});
    let claim = Wire::new(&runner.sandbox, "POST", "/api/queue/v1/claim-work/proj%2Flinux");
    let claimed = claim.signed_with(&runner.credentials).json(&work).send().is(200, "").value();
    assert_eq!(claimed["tasks"][0]["status"]["taskId"], *id);
    let completed = format!("/api/queue/v1/task/{id}/runs/0/completed");
    let report =
        |credentials: &Value| Wire::new(&runner.sandbox, "POST", &completed).signed_with(credentials).send().status;
    assert_eq!(report(&runner.credentials), 403, "the worker itself may not resolve the task");
    assert_eq!(report(&claimed["tasks"][0]["credentials"]), 200);

    let seen = runner.as_root("GET", "/provisioners/proj/worker-types/linux/workers/g/i1", &Value::Null).value();
    assert_eq!((&seen["state"], &seen["providerId"]), (&json!("running"), &json!("static")));
    assert_eq!(seen["recentTasks"], json!([{"taskId": id, "runId": 0}]));
    let counts = |of: &str| runner.as_root("GET", "/worker-pool/proj%2Flinux", &Value::Null).value()[of].clone();
    assert_eq!((counts("runningCount"), counts("currentCapacity")), (json!(2), json!(2)));
    assert_eq!(runner.as_worker("DELETE", "/workers/proj%2Flinux/g/i2").status, 403, "another worker");
    assert_eq!(runner.as_worker("DELETE", "/workers/proj%2Flinux/g/i1").status, 200);
    assert_eq!((counts("runningCount"), counts("stoppedCount")), (json!(1), json!(1)));
    assert_eq!(runner.should_terminate()["terminate"], true);
}

#[test]
fn a_worker_renews_its_credentials_with_a_secret_that_is_good_once() {
    let (mut runner, answer) = Runner::registered();
    let renew = |runner: &Runner, secret: &Value| {
        let body = json!({"workerPoolId": "proj/linux", "workerGroup": "g", "workerId": "i1", "secret": secret});
        runner.wire("POST", "/worker/reregister").signed_with(&runner.credentials).json(&body).send()
    };
    let renewed = renew(&runner, &answer["secret"]).is(200, "").value();
    assert_eq!(renew(&runner, &answer["secret"]).status, 400);
    runner.credentials = renewed["credentials"].clone();
    renew(&runner, &renewed["secret"]).is(200, "");
}

#[test]
fn a_worker_of_a_deleted_pool_is_told_to_end() {
    let (runner, _) = Runner::registered();
    assert_eq!(runner.should_terminate(), json!({"terminate": false, "reason": "none"}));
    runner.as_root("DELETE", "/worker-pool/proj%2Flinux", &Value::Null).is(200, "");
    assert_eq!(runner.should_terminate()["terminate"], true);
}
