//! Long output on a terminal goes through a pager, by the real binary.

use serde_json::json;

use crate::support::fake_server::{Answer, FakeServer};
use crate::support::pty::{CTRL_C, Terminal};

/// A pager that says that it is one, and what it was given first.
const PAGER: &str = "sh -c 'sed -n 1p; cat > /dev/null; echo paged by $0 with LESS=$LESS' mine";

fn terminal(pager: &str) -> Terminal {
    Terminal::new().env("TC_PAGER", pager)
}

#[test]
fn long_help_topics_lists_documents_and_manuals_are_paged() {
    for args in [
        &["help", "environment"][..],
        &["group", "rerun", "--help"],
        &["schema", "list"],
        &["references", "show", "queue"],
        &["references", "show", "queue", "-o", "yaml"],
        &["api"],
        &["api", "search", "task"],
    ] {
        let left = terminal(PAGER).run(args).end();
        let lines: Vec<&str> = left.screen.lines().collect();
        assert_eq!((lines.len(), lines[1]), (2, "paged by mine with LESS=FRX"), "{args:?}: {}", left.screen);
        assert_eq!(left.status, Some(0), "{args:?}");
    }
}

#[test]
fn the_pager_keeps_the_options_of_less() {
    let left = terminal(PAGER).env("LESS", "-S").run(&["help", "environment"]).end();
    assert!(left.screen.contains("with LESS=-S"), "{}", left.screen);
}

#[test]
fn what_fits_the_screen_is_printed_directly() {
    let left = terminal(PAGER).run(&["version"]).end();
    assert!(left.screen.starts_with("tc ") && !left.screen.contains("paged"), "{}", left.screen);
    let left = terminal(PAGER).size(24, 100).run(&["help", "exit-codes"]).end();
    assert!(!left.screen.contains("paged"), "{}", left.screen);
    let left = terminal(PAGER).size(8, 100).run(&["help", "exit-codes"]).end();
    assert!(left.screen.contains("paged"), "{}", left.screen);
}

#[test]
fn whoever_wants_no_progress_still_has_a_pager() {
    let left = terminal(PAGER).env("TC_PROGRESS", "0").run(&["help", "environment"]).end();
    assert!(left.screen.contains("paged"), "{}", left.screen);
}

#[test]
fn nothing_is_paged_where_that_is_unwanted_or_nobody_looks_on() {
    for (terminal, args) in [
        (terminal(""), &["help", "environment"][..]),
        (terminal("cat"), &["help", "environment"]),
        (terminal(PAGER), &["help", "environment", "--no-pager"]),
        (terminal(PAGER), &["--no-pager", "group", "rerun", "--help"]),
        (terminal(PAGER).env("TERM", "dumb"), &["help", "environment"]),
    ] {
        let left = terminal.run(args).end();
        assert!(!left.sent.contains("paged"), "{args:?}: {}", left.sent);
        assert_eq!(left.status, Some(0), "{args:?}");
    }
    let left = terminal(PAGER).into_pipe().run(&["help", "environment"]).end();
    assert!(left.piped.contains("\n  TC_PAGER ") && left.sent.is_empty(), "{}", left.sent);
}

#[test]
fn a_pager_that_does_not_start_leaves_the_output_and_a_line() {
    for args in [&["help", "environment"][..], &["group", "rerun", "--help"]] {
        let left = terminal("/nowhere/pager -x").env("NO_COLOR", "1").run(args).end();
        let warning = "warning: cannot start the pager `/nowhere/pager -x`: No such file or directory";
        assert!(left.sent.contains(warning), "{}", left.sent);
        assert_eq!(left.sent.matches("warning:").count(), 1, "{}", left.sent);
        assert!(left.sent.lines().count() > 24, "{}", left.sent);
        assert_eq!(left.status, Some(0));
    }
}

#[test]
fn leaving_the_pager_early_is_no_failure() {
    // More than a pipe holds.
    let left = terminal("true").run(&["references", "show", "queue"]).end();
    assert_eq!((left.screen.as_str(), left.status), ("", Some(0)));
}

#[test]
fn ctrl_c_is_a_key_of_the_pager() {
    let pager = "sh -c 'trap : INT; cat > /dev/null; echo ready; read -r word < /dev/tty || read -r word < /dev/tty; \
                 echo got $word'";
    for args in [&["help", "environment"][..], &["group", "rerun", "--help"], &["schema", "list"]] {
        let session = terminal(pager).run(args);
        session.wait_for("ready");
        session.press(CTRL_C);
        session.press("word\r");
        session.wait_for("got word");
        assert_eq!(session.end().status, Some(0), "{args:?}");
    }
}

#[test]
fn less_is_left_by_its_key() {
    let session = terminal("less").run(&["help", "environment"]);
    session.wait_for("tc reads these environment variables.");
    session.press("q");
    assert_eq!(session.end().status, Some(0));
}

#[test]
fn a_failure_is_told_after_the_pager() {
    let left = terminal(PAGER).run(&["api", "search", "nothing-of-this-name"]).end();
    assert!(left.screen.starts_with("error: no method matches"), "{}", left.screen);
    assert_eq!(left.status, Some(5));
}

const GROUP: &str = "fN1SbArXTPSVFNUvaOlinQ";

/// A server with the first page of a group, which is longer than the screen; the second one is `second`.
fn two_pages(second: Answer) -> FakeServer {
    let server = FakeServer::start();
    let task = |number: usize| {
        let id = format!("{number:022}");
        let stamp = "2026-01-01T00:00:00.000Z";
        json!({
            "status": {"taskId": id, "provisionerId": "p", "workerType": "w", "taskQueueId": "p/w", "schedulerId": "s",
                "taskGroupId": GROUP, "deadline": stamp, "expires": stamp, "retriesLeft": 5, "state": "pending",
                "runs": [], "projectId": "none", "priority": "low"},
            "task": {"provisionerId": "p", "workerType": "w", "taskQueueId": "p/w", "schedulerId": "s", "created": stamp,
                "taskGroupId": GROUP, "deadline": stamp, "expires": stamp, "payload": {}, "metadata":
                {"name": format!("task-{number}"), "description": "", "owner": "a@b.c", "source": "https://e.com"}},
        })
    };
    let tasks: Vec<_> = (0..60).map(task).collect();
    let page = json!({"taskGroupId": GROUP, "schedulerId": "s", "expires": "2026-01-01T00:00:00.000Z",
        "continuationToken": "more", "tasks": tasks});
    let path = format!("GET /api/queue/v1/task-group/{GROUP}/list");
    server.expect(&path, Answer::json(200, page.to_string()));
    server.allow(&format!("{path}?continuationToken=more"), second);
    server
}

#[test]
fn the_first_screen_is_shown_while_the_rest_is_awaited_and_leaving_ends_the_wait() {
    let server = two_pages(Answer::hang());
    let left = Terminal::at(server.url()).env("TC_PAGER", "head -n 3").run(&["group", "list", GROUP, "--jsonl"]).end();
    assert_eq!(left.status, Some(0), "{}", left.sent);
    assert!(left.sent.contains("task-2") && !left.sent.contains("task-3"), "{}", left.sent);
}

#[test]
fn ctrl_c_leaves_a_list_that_still_comes_to_the_pager() {
    let server = two_pages(Answer::hang());
    let pager = "sh -c 'trap : INT; head -n 2; read -r word < /dev/tty || read -r word < /dev/tty; echo got $word'";
    let session = Terminal::at(server.url()).env("TC_PAGER", pager).run(&["group", "list", GROUP, "--jsonl"]);
    session.wait_for("task-0");
    session.press(CTRL_C);
    session.press("word\r");
    session.wait_for("got word");
    assert_eq!(session.end().status, Some(0));
}

#[test]
fn what_fails_behind_the_first_screen_is_told_after_the_pager() {
    let refused = json!({"code": "InputError", "message": "no such token", "requestInfo": {}});
    let server = two_pages(Answer::json(400, refused.to_string()));
    let pager = "sh -c 'head -n 2; cat > /dev/null; echo end of the pager'";
    let left = Terminal::at(server.url()).env("TC_PAGER", pager).run(&["group", "list", GROUP, "--jsonl"]).end();
    assert!(left.sent.contains("error:"), "{}", left.sent);
    let (pager, error) = (left.sent.find("end of the pager").unwrap(), left.sent.find("error:").unwrap());
    assert!(pager < error, "{}", left.sent);
    assert_ne!(left.status, Some(0));
}

/// One that goes on would fight with the shell for the keys.
#[cfg(unix)]
#[test]
fn a_signal_that_ends_tc_ends_the_pager_too() {
    let pager = "sh -c 'trap \"echo restored; exit\" TERM; head -n 2; echo shown; while :; do sleep 0.02; done'";
    let server = two_pages(Answer::hang());
    for args in [&["group", "list", GROUP, "--jsonl"][..], &["help", "environment"], &["group", "rerun", "--help"]] {
        let session = Terminal::at(server.url()).env("TC_PAGER", pager).run(args);
        session.wait_for("shown");
        session.signal(rustix::process::Signal::TERM);
        session.wait_for("restored");
        assert_eq!(session.end().status, Some(130), "{args:?}");
    }
}
