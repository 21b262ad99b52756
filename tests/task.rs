//! `tc task`: what only looks.

use serde_json::{Value, json};

use crate::support::Tc;
use crate::support::fake_clock::FakeClock;
use crate::support::fake_server::{Answer, FakeServer, assert_shares_a_connection};
use crate::support::group::Group;

const ID: &str = "VESwp9JaRo-XkFN_bemBhw";
const DASHED: &str = "-8-U5J46TnidyFvAZAaJLg";

/// A status as the queue answers it.
fn status(id: &str, state: &str, runs: &Value) -> String {
    json!({"status": {"taskId": id, "state": state, "taskGroupId": ID, "taskQueueId": "p/w", "retriesLeft": 5,
        "deadline": "2026-11-22T14:00:00.000Z", "runs": runs}})
    .to_string()
}

fn ended(run: u32, state: &str, reason: &str) -> Value {
    json!({"runId": run, "state": state, "reasonCreated": "scheduled", "reasonResolved": reason, "workerGroup": "eu",
        "workerId": "i-1", "scheduled": "2026-11-22T11:00:00.000Z", "started": "2026-11-22T11:01:00.000Z",
        "resolved": "2026-11-22T11:03:30.000Z"})
}

/// Expects a question about a task's status, so many times.
fn expect_status(server: &FakeServer, id: &str, state: &str, runs: &Value) {
    server.expect(&format!("GET /api/queue/v1/task/{id}/status"), Answer::json(200, status(id, state, runs)));
}

fn expect_definition(server: &FakeServer, id: &str, name: &str) {
    let body = json!({"metadata": {"name": name}, "dependencies": []}).to_string();
    server.expect(&format!("GET /api/queue/v1/task/{id}"), Answer::json(200, body));
}

fn tc(server: &FakeServer) -> Tc {
    let clock = FakeClock::at("2026-11-22T12:00:00Z");
    Tc::new().at(server.url()).environment(|environment| environment.with_clock(clock))
}

#[test]
fn a_terminal_shows_runs_and_a_name_that_drives_nothing() {
    let server = FakeServer::start();
    let runs = json!([ended(0, "failed", "failed"), {"runId": 1, "state": "running", "reasonCreated": "rerun",
        "workerGroup": "eu", "workerId": "i-2", "scheduled": "2026-11-22T11:50:00.000Z",
        "started": "2026-11-22T11:55:00.000Z"}]);
    for _ in 0..2 {
        expect_status(&server, ID, "running", &runs);
        expect_definition(&server, ID, "evil \x1b[2J\u{202e}name");
    }
    let tc = tc(&server).env("NO_COLOR", "1").terminal();
    let head = format!("evil [2Jname\n{ID} running, pool p/w\ngroup {ID}\ndeadline in 2 h 0 min\n\n");
    let columns = "RUN  STATE    CREATED BY  WORKER  SCHEDULED";
    let ran = tc.run(&["task", "status", ID]);
    ran.status(0).stderr("");
    assert!(ran.stdout.starts_with(&format!("{head}{columns}")), "{ran}");
    assert!(ran.stdout.ends_with("1 earlier run; --all-runs shows all.\n"), "{ran}");
    let ran = tc.run(&["task", "status", ID, "-a"]);
    assert!(ran.stdout.contains("\n  0  failed   failed  scheduled   eu/i-1  59 min 0 s ago"), "{ran}");
}

#[test]
pub fn a_task_without_runs_has_a_state() {
    let server = FakeServer::start();
    for _ in 0..3 {
        expect_status(&server, ID, "unscheduled", &json!([]));
    }
    tc(&server).run(&["task", "status", ID]).stdout("unscheduled\n").stderr("").status(0);
    tc(&server).run(&["task", "status", ID, "-a"]).stdout("unscheduled\n").stderr("").status(0);
    tc(&server)
        .run(&["task", "status", ID, "-r", "0"])
        .stdout("")
        .stderr(&format!("error: task {ID} has no runs yet, so there is no run 0\n"))
        .status(5);
}

#[test]
pub fn many_tasks_are_told_apart_and_come_in_order() {
    let group = Group::new();
    let (failed, pending) = (group.task("a", "failed"), group.task("b", "pending"));
    let page = format!("{}/tasks/{pending}/runs/0", group.sandbox.root_url());
    group
        .tc()
        .stdin(format!("{failed}\n\n  {page} "))
        .run(&["task", "status", "-"])
        .stdout(&format!("{failed} failed 'failed'\n{pending} pending\n"))
        .stderr("")
        .status(0);
    // As shells of Windows write text.
    group
        .tc()
        .stdin(format!("\u{feff}{failed}\r\n"))
        .run(&["task", "name", "-"])
        .stdout(&format!("{failed} a\n"))
        .status(0);
    let tc = group.tc();
    tc.run(&["task", "name", &pending, &failed]).stdout(&format!("{pending} b\n{failed} a\n")).status(0);
    tc.run(&["task", "group", &failed, &pending]).stdout(&format!("{failed} {0}\n{pending} {0}\n", group.id)).status(0);
    let list = tc.run(&["task", "status", &failed, &pending, "--json"]).json();
    assert_eq!(
        (list[0]["status"]["state"].as_str(), list[1]["status"]["taskId"].as_str()),
        (Some("failed"), Some(&*pending))
    );
    let one = tc.run(&["task", "name", &failed, "--json"]).json();
    assert_eq!(one, json!({"taskId": failed, "name": "a"}));
    let both = tc.run(&["task", "def", &failed, &pending, "--jq", ".[].task.metadata.name"]);
    both.stdout("a\nb\n").status(0);
}

#[test]
fn an_unknown_task_does_not_hide_the_others() {
    let group = Group::new();
    let failed = group.task("a", "failed");
    let ran = group.tc().run(&["task", "status", ID, &failed]);
    ran.stdout(&format!("{failed} failed 'failed'\n")).status(3);
    assert!(ran.stderr.starts_with(&format!("warning: {ID}: queue.status failed: ResourceNotFound: ")), "{ran}");
    assert!(ran.stderr.ends_with("error: 1 of 2 tasks could not be looked up\n"), "{ran}");
    group.tc().run(&["task", "status", ID, DASHED]).stdout("").status(5);
    for verb in ["status", "name", "group", "def", "artifacts", "deps", "wait", "watch", "log", "cancel", "rerun"] {
        group.tc().run(&["task", verb, ID]).stdout("").status(5);
    }
}

#[test]
fn ids_that_start_with_a_dash_need_no_care() {
    let server = FakeServer::start();
    for _ in 0..3 {
        expect_status(&server, DASHED, "completed", &json!([ended(0, "completed", "completed")]));
    }
    for args in [
        &["task", "status", DASHED][..],
        &["task", "status", "-r", "0", "--", DASHED],
        &["task", "status", DASHED, "--run", "0"],
    ] {
        tc(&server).run(args).stdout("completed 'completed'\n").stderr("").status(0);
    }
}

#[test]
fn a_page_names_task_run_and_deployment() {
    let server = FakeServer::start();
    let runs = json!([ended(0, "failed", "failed"), ended(1, "completed", "completed")]);
    expect_status(&server, ID, "completed", &runs);
    let page = format!("{}/tasks/{ID}/runs/0", server.url());
    Tc::new().run(&["task", "status", &page]).stdout("failed 'failed'\n").stderr("").status(0);
    Tc::new().at("https://tc.example.com").run(&["task", "status", &page]).stdout("").status(2);
}

#[test]
fn index_paths_stand_for_tasks() {
    let server = FakeServer::start();
    for path in ["gecko.v2.latest.x"; 3] {
        let answer = json!({"taskId": ID, "namespace": path, "rank": 0, "data": {}, "expires": "2027-01-01T00:00:00Z"});
        server.expect(&format!("GET /api/index/v1/task/{path}"), Answer::json(200, answer.to_string()));
        expect_definition(&server, ID, "found");
    }
    tc(&server).run(&["task", "name", "--index", "gecko.v2.latest.x"]).stdout("found\n").stderr("").status(0);
    tc(&server)
        .stdin("gecko.v2.latest.x\n")
        .run(&["task", "name", "--index", "-"])
        .stdout(&format!("{ID} found\n"))
        .stderr("")
        .status(0);
    let page = format!("{}/tasks/index/gecko.v2/latest.x", server.url());
    Tc::new().run(&["task", "name", &page]).stdout("found\n").stderr("").status(0);
}

#[test]
fn calls_of_two_services_for_one_task_share_a_connection() {
    let answer = json!({"taskId": ID, "namespace": "a.b", "rank": 0, "data": {}, "expires": "2027-01-01T00:00:00Z"});
    assert_shares_a_connection(|server| {
        server.expect("GET /api/index/v1/task/a.b", Answer::json(200, answer.to_string()));
        expect_definition(server, ID, "found");
        tc(server).run(&["task", "name", "--index", "a.b"]).stdout("found\n").stderr("").status(0);
    });
}

#[test]
fn of_a_hundred_thousand_ids_all_malformed_ones_are_named_and_nothing_is_sent() {
    let server = FakeServer::start();
    let good = |number: usize| format!("{number:08}QACAAAAAAAAAAA");
    let mut ids: Vec<String> = (0..100_000).map(good).collect();
    ids[7] = "seven".into();
    ids[99_999] = "https://tc.example.com/hooks/a/b".into();
    let ran = tc(&server).stdin(ids.join("\n")).run(&["task", "cancel", "--yes", "-"]);
    ran.stdout("").status(2).stderr(
        "error: 2 of the IDs are malformed:\n  \
         invalid task ID `seven`; an ID looks like VESwp9JaRo-XkFN_bemBhw\n  \
         `https://tc.example.com/hooks/a/b` is not the page of a task or of a task group\n\
         hint: Nothing was sent. --skip-invalid leaves these out.\n",
    );
    server.expect(
        &format!("POST /api/queue/v1/task/{}/cancel", good(1)),
        Answer::json(200, status(&good(1), "exception", &json!([]))),
    );
    let ran = tc(&server).stdin(format!("seven {}", good(1))).run(&["task", "cancel", "--yes", "--skip-invalid", "-"]);
    ran.stdout(&format!("{} exception\n", good(1)))
        .stderr("warning: skipped: invalid task ID `seven`; an ID looks like VESwp9JaRo-XkFN_bemBhw\n")
        .status(0);
}

#[test]
fn a_tree_shows_what_waits_for_what() {
    let group = Group::new();
    let build = group.task("build", "completed");
    let test = group.define("test", &json!({"dependencies": [build]}));
    let other = group.define("other", &json!({"dependencies": [build, test]}));
    let last = group.define("last", &json!({"dependencies": [other, test]}));
    let tc = group.tc();
    tc.run(&["task", "deps", &test])
        .stdout(&format!(
            "{test} pending test\nwaits for:\n  {build} completed build\nis waited for by:\n{}",
            match group.queue("listDependentTasks", &[&test], None)["tasks"][0]["status"]["taskId"].as_str().unwrap() {
                first if first == other => {
                    format!("  {other} unscheduled other\n    {last} unscheduled last\n  {last} unscheduled last\n")
                }
                _ => format!("  {last} unscheduled last\n  {other} unscheduled other\n    {last} unscheduled last\n"),
            }
        ))
        .stderr("")
        .status(0);
    tc.run(&["task", "deps", "--up", "--depth", "1", &last])
        .stdout(&format!("{last} unscheduled last\nwaits for:\n  {other} unscheduled other\n  {test} pending test\n"))
        .status(0);
    tc.run(&["task", "deps", "--up", &build]).stdout(&format!("{build} completed build\nwaits for nothing\n"));
    let document = tc.run(&["task", "deps", "--down", "--json", &other]).json();
    let expected = json!([{"taskId": last, "name": "last", "state": "unscheduled", "depth": 1, "via": other}]);
    assert_eq!((document["dependents"].clone(), document.get("dependencies")), (expected, None));
}

#[test]
fn waiting_polls_ever_less_often_and_tells_how_it_ended() {
    let server = FakeServer::start();
    let running = json!([{"runId": 0, "state": "running"}]);
    for _ in 0..3 {
        expect_status(&server, ID, "running", &running);
    }
    expect_status(&server, ID, "completed", &json!([ended(0, "completed", "completed")]));
    let clock = FakeClock::at("2026-11-22T12:00:00Z");
    let tc = Tc::new().at(server.url()).environment(|environment| environment.with_clock(clock.clone()));
    tc.run(&["task", "wait", ID]).stdout("completed 'completed'\n").stderr("").status(0);
    assert_eq!(clock.slept().iter().map(std::time::Duration::as_secs).collect::<Vec<_>>(), [1, 2, 4]);
    expect_status(&server, ID, "exception", &json!([ended(0, "exception", "canceled")]));
    let ran = tc.run(&["task", "wait", ID]);
    ran.stdout("exception 'canceled'\n").stderr("error: the task did not complete\n").status(3);
}

#[test]
fn an_answer_about_another_task_says_nothing_about_this_one() {
    for verb in [&["status"][..], &["wait"], &["group"], &["status", "--json"], &["wait", "--json"]] {
        let server = FakeServer::start();
        let other = Answer::json(200, status(DASHED, "completed", &json!([])));
        server.expect(&format!("GET /api/queue/v1/task/{ID}/status"), other);
        let ran = tc(&server).run(&[&["task"], verb, &[ID]].concat());
        ran.stdout("").stderr(&format!("error: queue.status answered with the status of task {DASHED}\n")).status(1);
    }
}

#[test]
fn waiting_ends_at_the_time_limit() {
    let server = FakeServer::start();
    for _ in 0..4 {
        expect_status(&server, ID, "pending", &json!([{"runId": 0, "state": "pending"}]));
    }
    tc(&server)
        .run(&["task", "wait", ID, "--timeout", "5s"])
        .stdout("")
        .stderr("error: the task is not resolved at the time limit\n")
        .status(8);
    expect_status(&server, ID, "running", &json!([{"runId": 0, "state": "running"}]));
    tc(&server).run(&["task", "wait", ID, "--for", "running"]).stdout("running\n").status(0);
    tc(&server).run(&["task", "wait", ID, "--timeout", "soon"]).status(2);
}

#[test]
fn waiting_for_many_tells_each_when_it_is_over() {
    let server = FakeServer::start();
    expect_status(&server, ID, "running", &json!([{"runId": 0, "state": "running"}]));
    expect_status(&server, DASHED, "completed", &json!([ended(0, "completed", "completed")]));
    expect_status(&server, ID, "failed", &json!([ended(0, "failed", "failed")]));
    tc(&server)
        .run(&["task", "wait", ID, DASHED])
        .stdout(&format!("{DASHED} completed 'completed'\n{ID} failed 'failed'\n"))
        .stderr("error: 1 of 2 tasks did not complete\n")
        .status(3);
}

#[test]
fn who_wants_no_retries_is_told_at_once_of_a_deployment_that_goes_away() {
    let server = FakeServer::start();
    expect_status(&server, ID, "pending", &json!([{"runId": 0, "state": "pending"}]));
    server.expect(&format!("GET /api/queue/v1/task/{ID}/status"), Answer::html(502, "<html>bad gateway"));
    let ran = tc(&server).run(&["task", "wait", "--retries", "0", ID]);
    ran.stdout("").status(7);
    assert!(ran.stderr.starts_with("error: queue.status failed: the server answered 502"), "{ran}");
}

#[test]
fn watching_in_a_pipe_tells_each_change_once() {
    let server = FakeServer::start();
    expect_status(&server, ID, "pending", &json!([{"runId": 0, "state": "pending"}]));
    for _ in 0..2 {
        expect_status(&server, ID, "running", &json!([{"runId": 0, "state": "running"}]));
    }
    expect_status(&server, ID, "failed", &json!([ended(0, "failed", "failed")]));
    tc(&server)
        .run(&["task", "watch", ID])
        .stdout(&format!(
            "2026-11-22T12:00:00Z {ID} run 0 pending\n2026-11-22T12:00:02Z {ID} run 0 running\n\
             2026-11-22T12:00:08Z {ID} run 0 failed 'failed'\n"
        ))
        .stderr("error: the task did not complete\n")
        .status(3);
}

#[test]
fn watching_for_a_program_tells_each_change_as_json() {
    let server = FakeServer::start();
    expect_status(&server, ID, "running", &json!([{"runId": 0, "state": "running"}]));
    expect_status(&server, ID, "completed", &json!([ended(0, "completed", "completed")]));
    let args = ["task", "watch", ID, "--jq", ".status.state"];
    tc(&server).terminal().run(&args).stdout("running\ncompleted\n").stderr("").status(0);
}

#[test]
fn watching_on_a_terminal_draws_over_the_last_frame() {
    let server = FakeServer::start();
    expect_definition(&server, ID, "a name");
    for _ in 0..2 {
        expect_status(&server, ID, "pending", &json!([{"runId": 0, "state": "pending"}]));
    }
    expect_status(&server, ID, "completed", &json!([ended(0, "completed", "completed")]));
    let ran = tc(&server).env("NO_COLOR", "1").terminal().run(&["task", "watch", ID]);
    ran.stderr("").status(0);
    // Two looks with a frame in between, as the times go on, and the last one.
    let frames: Vec<&str> = ran.stdout.split("\x1b[4F\x1b[J").collect();
    assert_eq!(frames.len(), 7, "{ran}");
    assert!(frames[0].starts_with(&format!("{ID} pending\na name\nRUN  STATE")), "{ran}");
    assert!(frames[6].starts_with(&format!("{ID} completed\na name\n")), "{ran}");
}

#[test]
fn the_page_of_a_task_is_printed_for_scripts() {
    let server = FakeServer::start();
    let root = server.url();
    tc(&server).run(&["task", "open", ID]).stdout(&format!("{root}/tasks/{ID}\n")).stderr("").status(0);
    tc(&server)
        .run(&["task", "open", ID, DASHED, "-r", "1"])
        .stdout(&format!("{root}/tasks/{ID}/runs/1\n{root}/tasks/{DASHED}/runs/1\n"))
        .status(0);
}

#[test]
fn a_limit_of_artifacts_counts_over_all_tasks_in_json_too() {
    let rig = crate::support::artifacts::Rig::new();
    let other = crate::support::task::running(&rig.sandbox, chrono::Utc::now());
    for task in [&rig.task, &other] {
        for name in ["public/a", "public/b"] {
            let blob = tc::sandbox::Blob::new("x");
            rig.sandbox.add_artifact(task, 0, name, tc::sandbox::Stored::S3, blob).unwrap();
        }
    }
    let listed = |more: &[&str]| rig.run(&[&["task", "artifacts", &rig.task, &other, "--limit", "3"], more].concat());
    assert_eq!(listed(&[]).status(0).stdout.lines().count(), 3);
    listed(&["--jq", ".[].artifacts|length"]).stdout("2\n1\n").stderr("").status(0);
}

#[test]
fn artifacts_are_listed_page_by_page() {
    let server = FakeServer::start();
    let artifact = |name: &str| json!({"storageType": "s3", "name": name, "expires": "2026-11-23T12:00:00.000Z", "contentType": "text/plain"});
    let path = format!("GET /api/queue/v1/task/{ID}/runs/1/artifacts");
    for _ in 0..2 {
        server.expect(
            &path,
            Answer::json(200, json!({"artifacts": [artifact("public/a")], "continuationToken": "t"}).to_string()),
        );
        server.expect(
            &format!("{path}?continuationToken=t"),
            Answer::json(200, json!({"artifacts": [artifact("private/b")]}).to_string()),
        );
    }
    tc(&server).run(&["task", "artifacts", ID, "--run", "1"]).stdout("public/a\nprivate/b\n").stderr("").status(0);
    let ran = tc(&server).env("NO_COLOR", "1").terminal().run(&["task", "artifacts", ID, "-r", "1"]);
    ran.stdout(
        "NAME       STORAGE  TYPE        EXPIRES\n\
         public/a   s3       text/plain  in 1 d 0 h\n\
         private/b  s3       text/plain  in 1 d 0 h\n",
    );
}
