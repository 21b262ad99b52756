//! Things that are named and do not exist: what people are told to do next.

use serde_json::json;
use tc::sandbox::{Options, Sandbox};

use crate::support::Tc;

const UNKNOWN: &str = "fN1SbArXTPSVFNUvaOlinQ";

/// Verbs with the name of something that a sandbox does not have.
const LINES: &[&[&str]] = &[
    &["task", "status", UNKNOWN],
    &["task", "why", UNKNOWN],
    &["task", "errors", UNKNOWN],
    &["task", "def", UNKNOWN],
    &["task", "deps", UNKNOWN],
    &["task", "log", UNKNOWN],
    &["task", "artifacts", UNKNOWN],
    &["task", "wait", UNKNOWN],
    &["task", "rerun", UNKNOWN],
    &["task", "retrigger", UNKNOWN],
    &["task", "cancel", UNKNOWN],
    &["task", "schedule", UNKNOWN],
    &["task", "complete", UNKNOWN],
    &["task", "priority", UNKNOWN, "high"],
    &["task", "cot", UNKNOWN],
    &["task", "validate", UNKNOWN],
    &["group", "status", UNKNOWN],
    &["group", "list", UNKNOWN],
    &["group", "why", UNKNOWN],
    &["group", "failures", UNKNOWN],
    &["group", "wait", UNKNOWN],
    &["group", "timeline", UNKNOWN],
    &["group", "cancel", UNKNOWN, "--yes"],
    &["group", "rerun", UNKNOWN, "--yes"],
    &["group", "seal", UNKNOWN, "--yes"],
    &["group", "priority", UNKNOWN, "high", "--yes"],
    &["artifact", "list", UNKNOWN],
    &["artifact", "cat", UNKNOWN, "public/x"],
    &["artifact", "download", UNKNOWN, "public/x"],
    &["download", "artifact", UNKNOWN, "public/x", "-"],
    &["download", "object", "no/such", "-"],
    &["object", "download", "no/such", "-o", "-"],
    &["action", "list", UNKNOWN],
    &["action", "run", "retrigger", UNKNOWN],
    &["hook", "show", "no/such"],
    &["hook", "fires", "no/such"],
    &["hook", "status", "no/such"],
    &["hook", "trigger", "no/such"],
    &["hook", "rm", "no/such", "--yes"],
    &["hook", "token", "no/such"],
    &["hook", "list", "no"],
    &["index", "find", "no.such"],
    &["index", "download", "no.such", "public/x"],
    &["index", "rm", "no.such", "--yes"],
    &["task", "status", "--index", "no.such"],
    &["secret", "get", "no/such"],
    &["secret", "load", "no/such"],
    &["secret", "rm", "no/such", "--yes"],
    &["worker", "show", "a/b/c/d"],
    &["worker", "list", "a/b"],
    &["worker", "errors", "a/b"],
    &["worker", "terminate", "a/b/c/d", "--yes"],
    &["worker", "unquarantine", "a/b/c/d"],
    &["worker", "pool", "show", "a/b"],
    &["worker", "pool", "rm", "a/b", "--yes"],
    &["purge-cache", "a/b", "c"],
    &["client", "show", "no/such"],
    &["client", "rm", "no/such", "--yes"],
    &["client", "enable", "no/such"],
    &["client", "reset-token", "no/such", "--yes"],
    &["role", "show", "no/such"],
    &["role", "rm", "no/such", "--yes"],
];

#[test]
fn a_name_that_does_not_exist_is_told_with_the_deployment_that_was_asked() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new().signed_in(&sandbox);
    let elsewhere = format!("hint: If it is not on {}, choose its deployment with -R", sandbox.root_url());
    for line in LINES {
        let ran = tc.run(line);
        ran.stdout("").status(5);
        assert!(ran.stderr.contains(&elsewhere), "{ran}");
        let is_listed = !["object", "download", "purge-cache"].contains(&line[0]);
        assert!(!is_listed || ran.stderr.matches("hint: ").count() >= 2, "no next step: {ran}");
    }
}

#[test]
fn a_worker_of_an_unknown_pool_says_where_to_find_the_pools() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new().signed_in(&sandbox);
    let elsewhere = format!(
        "hint: If it is not on {}, choose its deployment with -R, or give the address of its page.\n",
        sandbox.root_url()
    );
    tc.run(&["worker", "show", "a/b/c/d"])
        .stdout("")
        .stderr(&format!(
            "error: worker pool `a/b` does not exist\n\
             hint: `tc worker pools` lists the worker pools, and `tc worker list POOL` the workers of one.\n{elsewhere}"
        ))
        .status(5);
    let ran = tc.run(&["task", "why", UNKNOWN]);
    assert!(
        ran.stderr.ends_with(&format!("hint: Check the task ID; tasks are deleted when they expire.\n{elsewhere}")),
        "{ran}"
    );
}

#[test]
fn whoever_named_the_deployment_by_a_page_or_asked_for_a_part_is_not_sent_elsewhere() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new().env("HOME", "/nonexistent");
    let page = format!("{}/tasks/{UNKNOWN}", sandbox.root_url());
    let ran = tc.run(&["task", "status", &page]);
    ran.status(5);
    assert!(!ran.stderr.contains("-R"), "{ran}");
    let tc = Tc::new().signed_in(&sandbox);
    let body = json!({"expires": "2100-01-01T00:00:00.000Z", "secret": {"a": 0}}).to_string();
    tc.run(&["api", "secrets", "set", "x", "-d", &body]).status(0);
    let ran = tc.run(&["secret", "get", "x", "b"]);
    ran.status(5);
    assert!(ran.stderr.starts_with("error: key `b` does not exist\n") && !ran.stderr.contains("-R"), "{ran}");
    // A method by its name is for programs.
    let ran = tc.run(&["api", "secrets", "get", "y"]);
    ran.status(5);
    assert!(!ran.stderr.contains("hint:"), "{ran}");
}
