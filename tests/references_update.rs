//! `tc references update`: a deployment that is newer than the embedded references, and caches that are broken.

use std::fs;

use serde_json::{Value, json};
use tc::sandbox::{Options, Sandbox};

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer};

const ROLL_UP: &str = "GET /references/references.json";
const VERSION: &str = "GET /api/auth/v1/__version__";

/// A queue with one method that the embedded references lack, and little else.
fn newer() -> Value {
    json!([
        {"filename": "references/queue/v1/api.json", "content": {
            "$schema": "/schemas/common/api-reference-v0.json#", "apiVersion": "v1", "serviceName": "queue",
            "title": "Q", "description": "D",
            "entries": [
                {
                    "name": "taskQueueCountsBatch", "type": "function", "method": "post", "route": "/task-queues/counts",
                    "args": [], "query": [], "input": "v1/counts-request.json#", "title": "Counts of many",
                    "description": "Tells how busy task queues are.\nAll at once.", "stability": "experimental",
                    "category": "Task Queues", "scopes": {"for": "id", "in": "ids", "each": "queue:pending-count:<id>"},
                },
                {
                    "name": "ping", "type": "function", "method": "get", "route": "/ping", "args": [], "query": [],
                    "title": "Ping", "description": "P", "stability": "stable", "category": "Monitoring",
                },
            ],
        }},
        {"filename": "references/queue/v1/exchanges.json", "content": {
            "$schema": "/schemas/common/exchanges-reference-v0.json#", "apiVersion": "v1", "serviceName": "queue",
            "exchangePrefix": "exchange/taskcluster-queue/v1/", "title": "Q", "description": "D",
            "entries": [{
                "type": "topic-exchange", "exchange": "task-moved", "name": "taskMoved", "title": "T", "description": "D",
                "schema": "v1/counts-request.json#",
                "routingKey": [
                    {"name": "routingKeyKind", "summary": "k", "constant": "primary", "multipleWords": false, "required": true},
                    {"name": "taskId", "summary": "t", "multipleWords": false, "required": true},
                    {"name": "reserved", "summary": "r", "multipleWords": true, "required": false},
                ],
            }],
        }},
        {"filename": "schemas/queue/v1/counts-request.json", "content": {
            "$id": "/schemas/queue/v1/counts-request.json#", "$schema": "/schemas/common/metaschema.json#",
            "type": "object", "required": ["ids"], "additionalProperties": false,
            "properties": {"ids": {"type": "array", "items": {"type": "string"}}},
        }},
    ])
}

/// A user who has fetched the references of this server.
fn updated(server: &FakeServer) -> Tc {
    server.expect(ROLL_UP, Answer::json(200, newer().to_string()));
    server.expect(VERSION, Answer::json(200, r#"{"version": "v107.1.0"}"#));
    let tc = Tc::new().at(server.url());
    let ran = tc.run(&["references", "update", "--json"]);
    ran.stderr("").status(0);
    let said = ran.json();
    assert_eq!(
        (&said["services"], &said["methods"], &said["taskclusterVersion"]),
        (&json!(1), &json!(2), &json!("107.1.0"))
    );
    assert_eq!(said["new"], json!(["queue.taskQueueCountsBatch"]));
    assert!(said["gone"].as_array().unwrap().contains(&json!("queue.createTask")));
    tc
}

/// The one file of the cache.
fn cached(tc: &Tc) -> std::path::PathBuf {
    let mut files = fs::read_dir(tc.directory().join(".cache/tc/references")).unwrap();
    files.next().unwrap().unwrap().path()
}

#[test]
fn a_method_that_is_newer_can_be_called_once_the_deployment_was_asked() {
    let server = FakeServer::start();
    let before = Tc::new().at(server.url()).run(&["api", "queue", "taskQueueCountsBatch", "-d", "{}"]);
    before.stdout("").status(2);
    let first = "error: `queue.taskQueueCountsBatch` is not in the references of Taskcluster 106.0.0\n";
    assert!(before.stderr.starts_with(first) && before.stderr.contains("`tc references update`"), "{before}");

    let tc = updated(&server);
    server.expect("POST /api/queue/v1/task-queues/counts", Answer::json(200, r#"{"counts": []}"#));
    tc.run(&["api", "queue", "taskQueueCountsBatch", "-d", r#"{"ids": ["a/b"]}"#, "--jq", ".counts|length"])
        .stdout("0\n")
        .stderr("")
        .status(0);
    // What it takes, what it needs and what it is for are the deployment's own.
    let refused = tc.run(&["api", "queue", "taskQueueCountsBatch", "-d", r#"{"id": []}"#]);
    refused.stdout("").status(2);
    assert!(refused.stderr.contains("ids"), "{refused}");
    let help = tc.run(&["api", "queue", "taskQueueCountsBatch", "--help"]);
    assert!(help.stdout.contains("Tells how busy task queues are.\nAll at once."), "{help}");
    assert!(help.stdout.contains("POST /api/queue/v1/task-queues/counts"), "{help}");
    let listed = tc.run(&["api", "queue"]);
    assert!(listed.stdout.contains("queue\ttaskQueueCountsBatch\tTells how busy task queues are.\n"), "{listed}");
    let offered = tc.env("TC_COMPLETE", "bash").run(&["api", "queue", "taskQueueC"]);
    offered.stdout("taskQueueCountsBatch\n").status(0);
}

#[test]
fn scopes_schemas_and_exchanges_are_those_of_the_deployment() {
    let server = FakeServer::start();
    let tc = updated(&server);
    let required = tc.run(&["scope", "required", "queue.taskQueueCountsBatch"]);
    required.stdout("queue:pending-count:*\n").status(0);
    tc.run(&["schema", "list", "queue"])
        .stdout("queue\tv1/counts-request.json\ttaskQueueCountsBatch (body), taskMoved (exchange)\n")
        .stderr("")
        .status(0);
    assert_eq!(tc.run(&["schema", "show", "queue", "taskQueueCountsBatch"]).json()["required"], json!(["ids"]));
    let payload = tc.run(&["schema", "list", "docker-worker"]);
    assert!(payload.stdout.starts_with("docker-worker\t"), "{payload}");
    tc.run(&["pulse", "exchanges"]).stdout("queue.taskMoved\ttaskId reserved..\t\n").stderr("").status(0);
    tc.run(&["pulse", "key", "queue.taskMoved", "--task-id", "a"])
        .stdout("exchange/taskcluster-queue/v1/task-moved\tprimary.a.#\n")
        .stderr("")
        .status(0);
    let shown = tc.run(&["pulse", "show", "queue.taskMoved"]);
    assert!(shown.status == 0 && shown.stdout.contains("exchange/taskcluster-queue/v1/task-moved"), "{shown}");
    tc.run(&["pulse", "key", "queue.taskFailed"]).stdout("").status(2);
    tc.run(&["schema", "export", "schemas"]).stderr("").status(0);
    let exported = fs::read_to_string(tc.directory().join("schemas/queue/v1/counts-request.json")).unwrap();
    assert!(exported.contains("\"ids\""), "{exported}");
    assert!(!tc.directory().join("schemas/queue/v1/create-task-request.json").exists(), "this deployment has none");
    assert!(tc.directory().join("schemas/docker-worker").is_dir());
    // Verbs are made for the embedded references, and go on.
    tc.run(&["scope", "required", "task.rerun"]).stdout("queue:rerun-task:*\n").status(0);
    Tc::new().run(&["scope", "required", "queue.taskQueueCountsBatch"]).stdout("").status(2);
    let tc = tc.env("TC_COMPLETE", "bash");
    tc.run(&["schema", "show", "queue", ""]).stdout("taskQueueCountsBatch\n").status(0);
    tc.run(&["schema", "show", "queue", "v1/"]).stdout("v1/counts-request.json\n").status(0);
    tc.run(&["schema", "show", "docker"]).stdout("docker-worker\n").status(0);
    tc.run(&["signin", "--for", "queue.task"]).stdout("queue.taskQueueCountsBatch\n").status(0);
}

#[test]
fn a_deployment_that_is_newer_is_told_of_once_a_day_on_a_terminal() {
    use crate::support::hand_clock::HandClock;

    let server = FakeServer::start();
    let clock = HandClock::at("2026-11-22T12:00:00Z");
    let tc = Tc::new().at(server.url()).env("NO_COLOR", "1");
    let tc = tc.environment(|environment| environment.with_clock(clock.clone()));
    let run = |tc: &Tc| {
        server.expect("GET /api/queue/v1/ping", Answer::json(200, "{}"));
        tc.run(&["api", "queue", "ping"]).stdout("{}\n").status(0).stderr.clone()
    };
    for _ in 0..3 {
        assert_eq!(run(&tc), "", "nobody looks on, and nobody is asked");
        clock.pass(chrono::TimeDelta::hours(25));
    }
    let tc = tc.terminal();
    assert_eq!(run(&tc), "", "a new home asks nobody");
    clock.pass(chrono::TimeDelta::hours(25));
    server.expect(VERSION, Answer::json(200, r#"{"version": "v107.1.0"}"#));
    let told = format!(
        "{} is of Taskcluster 107.1.0; the references in use are of 106.0.0.\n\
         hint: To use its own: tc references update. To turn this notice off: tc config set version-hint off\n",
        server.url()
    );
    assert_eq!(run(&tc), told);
    assert_eq!(run(&tc), "", "once a day");
    clock.pass(chrono::TimeDelta::hours(25));
    server.expect(VERSION, Answer::json(200, r#"{"version": "v106.0.0"}"#));
    assert_eq!(run(&tc), "", "it is not newer");
    clock.pass(chrono::TimeDelta::hours(25));
    server.expect(VERSION, Answer::json(500, "{}"));
    assert_eq!(run(&tc), "", "that it does not answer is no failure");
    clock.pass(chrono::TimeDelta::hours(25));
    let before = server.requests().len();
    server.expect(VERSION, Answer::hang());
    std::thread::scope(|scope| {
        let running = scope.spawn(|| run(&tc));
        server.wait_for_requests(before + 2);
        clock.pass(chrono::TimeDelta::seconds(1));
        assert_eq!(running.join().unwrap(), "", "nobody waits for it");
    });
    clock.pass(chrono::TimeDelta::hours(25));
    tc.run(&["config", "set", "version-hint", "off"]).status(0);
    assert_eq!(run(&tc), "");
}

#[test]
fn what_a_deployment_lacks_is_told_with_its_own_version() {
    let server = FakeServer::start();
    let tc = updated(&server);
    let ran = tc.run(&["api", "queue", "createTask", "VESwp9JaRo-XkFN_bemBhw", "-d", "{}"]);
    ran.stdout("").status(2);
    let label = format!("is not in the references of {} (107.1.0), fetched ", server.url());
    assert!(ran.stderr.contains(&label), "{ran}");
    // Another deployment is not concerned, and what is built on known methods goes on.
    server.expect("GET /api/queue/v1/task/VESwp9JaRo-XkFN_bemBhw", Answer::json(404, "{}"));
    tc.run(&["task", "def", "VESwp9JaRo-XkFN_bemBhw"]).status(5);
    let other = tc.run(&["api", "queue", "-R", "https://tc.invalid", "--json", "--jq", "length"]);
    assert!(other.stdout.trim().parse::<u32>().unwrap() > 50, "{other}");
}

#[test]
fn references_are_listed_shown_and_forgotten() {
    let server = FakeServer::start();
    let tc = updated(&server);
    tc.run(&["references", "list"])
        .stdout("queue\tv1\t2\t1\t1\tTasks from creation to resolution, their artifacts and workers\n");
    let kept = tc.run(&["references", "list", "--deployments"]);
    assert!(kept.stdout.starts_with(&format!("{}\t107.1.0\t20", server.url())), "{kept}");
    assert_eq!(tc.run(&["references", "show", "queue"]).json()["methods"][0]["name"], "taskQueueCountsBatch");
    tc.run(&["references", "reset"])
        .stdout("")
        .stderr("The references of Taskcluster 106.0.0 are in use again.\n")
        .status(0);
    tc.run(&["references", "reset", "--all"]).stdout("").stderr("No references were kept.\n").status(0);
    tc.run(&["references", "list", "--deployments"]).stdout("").status(0);
    assert!(tc.run(&["api", "queue", "--json"]).stdout.contains("createTask"));
}

#[test]
fn a_broken_cache_is_ignored_aloud() {
    let server = FakeServer::start();
    let tc = updated(&server);
    let file = cached(&tc);
    let whole = fs::read_to_string(&file).unwrap();
    for broken in [
        String::new(),
        whole[..whole.len() / 2].to_owned(),
        whole.replace(r#""serviceName":"queue""#, r#""serviceName":"queue","baseUrl":"https://evil.example""#),
        whole.replace(server.url(), "https://other.example"),
        whole.replace("\"methods\":[", "\"methods\":7,\"x\":["),
        format!("{{\"form\":1,\"services\":{}", "[".repeat(1 << 20)),
        whole.replace("\"scopes\":{", &format!("\"scopes\":{}{{", "{\"AllOf\":[".repeat(100_000))),
        " ".repeat((32 << 20) + 1),
        "\0".repeat(1000),
    ] {
        fs::write(&file, broken).unwrap();
        server.expect("GET /api/queue/v1/ping", Answer::json(200, "{}"));
        let ran = tc.run(&["api", "queue", "ping"]);
        ran.stdout("{}\n").status(0);
        assert!(ran.stderr.starts_with("warning: the references kept for this deployment are ignored: "), "{ran}");
        assert!(ran.stderr.contains("`tc references reset`"), "{ran}");
        // What is shown or completed before the command runs must not fail either.
        tc.run(&["api", "queue", "--help"]).status(0);
    }
}

/// What stands in the place of the file is not read, and nothing waits for it.
#[cfg(unix)]
#[test]
fn a_cache_that_is_no_file_is_ignored_aloud() {
    let server = FakeServer::start();
    let tc = updated(&server);
    let file = cached(&tc);
    let directory = file.parent().unwrap().to_owned();
    let whole = fs::read(&file).unwrap();
    type Put<'p> = Box<dyn Fn() + 'p>;
    let puts: [(&str, Put<'_>); 5] = [
        ("a directory", Box::new(|| fs::create_dir(&file).unwrap())),
        ("a link that leads nowhere", Box::new(|| std::os::unix::fs::symlink(&file, &file).unwrap())),
        ("a device", Box::new(|| std::os::unix::fs::symlink("/dev/zero", &file).unwrap())),
        (
            "a pipe",
            Box::new(|| {
                let made = std::process::Command::new("mkfifo").arg(&file).status().unwrap();
                assert!(made.success());
            }),
        ),
        (
            "a file in place of the directory",
            Box::new(|| {
                fs::remove_dir(&directory).unwrap();
                fs::write(&directory, "").unwrap();
            }),
        ),
    ];
    for (what, put) in &puts {
        fs::remove_file(&file).or_else(|_| fs::remove_dir(&file)).unwrap();
        put();
        server.expect("GET /api/queue/v1/ping", Answer::json(200, "{}"));
        let ran = tc.run(&["api", "queue", "ping"]);
        ran.stdout("{}\n").status(0);
        assert!(
            ran.stderr.starts_with("warning: the references kept for this deployment are ignored: "),
            "{what}: {ran}"
        );
    }
    fs::remove_file(&directory).unwrap();
    // One that is shared by a link is read, as checked as any; and replaced, not written through.
    fs::create_dir(&directory).unwrap();
    let shared = tc.directory().join("shared.json");
    fs::write(&shared, &whole).unwrap();
    std::os::unix::fs::symlink(&shared, &file).unwrap();
    assert_eq!(tc.run(&["references", "show", "queue"]).json()["methods"][0]["name"], "taskQueueCountsBatch");
    server.expect(ROLL_UP, Answer::json(200, newer().to_string()));
    server.expect(VERSION, Answer::json(404, "{}"));
    tc.run(&["references", "update"]).stdout("").status(0);
    assert!(fs::symlink_metadata(&file).unwrap().is_file());
    assert_eq!(fs::read(&shared).unwrap(), whole);
    // Nothing is left beside it.
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
}

#[test]
fn a_roll_up_that_is_too_large_or_too_deep_changes_nothing() {
    let server = FakeServer::start();
    let tc = updated(&server);
    let before = fs::read_to_string(cached(&tc)).unwrap();
    let deep = "[".repeat(1 << 20);
    fs::write(tc.directory().join("deep.json"), &deep).unwrap();
    fs::write(tc.directory().join("large.json"), " ".repeat((32 << 20) + 1)).unwrap();
    for (file, told) in [
        ("deep.json", "recursion"),
        ("large.json", "larger than"),
        ("/dev/zero", "larger than"),
        ("none", "cannot read"),
    ] {
        let ran = tc.run(&["references", "update", "--from", file]);
        assert!(ran.stdout.is_empty() && ran.status != 0 && ran.stderr.contains(told), "{ran}");
        assert_eq!(fs::read_to_string(cached(&tc)).unwrap(), before);
    }
}

#[test]
fn what_cannot_be_used_changes_nothing() {
    let server = FakeServer::start();
    let tc = updated(&server);
    let before = fs::read_to_string(cached(&tc)).unwrap();
    for answer in [
        Answer::html(200, "<html>"),
        Answer::json(200, "[]"),
        Answer::json(200, newer().to_string().replace("\"/ping\"", "7")),
        Answer::json(200, newer().to_string().replace("\"ping\"", "\"pi\\u001bng\"")),
    ] {
        server.expect(ROLL_UP, answer);
        server.allow(VERSION, Answer::json(404, "{}"));
        let ran = tc.run(&["references", "update"]);
        ran.stdout("");
        assert_ne!(ran.status, 0, "{ran}");
        assert_eq!(fs::read_to_string(cached(&tc)).unwrap(), before);
    }
    fs::write(tc.directory().join("roll-up.json"), newer().to_string()).unwrap();
    let url = server.url();
    tc.run(&["references", "update", "--from", "roll-up.json"]).stdout("").status(0).stderr_starts(&format!(
        "Kept the references of {url}: 1 service, 2 methods.\nNew: queue.taskQueueCountsBatch.\n"
    ));
}

#[test]
fn the_sandbox_can_be_asked() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new().signed_in(&sandbox);
    let ran = tc.run(&["references", "update", "--json"]);
    ran.status(0);
    let said = ran.json();
    assert_eq!((&said["new"], &said["gone"]), (&json!([]), &json!([])), "{said}");
    tc.run(&["api", "queue", "ping", "--jq", ".alive"]).stdout("true\n").stderr("").status(0);
}
