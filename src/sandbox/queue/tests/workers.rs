use chrono::TimeDelta;
use serde_json::{Value, json};

use super::with_tasks;
use crate::sandbox::rig::{Request, Rig, slug};

const QUEUE: &str = "proj/linux";

fn claim_work(rig: &mut Rig) -> Value {
    let body = json!({"workerGroup": "g", "workerId": "w", "tasks": 1});
    rig.ok(Request::new("queue", "claimWork").param("taskQueueId", QUEUE).body(body))["tasks"].clone()
}

fn on_worker(rig: &mut Rig, method: &str, body: Value) -> (u16, Value) {
    let request = Request::new("queue", method).param("provisionerId", "proj").param("workerType", "linux");
    rig.send(request.param("workerGroup", "g").param("workerId", "w").body(body))
}

#[test]
fn a_worker_in_quarantine_is_seen_but_gets_nothing() {
    let mut rig = with_tasks(&[1, 2]);
    let quarantine = json!({"quarantineUntil": "2026-11-22T12:30:00Z", "quarantineInfo": "smoke"});
    assert_eq!(on_worker(&mut rig, "quarantineWorker", quarantine.clone()).0, 404);
    assert_eq!(claim_work(&mut rig).as_array().unwrap().len(), 1);
    assert_eq!(on_worker(&mut rig, "quarantineWorker", quarantine).1["quarantineUntil"], "2026-11-22T12:30:00.000Z");
    assert_eq!(claim_work(&mut rig), json!([]));
    let (_, worker) = on_worker(&mut rig, "getWorker", Value::Null);
    assert_eq!(worker["recentTasks"], json!([{"taskId": slug(1), "runId": 0}]));
    assert_eq!(worker["quarantineDetails"][0]["quarantineInfo"], "smoke");
    rig.pass(TimeDelta::minutes(31));
    assert_eq!(claim_work(&mut rig).as_array().unwrap().len(), 1);
}

#[test]
fn workers_are_listed_by_their_quarantine() {
    let mut rig = with_tasks(&[1]);
    claim_work(&mut rig);
    let count = |rig: &mut Rig, quarantined: Option<&str>| {
        let mut request =
            Request::new("queue", "listWorkers").param("provisionerId", "proj").param("workerType", "linux");
        if let Some(quarantined) = quarantined {
            request = request.query("quarantined", quarantined);
        }
        rig.ok(request)["workers"].as_array().unwrap().len()
    };
    assert_eq!([None, Some("true"), Some("false")].map(|wanted| count(&mut rig, wanted)), [1, 0, 1]);
    on_worker(&mut rig, "quarantineWorker", json!({"quarantineUntil": "2026-11-30T12:00:00Z", "quarantineInfo": ""}));
    assert_eq!([None, Some("true"), Some("false")].map(|wanted| count(&mut rig, wanted)), [1, 1, 0]);
    // A quarantine keeps a worker that is not seen any more.
    rig.pass(TimeDelta::days(2));
    assert_eq!(count(&mut rig, None), 1);
    rig.pass(TimeDelta::days(7));
    assert_eq!(count(&mut rig, None), 0);
}

#[test]
fn queues_types_and_provisioners_come_from_what_was_seen() {
    let mut rig = with_tasks(&[1]);
    assert_eq!(rig.ok(Request::new("queue", "listTaskQueues")), json!({"taskQueues": []}));
    claim_work(&mut rig);
    assert_eq!(rig.ok(Request::new("queue", "listTaskQueues"))["taskQueues"][0]["taskQueueId"], QUEUE);
    let provisioners = rig.ok(Request::new("queue", "listProvisioners"));
    assert_eq!(provisioners["provisioners"][0]["provisionerId"], "proj");
    let types = rig.ok(Request::new("queue", "listWorkerTypes").param("provisionerId", "proj"));
    assert_eq!(types["workerTypes"][0]["workerType"], "linux");
    for (method, params) in [
        ("getProvisioner", vec![("provisionerId", "proj")]),
        ("getWorkerType", vec![("provisionerId", "proj"), ("workerType", "linux")]),
        ("getTaskQueue", vec![("taskQueueId", QUEUE)]),
    ] {
        for (suffix, status) in [("", 200), ("x", 404)] {
            let request = params.iter().fold(Request::new("queue", method), |request, (name, value)| {
                request.param(name, format!("{value}{suffix}"))
            });
            assert_eq!(rig.send(request).0, status, "{method}");
        }
    }
    rig.pass(TimeDelta::days(2));
    assert_eq!(rig.ok(Request::new("queue", "listTaskQueues")), json!({"taskQueues": []}));
}

#[test]
fn a_worker_can_be_declared() {
    let mut rig = with_tasks(&[]);
    let (status, worker) = on_worker(&mut rig, "declareWorker", json!({"expires": "2026-11-25T12:00:00Z"}));
    assert_eq!((status, &worker["expires"]), (200, &json!("2026-11-25T12:00:00.000Z")));
}
