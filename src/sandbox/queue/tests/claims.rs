use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{claim, with_tasks};
use crate::sandbox::rig::{Request, Rig, slug};

fn claim_work(rig: &mut Rig, tasks: u32) -> Vec<String> {
    let body = json!({"workerGroup": "g", "workerId": "w", "tasks": tasks});
    let answer = rig.ok(Request::new("queue", "claimWork").param("taskQueueId", "proj/linux").body(body));
    let tasks = answer["tasks"].as_array().unwrap().iter();
    tasks.map(|task| task["status"]["taskId"].as_str().unwrap().to_owned()).collect()
}

fn counts(rig: &mut Rig) -> (Value, Value) {
    let answer = rig.ok(Request::new("queue", "taskQueueCounts").param("taskQueueId", "proj/linux"));
    (answer["pendingTasks"].clone(), answer["claimedTasks"].clone())
}

#[test]
fn the_most_urgent_come_first_and_then_the_oldest() {
    let mut rig = Rig::new();
    for (number, priority) in [(1, "low"), (2, "lowest"), (3, "highest"), (4, "low"), (5, "very-low")] {
        rig.create(&slug(number), &slug(0), json!({ "priority": priority }));
    }
    rig.on("changeTaskPriority", &slug(2), None, json!({"newPriority": "medium"}));
    assert!(rig.queue.claimable("proj/linux"));
    assert_eq!(counts(&mut rig), (json!(5), json!(0)));
    assert_eq!(claim_work(&mut rig, 2), [slug(3), slug(2)]);
    assert_eq!(claim_work(&mut rig, 9), [slug(1), slug(4), slug(5)]);
    assert_eq!(counts(&mut rig), (json!(0), json!(5)));
    assert!(!rig.queue.claimable("proj/linux"));
    assert_eq!(claim_work(&mut rig, 1), [""; 0]);
}

#[test]
fn pending_and_claimed_runs_are_listed_by_age_in_pages() {
    let mut rig = Rig::new();
    for (number, priority) in [(1, "low"), (2, "highest"), (3, "medium")] {
        rig.create(&slug(number), &slug(0), json!({ "priority": priority }));
    }
    let mut listed = |method: &str| {
        let (mut ids, mut token) = (Vec::new(), None::<String>);
        loop {
            let mut request = Request::new("queue", method).param("taskQueueId", "proj/linux").query("limit", 2);
            if let Some(token) = token {
                request = request.query("continuationToken", token);
            }
            let answer = rig.ok(request);
            let tasks = answer["tasks"].as_array().unwrap().iter();
            ids.extend(tasks.map(|task| task["taskId"].as_str().unwrap().to_owned()));
            token = answer["continuationToken"].as_str().map(str::to_owned);
            if token.is_none() {
                return ids;
            }
        }
    };
    assert_eq!(listed("listPendingTasks"), [slug(1), slug(2), slug(3)]);
    assert_eq!(listed("listClaimedTasks"), [""; 0]);
    claim_work(&mut rig, 3);
    let answer = rig.ok(Request::new("queue", "listClaimedTasks").param("taskQueueId", "proj/linux"));
    assert_eq!(answer["tasks"][0]["taskId"], slug(2));
    assert_eq!(answer["tasks"].as_array().unwrap().len(), 3);
}

#[test]
fn a_claim_comes_with_credentials_for_the_run_and_the_tasks_own_scopes() {
    let mut rig = Rig::new();
    rig.create(&slug(1), &slug(0), json!({"scopes": ["own:a", "own:b"]}));
    let (_, answer) = claim(&mut rig, &slug(1), 0);
    assert_eq!(answer["takenUntil"], "2026-11-22T12:20:00.000+00:00");
    assert_eq!(answer["status"]["runs"][0]["takenUntil"], "2026-11-22T12:20:00.000Z");
    let credentials = &answer["credentials"];
    assert_eq!(credentials["clientId"], format!("task-client/{}/0/on/g/w/until/1795350000", slug(1)));
    let certificate: Value = serde_json::from_str(credentials["certificate"].as_str().unwrap()).unwrap();
    let own = |action: &str| format!("queue:{action}:{}/0", slug(1));
    let scopes = [own("reclaim-task"), own("resolve-task"), own("create-artifact"), "own:a".into(), "own:b".into()];
    assert_eq!(certificate["scopes"], json!(scopes));
    assert_eq!(certificate["expiry"].as_i64().unwrap() - certificate["start"].as_i64().unwrap(), 20 * 60 * 1000);
    assert_eq!(certificate["issuer"], "static/taskcluster/queue");
    let (_, again) = rig.on("reclaimTask", &slug(1), Some(0), Value::Null);
    assert_eq!((again.get("task"), &again["takenUntil"]), (None, &json!("2026-11-22T12:20:00.000Z")));
    assert_ne!(again["credentials"]["accessToken"], credentials["accessToken"]);
}

#[test]
fn the_same_worker_may_ask_twice_for_a_run_but_another_may_not_have_it() {
    let mut rig = with_tasks(&[1]);
    assert_eq!(claim(&mut rig, &slug(1), 0).0, 200);
    assert_eq!(claim(&mut rig, &slug(1), 0).0, 200);
    assert_eq!(rig.on("claimTask", &slug(1), Some(0), json!({"workerGroup": "g", "workerId": "x"})).0, 409);
    assert_eq!(counts(&mut rig), (json!(0), json!(1)));
}

#[test]
fn claiming_needs_the_queue_and_the_worker() {
    for (scopes, status) in [
        (["queue:claim-work:proj/linux", "queue:worker-id:g/w"], 200),
        (["queue:claim-work:proj/*", "queue:worker-id:g/*"], 200),
        (["queue:claim-work:proj/linux", "queue:worker-id:g/x"], 403),
        (["queue:claim-work:proj/mac", "queue:worker-id:g/w"], 403),
    ] {
        let mut rig = with_tasks(&[1]);
        let body = json!({"workerGroup": "g", "workerId": "w", "tasks": 1});
        let request = Request::new("queue", "claimWork").param("taskQueueId", "proj/linux").body(body).scopes(&scopes);
        assert_eq!(rig.send(request).0, status, "{scopes:?}");
    }
}

#[test]
fn runs_of_ended_tasks_are_not_claimed() {
    let mut rig = with_tasks(&[1, 2, 3]);
    rig.on("cancelTask", &slug(1), None, Value::Null);
    assert_eq!(claim_work(&mut rig, 9), [slug(2), slug(3)]);
    rig.pass(TimeDelta::minutes(21));
    assert_eq!(claim_work(&mut rig, 9), [slug(2), slug(3)]);
    rig.pass(TimeDelta::hours(3));
    assert_eq!(claim_work(&mut rig, 9), [""; 0]);
    assert_eq!(counts(&mut rig), (json!(0), json!(0)));
}
