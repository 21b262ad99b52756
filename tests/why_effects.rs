//! Situations that `tc task why` is asked about, each made on a sandbox; every command that it names is run there, and
//! what it says of its effect must come true.

use serde_json::{Value, json};
use tc::sandbox::{Blob, Stored};

use crate::support::group::Group;
use crate::support::{Ran, Tc};

const POOL: &str = "proj-x/linux";

/// A situation: what it is, the kind of the finding, and how to bring a task into it.
type Situation = (&'static str, &'static str, fn(&Group) -> String);

fn why(group: &Group, id: &str) -> Value {
    let ran = group.tc().run(&["task", "why", "--json", id]);
    ran.status(0).stderr("");
    ran.json()
}

fn call(group: &Group, words: &[&str], body: Option<Value>) {
    let body = body.map(|body| body.to_string());
    let mut words: Vec<&str> = [&["api"], words].concat();
    if let Some(body) = &body {
        words.extend(["-d", body]);
    }
    group.tc().run(&words).status(0);
}

fn claim(group: &Group, id: &str, run: usize) {
    group.queue("claimTask", &[id, &run.to_string()], Some(json!({"workerGroup": "g", "workerId": "w"})));
}

fn runs(group: &Group, id: &str) -> usize {
    group.queue("status", &[id], None)["status"]["runs"].as_array().map_or(0, Vec::len)
}

fn end(group: &Group, id: &str, how: &str) {
    claim(group, id, runs(group, id) - 1);
    group.queue(how, &[id, &(runs(group, id) - 1).to_string()], None);
}

/// A worker that has done a task of the pool, so that the queue knows it.
fn worker(group: &Group, name: &str) {
    let id = group.define("earlier", &json!({"priority": "highest"}));
    let claims = group.queue("claimWork", &[POOL], Some(json!({"workerGroup": "g", "workerId": name, "tasks": 1})));
    assert_eq!(claims["tasks"][0]["status"]["taskId"], json!(id));
    group.queue("reportCompleted", &[&id, "0"], None);
}

fn pool(group: &Group, name: &str, provider: &str, config: Value) {
    let body = json!({
        "providerId": provider, "description": "", "owner": "a@example.com", "emailOnError": false, "config": config,
    });
    call(group, &["worker-manager", "createWorkerPool", name], Some(body));
}

fn waits_for(group: &Group, dependencies: &[&str]) -> String {
    group.define("waiting", &json!({"dependencies": dependencies}))
}

fn with_log(group: &Group, log: &str, more: &Value) -> String {
    let id = group.define("test", more);
    claim(group, &id, 0);
    let blob = Blob::new(log.as_bytes().to_vec()).content_type("text/plain");
    group.sandbox.add_artifact(&id, 0, "public/logs/live_backing.log", Stored::S3, blob).unwrap();
    id
}

fn failed(group: &Group, log: &str, more: &Value) -> String {
    let id = with_log(group, log, more);
    group.queue("reportFailed", &[&id, "0"], None);
    id
}

fn exception(group: &Group, reason: &str, log: &str) -> String {
    worker(group, "w");
    let id = with_log(group, log, &json!({"retries": 0}));
    group.queue("reportException", &[&id, "0"], Some(json!({"reason": reason})));
    id
}

fn cancelled(group: &Group, id: String) -> String {
    group.queue("cancelTask", &[&id], None);
    id
}

const UNSCHEDULED: &[Situation] = &[
    ("a dependency failed", "dependency-failed", |group| waits_for(group, &[&group.task("a", "failed")])),
    ("a dependency is an exception", "dependency-failed", |group| waits_for(group, &[&group.task("a", "exception")])),
    ("a dependency was cancelled", "dependency-failed", |group| {
        waits_for(group, &[&cancelled(group, group.task("a", "pending"))])
    }),
    ("a failure two steps up", "dependency-failed", |group| {
        waits_for(group, &[&waits_for(group, &[&group.task("a", "failed")])])
    }),
    ("two failures", "dependency-failed", |group| {
        waits_for(group, &[&group.task("a", "failed"), &group.task("b", "failed")])
    }),
    ("a failure and a running task", "dependency-failed", |group| {
        waits_for(group, &[&group.task("a", "failed"), &group.task("b", "running")])
    }),
    ("a failure and a completed task", "dependency-failed", |group| {
        waits_for(group, &[&group.task("a", "failed"), &group.task("b", "completed")])
    }),
    ("a running dependency", "dependency-unfinished", |group| waits_for(group, &[&group.task("a", "running")])),
    ("two running ones", "dependency-unfinished", |group| {
        waits_for(group, &[&group.task("a", "running"), &group.task("b", "running")])
    }),
    ("a pending dependency", "dependency-unfinished", |group| waits_for(group, &[&group.task("a", "pending")])),
    ("running and pending ones, a step up", "dependency-unfinished", |group| {
        waits_for(group, &[&waits_for(group, &[&group.task("a", "running"), &group.task("b", "pending")])])
    }),
    ("a failure that does, and a running task", "dependency-unfinished", |group| {
        let dependencies = [group.task("a", "failed"), group.task("b", "running")];
        group.define("waiting", &json!({"dependencies": dependencies, "requires": "all-resolved"}))
    }),
    ("it waits for itself", "waits-for-itself", |group| itself(group)),
    ("it waits for one that waits for itself", "waits-for-itself", |group| waits_for(group, &[&itself(group)])),
];

const PENDING: &[Situation] = &[
    ("a higher priority comes first", "behind-others", |group| {
        worker(group, "w");
        group.define("first", &json!({"priority": "medium"}));
        group.define("test", &json!({"priority": "low"}))
    }),
    ("others are older", "behind-others", |group| {
        worker(group, "w");
        group.define("first", &json!({"priority": "low"}));
        group.define("second", &json!({"priority": "low"}))
    }),
    ("no such pool, and one of a similar name", "no-such-pool", |group| {
        pool(group, "proj-x/linux-b", "static", json!({}));
        group.task("test", "pending")
    }),
    ("no pool at all", "no-such-pool", |group| group.task("test", "pending")),
    ("a pool that may have no workers", "pool-is-off", |group| {
        pool(group, POOL, "gcp", json!({"minCapacity": 0, "maxCapacity": 0, "launchConfigs": []}));
        group.task("test", "pending")
    }),
    ("a pool that goes away", "pool-is-going-away", |group| {
        pool(group, POOL, "null-provider", json!({}));
        group.task("test", "pending")
    }),
    ("no worker ever", "no-worker-seen", |group| {
        pool(group, POOL, "static", json!({}));
        group.task("test", "pending")
    }),
    ("starting workers fails", "launch-errors", |group| {
        pool(group, POOL, "static", json!({}));
        let path = |method| ["worker-manager", method, POOL, "g", "i"];
        let expires = "2027-01-01T00:00:00.000Z";
        let secret = "x".repeat(44);
        let made = json!({"providerInfo": {"staticSecret": secret}, "capacity": 1, "expires": expires});
        call(group, &path("createWorker"), Some(made));
        let error = json!({
            "workerGroup": "g", "workerId": "i", "kind": "k", "title": "Quota exceeded", "description": "d", "extra": {},
        });
        call(group, &["worker-manager", "reportWorkerError", POOL], Some(error));
        call(group, &path("removeWorker"), None);
        group.task("test", "pending")
    }),
    ("all workers are in quarantine", "workers-quarantined", |group| {
        pool(group, POOL, "static", json!({}));
        worker(group, "w");
        let until = json!({"quarantineUntil": "2027-01-01T00:00:00.000Z", "quarantineInfo": "broken"});
        call(group, &["queue", "quarantineWorker", "proj-x", "linux", "g", "w"], Some(until));
        group.task("test", "pending")
    }),
    ("it has just become pending", "just-pending", |group| {
        pool(group, POOL, "static", json!({}));
        worker(group, "w");
        group.task("test", "pending")
    }),
    ("a run after a lost worker", "next-in-queue", |group| {
        worker(group, "w");
        let id = group.task("test", "running");
        group.queue("reportException", &[&id, "0"], Some(json!({"reason": "worker-shutdown"})));
        id
    }),
];

const ENDED: &[Situation] = &[
    ("a line tells the failure", "failed", |group| {
        failed(group, "fine\nTEST-UNEXPECTED-FAIL | a.html | got 1\n", &json!({}))
    }),
    ("a compiler tells the failure", "failed", |group| failed(group, "src/a.c:3:5: error: no x here\n", &json!({}))),
    ("the disk was full", "failed-by-infrastructure", |group| failed(group, "No space left on device\n", &json!({}))),
    ("the network failed", "failed-by-infrastructure", |group| {
        failed(group, "curl: (6) Could not resolve host: example.com\n", &json!({}))
    }),
    ("only an exit status", "failed-unexplained", |group| {
        failed(group, "[taskcluster:error] exit status 3\n", &json!({}))
    }),
    ("nothing in the log", "failed-unexplained", |group| failed(group, "all is well\n", &json!({}))),
    ("no log", "failed-without-log", |group| group.task("test", "failed")),
    ("its retries are used up", "failed", |group| {
        let log = "error: it broke\n[taskcluster 2026-11-22T12:00:00.000Z]   Exit Code: 4\n";
        failed(group, log, &json!({"retries": 0, "payload": {"onExitStatus": {"retry": [4]}}}))
    }),
    ("runs before it", "failed", |group| {
        let id = failed(group, "error: it broke\n", &json!({}));
        group.queue("rerunTask", &[&id], None);
        claim(group, &id, 1);
        let blob = Blob::new("error: it broke again\n").content_type("text/plain");
        group.sandbox.add_artifact(&id, 1, "public/logs/live_backing.log", Stored::S3, blob).unwrap();
        group.queue("reportFailed", &[&id, "1"], None);
        id
    }),
    ("the worker was shut down", "worker-shutdown", |group| exception(group, "worker-shutdown", "error: x\n")),
    ("a resource could not be had", "resource-unavailable", |group| {
        exception(group, "resource-unavailable", "error: no such image\n")
    }),
    ("the worker failed", "internal-error", |group| exception(group, "internal-error", "error: the pump\n")),
    ("the task asked for another try", "intermittent-task", |group| {
        exception(group, "intermittent-task", "error: flux\n")
    }),
    ("a payload with a fault", "malformed-payload", |group| {
        let id = group.define("test", &json!({"payload": {"command": [["true"]], "maxRunTime": "long"}}));
        group.advance(&id, "exception");
        id
    }),
    ("a payload that only the log faults", "malformed-payload", |group| {
        exception(group, "malformed-payload", "[taskcluster:error] the payload is invalid\n")
    }),
    ("cancelled before a worker took it", "canceled", |group| cancelled(group, group.task("test", "pending"))),
    ("cancelled while it ran", "canceled", |group| cancelled(group, group.task("test", "running"))),
    ("cancelled before it was scheduled", "canceled", |group| cancelled(group, group.task("test", "unscheduled"))),
    ("completed", "completed", |group| group.task("test", "completed")),
    ("completed at last", "completed-after-retries", |group| {
        let id = group.task("test", "failed");
        group.queue("rerunTask", &[&id], None);
        end(group, &id, "reportCompleted");
        id
    }),
    ("it runs", "running", |group| group.task("test", "running")),
];

fn itself(group: &Group) -> String {
    let id = slugid::nice();
    let other = group.queue("task", &[&group.task("model", "pending")], None);
    let mut task = other;
    task["dependencies"] = json!([id]);
    task["taskGroupId"] = json!(group.id);
    group.queue("createTask", &[&id], Some(task));
    id
}

fn ids(words: &[String]) -> Vec<&str> {
    words.iter().skip(3).map(String::as_str).filter(|word| word.len() == 22 && !word.starts_with("--")).collect()
}

/// Runs a command in this situation, and looks at what it says that it does.
fn run(group: &Group, task: &str, command: &str) {
    let words = shlex::split(command).unwrap();
    let tc: Tc = group
        .tc()
        .env("EDITOR", r#"sed -i 's/"name": "[a-z]*"/"name": "edited"/; s/"maxRunTime": "long"/"maxRunTime": 600/'"#);
    // The person who looks at what was edited agrees.
    let agreed = words.get(1..3).is_some_and(|verb| verb == ["task", "edit"]).then_some("--yes");
    let go = || -> Ran { tc.run(&words.iter().skip(1).map(String::as_str).chain(agreed).collect::<Vec<_>>()) };
    let about = ids(&words);
    let verb: Vec<&str> = words.iter().skip(1).take(2).map(String::as_str).collect();
    match verb.as_slice() {
        ["task", "rerun"] => {
            let before: Vec<usize> = about.iter().map(|id| runs(group, id)).collect();
            go().status(0);
            for (id, before) in about.iter().zip(before) {
                assert_eq!((group.state(id).as_str(), runs(group, id)), ("pending", before + 1), "{command}");
            }
        }
        ["task", "schedule"] => {
            go().status(0);
            assert_eq!(group.state(about[0]), "pending", "{command}");
        }
        // What is waited for has come when it is asked.
        ["task", "wait"] if command.contains("--for running") => {
            let number = runs(group, about[0]).saturating_sub(1);
            claim(group, about[0], number);
            go().status(0);
        }
        ["task", "wait"] => {
            if group.state(about[0]) == "pending" {
                claim(group, about[0], 0);
            }
            if group.state(about[0]) == "running" {
                group.queue("reportCompleted", &[about[0], "0"], None);
                go().status(0);
            }
        }
        ["task", "log"] => {
            if group.state(about[0]) == "running" {
                group.queue("reportCompleted", &[about[0], "0"], None);
            }
            let ran = go();
            let has_log = ran.status == 0 && !ran.stdout.is_empty();
            assert!(has_log || ran.stderr.contains("has no log"), "{command}: {ran}");
        }
        ["task", "errors"] => assert!(!go().status(0).stdout.is_empty(), "{command}"),
        ["task", "why"] => assert!(go().status(0).stdout.contains(about[0]), "{command}"),
        ["task", "deps"] => {
            let ran = go();
            let dependencies = group.queue("task", &[about[0]], None)["dependencies"].clone();
            let shown = dependencies.as_array().unwrap().iter().all(|id| ran.stdout.contains(id.as_str().unwrap()));
            assert!(ran.status == 0 && shown, "{command}: {ran}");
        }
        ["task", "validate"] => assert!([0, 1].contains(&go().status), "{command}"),
        ["task", "edit" | "retrigger"] => {
            let ran = go();
            ran.status(0);
            let made = ran.stdout.split_whitespace().find(|word| word.len() == 22 && *word != task);
            let made = made.unwrap_or_else(|| panic!("{command} made no task: {ran}"));
            assert!(["pending", "unscheduled"].contains(&group.state(made).as_str()), "{command}");
            if verb[1] == "edit" {
                assert_eq!(group.queue("task", &[made], None)["metadata"]["name"], json!("edited"));
            }
        }
        ["task", "priority"] => {
            go().status(0);
            assert_eq!(group.queue("task", &[about[0]], None)["priority"], json!("high"), "{command}");
        }
        ["worker", "pool"] => assert!(go().status(0).stdout.contains(POOL), "{command}"),
        ["worker", "errors"] => assert!(go().status(0).stdout.contains("Quota exceeded"), "{command}"),
        ["worker", "list"] => assert!(go().status(0).stdout.contains('w'), "{command}"),
        ["worker", "show"] => assert!(go().status(0).stdout.contains(task), "{command}"),
        ["worker", "pools"] => drop(go().status(0)),
        ["api", "queue"] => assert!(go().status(0).stdout.contains(task), "{command}"),
        _ => panic!("nobody looks at the effect of {command}"),
    }
}

/// Each command in a sandbox of its own: what one does would change the situation of the next.
fn try_all(situations: &[Situation]) {
    for (name, kind, prepare) in situations {
        let (mut number, mut count) = (0, 1);
        while number < count {
            let group = Group::new();
            let task = prepare(&group);
            let found = why(&group, &task);
            assert_eq!(found["kind"], json!(kind), "{name}: {found}");
            let steps = found["next"].as_array().unwrap();
            count = steps.len();
            if let Some(step) = steps.get(number) {
                assert!(!step["effect"].as_str().unwrap().is_empty(), "{name}: {found}");
                run(&group, &task, step["command"].as_str().unwrap());
            }
            number += 1;
        }
    }
}

#[test]
fn what_is_said_of_unscheduled_tasks_comes_true() {
    try_all(UNSCHEDULED);
}

#[test]
fn what_is_said_of_pending_tasks_comes_true() {
    try_all(PENDING);
}

#[test]
fn what_is_said_of_tasks_that_ran_comes_true() {
    try_all(&ENDED[..ENDED.len() / 2]);
}

#[test]
fn what_is_said_of_further_tasks_that_ran_comes_true() {
    try_all(&ENDED[ENDED.len() / 2..]);
}

#[test]
fn there_are_forty_situations() {
    assert!(UNSCHEDULED.len() + PENDING.len() + ENDED.len() >= 40);
}
