//! Workers that run tasks for real: how runs end, what tasks see, and that nothing is left of them.

use std::fs;
use std::path::Path;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use tc::sandbox::Sandbox;

use crate::support::execute::{ENOUGH, artifacts, create, done, get, run, run_with, sandbox, script, wait_until, with};
use crate::support::task::{queue, stamp};
use crate::support::wire::Wire;

#[test]
fn a_task_of_one_command_runs_and_its_log_is_that_of_a_worker() {
    let sandbox = sandbox(1);
    let done = run(&sandbox, json!({"command": [["/bin/echo", "hello", "it's"]], "maxRunTime": 60}));
    done.is("completed", "completed");
    assert_eq!(done.output(), "hello it's\n");
    let lines: Vec<&str> = done.log.lines().map(|line| line.split_once("Z] ").map_or(line, |(_, text)| text)).collect();
    let at = |text: &str| {
        lines.iter().position(|line| line.starts_with(text)).unwrap_or_else(|| panic!("{text} is not in {lines:#?}"))
    };
    let order = [
        "Worker Type (proj/linux) settings:",
        &format!("Task ID: {}", done.id),
        "=== Task Starting ===",
        "Executing command 0: /bin/echo hello \"it's\"",
        "hello it's",
        "                       Exit Code: 0",
        "                       Wall Time: ",
        "                          Result: SUCCEEDED",
        "=== Task Finished ===",
        "Task Duration: ",
    ]
    .map(at);
    assert!(order.is_sorted(), "{lines:#?}");
    let listed = get(&sandbox, &format!("/task/{}/artifacts", done.id));
    assert_eq!(listed["artifacts"].as_array().unwrap().len(), 2, "{listed}");
}

#[test]
fn commands_run_in_order_up_to_the_first_that_fails_and_strings_by_a_shell() {
    let sandbox = sandbox(1);
    let command = json!(["echo one; echo err >&2", "exit 3", "echo never"]);
    let done = run(&sandbox, json!({"command": command, "maxRunTime": 60}));
    done.is("failed", "failed");
    assert_eq!(done.output(), "one\nerr\n");
    assert_eq!(done.errors(), ["exit status 3"]);
    assert!(done.log.contains("] command 0 is a string and runs in /bin/sh"), "{}", done.log);
    assert!(done.log.contains("                          Result: FAILED"), "{}", done.log);
}

#[test]
fn tasks_see_their_own_variables_and_nothing_of_the_one_who_started_the_sandbox() {
    let sandbox = sandbox(1);
    let payload = with(script("env | sort; pwd; echo x > file"), json!({"env": {"MINE": "a b", "TASK_ID": "forged"}}));
    let done = run(&sandbox, payload);
    let output = done.output();
    let value = |name: &str| output.lines().find_map(|line| line.strip_prefix(&format!("{name}="))).unwrap_or_default();
    assert_eq!((value("MINE"), value("TASK_ID"), value("RUN_ID")), ("a b", done.id.as_str(), "0"));
    assert_eq!((value("TASKCLUSTER_ROOT_URL"), value("TASK_GROUP_ID")), (sandbox.root_url(), done.id.as_str()));
    assert_eq!((value("HOME"), value("TASKCLUSTER_PROXY_URL")), (value("TASK_WORKDIR"), ""));
    assert!(output.contains(&format!("\n{}\n", value("TASK_WORKDIR"))), "{output}");
    assert!(value("CARGO_MANIFEST_DIR").is_empty() && !value("PATH").is_empty());
    assert!(!Path::new(value("TASK_WORKDIR")).exists(), "the folder is left");
}

#[test]
fn an_exit_status_that_the_payload_names_is_retried_until_no_retries_are_left() {
    let sandbox = sandbox(1);
    let payload = with(script("exit 75"), json!({"onExitStatus": {"retry": [75]}}));
    let done = run_with(&sandbox, payload, json!({"retries": 2}));
    assert_eq!(
        (done.state.as_str(), &done.reasons[..]),
        ("exception", &["intermittent-task"; 3].map(str::to_owned)[..])
    );
    run(&sandbox, with(script("exit 1"), json!({"onExitStatus": {"retry": [75]}}))).is("failed", "failed");
}

#[test]
fn what_takes_longer_than_it_may_has_failed() {
    let sandbox = sandbox(1);
    let done = run(&sandbox, with(script("echo begun; sleep 1000"), json!({"maxRunTime": 1})));
    done.is("failed", "failed");
    assert_eq!(done.errors(), ["task aborted - max run time exceeded"]);
    assert_eq!(done.output(), "begun\n");
}

/// A task that tells the number of a process of its own in a file, and never ends.
fn endless(sandbox: &Sandbox, pids: &Path, more: Value) -> String {
    let pids = pids.display();
    create(sandbox, script(&format!("sleep 1000 & echo $! > {pids}.new; mv {pids}.new {pids}; wait")), more)
}

fn is_alive(pids: &Path) -> bool {
    let pid = fs::read_to_string(pids).unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    // One that has ended and that nobody waits for is as good as gone.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

#[test]
#[cfg(target_os = "linux")]
fn a_canceled_task_ends_with_all_its_processes_and_its_log_is_kept() {
    let (sandbox, folder) = (sandbox(1), tempfile::tempdir().unwrap());
    let pids = folder.path().join("pid");
    let id = endless(&sandbox, &pids, json!({}));
    wait_until("the task runs", || pids.exists());
    assert!(is_alive(&pids));
    queue(&sandbox, Utc::now(), "POST", &format!("/task/{id}/cancel"), &Value::Null).is(200, "");
    wait_until("the process has ended", || !is_alive(&pids));
    // The next task is taken only when all of the last one is over.
    run(&sandbox, script(":")).is("completed", "completed");
    let done = done(&sandbox, &id);
    done.is("exception", "canceled");
    assert_eq!(done.errors(), ["task aborted - canceled"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_deadline_ends_the_processes_as_well() {
    let (sandbox, folder) = (sandbox(1), tempfile::tempdir().unwrap());
    let pids = folder.path().join("pid");
    let id = endless(&sandbox, &pids, json!({"deadline": stamp(Utc::now() + TimeDelta::seconds(3))}));
    wait_until("the task runs", || pids.exists());
    run(&sandbox, script(":")).is("completed", "completed");
    assert!(!is_alive(&pids));
    done(&sandbox, &id).is("exception", "deadline-exceeded");
}

#[test]
#[cfg(target_os = "linux")]
fn nothing_is_left_when_the_sandbox_stops() {
    let (sandbox, folder) = (sandbox(2), tempfile::tempdir().unwrap());
    let pids = ["one", "two"].map(|name| folder.path().join(name));
    for pids in &pids {
        endless(&sandbox, pids, json!({}));
    }
    wait_until("both tasks run", || pids.iter().all(|pids| pids.exists()));
    let pid = fs::read_to_string(&pids[0]).unwrap();
    let own = fs::read_link(format!("/proc/{}/cwd", pid.trim())).unwrap();
    assert!(own.exists());
    sandbox.stop();
    wait_until("the processes have ended", || !pids.iter().any(|pids| is_alive(pids)));
    assert!(!own.ancestors().nth(2).unwrap().exists(), "{} is left", own.display());
}

#[test]
fn tasks_of_any_queue_are_taken_and_the_log_can_be_read_while_it_is_written() {
    let (sandbox, folder) = (sandbox(1), tempfile::tempdir().unwrap());
    let go = folder.path().join("go");
    let text = format!("echo begun; until test -e {}; do sleep 0.05; done; echo ended", go.display());
    let id = create(&sandbox, script(&text), json!({"taskQueueId": "other-pool/of-none"}));
    let url = || {
        let route = format!("/task/{id}/artifacts/public/logs/live.log");
        let reply = queue(&sandbox, Utc::now(), "GET", &route, &Value::Null);
        reply.header("location").map(str::to_owned)
    };
    wait_until("there is a live log", || url().is_some());
    let reader = std::thread::spawn({
        let live = Wire::to(&url().unwrap(), "GET");
        move || live.send().text()
    });
    fs::write(&go, "").unwrap();
    let text = reader.join().unwrap();
    assert!(text.contains("begun") && text.contains("ended") && text.contains("=== Task Finished ==="), "{text}");
    assert!(sandbox.wait_until_idle(ENOUGH));
    done(&sandbox, &id).is("completed", "completed");
}

#[test]
fn a_payload_can_name_its_logs_or_do_without() {
    let sandbox = sandbox(1);
    let named = with(script(":"), json!({"logs": {"live": "public/l.log", "backing": "public/b.log"}}));
    let id = create(&sandbox, named, json!({}));
    let without =
        create(&sandbox, with(script(":"), json!({"features": {"liveLog": false, "backingLog": false}})), json!({}));
    assert!(sandbox.wait_until_idle(ENOUGH));
    assert_eq!(artifacts(&sandbox, &id), ["s3 public/b.log", "link public/l.log"]);
    let listed = get(&sandbox, &format!("/task/{without}/artifacts"));
    assert_eq!(listed["artifacts"], json!([]));
}

#[test]
fn the_proxy_signs_with_the_scopes_of_the_task_and_no_others() {
    let sandbox = sandbox(1);
    let expires = stamp(Utc::now() + TimeDelta::minutes(10));
    let payload = with(
        script(
            r#"
            call() { curl -sS -o answer -w '%{http_code}\n' "$@"; }
            call "$TASKCLUSTER_PROXY_URL/api/queue/v1/ping"
            secret='{"secret": {"a": 1}, "expires": "2036-01-01T00:00:00.000Z"}'
            call -X PUT -H 'Content-Type: application/json' -d "$secret" "$TASKCLUSTER_PROXY_URL/api/secrets/v1/secret/mine%2Fa"
            call "$TASKCLUSTER_PROXY_URL/secrets/v1/secret/mine/a"
            call "$TASKCLUSTER_PROXY_URL/api/secrets/v1/secret/others"
            call -X PUT -H 'Content-Type: application/json' -d "$secret" -H 'Origin: http://x' "$TASKCLUSTER_PROXY_URL/api/secrets/v1/secret/mine%2Fb"
            call "$TASKCLUSTER_PROXY_URL/nowhere"
            call -d "$TASKCLUSTER_ROOT_URL/api/secrets/v1/secret/mine%2Fa" "$TASKCLUSTER_PROXY_URL/bewit"
            url=$(sed 's/.*"url":"\([^"]*\)".*/\1/' answer)
            call "$url"
            call "$TASKCLUSTER_ROOT_URL/api/secrets/v1/secret/mine%2Fa"
            run="$TASKCLUSTER_PROXY_URL/api/queue/v1/task/$TASK_ID/runs/0"
            artifact='{"storageType": "error", "reason": "file-missing-on-worker", "message": "m", "expires": "'"$EXPIRES"'"}'
            call -H 'Content-Type: application/json' -d "$artifact" "$run/artifacts/public%2Fx"
            # What the worker alone may do.
            call -X POST "$run/reclaim"
            call -X POST "$run/completed"
            "#,
        ),
        json!({"features": {"taskclusterProxy": true}, "env": {"EXPIRES": expires}}),
    );
    let done = run_with(&sandbox, payload, json!({"scopes": ["secrets:set:mine/*", "secrets:get:mine/a"]}));
    assert_eq!(done.output(), "200\n200\n200\n403\n403\n404\n303\n200\n403\n200\n403\n403\n");
}

#[test]
fn a_dependent_task_waits_for_the_one_that_really_runs() {
    let sandbox = sandbox(2);
    let first = create(&sandbox, script("sleep 0.3"), json!({}));
    let second = run_with(&sandbox, script(":"), json!({"dependencies": [first]}));
    second.is("completed", "completed");
    let runs = |id: &str| get(&sandbox, &format!("/task/{id}/status"))["status"]["runs"][0].clone();
    assert!(runs(&first)["resolved"].as_str() <= runs(&second.id)["started"].as_str());
}
