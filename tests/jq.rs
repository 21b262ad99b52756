//! `--jq`, wherever JSON is printed.

use std::collections::BTreeSet;

use tc::sandbox::{Options, Sandbox};

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer};
use crate::support::group::Group;

const EXAMPLES: &str = include_str!("../src/commands/examples/examples.txt");
const TASK_ID: &str = "VESwp9JaRo-XkFN_bemBhw";
const DEFINITION: &str = r#"{"provisionerId": "proj-misc", "workerType": "ci", "created": {"$fromNow": ""},
    "deadline": {"$fromNow": "1 day"}, "payload": {}, "schedulerId": "examples",
    "metadata": {"name": "build", "description": "x", "owner": "me@example.com", "source": "https://example.com"}}"#;

const PING: &str = "GET /api/auth/v1/ping";

/// A run of `tc api auth ping --jq PROGRAM` on this answer.
fn filtered(answer: &str, program: &str) -> crate::support::Ran {
    let server = FakeServer::start();
    server.expect(PING, Answer::json(200, answer));
    Tc::new().at(server.url()).run(&["api", "auth", "ping", "--jq", program])
}

#[test]
fn halt_error_prints_its_text_and_sets_the_status() {
    filtered(r#"{"state": "busy"}"#, ".state, (.state | halt_error(3)), 1").stdout("busy\n").stderr("busy").status(3);
    filtered(r#"{"state": "busy"}"#, "halt_error").stdout("").stderr("{\"state\":\"busy\"}\n").status(5);
    filtered("{}", "1, halt, 2").stdout("1\n").stderr("").status(0);
}

#[test]
fn debug_goes_to_standard_error() {
    filtered(r#"{"a": 1}"#, ".a | debug").stdout("1\n").stderr("[\"DEBUG:\",1]\n").status(0);
}

#[test]
fn an_error_is_one_line() {
    let long = format!(r#"{{"a": "{}"}}"#, "line\\n".repeat(200));
    let ran = filtered(&long, ".a | error({b: .})");
    ran.stdout("").stderr("error: the jq program failed: object ({\"b\":\"line\\nline\\nline\\nl...})\n").status(1);
}

#[test]
fn what_nests_too_deeply_is_an_error_and_no_abort() {
    let nested = ["[".repeat(20_000), "]".repeat(20_000)].concat();
    for program in [".", "length"] {
        let ran = filtered(&nested, program);
        ran.stdout("").status(1);
        assert!(ran.stderr.contains("nested deeper than 10000 levels"), "{ran}");
    }
    let ran = filtered("{}", "def f: f + 1; f");
    ran.stdout("").stderr("error: the jq program failed: its calls are nested too deeply\n").status(1);
    let ran = Tc::new().run(&["api", "--json", "--jq", &"(".repeat(5_000)]);
    ran.stdout("").stderr("error: the jq program does not compile: it is nested deeper than 1000 levels\n").status(2);
}

#[test]
fn the_environment_is_that_of_the_command() {
    let server = FakeServer::start();
    server.expect(PING, Answer::json(200, "{}"));
    let tc = Tc::new().at(server.url()).env("MINE", "value");
    tc.run(&["api", "auth", "ping", "--jq", "$ENV.MINE, env.MINE, $ENV.PATH"]).stdout("value\nvalue\nnull\n").status(0);
}

#[test]
fn a_program_is_refused_where_there_is_no_json() {
    let ran = Tc::new().at("http://localhost:1").run(&["artifact", "cat", "x", "y", "--jq", "."]);
    ran.stdout("").stderr("error: an artifact is not JSON, so --jq cannot filter it\n").status(2);
}

#[test]
fn the_url_of_an_artifact_is_json_when_asked_for() {
    let tc = Tc::new().at("https://tc.example.com");
    let task = "RfxZjnB-QpG49NdLRR6MIA";
    let url = format!("https://tc.example.com/api/queue/v1/task/{task}/artifacts/public%2Fx");
    tc.run(&["artifact", "url", task, "public/x"]).stdout(&format!("{url}\n")).status(0);
    tc.run(&["artifact", "url", task, "public/x", "--json"]).stdout(&format!("\"{url}\"\n")).status(0);
    tc.run(&["artifact", "url", task, "public/x", "--jq", "length"]).stdout(&format!("{}\n", url.len())).status(0);
}

#[test]
fn help_names_the_dialect() {
    let ran = Tc::new().run(&["help", "jq"]);
    ran.stderr("").status(0);
    assert!(ran.stdout.contains("jq 1.8") && ran.stdout.contains("jaq"), "{ran}");
}

/// Examples of all verbs, as they could be typed; what they change must be as it was.
#[test]
fn a_program_that_does_not_compile_is_refused_before_any_verb_does_anything() {
    let server = FakeServer::start();
    let tc = Tc::new().at(server.url());
    let faults = [("wrong(", "expected"), ("nosuchfunction(1)", "undefined filter `nosuchfunction`")];
    let (mut wrong, mut verbs) = (Vec::new(), BTreeSet::new());
    let examples = EXAMPLES.lines().filter(|line| !line.contains("--jq")).filter_map(|line| line.split_once(" ## "));
    for ((line, _), (program, fault)) in examples.zip(faults.iter().cycle()) {
        let line = line.replace("{task}", TASK_ID).replace("{group}", TASK_ID);
        let words: Vec<String> = shlex::split(&line).unwrap().into_iter().skip_while(|word| word != "tc").collect();
        let own = words.iter().skip(1).take_while(|word| !["|", "<", ">"].contains(&word.as_str()));
        let args: Vec<&str> = ["--jq", program].into_iter().chain(own.map(String::as_str)).collect();
        let ran = tc.run(&args);
        let is_refused = ran.stderr.starts_with("error: the jq program does not compile: ");
        if !is_refused || !ran.stderr.contains(fault) || ran.status != 2 || !ran.stdout.is_empty() {
            wrong.push(ran.to_string());
        }
        verbs.extend(words.get(1..3).map(|verb| verb.join(" ")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    for verb in ["task create", "task rerun", "group cancel", "action run", "hook trigger", "secret set", "role create"]
    {
        assert!(verbs.contains(verb), "{verb} has no example");
    }
    assert_eq!(server.connections(), 0);
}

/// The program is right, and the answer is not what it takes.
#[test]
fn a_program_that_fails_after_a_change_leaves_the_change_named() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new().signed_in(&sandbox).stdin(DEFINITION);
    let after = |done: &str, args: &[&str]| {
        let ran = tc.run(&[args, &["--jq", ".[0].taskId | tonumber"]].concat());
        let start = format!("error: {done}, but the result cannot be printed\n  caused by: the jq program failed: ");
        ran.stderr_starts(&start).stdout("").status(1);
    };
    let create = ["task", "create", "-", "--task-id", TASK_ID, "--group", TASK_ID, "--no-validate"];
    after(&format!("created task {TASK_ID}"), &create);
    after(&format!("cancelled task {TASK_ID}"), &["task", "cancel", TASK_ID]);
    after(&format!("re-run task {TASK_ID}"), &["task", "rerun", TASK_ID]);
    after(&format!("sealed group {TASK_ID}"), &["group", "seal", TASK_ID, "--yes"]);
    after("created secret a/b", &["secret", "set", "a/b", "-f", "key=value"]);
    after("removed secret a/b", &["secret", "rm", "a/b", "--yes"]);
    after("created role project:x", &["role", "create", "project:x", "-s", "a:b"]);
    after("Client a/b created", &["client", "create", "a/b", "--expires", "1 day"]);
    after(&format!("called queue.cancelTask (task {TASK_ID})"), &["api", "queue", "cancelTask", TASK_ID]);
    let halted = tc.run(&["secret", "set", "a/b", "-f", "key=value", "--jq", "\"no\" | halt_error(9)"]);
    halted.stdout("").stderr("created secret a/b\nno").status(9);
    // What only asks has changed nothing that could be named.
    let asked = tc.run(&["api", "queue", "status", TASK_ID, "--jq", ".status.taskId | tonumber"]);
    assert!(asked.stderr.starts_with("error: the jq program failed: "), "{asked}");
}

/// The IDs that were made up for new tasks stand nowhere else.
#[test]
fn a_program_that_fails_on_new_tasks_leaves_their_ids_named() {
    let group = Group::new();
    let id = group.task("a", "failed");
    let ran = group.tc().run(&["task", "retrigger", &id, "--times", "2", "--yes", "--jq", "tonumber"]);
    let created = ran.stderr.strip_prefix("error: created tasks ").and_then(|rest| rest.split_once(", but "));
    let ids: Vec<&str> = created.unwrap_or_else(|| panic!("{ran}")).0.split(", ").collect();
    assert_eq!(ids.len(), 2, "{ran}");
    assert!(ids.iter().all(|id| group.state(id) == "pending"), "{ran}");
}

#[test]
fn an_object_of_another_shape_is_an_error() {
    for answer in ["[1]", "\"x\"", "5", "true"] {
        let server = FakeServer::start();
        server.expect("PUT /api/object/v1/start-download/a", Answer::json(200, answer));
        let tc = Tc::new().at(server.url());
        let ran = tc.run(&["object", "download", "a", "-o", "out", "--retries", "0"]);
        ran.stdout("").status(1);
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains("object"), "{ran}");
    }
}

#[test]
fn a_text_cannot_drive_the_terminal_and_is_whole_in_a_pipe() {
    let server = FakeServer::start();
    let answer = || Answer::json(200, r#"{"name":"a\u001b]0;b\u0007\u202ec\nd"}"#);
    server.expect("GET /api/queue/v1/ping", answer()).expect("GET /api/queue/v1/ping", answer());
    let args = ["api", "queue", "ping", "--jq", ".name", "--color", "never"];
    Tc::new().at(server.url()).terminal().run(&args).stdout("a]0;bc\nd\n").status(0);
    Tc::new().at(server.url()).run(&args).stdout("a\u{1b}]0;b\u{7}\u{202e}c\nd\n").status(0);
}
