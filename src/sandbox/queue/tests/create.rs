use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{message, with_tasks};
use crate::sandbox::rig::{Request, Rig, slug};

#[test]
fn times_are_checked() {
    for (over, expected) in [
        (json!({"created": "2026-11-22T11:44:59Z"}), "`created` cannot be in the past (max 15min drift)"),
        (json!({"created": "2026-11-22T12:15:01Z"}), "`created` cannot be in the future (max 15min drift)"),
        (
            json!({"created": "2026-11-22T12:10:00Z", "deadline": "2026-11-22T12:05:00Z"}),
            "`deadline` cannot be later than `created`",
        ),
        (
            json!({"created": "2026-11-22T11:50:00Z", "deadline": "2026-11-22T11:55:00Z"}),
            "`deadline` cannot be in the past",
        ),
        (json!({"deadline": "2026-11-27T12:15:01Z"}), "`deadline` cannot be more than 5 days into the future"),
        (json!({"expires": "2026-11-22T13:00:00Z"}), "`expires` cannot be before `deadline`"),
        (json!({"scopes": ["a", "b:**"]}), "scopes must not end with `**`"),
        (json!({"taskQueueId": null}), "at least a provisionerId and a workerType or a taskQueueId must be provided\""),
        (json!({"provisionerId": "a", "workerType": "b"}), "taskQueueId must match \"provisionerId/workerType\""),
    ] {
        let mut rig = Rig::new();
        let refused = rig.create(&slug(1), &slug(0), over.clone());
        assert_eq!((refused.0, message(&refused)), (400, expected), "{over}");
        assert_eq!(rig.on("status", &slug(1), None, Value::Null).0, 404);
    }
}

#[test]
fn drift_of_fifteen_minutes_is_forgiven() {
    for over in [
        json!({"created": "2026-11-22T11:45:00Z"}),
        json!({"created": "2026-11-22T12:15:00Z"}),
        json!({"deadline": "2026-11-27T12:15:00Z", "expires": "2026-11-27T12:15:00Z"}),
    ] {
        assert_eq!(Rig::new().create(&slug(1), &slug(0), over).0, 200);
    }
}

#[test]
fn absent_properties_get_their_defaults() {
    let mut rig = Rig::new();
    let mut body = rig.definition(&slug(0));
    for key in ["taskQueueId", "schedulerId", "taskGroupId", "expires", "retries"] {
        body.as_object_mut().unwrap().shift_remove(key);
    }
    body["provisionerId"] = json!("proj");
    body["workerType"] = json!("linux");
    assert_eq!(rig.on("createTask", &slug(1), None, body).0, 200);
    let (_, task) = rig.on("task", &slug(1), None, Value::Null);
    assert_eq!(
        task.to_string(),
        format!(
            concat!(
                r#"{{"provisionerId":"proj","workerType":"linux","taskQueueId":"proj/linux","schedulerId":"-","#,
                r#""projectId":"none","taskGroupId":"{}","dependencies":[],"requires":"all-completed","routes":[],"#,
                r#""priority":"lowest","retries":5,"created":"2026-11-22T12:00:00.000Z","#,
                r#""deadline":"2026-11-22T14:00:00.000Z","expires":"2027-11-22T14:00:00.000Z","scopes":[],"#,
                r#""payload":{{"command":["true"]}},"metadata":{{"name":"n","owner":"a@example.com","#,
                r#""source":"https://example.com","description":"d"}},"tags":{{}},"extra":{{}}}}"#
            ),
            slug(1)
        )
    );
}

#[test]
fn the_same_definition_again_is_no_conflict() {
    let mut rig = Rig::new();
    let over = |payload: Value| json!({"payload": payload, "created": "2026-11-22T12:00:00Z"});
    let first = rig.create(&slug(1), &slug(0), over(json!({"a": 1, "bb": {"x": 1, "y": 2}})));
    // Other order of keys, other spelling of the time.
    rig.pass(TimeDelta::minutes(1));
    let mut body = rig.definition(&slug(0));
    for (key, value) in [
        ("created", json!("2026-11-22T13:00:00.0+01:00")),
        ("deadline", json!("2026-11-22T14:00:00Z")),
        ("expires", json!("2026-11-25T12:00:00Z")),
        ("payload", json!({"bb": {"y": 2, "x": 1}, "a": 1})),
    ] {
        body[key] = value;
    }
    assert_eq!(rig.on("createTask", &slug(1), None, body.clone()), first);
    body["payload"]["a"] = json!(2);
    assert_eq!(rig.on("createTask", &slug(1), None, body).0, 409);
}

#[test]
fn a_task_needs_scopes_for_all_it_asks_for() {
    let create = |scopes: &[&str]| {
        let mut rig = Rig::new();
        let mut body = rig.definition(&slug(0));
        body["priority"] = json!("high");
        body["scopes"] = json!(["own:*"]);
        body["routes"] = json!(["r"]);
        rig.send(Request::new("queue", "createTask").param("taskId", slug(1)).body(body).scopes(scopes)).0
    };
    let all = ["own:*", "queue:route:r", "queue:create-task:project:none", "queue:scheduler-id:rig"];
    for (priority, status) in [("highest", 200), ("high", 200), ("medium", 403), ("lowest", 403)] {
        let priority = format!("queue:create-task:{priority}:proj/linux");
        assert_eq!(create(&[&all[..], &[&priority]].concat()), status, "{priority}");
    }
    for without in all {
        let scopes: Vec<&str> =
            all.into_iter().filter(|scope| *scope != without).chain(["queue:create-task:high:*"]).collect();
        assert_eq!(create(&scopes), 403, "{without}");
    }
}

#[test]
fn actions_need_a_scope_of_the_task() {
    for (scopes, status) in [
        (vec!["queue:cancel-task:rig/<group>/<task>"], 200),
        (vec!["queue:cancel-task-in-project:none"], 200),
        (vec!["queue:cancel-task", "assume:scheduler-id:rig/<group>"], 200),
        (vec!["queue:cancel-task"], 403),
        (vec!["queue:cancel-task:other/*"], 403),
    ] {
        let mut rig = with_tasks(&[1]);
        let scopes: Vec<String> =
            scopes.iter().map(|scope| scope.replace("<group>", &slug(0)).replace("<task>", &slug(1))).collect();
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let request = Request::new("queue", "cancelTask").param("taskId", slug(1)).scopes(&scopes);
        assert_eq!(rig.send(request).0, status, "{scopes:?}");
    }
}

#[test]
fn many_tasks_are_looked_up_in_the_order_asked_for() {
    let mut rig = with_tasks(&[1, 2, 3]);
    let body = json!({"taskIds": [slug(3), slug(9), "nonsense", slug(1)]});
    let (_, answer) = rig.send(Request::new("queue", "statuses").body(body.clone()));
    let ids: Vec<&Value> = answer["statuses"].as_array().unwrap().iter().map(|item| &item["taskId"]).collect();
    assert_eq!(ids, [&json!(slug(3)), &json!(slug(1))]);
    let (_, first) = rig.send(Request::new("queue", "tasks").query("limit", 1).body(body.clone()));
    let token = first["continuationToken"].as_str().unwrap();
    let (_, second) = rig.send(Request::new("queue", "tasks").query("continuationToken", token).body(body.clone()));
    assert_eq!(second["tasks"][0]["taskId"], slug(1));
    let scoped = Request::new("queue", "tasks").body(body).scopes(&["queue:get-task:A*"]);
    assert_eq!(rig.send(scoped).0, 403);
}
