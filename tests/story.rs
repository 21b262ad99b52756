//! A day with the whole platform: a push whose test fails, an action that retriggers it through its hook, and what people
//! do about it: load a secret, quarantine the worker, write a mail. All tasks really run.

use std::fs;

use serde_json::{Value, json};
use tc::sandbox::{Sandbox, TaskList};

use crate::support::Tc;
use crate::support::execute;
use crate::support::wire::Wire;

const DECISION: &str = "VESwp9JaRo-XkFN_bemBhw";
const TEST: &str = "fN1SbArXTPSVFNUvaOlinQ";
/// The hook that `taskgraph`'s file of actions names.
const HOOK: &str = "project-small/in-tree-action-1-generic/0123456789";
/// As published for a group whose decision task is the one above.
const ACTIONS: &str = include_str!("data/taskgraph-actions.json");
/// What the tasks of this push need to be created.
const SCOPES: [&str; 4] = [
    "queue:create-task:highest:proj/linux",
    "queue:create-task:project:none",
    "queue:scheduler-id:small-level-1",
    "queue:route:notify.email.*",
];

/// A task of the push that runs this script in a place where it finds the program and the folder of the test.
fn task(tc: &Tc, name: &str, script: &str, more: Value) -> Value {
    let task = json!({
        "taskQueueId": "proj/linux", "schedulerId": "small-level-1", "taskGroupId": DECISION,
        "payload": {
            "command": [["/bin/sh", "-c", script]], "maxRunTime": 60,
            "env": {"TC": env!("CARGO_BIN_EXE_tc"), "FOLDER": tc.directory()},
        },
        "metadata": {"name": name, "description": "d", "owner": "a@example.com", "source": "https://example.com"},
    });
    execute::with(task, more)
}

/// A decision task that publishes actions, and a test that fails for as long as nobody has mended it.
fn seed(tc: &Tc) -> TaskList {
    let mut decision = task(
        tc,
        "decision",
        "cp \"$FOLDER/actions.json\" .",
        json!({"tags": {"kind": "decision-task"}, "scopes": ["in-tree:hook-action:project-small/in-tree-action-1-*"]}),
    );
    decision["payload"]["artifacts"] = json!([{"type": "file", "path": "actions.json", "name": "public/actions.json"}]);
    let test = task(
        tc,
        "test",
        "test -e \"$FOLDER/mended\"",
        json!({
            "tags": {"kind": "test", "retrigger": "true"}, "dependencies": [DECISION],
            "routes": ["notify.email.sheriff@example.com.on-failed"],
        }),
    );
    TaskList::parse(&json!({DECISION: decision, TEST: test}).to_string()).unwrap()
}

/// The hook of the action: its task retriggers what it is asked for, with its own scopes, through the task's proxy.
fn hook(tc: &Tc) -> Value {
    let mut action = task(
        tc,
        "Action: ${payload.decision.action.title}",
        "\"$TC\" task retrigger \"$TASK\"",
        json!({"taskGroupId": "${payload.decision.action.taskGroupId}", "scopes": SCOPES}),
    );
    action["payload"]["env"]["TASK"] = "${payload.user.taskId}".into();
    action["payload"]["features"] = json!({"taskclusterProxy": true});
    let (group, id) = HOOK.split_once('/').unwrap();
    json!({
        "hookGroupId": group, "hookId": id, "task": action, "schedule": [], "triggerSchema": {"type": "object"},
        "metadata": {"name": "Actions", "description": "d", "owner": "a@example.com"},
    })
}

fn mails(sandbox: &Sandbox) -> Vec<Value> {
    let seen = Wire::to(&format!("{}/sandbox/notifications", sandbox.root_url()), "GET").send().value();
    let subject = |it: &Value| json!([it["message"]["address"], it["message"]["subject"]]);
    seen["notifications"].as_array().unwrap().iter().map(subject).collect()
}

#[test]
fn a_failed_test_is_retriggered_by_an_action_and_what_was_behind_it_is_seen_to() {
    let sandbox = execute::sandbox(2);
    let tc = Tc::new().signed_in(&sandbox).env("PATH", &std::env::var("PATH").unwrap());
    let write = |name: &str, text: String| fs::write(tc.directory().join(name), text).unwrap();
    write("actions.json", ACTIONS.to_owned());
    write("hook.json", hook(&tc).to_string());
    write("secret.json", json!({"bot": {"TOKEN": "very secret"}}).to_string());

    // A push is made, and its test fails; the one who asked for it is told.
    sandbox.load_list(&seed(&tc), chrono::TimeDelta::zero()).unwrap();
    tc.run(&["task", "wait", DECISION]).stdout("completed 'completed'\n").stderr("").status(0);
    tc.run(&["task", "wait", TEST]).stdout("failed 'failed'\n").status(3);
    tc.run(&["group", "list", DECISION, "--state", "failed"]).stdout(&format!("{TEST} test failed\n")).status(0);
    let failed = json!(["sheriff@example.com", format!("Task failed: test - {TEST}")]);
    assert_eq!(mails(&sandbox), std::slice::from_ref(&failed));

    // The action's hook and its role are there; the fault is mended, and the test is run again by the action.
    let role = format!("hook-id:{HOOK}");
    let scopes = SCOPES.map(|scope| ["-s", scope]).concat();
    let created = format!("Role {role} created\n");
    tc.run(&[&["role", "create", &role][..], &scopes].concat()).stdout(&created).status(0);
    tc.run(&["hook", "create", "hook.json"]).stdout(&format!("{HOOK} created\n")).stderr("").status(0);
    write("mended", String::new());
    let ran = tc.run(&["action", "retrigger", TEST, "--yes", "--wait"]);
    ran.stderr("").status(0);
    let action = ran.stdout.split_whitespace().nth(1).unwrap().to_owned();
    ran.stdout(&format!("Task {action} created: {}/tasks/{action}\n", sandbox.root_url()));
    let fires = tc.run(&["hook", "fires", HOOK]);
    fires.stderr("").status(0);
    assert!(fires.stdout.ends_with(&format!("\ttriggerHook\tsuccess\t{action}\tcompleted\t\n")), "{fires}");
    tc.run(&["group", "wait", DECISION])
        .stderr("error: not all of 4 tasks completed: completed: 3, failed: 1\n")
        .status(3);
    let listed = tc.run(&["group", "list", DECISION]);
    let mut tasks: Vec<&str> = listed.stdout.lines().filter_map(|line| Some(line.split_once(' ')?.1)).collect();
    tasks.sort_unstable();
    assert_eq!(tasks, ["Action: Retrigger completed", "decision completed", "test completed", "test failed"]);

    // A command gets a secret by its environment.
    tc.run(&["secret", "set", "project/bot", "secret.json"]).stdout("+ bot\nSecret project/bot created\n").status(0);
    let script = "printf %s \"$TOKEN\" > got";
    let load = ["secret", "load", "project/bot", "--prefix", "bot", "--required", "TOKEN", "--exec", script];
    tc.run(&load).stdout("").stderr("").status(0);
    assert_eq!(fs::read_to_string(tc.directory().join("got")).unwrap(), "very secret");

    // The worker that had the failed run gets no more work.
    let of_run = ".status | \"\\(.taskQueueId)/\\(.runs[0].workerGroup)/\\(.runs[0].workerId)\"";
    let worker = tc.run(&["api", "queue", "status", TEST, "--jq", of_run]).stdout.trim_end().to_owned();
    tc.run(&["worker", "quarantine", &worker, "--reason", "disk is full"])
        .stdout(&format!("Worker {worker} quarantined\n"))
        .stderr("")
        .status(0);
    let quarantined = tc.run(&["worker", "list", "proj/linux", "--quarantined"]);
    assert!(quarantined.stdout.starts_with(&format!("{worker}\t")), "{quarantined}");
    assert_eq!(quarantined.stdout.lines().count(), 1, "{quarantined}");

    // And a mail says so.
    tc.run(&["notify", "email", "sheriff@example.com", "mended", "-s", "all is well"])
        .stdout("")
        .stderr("Sent to sheriff@example.com.\n")
        .status(0);
    assert_eq!(mails(&sandbox), [failed, json!(["sheriff@example.com", "all is well"])]);
}
