use std::cell::Cell;
use std::collections::HashMap;

use serde_json::{Value, json};

use super::*;
use crate::domain::time::{parse_time, to_iso};

/// What the service made of seven files for events of nine kinds: IDs by number, times by how far they lie ahead.
const RECORDED: &str = include_str!("../../../tests/data/render.json");

fn now() -> DateTime<Utc> {
    "2026-11-26T00:31:57.354Z".parse().unwrap()
}

fn deployment() -> Deployment {
    Deployment { provisioner_id: "p".into(), worker_type: "w".into(), ..Deployment::at("<root>") }
}

fn repository() -> Repository {
    Repository { organization: "demo-org".into(), name: "demo-repo".into() }
}

fn rendered(file: &Value, event: &Event) -> Result<Rendered, RenderError> {
    let count = Cell::new(0);
    let new_id = || {
        count.set(count.get() + 1);
        format!("made{}", count.get())
    };
    render(file, event, &deployment(), now(), &new_id)
}

/// IDs are numbered in the order in which they come up, and times replaced by their distance.
fn normalized(value: &Value, ids: &mut HashMap<String, String>) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.clone(), normalized(value, ids))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(|item| normalized(item, ids)).collect::<Vec<_>>().into(),
        Value::String(text) if text.starts_with("made") => {
            let next = format!("id{}", ids.len());
            ids.entry(text.clone()).or_insert(next).clone().into()
        }
        Value::String(text) if text.ends_with('Z') => match parse_time(text) {
            Ok(time) => format!("now+{}s", (time - now()).num_seconds()).into(),
            Err(_) => value.clone(),
        },
        other => other.clone(),
    }
}

fn event_of(fake: &Value) -> Event {
    let kind = EventKind::named(fake["type"].as_str().unwrap()).unwrap();
    let mut event = Event::mocked(kind, fake["action"].as_str(), repository(), "main");
    event.body.extend(fake["overrides"].as_object().cloned().unwrap_or_default());
    event
}

#[test]
fn all_recorded_renders_are_met_refusals_included() {
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    let renders = recorded["renders"].as_array().unwrap();
    assert_eq!(renders.len(), 21);
    for case in renders {
        let file = &recorded["files"][case["file"].as_str().unwrap()];
        let event = event_of(&case["event"]);
        match (rendered(file, &event), case.get("status")) {
            (Ok(made), None) => {
                let answer = made.to_answer();
                let tasks = normalized(&answer["tasks"], &mut HashMap::new());
                assert_eq!((&tasks, &answer["scopes"]), (&case["tasks"], &case["scopes"]), "{case}");
                assert_eq!(tasks.to_string(), case["tasks"].to_string(), "the order of members differs");
            }
            (Err(error), Some(_)) => {
                let Some(message) = case["message"].as_str() else {
                    assert_eq!(error.to_string(), "unknown version `3` of .taskcluster.yml: 0 and 1 are known");
                    continue;
                };
                match error {
                    RenderError::Faults { schema, faults } => {
                        assert_eq!(schema, "v1/taskcluster-github-config.v1.json");
                        let faults: Vec<_> =
                            faults.iter().map(|fault| format!("  * data{} {}", fault.path, fault.message)).collect();
                        assert!(message.ends_with(&faults.join("\n")), "{message}: {faults:?}");
                    }
                    error => assert_eq!(error.to_string(), message),
                }
            }
            (made, _) => panic!("{case}: {made:?}"),
        }
    }
}

#[test]
fn a_single_task_is_the_first_of_its_group_and_several_are_not() {
    let event = Event::mocked(EventKind::Push, None, repository(), "main");
    let ids = |tasks: Value| {
        let made = rendered(&json!({"version": 1, "tasks": tasks}), &event).unwrap();
        made.tasks
            .iter()
            .map(|task| (task.task_id.clone(), task.task["taskGroupId"].as_str().unwrap().to_owned()))
            .collect::<Vec<_>>()
    };
    let pair = |id: &str, group: &str| (id.to_owned(), group.to_owned());
    assert_eq!(ids(json!([{}])), [pair("made1", "made1")]);
    assert_eq!(ids(json!([{"taskId": "a"}])), [pair("a", "a")]);
    assert_eq!(ids(json!([{"taskGroupId": "g"}])), [pair("g", "g")]);
    assert_eq!(ids(json!([{"taskId": "a", "taskGroupId": "g"}])), [pair("a", "g")]);
    let several = ids(json!([{"taskId": "b", "dependencies": ["a"]}, {"taskId": "a"}, {}]));
    assert_eq!(several, [pair("a", "made2"), pair("b", "made2"), pair("made1", "made2")]);
}

#[test]
fn a_file_that_cannot_be_rendered_is_told_why() {
    let push = Event::mocked(EventKind::Push, None, repository(), "main");
    let error = |file: Value, event: &Event| rendered(&file, event).unwrap_err().to_string();
    let circle = json!([{"taskId": "a", "dependencies": ["b"]}, {"taskId": "b", "dependencies": ["a"]}]);
    for (file, expected) in [
        (json!([]), ".taskcluster.yml is not an object"),
        (json!({"tasks": []}), "unknown version `null` of .taskcluster.yml: 0 and 1 are known"),
        (json!({"version": 1, "nope": 1}), ".taskcluster.yml is not valid"),
        (json!({"version": 1, "tasks": {"a": 1}}), "`tasks` is not a list of objects after rendering"),
        (json!({"version": 1, "tasks": {"$eval": "[1]"}}), "`tasks` is not a list of objects after rendering"),
        (json!({"version": 1, "tasks": circle}), "tasks depend on each other in a circle: a -> b -> a"),
        (
            json!({"version": 1, "tasks": [{"payload": {"x": "${event.nope}"}}]}),
            "InterpreterError at template.tasks[0].payload.x: object has no property \"nope\"",
        ),
    ] {
        assert_eq!(error(file, &push), expected);
    }
    let umlaut = Event::mocked(EventKind::Push, None, repository(), "größer");
    assert_eq!(error(json!({"version": 1}), &umlaut), "Must have only ascii-printable chars in branch names!");
    let mut cut = push;
    cut.body.shift_remove("ref");
    assert_eq!(error(json!({"version": 1}), &cut), "the event has no `ref`");
}

#[test]
fn version_0_fills_in_names_times_and_variables() {
    let file = json!({
        "version": 0,
        "tasks": [{
            "provisionerId": "p", "workerType": "w",
            "extra": {"github": {"env": true, "events": ["pull_request.*"]}},
            "deadline": "{{ '2 hours' | $fromNow }}",
            "payload": {"env": {"OWN": "1"}, "text": "{{event.title}} of {{ organization }} {{ nope }} {{"},
        }],
    });
    let event = Event::mocked(EventKind::PullRequest, None, repository(), "main");
    let made = rendered(&file, &event).unwrap();
    let task = &made.tasks[0].task;
    assert_eq!(task["deadline"], to_iso(now() + chrono::TimeDelta::hours(2)));
    assert_eq!(task["created"], to_iso(now()));
    assert_eq!(task["payload"]["text"], "Update README.md of demo-org {{ nope }} {{");
    let env = &task["payload"]["env"];
    assert_eq!(
        (&env["OWN"], &env["GITHUB_PULL_REQUEST"], &env["GITHUB_EVENT"]),
        (&json!("1"), &json!("36"), &json!("pull_request.opened"))
    );
    assert_eq!(env.get("GITHUB_HEAD_TAG"), None);
}

#[test]
fn branches_choose_tasks_of_version_0() {
    let task = |github: Value| json!({"extra": {"github": github}, "provisionerId": "p", "workerType": "w"});
    let count = |github: Value, branch: &str| {
        let event = Event::mocked(EventKind::Push, None, repository(), branch);
        rendered(&json!({"version": 0, "tasks": [task(github)]}), &event).map(|made| made.tasks.len())
    };
    assert_eq!(count(json!({"events": ["push"], "branches": ["main"]}), "main"), Ok(1));
    assert_eq!(count(json!({"events": ["push"], "branches": ["main"]}), "other"), Ok(0));
    assert_eq!(count(json!({"events": ["push"], "excludeBranches": ["main"]}), "main"), Ok(0));
    assert_eq!(
        count(json!({"events": ["push"], "branches": [], "excludeBranches": []}), "main"),
        Err(RenderError::BothBranches)
    );
}

#[test]
fn a_payload_of_github_is_told_by_its_keys() {
    for kind in EventKind::ALL {
        let mocked = Event::mocked(kind, None, repository(), "main");
        assert_eq!(EventKind::named(kind.tasks_for()), Some(kind));
        let told = Event::from_payload(mocked.body.clone());
        match kind {
            EventKind::Cron | EventKind::Action => assert_eq!(told, Err(EventError::Unknown)),
            EventKind::PullRequestUntrusted => assert_eq!(told.unwrap().kind, EventKind::PullRequest),
            _ => assert_eq!((told.clone().unwrap().kind, told.unwrap().repository), (kind, repository())),
        }
    }
    let mut body = Event::mocked(EventKind::Push, None, repository(), "main").body;
    body.shift_remove("repository");
    assert_eq!(Event::from_payload(body).unwrap_err().to_string(), "the event has no `repository.owner.name`");
}
