//! `tc scope required`, `expand` and `check`.

use tc::sandbox::{Options, Sandbox};

use crate::support::Tc;

const TASK: &str = "VESwp9JaRo-XkFN_bemBhw";

fn of(sandbox: &Sandbox) -> Tc {
    Tc::new()
        .env("TASKCLUSTER_ROOT_URL", sandbox.root_url())
        .env("TASKCLUSTER_CLIENT_ID", sandbox.client_id())
        .env("TASKCLUSTER_ACCESS_TOKEN", sandbox.access_token().reveal())
}

#[test]
fn required_scopes_need_no_deployment() {
    let tc = Tc::new();
    tc.run(&["scope", "required", "task.rerun", "group.cancel", "group.rerun"])
        .stdout("queue:rerun-task:*\nqueue:cancel-task:*\n")
        .stderr("")
        .status(0);
    tc.run(&["scope", "required", "queue.rerunTask", "--scheduler-id", "s", "--task-group", "g", "--task", "-t"])
        .stdout("queue:rerun-task:s/g/-t\n");
    tc.run(&["scope", "required", "task.cancel", "--project", "gecko", "--json"])
        .stdout("[\n  \"queue:cancel-task-in-project:gecko\"\n]\n");
    tc.run(&["scope", "required", "artifact.download", "--param", "name=private/a"])
        .stdout("queue:get-artifact:private/a\n");
    tc.run(&["scope", "required", "queue.claimTask", "--worker-pool", "p/w"])
        .stdout("queue:claim-task:p/w\nqueue:worker-id:*\n");
    tc.run(&["scope", "required", "queue.ping"]).stdout("").stderr("No scopes are needed.\n").status(0);
    tc.run(&["scope", "required", "queue.createTask", "--param", "scopes=[\"a\"]", "--param", "routes=[]"])
        .stdout("a\nqueue:create-task:project:*\nqueue:scheduler-id:*\nqueue:create-task:*\n")
        .stderr("");
}

#[test]
fn unknown_names_come_with_the_near_ones() {
    for (name, hint) in [
        ("task.rerum", "Did you mean `task.rerun`"),
        ("queue.rerunTsk", "Did you mean `rerunTask`"),
        ("rerun", "A verb is written task.rerun, a method queue.rerunTask."),
    ] {
        let ran = Tc::new().run(&["scope", "required", name]);
        ran.stdout("").status(2);
        assert!(ran.stderr.contains(hint), "{ran}");
    }
}

#[test]
fn the_deployment_expands_roles() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = of(&sandbox);
    tc.run(&["api", "auth", "createRole", "duty", "-d", r#"{"description": "", "scopes": ["queue:rerun-task:*"]}"#])
        .status(0);
    tc.run(&["scope", "expand", "assume:duty", "a\nb"])
        .stdout("a\nassume:duty\nb\nqueue:rerun-task:*\n")
        .stderr("")
        .status(0);
    assert_eq!(tc.run(&["scope", "expand", "a", "--json"]).json(), serde_json::json!(["a"]));
    tc.run(&["scope", "expand", ""]).stdout("").status(2);
}

/// A sandbox with one task of the scheduler `s` in the project `p`.
fn with_task() -> (Sandbox, Tc) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = of(&sandbox);
    let [now, later] = [0, 3600].map(|seconds| {
        let time = chrono::Utc::now() + chrono::TimeDelta::seconds(seconds);
        time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
    });
    let task = serde_json::json!({
        "taskQueueId": "pool/worker", "schedulerId": "s", "projectId": "p", "created": now, "deadline": later,
        "payload": {}, "metadata": {"name": "n", "description": "d", "owner": "o@example.com", "source": "https://example.com"},
    });
    tc.run(&["api", "queue", "createTask", TASK, "-d", &task.to_string()]).status(0);
    (sandbox, tc)
}

#[test]
fn a_check_looks_up_what_the_task_is_of() {
    let (_sandbox, tc) = with_task();
    let checked = |scope: &str, arguments: &[&str]| {
        let allowed = ["--authorized-scope", scope, "--authorized-scope", "auth:current-scopes"];
        tc.run(&[&["scope", "check"], arguments, &allowed[..]].concat())
    };
    let rerun = ["queue.rerunTask", TASK];
    for scope in ["queue:rerun-task:s/*", "queue:rerun-task-in-project:p", &format!("queue:rerun-task:s/{TASK}/{TASK}")]
    {
        checked(scope, &rerun).status(0).stdout("queue.rerunTask is allowed to static/taskcluster/root\n").stderr("");
    }
    let ran = checked("queue:rerun-task:other/*", &rerun);
    ran.status(4).stdout(&format!(
        "queue.rerunTask is not allowed to static/taskcluster/root; missing:\n  any of\n    queue:rerun-task:s/{TASK}/{TASK}\n    \
         queue:rerun-task-in-project:p\n    all of\n      queue:rerun-task\n      assume:scheduler-id:s/{TASK}\n"
    ));
    ran.stderr(&format!("hint: To ask for what is missing: tc signin -s queue:rerun-task:s/{TASK}/{TASK}\n"));
    // A group's scheduler is looked up as well.
    checked("queue:seal-task-group:s/*", &["queue.sealTaskGroup", TASK]).status(0);
    checked("queue:seal-task-group:t/*", &["queue.sealTaskGroup", TASK]).status(4);
}

#[test]
fn what_is_left_out_stands_for_any() {
    let (_sandbox, tc) = with_task();
    let checked = |scope: &str, method: &str| {
        tc.run(&["scope", "check", method, "--authorized-scope", scope, "--authorized-scope", "auth:current-scopes"])
            .status
    };
    assert_eq!(checked("queue:rerun-task:*", "queue.rerunTask"), 0);
    assert_eq!(checked("queue:rerun-task:s/*", "queue.rerunTask"), 4);
    assert_eq!(checked("secrets:get:a", "secrets.get"), 4);
}

#[test]
fn a_check_is_json_for_scripts() {
    let (_sandbox, tc) = with_task();
    let arguments = ["--authorized-scope", "auth:current-scopes", "--json"];
    let ran = tc.run(&[&["scope", "check", "secrets.get", "x"], &arguments[..]].concat());
    let expected = serde_json::json!({"method": "secrets.get", "clientId": "static/taskcluster/root", "allowed": false,
        "needed": "secrets:get:x", "missing": "secrets:get:x"});
    assert_eq!(ran.status(4).stderr("").json(), expected);
    let ran = tc.run(&["scope", "check", "queue.ping", "--json"]);
    assert_eq!(ran.status(0).json()["needed"], serde_json::Value::Null);
}

#[test]
fn anybody_may_ask_what_anybody_may_do() {
    let (sandbox, _) = with_task();
    let tc = Tc::new().env("TASKCLUSTER_ROOT_URL", sandbox.root_url());
    tc.run(&["scope", "check", "queue.status", TASK]).stdout("queue.status is allowed to anybody\n").status(0);
    tc.run(&["scope", "check", "queue.cancelTask", TASK]).status(4);
    let ran = tc.run(&["scope", "check", "queue.status", TASK, "more"]);
    ran.stdout("")
        .status(2)
        .stderr("error: queue.status got more arguments than it takes: `more`\nhint: It takes <taskId>.\n");
}
