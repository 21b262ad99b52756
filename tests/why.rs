//! `tc task why` and `tc group why`, against a sandbox; the commands that they name are run.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use tc::sandbox::{Blob, Stored};

use crate::support::Tc;
use crate::support::group::Group;

/// What `tc task why --json` says of a task.
fn why(group: &Group, id: &str) -> Value {
    let ran = group.tc().run(&["task", "why", "--json", id]);
    ran.status(0).stderr("");
    ran.json()
}

fn evidence(found: &Value) -> String {
    found["evidence"].as_array().unwrap().iter().map(|fact| format!("{}\n", fact.as_str().unwrap())).collect()
}

fn commands(found: &Value) -> Vec<String> {
    let steps = found["next"].as_array().unwrap();
    assert!(steps.iter().all(|step| !step["effect"].as_str().unwrap().is_empty()), "{found}");
    steps.iter().map(|step| step["command"].as_str().unwrap().to_owned()).collect()
}

/// Runs a command that was named.
fn run(group: &Group, command: &str) -> u8 {
    let words = shlex::split(command).unwrap();
    let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    let ran = group.tc().run(&words);
    assert!(!ran.stderr.contains("error: unexpected") && ran.status != 2, "{command}: {ran}");
    ran.status
}

/// Runs all commands that only look; each must do what it should.
fn run_lookers(group: &Group, found: &Value) {
    for command in commands(found) {
        let acts = ["rerun", "schedule", "retrigger", "edit", "wait", "priority", "signin"];
        if acts.iter().any(|verb| command.split(' ').nth(2) == Some(verb) || command.split(' ').nth(1) == Some(verb)) {
            continue;
        }
        let status = run(group, &command);
        // A definition that is not valid is what one looks for.
        assert!(status == 0 || (command.contains("validate") && status == 1), "{command} ended with {status}");
    }
}

fn complete(group: &Group, id: &str, run: &str) {
    group.queue("claimTask", &[id, run], Some(json!({"workerGroup": "g", "workerId": "w"})));
    group.queue("reportCompleted", &[id, run], None);
}

fn with_log(group: &Group, id: &str, log: &str) {
    let blob = Blob::new(log.as_bytes().to_vec()).content_type("text/plain");
    group.sandbox.add_artifact(id, 0, "public/logs/live_backing.log", Stored::S3, blob).unwrap();
}

#[test]
fn a_task_behind_a_failed_one_runs_once_that_is_rerun() {
    let group = Group::new();
    let root = group.task("build", "failed");
    let middle = group.define("sign", &json!({"dependencies": [root]}));
    let task = group.define("test", &json!({"dependencies": [middle]}));
    let found = why(&group, &task);
    assert_eq!((&found["state"], &found["kind"]), (&json!("unscheduled"), &json!("dependency-failed")));
    let cause = format!("it will never run unless it is helped: 1 task did not complete, by way of {middle}");
    assert_eq!(found["cause"], json!(cause));
    assert!(evidence(&found).contains(&format!("{root} build: failed ")), "{found}");
    run_lookers(&group, &found);
    let first = commands(&found).remove(0);
    assert_eq!(first, format!("tc task rerun {root}"));
    assert_eq!(run(&group, &first), 0);
    assert_eq!(why(&group, &task)["kind"], json!("dependency-unfinished"));
    complete(&group, &root, "1");
    let mut waited = 0;
    while group.state(&middle) != "pending" && waited < 100 {
        std::thread::sleep(std::time::Duration::from_millis(50));
        waited += 1;
    }
    assert_eq!(group.state(&middle), "pending");
}

#[test]
fn a_task_that_waits_for_itself_runs_once_it_is_scheduled() {
    let group = Group::new();
    let id = slugid::nice();
    let stamp = |hours| (Utc::now() + TimeDelta::hours(hours)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let task = json!({
        "taskQueueId": "proj-x/linux", "schedulerId": "s", "taskGroupId": group.id, "dependencies": [id],
        "created": stamp(0), "deadline": stamp(2), "expires": stamp(72), "payload": {},
        "metadata": {"name": "gate", "description": "d", "owner": "a@example.com", "source": "https://example.com"},
    });
    group.queue("createTask", &[&id], Some(task));
    let found = why(&group, &id);
    assert_eq!(found["cause"], json!("it waits for itself: it runs when someone schedules it"));
    assert_eq!(run(&group, &commands(&found)[0]), 0);
    assert_eq!(group.state(&id), "pending");
}

#[test]
fn a_pending_task_of_a_pool_that_there_is_not_names_the_nearest() {
    let group = Group::new();
    let pool = json!({
        "providerId": "static", "description": "", "owner": "a@example.com", "emailOnError": false,
        "config": {},
    });
    group.tc().run(&["api", "worker-manager", "createWorkerPool", "proj-x/linux-b", "-d", &pool.to_string()]).status(0);
    let id = group.task("test", "pending");
    let found = why(&group, &id);
    assert_eq!(found["cause"], json!("there is no worker pool proj-x/linux"));
    assert!(evidence(&found).contains("there is proj-x/linux-b\n"), "{found}");
    run_lookers(&group, &found);
}

#[test]
fn a_pending_task_behind_others_comes_first_with_a_higher_priority() {
    let group = Group::new();
    // A worker that has asked for work, so that the pool counts as there.
    let claimed =
        group.queue("claimWork", &["proj-x/linux"], Some(json!({"workerGroup": "g", "workerId": "w", "tasks": 1})));
    assert_eq!(claimed["tasks"], json!([]));
    let first = group.define("first", &json!({"priority": "medium"}));
    let second = group.define("second", &json!({"priority": "low"}));
    let third = group.define("third", &json!({"priority": "low"}));
    let found = why(&group, &third);
    assert_eq!(found["cause"], json!("1 task of a higher priority comes first"));
    assert!(
        evidence(&found)
            .contains("it is number 3 in the queue: 1 of a higher priority, 1 older ones of priority low\n"),
        "{found}"
    );
    run_lookers(&group, &found);
    let raise = commands(&found).into_iter().find(|command| command.contains("priority")).unwrap();
    assert_eq!(run(&group, &raise), 0);
    assert!(evidence(&why(&group, &third)).contains("it is number 1 in the queue"));
    for id in [first, second] {
        run_lookers(&group, &why(&group, &id));
    }
}

#[test]
fn what_may_not_be_seen_is_said_and_the_rest_is_answered() {
    let group = Group::new();
    let id = group.task("test", "pending");
    let expires = (Utc::now() + TimeDelta::hours(1)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let body =
        json!({"expires": expires, "description": "", "scopes": ["queue:pending-count:*", "queue:claimed-count:*"]});
    let made = group.tc().run(&["api", "auth", "createClient", "looker", "-d", &body.to_string()]).json();
    let tc = Tc::new()
        .at(group.sandbox.root_url())
        .env("TASKCLUSTER_CLIENT_ID", "looker")
        .env("TASKCLUSTER_ACCESS_TOKEN", made["accessToken"].as_str().unwrap());
    let ran = tc.run(&["task", "why", "--json", &id]);
    ran.status(0);
    let found = ran.json();
    let facts = evidence(&found);
    assert!(facts.contains("1 task is pending in proj-x/linux, 0 are claimed\n"), "{facts}");
    assert!(
        facts.contains("not allowed to see the tasks that are pending: queue:pending-list:proj-x/linux is missing\n"),
        "{facts}"
    );
    let last = commands(&found).pop().unwrap();
    assert_eq!(last, "tc signin --add -s queue:pending-list:proj-x/linux");
}

#[test]
fn a_failed_task_is_told_by_the_line_of_its_log() {
    let group = Group::new();
    let id = group.task("test", "running");
    with_log(
        &group,
        &id,
        "fine\nTEST-UNEXPECTED-FAIL | dom/a.html | got 1, expected 2\n[taskcluster:error] exit status 1\n",
    );
    group.queue("reportFailed", &[&id, "0"], None);
    let found = why(&group, &id);
    assert_eq!(found["cause"], json!("it failed (test): TEST-UNEXPECTED-FAIL | dom/a.html | got 1, expected 2"));
    assert!(evidence(&found).contains("line 2: TEST-UNEXPECTED-FAIL"), "{found}");
    assert!(evidence(&found).contains("its command ended with exit status 1\n"), "{found}");
    run_lookers(&group, &found);
    let ran = group.tc().run(&["task", "why", &id]);
    ran.status(0).stderr("");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], format!("test {id}"));
    assert!(
        lines[1].starts_with("failed ") && lines[1].contains(" ago: it failed (test): TEST-UNEXPECTED-FAIL"),
        "{ran}"
    );
    assert_eq!(lines[2], "  - line 2: TEST-UNEXPECTED-FAIL | dom/a.html | got 1, expected 2");
}

#[test]
fn a_failed_task_without_a_log_is_answered() {
    let group = Group::new();
    let id = group.task("test", "failed");
    let found = why(&group, &id);
    assert_eq!(found["cause"], json!("it failed, and has no log that could be read"));
    assert_eq!(run(&group, &commands(&found)[0]), 0);
    assert_eq!(group.state(&id), "pending");
}

#[test]
fn a_payload_that_a_worker_refused_is_checked_here() {
    let group = Group::new();
    let payload = json!({"payload": {"command": [["true"]], "maxRunTime": "long"}});
    let id = group.define("test", &payload);
    group.advance(&id, "exception");
    let found = why(&group, &id);
    assert_eq!(found["kind"], json!("malformed-payload"));
    assert!(found["cause"].as_str().unwrap().contains("payload.maxRunTime: "), "{found}");
    run_lookers(&group, &found);
}

#[test]
fn every_reason_of_an_exception_is_answered_and_its_commands_run() {
    for (reason, kind) in [
        ("worker-shutdown", "worker-shutdown"),
        ("resource-unavailable", "resource-unavailable"),
        ("internal-error", "internal-error"),
        ("intermittent-task", "intermittent-task"),
    ] {
        let group = Group::new();
        let id = group.define("test", &json!({"retries": 0}));
        group.queue("claimWork", &["proj-x/linux"], Some(json!({"workerGroup": "g", "workerId": "w", "tasks": 1})));
        with_log(&group, &id, "error: the pump is broken\n");
        group.queue("reportException", &[&id, "0"], Some(json!({"reason": reason})));
        let found = why(&group, &id);
        assert_eq!((&found["state"], &found["kind"]), (&json!("exception"), &json!(kind)), "{found}");
        run_lookers(&group, &found);
        let rerun = commands(&found).into_iter().find(|command| command.contains("rerun")).unwrap();
        assert_eq!(run(&group, &rerun), 0);
        assert_eq!(group.state(&id), "pending");
    }
    let group = Group::new();
    let id = group.task("test", "pending");
    group.queue("cancelTask", &[&id], None);
    let found = why(&group, &id);
    assert_eq!(found["cause"], json!("somebody cancelled it before a worker took it"));
    assert_eq!(run(&group, &commands(&found)[0]), 0);
    assert_eq!(group.state(&id), "pending");
}

#[test]
fn a_running_task_is_compared_with_the_same_task_elsewhere() {
    let group = Group::new();
    let other = slugid::nice();
    let done = group.define("test", &json!({"taskGroupId": other}));
    complete(&group, &done, "0");
    let id = group.define("test", &json!({"payload": {"maxRunTime": 3600}}));
    group.advance(&id, "running");
    let ran = group.tc().run(&["task", "why", "--json", "--compare", &other, &id]);
    ran.status(0);
    let found = ran.json();
    let facts = evidence(&found);
    assert!(facts.contains("worker g/w of proj-x/linux has it\n"), "{facts}");
    assert!(facts.contains("of at most 1 h 0 min have passed (0 %)\n"), "{facts}");
    assert!(facts.contains("the same task took 0 s elsewhere (median of 1)\n"), "{facts}");
}

#[test]
fn many_tasks_make_a_list_and_unknown_ones_fail_alone() {
    let group = Group::new();
    let (one, other) = (group.task("a", "completed"), group.task("b", "failed"));
    let ran = group.tc().run(&["task", "why", "--json", &one, &other]);
    let kinds: Vec<Value> = ran.json().as_array().unwrap().iter().map(|found| found["kind"].clone()).collect();
    assert_eq!(kinds, [json!("completed"), json!("failed-without-log")]);
    let unknown = slugid::nice();
    group.tc().run(&["task", "why", &unknown]).stdout("").status(5);
    let ran = group.tc().run(&["task", "why", "--jq", ".[].kind", &one, &unknown]);
    ran.stdout("completed\n").status(3);
}

#[test]
fn a_group_is_told_by_cause_the_largest_first() {
    let group = Group::new();
    let root = group.task("build", "failed");
    let blocked: Vec<String> =
        (0..3).map(|number| group.define(&format!("test {number}"), &json!({"dependencies": [root]}))).collect();
    let pending = group.task("lint", "pending");
    let ran = group.tc().run(&["group", "why", "--json", &group.id]);
    ran.status(0).stderr("");
    let found = ran.json();
    let causes = found["causes"].as_array().unwrap();
    assert_eq!(causes.len(), 2, "{found}");
    let mut tasks: Vec<&str> = causes[0]["tasks"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let mut expected: Vec<&str> = blocked.iter().map(String::as_str).collect();
    tasks.sort_unstable();
    expected.sort_unstable();
    assert_eq!(tasks, expected);
    assert_eq!((&causes[0]["count"], &causes[1]["tasks"]), (&json!(3), &json!([pending])));
    let text = group.tc().run(&["group", "why", &group.id]).stdout;
    assert!(
        text.starts_with("3 tasks unscheduled: it will never run unless it is helped: 1 task did not complete\n"),
        "{text}"
    );
    assert!(text.contains(&format!("  $ tc task rerun {root}\n")), "{text}");
}

#[test]
fn a_group_that_is_done_has_nothing_to_tell() {
    let group = Group::new();
    group.task("a", "completed");
    let ran = group.tc().run(&["group", "why", &group.id]);
    ran.stdout("").status(0);
    assert!(ran.stderr.starts_with("No tasks: "), "{ran}");
}
