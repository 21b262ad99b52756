//! `tc group diff`, `tc group flaky` and reruns while a group is waited for, against a sandbox.

use std::time::Duration;

use serde_json::{Value, json};
use tc::sandbox::{Blob, Options, Sandbox, Stored, Workers};

use crate::support::Tc;
use crate::support::bulk::{GROUP, id, list, tc};
use crate::support::fake_server::{Answer, FakeServer};
use crate::support::group::Group;
use crate::support::task::{definition, queue};

/// Makes a task of another group and brings it into this state.
fn task(group: &Group, of: &str, name: &str, state: &str) -> String {
    let id = group.define(name, &json!({"taskGroupId": of}));
    group.advance(&id, state);
    id
}

fn names(found: &Value, list: &str) -> Vec<String> {
    found[list].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}

/// Two pushes that differ in all that can be told.
fn two() -> (Group, String, String) {
    let (group, before, after) = (Group::new(), slugid::nice(), slugid::nice());
    for (name, one, other) in [
        ("new", "completed", "failed"),
        ("fixed", "failed", "completed"),
        ("still", "failed", "exception"),
        ("same", "completed", "completed"),
    ] {
        task(&group, &before, name, one);
        task(&group, &after, name, other);
    }
    task(&group, &before, "gone", "completed");
    task(&group, &after, "more", "pending");
    (group, before, after)
}

#[test]
fn diff_tells_what_newly_fails_and_ends_with_3() {
    let (group, before, after) = two();
    let ran = group.tc().run(&["group", "diff", "--json", &before, &after]);
    ran.status(3).stderr("error: 1 task newly fails\n");
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    for (list, expected) in
        [("newFailures", "new"), ("fixed", "fixed"), ("stillFailing", "still"), ("missing", "gone"), ("added", "more")]
    {
        assert_eq!(names(&found, list), [expected], "{found}");
    }
    assert_eq!((names(&found, "slower"), names(&found, "faster")), (Vec::new(), Vec::new()));
    let pair = &found["newFailures"][0];
    assert_eq!((&pair["before"]["state"], &pair["after"]["state"]), (&json!("completed"), &json!("failed")));
    assert_eq!(found["after"]["taskGroupId"], json!(after));
    let text = group.tc().run(&["group", "diff", &before, &after]).stdout;
    let id = pair["after"]["taskId"].as_str().unwrap();
    assert!(text.starts_with(&format!("newly failing: 1\n  {id} new\nfixed: 1\n")), "{text}");
    assert!(text.contains("\ncritical path: "), "{text}");
}

#[test]
fn diff_prints_ids_of_one_list_for_a_pipe() {
    let (group, before, after) = two();
    let ran = group.tc().run(&["group", "diff", "--only", "new-failures", "--ids", &before, &after]);
    ran.status(3);
    let id = ran.stdout.trim();
    group.tc().stdin(id).run(&["task", "rerun", "-", "--yes"]).status(0);
    assert_eq!(group.state(id), "pending");
    group
        .tc()
        .run(&["group", "diff", "--only", "new-failures", "--ids", &before, &after])
        .stdout("")
        .stderr("")
        .status(0);
    group.tc().run(&["group", "diff", &after, &after]).status(0);
}

#[test]
fn diff_finds_groups_by_index_path_and_tasks_by_tag() {
    let group = Group::new();
    let (before, after) = (slugid::nice(), slugid::nice());
    let one = group.define("a 1", &json!({"taskGroupId": before, "tags": {"label": "a"}}));
    group.advance(&one, "completed");
    let other = group.define("a 2", &json!({"taskGroupId": after, "tags": {"label": "a"}}));
    group.advance(&other, "failed");
    let expires =
        (chrono::Utc::now() + chrono::TimeDelta::hours(1)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let entry = json!({"taskId": one, "rank": 1, "data": {}, "expires": expires});
    group.tc().run(&["api", "index", "insertTask", "project.x.latest", "-d", &entry.to_string()]).status(0);
    let tc = group.tc();
    tc.run(&["group", "diff", "--ids", "--only", "missing,added", "project.x.latest", &after])
        .stdout(&format!("{one}\n{other}\n"))
        .status(0);
    tc.run(&["group", "diff", "--ids", "--by-tag", "--only", "new-failures", "project.x.latest", &after])
        .stdout(&format!("{other}\n"))
        .status(3);
}

#[test]
fn diff_draws_run_times() {
    let (group, before, after) = two();
    let tc = group.tc();
    tc.run(&["group", "diff", "-o", "times.svg", &before, &after]).status(3);
    let svg = std::fs::read_to_string(tc.directory().join("times.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains("<title>same: "), "{svg}");
    let ran = tc.run(&["group", "diff", "-o", "times.png", &before, &after]);
    ran.stdout("").stderr("error: `times.png` is not a .svg file\n").status(2);
}

#[test]
fn flaky_lists_what_failed_and_then_passed_with_the_error() {
    let group = Group::new();
    let id = group.define("test-a", &json!({}));
    group.queue("claimTask", &[&id, "0"], Some(json!({"workerGroup": "g", "workerId": "w"})));
    let log = Blob::new("TEST-UNEXPECTED-FAIL | dom/a.html | got 1\n").content_type("text/plain");
    group.sandbox.add_artifact(&id, 0, "public/logs/live_backing.log", Stored::S3, log).unwrap();
    group.queue("reportFailed", &[&id, "0"], None);
    group.queue("rerunTask", &[&id], None);
    group.queue("claimTask", &[&id, "1"], Some(json!({"workerGroup": "g", "workerId": "w"})));
    group.queue("reportCompleted", &[&id, "1"], None);
    let failed = group.task("test-b", "failed");
    let passed = group.task("test-b", "completed");
    group.task("test-c", "failed");
    group.task("test-d", "completed");
    let ran = group.tc().run(&["group", "flaky", &group.id]);
    ran.status(0).stderr("");
    let expected = format!(
        "{id} run 0 test-a\n    (test) TEST-UNEXPECTED-FAIL | dom/a.html | got 1\n\
         {failed} run 0 test-b\n    not explained by its log\n    completed as {passed}\n"
    );
    ran.stdout(&expected);
    let found = group.tc().run(&["group", "flaky", "--json", &group.id]).json();
    assert_eq!((&found["flaky"][0]["test"], &found["flaky"][1]["line"]), (&json!("dom/a.html"), &Value::Null));
    group.tc().run(&["group", "flaky", "--ids", &group.id]).stdout(&format!("{id}\n{failed}\n")).status(0);
    group
        .tc()
        .run(&["group", "flaky", "--name", "test-d", &group.id])
        .stdout("")
        .stderr("No task failed and then passed.\n");
}

/// A sandbox with workers, and a group of tasks that end as their payloads say.
fn with_workers(outcomes: &[(&str, &str)]) -> (Sandbox, String) {
    let sandbox = Sandbox::start(Options::default().workers(Workers::new(2).speed(1e6).fail_rate(0.0))).unwrap();
    let (group, now) = (slugid::nice(), chrono::Utc::now());
    for (name, outcome) in outcomes {
        let mut task = definition(now, &group);
        task["payload"] = json!({"simulate": {"seconds": 1, "outcome": outcome}});
        task["metadata"]["name"] = json!(name);
        task["retries"] = json!(0);
        queue(&sandbox, now, "PUT", &format!("/task/{}", slugid::nice()), &task).is(200, "");
    }
    assert!(sandbox.wait_until_idle(Duration::from_secs(60)));
    (sandbox, group)
}

#[test]
fn wait_reruns_what_fails_so_often_and_says_so() {
    let (sandbox, group) = with_workers(&[("good", "completed"), ("bad", "failed")]);
    let tc = Tc::new().signed_in(&sandbox);
    let ran = tc.run(&["group", "wait", "--rerun-failed", "2", "--interval", "1s", &group]);
    ran.stdout("").status(3);
    let said: Vec<&str> = ran.stderr.lines().filter(|line| line.contains(" bad: ")).collect();
    assert_eq!(said.len(), 3, "{ran}");
    assert!(said[0].contains(" bad: rerun 1 of 2 (") && said[1].contains(" bad: rerun 2 of 2 ("), "{ran}");
    assert!(said[2].ends_with(" bad: left as it is, after it was rerun 2 times"), "{ran}");
    assert!(ran.stderr.contains("error: not all of 2 tasks completed: completed: 1, failed: 1\n"), "{ran}");
}

#[test]
fn wait_reruns_only_the_kinds_that_are_asked_for_within_the_budget() {
    let outcomes = [("lost-1", "worker-shutdown"), ("lost-2", "worker-shutdown"), ("wrong", "malformed-payload")];
    let (sandbox, group) = with_workers(&outcomes);
    let tc = Tc::new().signed_in(&sandbox);
    let args =
        ["group", "wait", "--rerun-failed", "1", "--rerun-budget", "1", "--only", "infrastructure", "--interval", "1s"];
    let ran = tc.run(&[&args[..], &[&group]].concat());
    ran.status(3);
    assert_eq!(ran.stderr.matches(": rerun 1 of 1 (worker: exception: worker-shutdown)").count(), 1, "{ran}");
    assert!(ran.stderr.contains("because the budget of reruns is used up"), "{ran}");
    assert!(!ran.stderr.contains("wrong"), "{ran}");
    let ran = tc.run(&["group", "wait", "--rerun-failed", "1", "--only", "test", "--interval", "1s", &group]);
    assert!(ran.stderr.contains(": left as it is, because its failure is of another kind: worker"), "{ran}");
    let ran = tc.run(&["group", "wait", "--only", "test", &group]);
    ran.stdout("").stderr("error: --only says which failures to rerun, and needs --rerun-failed\n").status(2);
}

#[test]
fn watch_tells_of_reruns_on_lines_of_their_own() {
    let (sandbox, group) = with_workers(&[("bad", "failed")]);
    let ran = Tc::new().signed_in(&sandbox).run(&["group", "watch", "--rerun-failed", "1", "--interval", "1s", &group]);
    ran.status(3);
    assert_eq!(ran.stdout.matches(" bad: rerun 1 of 1").count(), 1, "{ran}");
    assert_eq!(
        ran.stdout.lines().filter(|line| line.contains(" failed: ") && line.ends_with(" bad")).count(),
        2,
        "{ran}"
    );
}

#[test]
fn an_index_path_where_nothing_is_says_so() {
    let group = Group::new();
    let ran = group.tc().run(&["group", "diff", "gecko.v2.nothing", &group.id]);
    let expected =
        "error: no task is at the index path gecko.v2.nothing\nhint: `tc index list gecko.v2` shows what is there.\n";
    ran.stdout("").stderr(expected).status(5);
}

/// No list of artifacts is answered before those of forty-eight tasks are asked for.
#[test]
fn wait_reads_the_logs_of_what_failed_side_by_side() {
    const TASKS: usize = 60;
    const SIDE_BY_SIDE: usize = 48;
    let server = FakeServer::start();
    let status = |number: usize| {
        json!({"taskId": id(number), "state": "failed", "taskQueueId": "p/w",
            "runs": [{"runId": 0, "state": "failed", "reasonResolved": "failed"}]})
    };
    let task = |number: usize| json!({"metadata": {"name": format!("task {number}")}});
    let listed: Vec<Value> = (0..TASKS).map(|number| json!({"status": status(number), "task": task(number)})).collect();
    server.always(&list(None), Answer::json(200, json!({"tasks": listed}).to_string()));
    for number in 0..TASKS {
        let path = format!("GET /api/queue/v1/task/{}", id(number));
        server.always(&path, Answer::json(200, task(number).to_string()));
        server.always(&format!("{path}/status"), Answer::json(200, json!({"status": status(number)}).to_string()));
        let none = Answer::json(200, r#"{"artifacts": []}"#).after_calls(1 + 3 * SIDE_BY_SIDE);
        server.always(&format!("{path}/runs/0/artifacts"), none);
    }
    let ran = tc(&server).run(&["group", "wait", "--rerun-failed", "1", "--only", "infrastructure", GROUP]);
    ran.stdout("").status(3);
    let left = ": left as it is, because its failure is of another kind: unexplained";
    let told: Vec<&str> = ran.stderr.lines().filter_map(|line| line.strip_suffix(left)).collect();
    let expected: Vec<String> = (0..TASKS).map(|number| format!("{} task {number}", id(number))).collect();
    assert_eq!(told, expected, "{ran}");
    let requests = server.requests().into_iter().filter(|request| request.target.contains("/artifacts"));
    let most = requests.map(|request| request.in_flight);
    assert_eq!(most.max(), Some(SIDE_BY_SIDE));
}
