//! The hooks service as values: no sockets.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::firing::{deliver, fire_due};
use super::*;
use crate::sandbox::rig::{Request, read};
use crate::sandbox::storage::Storage;

struct Hooks {
    state: State,
    now: DateTime<Utc>,
}

fn definition(over: &Value) -> Value {
    let mut hook = json!({
        "metadata": {"name": "n", "description": "d", "owner": "a@example.com", "emailOnError": false},
        "task": {
            "taskQueueId": "proj/linux", "created": {"$fromNow": ""}, "deadline": {"$fromNow": "1 hour"},
            "payload": {"v": "${payload.v}"}, "extra": {"by": "${firedBy}", "id": "${taskId}"},
            "metadata": {"name": "n", "description": "d", "owner": "a@example.com", "source": "https://example.com"},
        },
        "schedule": [],
        "triggerSchema": {
            "type": "object", "properties": {"v": {"type": "string"}}, "required": ["v"], "additionalProperties": false,
        },
    });
    for (name, value) in over.as_object().unwrap() {
        hook[name] = value.clone();
    }
    hook
}

impl Hooks {
    fn new() -> Self {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let storage = Arc::new(Storage::new("http://localhost:1"));
        let mut hooks = Self { state: State::new(now, TimeDelta::zero(), storage), now };
        let role = json!({"description": "", "scopes": [
            "queue:create-task:highest:proj/linux", "queue:create-task:project:none", "queue:scheduler-id:-",
        ]});
        let request = Request::new("auth", "createRole").param("roleId", "hook-id:g/h").body(role);
        assert_eq!(hooks.send(request).0, 200);
        hooks
    }

    fn send(&mut self, request: Request<'_>) -> (u16, Value) {
        let state = &mut self.state;
        let presented = crate::sandbox::rig::nothing_presented();
        read(request.send(self.now, |call| state.behave(call, &presented)).unwrap())
    }

    fn on(&mut self, method: &str, body: Value) -> (u16, Value) {
        self.send(Request::new("hooks", method).param("hookGroupId", "g").param("hookId", "h").body(body))
    }

    fn with(over: &Value) -> Self {
        let mut hooks = Self::new();
        assert_eq!(hooks.on("createHook", definition(over)).0, 200);
        hooks
    }

    fn task(&mut self, id: &Value) -> Value {
        self.send(Request::new("queue", "task").param("taskId", id.as_str().unwrap())).1
    }

    fn last_fire(&mut self) -> Value {
        self.on("listLastFires", Value::Null).1["lastFires"][0].clone()
    }
}

#[test]
fn a_hook_is_made_changed_listed_and_removed() {
    let mut hooks = Hooks::with(&json!({"schedule": ["0 0 12 * * *"]}));
    let hook = hooks.on("hook", Value::Null).1;
    assert_eq!((&hook["hookId"], &hook["bindings"]), (&json!("h"), &json!([])));
    assert_eq!(hooks.on("createHook", definition(&json!({}))).0, 409);
    assert_eq!(hooks.on("createHook", definition(&json!({"hookId": "zz"}))).1["message"], "Hook Ids do not match");
    let status = hooks.on("getHookStatus", Value::Null).1;
    let expected = json!({"lastFire": {"result": "no-fire"}, "nextScheduledDate": "2026-11-23T12:00:00.000Z"});
    assert_eq!(status, expected);
    assert_eq!(hooks.on("updateHook", definition(&json!({"schedule": []}))).1["schedule"], json!([]));
    assert_eq!(hooks.send(Request::new("hooks", "listHookGroups")).1, json!({"groups": ["g"]}));
    assert_eq!(hooks.on("removeHook", Value::Null), (200, json!({})));
    assert_eq!(hooks.on("removeHook", Value::Null), (200, json!({})));
    assert_eq!(hooks.on("updateHook", definition(&json!({}))).0, 404);
    assert_eq!(hooks.on("listLastFires", Value::Null).0, 404);
    let group = Request::new("hooks", "listHooks").param("hookGroupId", "g");
    assert_eq!(hooks.send(group).1["message"], "No such group");
}

#[test]
fn schedules_and_schemas_are_checked() {
    let mut hooks = Hooks::new();
    let refusal = hooks.on("createHook", definition(&json!({"schedule": ["nope"]}))).1;
    assert_eq!(refusal["message"], "Constraint error, got value 0 expected range 1-12 in nope");
    let refusal = hooks.on("createHook", definition(&json!({"triggerSchema": {"type": "zork"}}))).1;
    let expected = "triggerSchema is not a valid JSON schema:\n * Property undefined must be equal to one of the allowed \
                    values\n * Property undefined must be array\n * Property undefined must match a schema in anyOf";
    assert_eq!(refusal["message"], expected);
}

#[test]
fn a_triggered_hook_creates_its_task_with_the_scopes_of_its_role() {
    let mut hooks = Hooks::with(&json!({}));
    let (status, answer) = hooks.on("triggerHook", json!({"v": "x"}));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["status"]["taskId"], answer["taskId"]);
    let task = hooks.task(&answer["taskId"]);
    assert_eq!(task["payload"], json!({"v": "x"}));
    assert_eq!(task["extra"], json!({"by": "triggerHook", "id": answer["taskId"]}));
    assert_eq!((&task["taskGroupId"], &task["expires"]), (&answer["taskId"], &json!("2026-12-22T12:00:00.000Z")));
    let fire = hooks.last_fire();
    assert_eq!(
        (&fire["result"], &fire["taskState"], &fire["error"]),
        (&json!("success"), &json!("pending"), &json!(""))
    );
    let wrong = hooks.on("triggerHook", json!({"w": 1})).1;
    assert_eq!(wrong["message"], "data must have required property 'v'; data must NOT have additional properties");
    assert_eq!(hooks.on("getHookStatus", Value::Null).1["lastFire"]["taskId"], answer["taskId"]);
}

#[test]
fn a_role_without_scopes_is_named_in_the_refusal() {
    let mut hooks = Hooks::with(&json!({"metadata": {
        "name": "n", "description": "d", "owner": "a@example.com", "emailOnError": true,
    }}));
    hooks.send(Request::new("auth", "deleteRole").param("roleId", "hook-id:g/h"));
    let (status, refusal) = hooks.on("triggerHook", json!({"v": "x"}));
    assert_eq!((status, &refusal["code"]), (403, &json!("InsufficientScopes")));
    let message = refusal["message"].as_str().unwrap();
    let start = "The role `hook-id:g/h` does not have sufficient scopes to create the task:\n\nClient ID \
                 static/taskcluster/hooks does not have sufficient scopes and is missing the following scopes:";
    assert!(message.starts_with(start) && message.contains("* method:     createTask"), "{message}");
    let fire = hooks.last_fire();
    assert_eq!((&fire["result"], &fire["taskState"]), (&json!("error"), &json!("unknown")));
    let error: Value = serde_json::from_str(fire["error"].as_str().unwrap()).unwrap();
    assert_eq!((&error["statusCode"], &error["body"]["requestInfo"]["method"]), (&json!(403), &json!("createTask")));
    assert_eq!(hooks.state.notify.sent()["notifications"][0]["message"]["address"], "a@example.com");
}

#[test]
fn a_template_that_cannot_be_rendered_or_makes_no_task_is_told() {
    let mut hooks = Hooks::with(&json!({"task": {"$if": "payload.v == 'go'", "then": {"a": {"$eval": "nope"}}}}));
    assert_eq!(hooks.on("triggerHook", json!({"v": "no"})), (200, json!({})));
    assert_eq!(hooks.on("listLastFires", Value::Null).0, 404);
    let refusal = hooks.on("triggerHook", json!({"v": "go"})).1;
    let message = refusal["message"].as_str().unwrap();
    assert!(message.starts_with("While firing hook:\n\nInterpreterError"), "{message}");
    let mut hooks = Hooks::with(&json!({"task": {"taskQueueId": "proj/linux"}}));
    let refusal = hooks.on("triggerHook", json!({"v": "x"})).1;
    let message = refusal["message"].as_str().unwrap();
    assert!(message.starts_with("While calling createTask: InputValidationError\n\n"), "{message}");
}

#[test]
fn a_token_triggers_without_credentials_until_it_is_reset() {
    let mut hooks = Hooks::with(&json!({}));
    let token = hooks.on("getTriggerToken", Value::Null).1["token"].clone();
    let with = |hooks: &mut Hooks, token: &Value| {
        let request = Request::new("hooks", "triggerHookWithToken").param("hookGroupId", "g").param("hookId", "h");
        hooks.send(request.param("token", token.as_str().unwrap()).body(json!({"v": "x"})))
    };
    assert_eq!(with(&mut hooks, &token).0, 200);
    assert_eq!(hooks.last_fire()["firedBy"], "triggerHookWithToken");
    let fresh = hooks.on("resetTriggerToken", Value::Null).1["token"].clone();
    let refusal = with(&mut hooks, &token);
    assert_eq!((refusal.0, &refusal.1["message"]), (401, &json!("invalid hook token")));
    assert_eq!(with(&mut hooks, &fresh).0, 200);
}

#[test]
fn a_schedule_fires_at_its_time() {
    let over = json!({"schedule": ["0 30 12 * * *", "0 0 13 * * *"], "task": {
        "taskQueueId": "proj/linux", "payload": {"by": "${firedBy}"},
        "metadata": {"name": "n", "description": "d", "owner": "a@example.com", "source": "https://example.com"},
    }});
    let mut hooks = Hooks::with(&over);
    assert_eq!(hooks.state.hooks.next_event(), Some("2026-11-22T12:30:00Z".parse().unwrap()));
    fire_due(&mut hooks.state, hooks.now);
    assert_eq!(hooks.on("listLastFires", Value::Null).0, 404, "it is not time yet");
    hooks.now += TimeDelta::minutes(31);
    fire_due(&mut hooks.state, hooks.now);
    let fire = hooks.last_fire();
    assert_eq!((&fire["firedBy"], &fire["taskCreateTime"]), (&json!("schedule"), &json!("2026-11-22T12:30:00.000Z")));
    let task = hooks.task(&fire["taskId"]);
    assert_eq!((&task["created"], &task["payload"]["by"]), (&json!("2026-11-22T12:30:00.000Z"), &json!("schedule")));
    assert_eq!(hooks.state.hooks.next_event(), Some("2026-11-22T13:00:00Z".parse().unwrap()));
}

#[test]
fn a_bound_hook_fires_on_messages_of_the_sandbox() {
    let bindings = json!([{"exchange": "exchange/taskcluster-auth/v1/client-created", "routingKeyPattern": "#"}]);
    let mut hooks = Hooks::with(&json!({"bindings": bindings, "task": {
        "taskQueueId": "proj/linux", "payload": {"client": "${payload.clientId}"},
        "metadata": {"name": "n", "description": "d", "owner": "a@example.com", "source": "https://example.com"},
    }}));
    let client = json!({"expires": "2036-01-01T00:00:00Z", "description": "d", "scopes": []});
    let made = hooks.send(Request::new("auth", "createClient").param("clientId", "c").body(client));
    assert_eq!(made.0, 200);
    let messages = hooks.state.events.take(10);
    assert!(deliver(&mut hooks.state, &messages, hooks.now));
    let fire = hooks.last_fire();
    assert_eq!(fire["firedBy"], "pulseMessage");
    assert_eq!(hooks.task(&fire["taskId"])["payload"], json!({"client": "c"}));
    assert_eq!(hooks.on("removeHook", Value::Null).0, 200);
    hooks.send(Request::new("auth", "deleteClient").param("clientId", "c"));
    assert!(
        hooks.state.events.take(10).iter().all(|event| !event.exchange.contains("auth")),
        "nobody listens any more"
    );
}
