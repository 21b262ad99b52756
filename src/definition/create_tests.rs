use serde_json::json;

use super::*;

const GROUP: &str = "fN1SbArXTPSVFNUvaOlinQ";

fn now() -> DateTime<Utc> {
    "2026-11-26T12:00:00Z".parse().unwrap()
}

fn made(document: Value, options: CreateOptions) -> Result<Vec<NewTask>, String> {
    prepare(&document, &options, now(), &|| "made".to_owned()).map_err(|error| error.to_string())
}

fn in_group() -> CreateOptions {
    CreateOptions { group: Some(GROUP.into()), ..CreateOptions::default() }
}

#[test]
fn a_definition_gets_what_it_does_not_say() {
    let tasks =
        made(json!({"taskQueueId": "a/b", "payload": {"expires": {"$fromNow": "2 hours"}}}), CreateOptions::default());
    assert_eq!(
        tasks.unwrap(),
        [NewTask {
            name: None,
            task_id: "made".into(),
            base: String::new(),
            definition: json!({
                "taskQueueId": "a/b", "payload": {"expires": "2026-11-26T14:00:00.000Z"}, "taskGroupId": "made",
                "schedulerId": "-", "created": "2026-11-26T12:00:00.000Z", "deadline": "2026-11-27T12:00:00.000Z",
                "expires": "2027-11-27T12:00:00.000Z",
            }),
        }]
    );
}

#[test]
fn tasks_that_name_each_other_become_a_group_in_order() {
    let file = json!({"tasks": [
        {"name": "test", "dependencies": ["build", GROUP]},
        {"name": "build", "payload": {}},
    ]});
    let tasks = made(file.clone(), in_group()).unwrap();
    let build = slugid::stable(GROUP, "build");
    assert_eq!(tasks.iter().map(|task| task.name.as_deref().unwrap()).collect::<Vec<_>>(), ["build", "test"]);
    assert_eq!(tasks[1].definition["dependencies"], json!([build, GROUP]));
    assert_eq!((tasks[0].task_id.as_str(), &tasks[0].base[..]), (build.as_str(), "/tasks/1"));
    assert!(tasks.iter().all(|task| task.definition["taskGroupId"] == GROUP && task.definition.get("name").is_none()));
    assert_eq!(made(file, in_group()).unwrap(), tasks, "the same group makes the same IDs");
}

#[test]
fn a_template_is_rendered_with_its_context() {
    let file = json!({"tasks": {"$map": {"$eval": "names"}, "each(n)": {
        "name": "${n}", "taskId": {"$eval": "as_slugid(n)"}, "deadline": {"$fromNow": "1 hour"}, "payload": {"env": {"N": "${n}"}},
    }}});
    let context = json!({"names": ["a", "b"]}).as_object().cloned();
    let tasks = made(file, CreateOptions { context, ..in_group() }).unwrap();
    assert_eq!(tasks[1].task_id, slugid::stable(GROUP, "b"));
    assert_eq!(
        (&tasks[1].definition["payload"]["env"]["N"], &tasks[1].definition["deadline"]),
        (&json!("b"), &json!("2026-11-26T13:00:00.000Z"))
    );
}

#[test]
fn without_a_context_dollars_are_left_alone() {
    let tasks =
        made(json!({"payload": {"command": [["bash", "-c", "echo ${HOME}"]]}}), CreateOptions::default()).unwrap();
    assert_eq!(tasks[0].definition["payload"]["command"][0][2], "echo ${HOME}");
}

#[test]
fn what_is_wrong_with_a_file_is_named() {
    let named = |name: &str, dependencies: Value| json!({"name": name, "dependencies": dependencies});
    for (file, expected) in [
        (json!([]), "the file is neither a task definition nor an object with a list `tasks`"),
        (json!({"tasks": []}), "the file has no tasks"),
        (json!({"tasks": [{}]}), "task 1 of the file has no `name`"),
        (json!({"tasks": [named("a", json!([])), named("a", json!([]))]}), "two tasks of the file are called `a`"),
        (
            json!({"tasks": [named("a", json!(["b"])), named("b", json!(["c"])), named("c", json!(["a"]))]}),
            "tasks depend on each other in a circle: a -> b -> c -> a",
        ),
        (
            json!({"tasks": [named("build", json!([])), named("test", json!(["biuld"]))]}),
            "task `test` depends on `biuld`, which is neither a task of the file nor a task ID",
        ),
        (json!({"deadline": {"$fromNow": "soon"}}), "invalid relative time `soon`"),
    ] {
        assert_eq!(made(file, in_group()).unwrap_err(), expected);
    }
    let several = json!({"tasks": [named("a", json!([])), named("b", json!([]))]});
    let options = CreateOptions { task_id: Some(GROUP.into()), ..CreateOptions::default() };
    assert_eq!(made(several, options).unwrap_err(), "a task ID was given, and the file has several tasks");
}

#[test]
fn a_template_counts_times_from_now() {
    let definition = json!({
        "provisionerId": "a", "workerType": "b", "taskQueueId": "a/b", "taskGroupId": GROUP,
        "created": "2026-11-26T12:00:00.000Z", "deadline": "2026-11-26T14:00:00.000Z",
        "payload": {"artifacts": [{"expires": "2026-11-27T12:00:00.000Z"}]},
    });
    let template = template(&definition);
    assert_eq!(
        template,
        json!({
            "taskQueueId": "a/b", "created": {"$fromNow": "0 seconds"}, "deadline": {"$fromNow": "7200 seconds"},
            "payload": {"artifacts": [{"expires": {"$fromNow": "86400 seconds"}}]},
        })
    );
    let again = made(template, CreateOptions::default()).unwrap();
    assert_eq!(again[0].definition["payload"]["artifacts"][0]["expires"], "2026-11-27T12:00:00.000Z");
}
