//! Bulk actions that are in vain: they stop by themselves, say so, and name what is left.

use std::collections::BTreeSet;
use std::fs;

use serde_json::json;

use crate::support::Tc;
use crate::support::bulk::{GROUP, cancel, id, list, page, tc};
use crate::support::fake_server::{Answer, FakeServer};

const SCOPES: &str = "Client ID me does not have sufficient scopes and is missing the following scopes:\n\n\
                      ```\nqueue:cancel-task:s/g/t\n```";

fn refused(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, json!({"code": code, "message": message}).to_string())
}

/// The IDs in the file that `--failures` names, each once.
fn left(tc: &Tc) -> BTreeSet<String> {
    let text = fs::read_to_string(tc.directory().join("left")).unwrap();
    let ids: BTreeSet<String> = text.lines().map(str::to_owned).collect();
    assert_eq!(ids.len(), text.lines().count(), "an ID is there twice");
    ids
}

fn ids(numbers: impl IntoIterator<Item = usize>) -> BTreeSet<String> {
    numbers.into_iter().map(id).collect()
}

/// Numbers of a line such as `52 of 268 tasks could not be cancelled, 216 were not tried`.
fn numbers(line: &str) -> Vec<usize> {
    line.split(|letter: char| !letter.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn without_the_scope_268_tasks_are_not_268_calls() {
    let server = FakeServer::start();
    server
        .expect(&list(None), Answer::json(200, page(0..200, Some("x"))))
        .expect(&list(Some("x")), Answer::json(200, page(200..268, None)));
    for number in 0..268 {
        server.allow(&cancel(number), refused(403, "InsufficientScopes", SCOPES));
    }
    let tc = tc(&server);
    let ran = tc.run(&["group", "cancel", "-y", "--failures", "left", GROUP]);
    ran.stdout("").status(4);
    let calls = server.requests().len() - 2;
    assert!((20..=60).contains(&calls), "{calls} calls");
    assert_eq!(left(&tc), ids(0..268));
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert!(lines.len() <= 10, "{ran}");
    assert!(lines[0].starts_with("warning: could not cancel "), "{ran}");
    assert_eq!(lines[1], "warning: stopped: 20 tasks in a row failed in the same way");
    assert!(lines[3].starts_with(&format!("{calls:>6}  InsufficientScopes  ")), "{ran}");
    assert_eq!(numbers(lines[4]), [calls, 268, 268 - calls], "{ran}");
    assert_eq!(lines[4], format!("error: {calls} of 268 tasks could not be cancelled, {} were not tried", 268 - calls));
    assert_eq!(lines.last(), Some(&"hint: For all of them: tc signin --for group.cancel"));
}

#[test]
fn a_server_that_is_gone_stops_it_after_the_time_that_retries_take() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..200, None)));
    for number in 0..200 {
        for _ in 0..3 {
            server.allow(&cancel(number), Answer::cut());
        }
    }
    let tc = tc(&server);
    let ran = tc.run(&["group", "cancel", "-y", "--retries", "2", "--failures", "left", GROUP]);
    ran.stdout("").status(7);
    let calls = server.requests().len() - 1;
    assert!(calls <= 3 * 40, "{calls} calls");
    assert_eq!(left(&tc), ids(0..200));
    let why = "warning: stopped: the deployment has not answered for as long as retries take";
    assert_eq!(ran.stderr.lines().filter(|line| *line == why).count(), 1, "{ran}");
    let last = ran.stderr.lines().find(|line| line.starts_with("error: ")).unwrap();
    assert!(matches!(numbers(last)[..], [failed, 200, left] if failed + left == 200), "{ran}");
    assert!(last.ends_with(" were not tried"), "{ran}");
}

#[test]
fn a_list_that_is_gone_too_is_said() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..50, Some("x"))));
    server.expect(&list(Some("x")), Answer::cut());
    for number in 0..50 {
        server.allow(&cancel(number), Answer::cut());
    }
    let tc = tc(&server);
    let ran = tc.run(&["group", "cancel", "-y", "--retries", "0", "--jobs", "2", "--failures", "left", GROUP]);
    ran.stdout("").status(7);
    assert_eq!(left(&tc), ids(0..50));
    assert!(ran.stderr.contains("were not tried, and the rest of the list could not be read\n"), "{ran}");
}

#[test]
fn what_was_done_before_makes_it_a_part_that_failed() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..100, None)));
    for number in 0..100 {
        let done = json!({"status": {"taskId": id(number), "state": "exception"}}).to_string();
        let answer = if number < 5 { Answer::json(200, done) } else { refused(400, "InputError", "no") };
        server.allow(&cancel(number), answer);
    }
    let tc = tc(&server);
    let args = ["group", "cancel", "-y", "--jobs", "1", "--failures", "left", "--json", GROUP];
    let ran = tc.run(&args);
    ran.status(3);
    let document = ran.json();
    assert_eq!(document["done"], json!((0..5).map(id).collect::<Vec<_>>()));
    assert_eq!(document["failed"].as_array().unwrap().len(), 20);
    assert_eq!(document["untried"], json!((25..100).map(id).collect::<Vec<_>>()));
    assert_eq!(left(&tc), ids(5..100));
    assert!(ran.stderr.contains("error: 20 of 100 tasks could not be cancelled, 75 were not tried\n"), "{ran}");
}

#[test]
fn refusals_for_the_tasks_own_sake_stop_nothing() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..60, None)));
    for number in 0..60 {
        let message = format!("task {} is over", id(number));
        server.expect(&cancel(number), refused(409, "RequestConflict", &message));
    }
    let ran = tc(&server).run(&["group", "cancel", "-y", GROUP]);
    ran.stdout("").status(6);
    let told = ran.stderr.lines().filter(|line| line.starts_with("warning: could not cancel ")).count();
    assert_eq!(told, 1, "those that differ in an ID are told once: {ran}");
    assert!(ran.stderr.contains("\n    60  RequestConflict  queue.cancelTask failed: "), "{ran}");
    let end = "error: 60 of 60 tasks could not be cancelled\n\
               hint: Use --failures FILE to have the IDs of what is left written down.\n";
    assert!(ran.stderr.ends_with(end), "{ran}");
}

#[test]
fn named_tasks_stop_alike() {
    let server = FakeServer::start();
    let names: Vec<String> = (0..64).map(id).collect();
    for number in 0..64 {
        server.allow(&cancel(number), refused(401, "AuthenticationFailed", "expired"));
    }
    let tc = tc(&server).stdin(names.join("\n"));
    let ran = tc.run(&["task", "cancel", "-y", "--jobs", "1", "--failures", "left", "-"]);
    ran.stdout("").status(4);
    assert_eq!((server.requests().len(), left(&tc)), (20, ids(0..64)));
}
