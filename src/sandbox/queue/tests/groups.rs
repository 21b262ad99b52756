use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{claim, complete, message, with_tasks};
use crate::sandbox::rig::{Request, Rig, slug};

fn on_group(rig: &mut Rig, method: &str, body: Value) -> (u16, Value) {
    rig.send(Request::new("queue", method).param("taskGroupId", slug(0)).body(body))
}

fn page(rig: &mut Rig, limit: usize, token: Option<&str>) -> (Vec<String>, Option<String>) {
    let mut request = Request::new("queue", "listTaskGroup").param("taskGroupId", slug(0)).query("limit", limit);
    if let Some(token) = token {
        request = request.query("continuationToken", token);
    }
    let answer = rig.ok(request);
    let ids = answer["tasks"].as_array().unwrap().iter();
    let ids = ids.map(|task| task["status"]["taskId"].as_str().unwrap().to_owned()).collect();
    (ids, answer["continuationToken"].as_str().map(str::to_owned))
}

#[test]
fn pages_cover_a_group_once() {
    let numbers: Vec<u128> = (1..26).map(|number| number << 70 | number).collect();
    let mut rig = with_tasks(&numbers);
    let (mut all, mut sizes, mut token) = (Vec::new(), Vec::new(), None::<String>);
    loop {
        let (ids, next) = page(&mut rig, 10, token.as_deref());
        sizes.push(ids.len());
        all.extend(ids);
        token = next;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [10, 10, 5]);
    let mut expected: Vec<String> = numbers.into_iter().map(slug).collect();
    expected.sort();
    all.sort();
    assert_eq!(all, expected);
}

#[test]
fn foreign_token_means_the_first_page_or_is_refused_for_its_characters() {
    let mut rig = with_tasks(&[1, 2, 3]);
    let first = page(&mut rig, 2, None);
    assert_eq!(page(&mut rig, 2, Some("garbage")), first);
    let request =
        Request::new("queue", "listTaskGroup").param("taskGroupId", slug(0)).query("continuationToken", "%%%");
    assert_eq!(rig.send(request).1["code"], "InvalidRequestArguments");
    let request = Request::new("queue", "listTaskGroup").param("taskGroupId", slug(0)).query("limit", 0);
    assert_eq!(rig.ok(request)["tasks"], json!([]));
}

#[test]
fn a_group_belongs_to_one_scheduler() {
    let mut rig = with_tasks(&[1]);
    let refused = rig.create(&slug(2), &slug(0), json!({"schedulerId": "other"}));
    assert_eq!(refused.0, 409);
    let start = format!("Task group `{}` contains tasks with a schedulerId other\nthan `other`.", slug(0));
    assert!(message(&refused).starts_with(&start));
}

#[test]
fn a_sealed_group_stays_as_it_is() {
    let mut rig = with_tasks(&[1]);
    let (_, sealed) = on_group(&mut rig, "sealTaskGroup", Value::Null);
    assert_eq!(sealed["sealed"], "2026-11-22T12:00:00.000Z");
    rig.pass(TimeDelta::minutes(1));
    assert_eq!(on_group(&mut rig, "sealTaskGroup", Value::Null).1, sealed);
    assert_eq!(on_group(&mut rig, "getTaskGroup", Value::Null).1, sealed);
    assert_eq!(rig.create(&slug(2), &slug(0), json!({})).0, 409);
}

#[test]
fn canceling_a_group_ends_what_is_not_resolved() {
    let mut rig = with_tasks(&[1, 2, 3]);
    rig.create(&slug(4), &slug(0), json!({"dependencies": [slug(1)]}));
    complete(&mut rig, &slug(3), 0);
    claim(&mut rig, &slug(2), 0);
    assert_eq!(on_group(&mut rig, "cancelTaskGroup", Value::Null).0, 409);
    on_group(&mut rig, "sealTaskGroup", Value::Null);
    let (_, answer) = on_group(&mut rig, "cancelTaskGroup", Value::Null);
    assert_eq!((&answer["taskGroupSize"], &answer["cancelledCount"]), (&json!(4), &json!(3)));
    let expected = ["exception canceled 1", "exception canceled 1", "completed completed 1", "exception canceled 1"];
    assert_eq!([1, 2, 3, 4].map(|number| rig.summary(&slug(number))), expected);
    assert_eq!(on_group(&mut rig, "cancelTaskGroup", Value::Null).1["cancelledCount"], 0);
}

#[test]
fn what_is_done_to_a_group_needs_its_schedulers_scope() {
    for (method, scope) in [
        ("sealTaskGroup", "queue:seal-task-group:rig/"),
        ("cancelTaskGroup", "queue:cancel-task-group:rig/"),
        ("changeTaskGroupPriority", "queue:change-task-group-priority:rig/"),
    ] {
        for (scheduler, status) in [("rig/", None), ("other/", Some(403))] {
            let mut rig = with_tasks(&[1]);
            let scope = format!("{}{}", scope.replace("rig/", scheduler), slug(0));
            let request = Request::new("queue", method).param("taskGroupId", slug(0)).scopes(&[&scope]);
            let found = rig.send(request.body(json!({"newPriority": "high"}))).0;
            assert_eq!(found == 403, status.is_some(), "{method} {scope}: {found}");
        }
    }
}

#[test]
fn a_new_priority_moves_pending_tasks_and_shows_everywhere() {
    let mut rig = with_tasks(&[1, 2, 3]);
    complete(&mut rig, &slug(3), 0);
    rig.on("changeTaskPriority", &slug(2), None, json!({"newPriority": "high"}));
    let (_, answer) = on_group(&mut rig, "changeTaskGroupPriority", json!({"newPriority": "high"}));
    assert_eq!(
        answer,
        json!({"taskGroupId": slug(0), "schedulerId": "rig", "newPriority": "high", "tasksAffected": 1, "taskIds": [slug(1)]})
    );
    assert_eq!(rig.on("task", &slug(1), None, Value::Null).1["priority"], "high");
    assert_eq!(rig.on("status", &slug(3), None, Value::Null).1["status"]["priority"], "lowest");
}

#[test]
fn a_groups_expiry_moves_only_when_a_task_would_outlive_it() {
    let mut rig = with_tasks(&[1]);
    let expires = |rig: &mut Rig| on_group(rig, "getTaskGroup", Value::Null).1["expires"].clone();
    assert_eq!(expires(&mut rig), "2026-11-25T13:00:00.000Z");
    rig.create(&slug(2), &slug(0), json!({"expires": "2026-11-25T12:30:00Z"}));
    assert_eq!(expires(&mut rig), "2026-11-25T13:00:00.000Z");
    rig.create(&slug(3), &slug(0), json!({"expires": "2026-11-25T13:30:00Z"}));
    assert_eq!(expires(&mut rig), "2026-11-25T14:30:00.000Z");
}

#[test]
fn expired_tasks_leave_nothing_behind() {
    let mut rig = with_tasks(&[1]);
    rig.create(&slug(2), &slug(0), json!({"dependencies": [slug(1)]}));
    claim(&mut rig, &slug(1), 0);
    let body = json!({"storageType": "reference", "url": "https://example.com", "contentType": "text/plain", "expires": "2026-11-23T12:00:00Z"});
    let request = Request::new("queue", "createArtifact").param("taskId", slug(1)).param("runId", 0).param("name", "a");
    rig.ok(request.body(body));
    rig.pass(TimeDelta::days(3));
    let queue = &rig.queue;
    assert_eq!((queue.tasks.len(), queue.groups.len()), (0, 0));
    assert!(queue.dependents.values().all(|dependents| dependents.is_empty()));
    assert!(queue.deadlines.is_empty() && queue.expiries.is_empty() && queue.claims.is_empty());
    assert!(queue.queues.values().all(|queue| queue.pending.is_empty() && queue.claimed.is_empty()));
    assert_eq!(on_group(&mut rig, "listTaskGroup", Value::Null).0, 404);
}
