use proptest::prelude::*;
use serde_json::json;

use super::*;

const GROUP: Target<'static> = Target { group: "G", task: None };

fn now() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn hook(name: &str, more: &Value) -> Value {
    let mut action = json!({
        "kind": "hook", "name": name, "title": "T", "description": "D", "context": [],
        "hookGroupId": "project-x", "hookId": "in-tree-action-1/abc",
        "hookPayload": {"user": {"input": {"$eval": "input"}, "taskId": {"$eval": "taskId"}, "group": "${taskGroupId}"}},
    });
    for (key, value) in more.as_object().unwrap() {
        action[key] = value.clone();
    }
    action
}

fn parse(actions: Vec<Value>) -> Actions {
    let file = json!({"version": 1, "variables": {"v": 7}, "actions": actions});
    Actions::parse(file.to_string().as_bytes()).unwrap()
}

fn error(text: &str) -> String {
    Actions::parse(text.as_bytes()).unwrap_err().to_string()
}

fn names(actions: &Actions, target: Target<'_>) -> String {
    let fitting = actions.fitting(target);
    fitting.iter().map(|(action, _)| action.name.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn only_version_1_is_read() {
    assert_eq!(Actions::parse(br#"{"version": 1, "actions": []}"#), Ok(Actions::default()));
    let version = "public/actions.json has version 2, and only version 1 is known";
    assert_eq!(error(r#"{"version": 2, "actions": []}"#), version);
    assert!(error(r#"{"actions": []}"#).ends_with("it has no version"));
    assert!(error(r#"{"version": 1}"#).ends_with("it has no list of actions"));
    assert!(error(r#"{"version": 1, "actions": [], "variables": 1}"#).ends_with("its variables are not an object"));
    assert!(error("[]").ends_with("it is not an object"));
    assert!(error("<html>").starts_with("public/actions.json is not a file of actions: expected value"));
    let many = json!({"version": 1, "actions": vec![json!({}); 1001]}).to_string();
    assert_eq!(error(&many), "public/actions.json has 1001 actions, and more than 1000 are refused");
    let long = format!(r#"{{"version": "{}", "actions": []}}"#, "1".repeat(1000));
    assert!(error(&long).len() < 200);
}

#[test]
fn unknown_kinds_and_hooks_that_are_none_are_left_out() {
    let actions = parse(vec![
        hook("a", &json!({"kind": "oracle"})),
        hook("b", &json!({"hookId": "../../auth/v1/clients"})),
        hook("c", &json!({"hookGroupId": "g/h"})),
        hook("d", &json!({"context": [1]})),
        hook("e", &json!({"name": 1})),
        json!("f"),
        hook("g", &json!({})),
    ]);
    assert_eq!((actions.actions.len(), actions.left_out), (1, 6));
    assert_eq!(actions.actions[0].name, "g");
}

#[test]
fn an_action_fits_a_task_by_one_set_of_tags_and_a_group_by_none() {
    let actions = parse(vec![
        hook("group", &json!({})),
        hook("any", &json!({"context": [{}]})),
        hook("test", &json!({"context": [{"kind": "build"}, {"kind": "test", "os": "linux"}]})),
    ]);
    assert_eq!(names(&actions, GROUP), "group");
    let task = |tags: Value| json!({"tags": tags});
    let of = |definition: &Value| names(&actions, Target { group: "G", task: Some(("T", definition)) });
    assert_eq!(of(&task(json!({"kind": "build"}))), "any test");
    assert_eq!(of(&task(json!({"kind": "test"}))), "any");
    assert_eq!(of(&task(json!({"kind": "test", "os": "linux"}))), "any test");
    assert_eq!(of(&json!({})), "any");
}

#[test]
fn the_first_of_a_name_that_fits_is_meant() {
    let actions = parse(vec![
        hook("r", &json!({"title": "for builds", "context": [{"kind": "build"}]})),
        hook("r", &json!({"title": "for all", "context": [{}]})),
        hook("r", &json!({"title": "never", "context": [{}]})),
    ]);
    let title = |definition: &Value| {
        let target = Target { group: "G", task: Some(("T", definition)) };
        let firsts: Vec<bool> = actions.fitting(target).iter().map(|(_, is_first)| *is_first).collect();
        (actions.find("r", target).unwrap().title.clone(), firsts)
    };
    assert_eq!(title(&json!({"tags": {"kind": "build"}})), ("for builds".into(), vec![true, false, false]));
    assert_eq!(title(&json!({"tags": {}})), ("for all".into(), vec![true, false]));
    assert_eq!(actions.find("r", GROUP), None);
}

#[test]
fn a_payload_is_rendered_with_the_input_and_the_task() {
    let actions = parse(vec![hook("a", &json!({"context": [{}]}))]);
    let definition = json!({});
    let target = Target { group: "G", task: Some(("T", &definition)) };
    let rendered = actions.render(&actions.actions[0], json!({"x": 1}), target, "own", now()).unwrap();
    assert_eq!(rendered, json!({"user": {"input": {"x": 1}, "taskId": "T", "group": "G"}}));
    let of_group = actions.render(&actions.actions[0], Value::Null, GROUP, "own", now()).unwrap();
    assert_eq!(of_group["user"], json!({"input": null, "taskId": null, "group": "G"}));
}

#[test]
fn a_task_is_rendered_with_its_own_id_and_the_definition() {
    let template =
        json!({"name": "${task.metadata.name}", "own": "${ownTaskId}", "v": {"$eval": "v"}, "at": {"$fromNow": ""}});
    let actions = parse(vec![json!({"kind": "task", "name": "a", "context": [{}], "task": template})]);
    let definition = json!({"metadata": {"name": "build"}});
    let target = Target { group: "G", task: Some(("T", &definition)) };
    let rendered = actions.render(&actions.actions[0], Value::Null, target, "own", now()).unwrap();
    assert_eq!(rendered, json!({"name": "build", "own": "own", "v": 7, "at": "2026-11-22T12:00:00.000Z"}));
    assert_eq!((actions.actions[0].title.as_str(), actions.actions[0].kind.caller_scope()), ("a", None));
}

#[test]
fn a_template_that_explodes_or_makes_no_object_is_refused() {
    let mut template = json!("x".repeat(1000));
    for _ in 0..3 {
        template = json!({"$map": vec![1; 30], "each(x)": template});
    }
    for (payload, what) in
        [(json!({"big": template}), "more than 10 MiB"), (json!([1]), "something that is not an object")]
    {
        let actions = parse(vec![hook("a", &json!({"hookPayload": payload}))]);
        let refused = actions.render(&actions.actions[0], Value::Null, GROUP, "own", now()).unwrap_err();
        assert_eq!(refused.to_string(), format!("the template of the action `a` makes {what}"));
    }
    let actions = parse(vec![hook("a", &json!({"hookPayload": {"$eval": "nope"}}))]);
    let refused = actions.render(&actions.actions[0], Value::Null, GROUP, "own", now()).unwrap_err();
    assert_eq!(refused.to_string(), "the template of the action `a` cannot be rendered");
}

#[test]
fn an_input_gets_the_defaults_of_the_schema() {
    let schema = json!({"type": "object", "properties": {
        "times": {"type": "integer", "default": 1}, "deep": {"type": "object", "default": {}, "properties": {"x": {"default": 2}}},
    }});
    let actions = parse(vec![hook("a", &json!({"schema": schema})), hook("b", &json!({}))]);
    let filled = |given| actions.actions[0].input(given).unwrap().unwrap();
    assert_eq!(filled(None), json!({"times": 1, "deep": {"x": 2}}));
    assert_eq!(filled(Some(json!({"times": 5}))), json!({"times": 5, "deep": {"x": 2}}));
    assert_eq!(actions.actions[1].input(None).unwrap(), Ok(Value::Null));
    let refused = actions.actions[1].input(Some(json!({}))).unwrap().unwrap_err();
    assert_eq!(refused.to_string(), "the action `b` takes no input");
}

#[test]
fn defaults_that_multiply_are_refused() {
    let again = json!({"$ref": "#", "default": {}});
    let schema = json!({"type": "object", "properties": {"a": again, "b": again}});
    let actions = parse(vec![hook("a", &json!({"schema": schema}))]);
    let refused = actions.actions[0].input(None).unwrap_err();
    assert!(refused.to_string().contains("its defaults have no end"), "{refused}");
    let circle = json!({"allOf": [{"$ref": "#"}]});
    let actions = parse(vec![hook("a", &json!({"schema": circle}))]);
    assert!(actions.actions[0].input(None).is_err());
}

#[test]
fn a_hook_needs_a_scope_of_the_caller_and_one_of_the_decision_task() {
    let actions = parse(vec![hook("a", &json!({}))]);
    let kind = &actions.actions[0].kind;
    assert_eq!(kind.caller_scope().unwrap(), "hooks:trigger-hook:project-x/in-tree-action-1/abc");
    assert_eq!(kind.decision_scope().unwrap(), "in-tree:hook-action:project-x/in-tree-action-1/abc");
}

proptest! {
    #[test]
    fn whatever_is_published_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Actions::parse(&bytes);
    }

    #[test]
    fn whatever_an_action_is_it_is_read_or_left_out(kind in "hook|task|x", name in ".{0,8}", id in ".{0,8}") {
        let actions = parse(vec![hook(&name, &json!({"kind": kind, "hookId": id, "task": {}}))]);
        prop_assert_eq!(actions.actions.len() + actions.left_out, 1);
    }
}
