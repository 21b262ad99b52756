//! Bulk actions by the real binary on a terminal: the question, progress, Ctrl-C.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;

use crate::support::fake_server::{Answer, FakeServer};
use crate::support::group::Group;
use crate::support::pty::{CTRL_C, CTRL_D, Session, Terminal};

const GROUP: &str = "VESwp9JaRo-XkFN_bemBhw";

fn id(number: usize) -> String {
    format!("{number:08}QACAAAAAAAAAAA")
}

/// A group of so many pending tasks, on one page.
fn expect_list(server: &FakeServer, count: usize) {
    let tasks: Vec<_> = (0..count)
        .map(|number| {
            json!({"status": {"taskId": id(number), "state": "pending", "taskQueueId": "p/w"},
                   "task": {"metadata": {"name": format!("task {number}")}}})
        })
        .collect();
    let body = json!({"taskGroupId": GROUP, "tasks": tasks}).to_string();
    server.expect(&format!("GET /api/queue/v1/task-group/{GROUP}/list"), Answer::json(200, body));
}

fn expect_cancel(server: &FakeServer, number: usize, answer: Answer) {
    server.expect(&format!("POST /api/queue/v1/task/{}/cancel", id(number)), answer);
}

/// The answer to the cancellation of the task of this number.
fn done(number: usize) -> Answer {
    let status = json!({"status": {"taskId": id(number), "state": "exception", "runs": []}});
    Answer::json(200, status.to_string())
}

/// Lets the answers go that wait for one more request.
fn go_on(server: &FakeServer) {
    server.expect("GET /go-on", done(0));
    let mut connection = TcpStream::connect(server.url().trim_start_matches("http://")).unwrap();
    connection.write_all(b"GET /go-on HTTP/1.1\r\n\r\n").unwrap();
    connection.read_exact(&mut [0; 1]).unwrap();
}

fn cancel(server: &FakeServer, more: &[&str]) -> Session {
    Terminal::at(server.url()).run(&[&["group", "cancel", GROUP], more].concat())
}

#[test]
fn the_question_shows_ten_and_a_count_and_only_yes_sends_anything() {
    for (keys, status, last) in [
        ("n\n", 1, "cancelled nothing: not confirmed"),
        ("\n", 1, "cancelled nothing: not confirmed"),
        (CTRL_D, 1, "error: cancelled nothing: the input ended without an answer"),
        (CTRL_C, 130, "error: interrupted"),
    ] {
        // A call that nobody expects is an error of the server's.
        let server = FakeServer::start();
        expect_list(&server, 12);
        let session = cancel(&server, &[]);
        let screen = session.wait_for("Cancel them? [y/N]");
        let lines: Vec<&str> = screen.lines().collect();
        assert_eq!(lines[0], "About to cancel 12 tasks:");
        assert_eq!(lines[1], format!("  {} task 0", id(0)));
        assert_eq!(lines[10], format!("  {} task 9", id(9)));
        assert_eq!(lines[11], "  .. and 2 more");
        session.press(keys);
        let left = session.end();
        assert_eq!(left.status, Some(status), "{keys:?}: {}", left.screen);
        assert_eq!(left.screen.lines().last(), Some(last), "{keys:?}: {}", left.screen);
    }
}

#[test]
fn ctrl_c_while_the_tasks_are_listed_sends_nothing() {
    let server = FakeServer::start();
    server.expect(&format!("GET /api/queue/v1/task-group/{GROUP}/list"), Answer::hang());
    let session = cancel(&server, &[]);
    session.wait_for("Listing ");
    session.press(CTRL_C);
    let left = session.end();
    assert_eq!((left.status, left.screen.as_str()), (Some(130), "error: interrupted"));
}

#[test]
fn a_rerun_is_asked_about_and_done_after_a_yes() {
    let group = Group::new();
    let (one, two) = (group.task("one", "failed"), group.task("two", "exception"));
    let session = Terminal::on(&group).run(&["group", "rerun", &group.id]);
    let screen = session.wait_for("Rerun them? [y/N]");
    assert!(screen.starts_with("About to rerun 2 tasks:\n"), "{screen}");
    session.press("what\n");
    session.wait_for("Please answer y or n.\nRerun them? [y/N]");
    session.press("y\n");
    let left = session.end();
    assert_eq!(left.status, Some(0), "{}", left.screen);
    assert!(left.screen.lines().last().unwrap().starts_with("2 tasks rerun in "), "{}", left.screen);
    assert_eq!((group.state(&one).as_str(), group.state(&two).as_str()), ("pending", "pending"));
}

#[test]
fn what_takes_longer_than_a_moment_shows_how_far_it_is() {
    let server = FakeServer::start();
    expect_list(&server, 4);
    for number in 0..4 {
        // The third one waits until someone has seen the bar.
        let answer = if number == 2 { done(number).after_calls(5) } else { done(number) };
        expect_cancel(&server, number, answer);
    }
    let session = cancel(&server, &["--jobs", "1"]);
    session.wait_for("[y/N]");
    session.press("y\n");
    let screen = session.wait_for("2/4");
    let bar = regex::Regex::new(r"^Cancelling ━{15,16}╌{14,15} 2/4 \([0-9.]+/s, \d+s left\)$").unwrap();
    assert!(bar.is_match(screen.lines().last().unwrap()), "{screen}");
    go_on(&server);
    let left = session.end();
    assert_eq!(left.status, Some(0));
    assert!(!left.screen.contains("Cancelling"), "the bar is still there:\n{}", left.screen);
    assert!(left.screen.lines().last().unwrap().starts_with("4 tasks cancelled in "), "{}", left.screen);
}

#[test]
fn many_tasks_are_looked_up_with_a_bar_and_what_is_wrong_stands_above_it() {
    let server = FakeServer::start();
    let name = |number: usize| Answer::json(200, json!({"metadata": {"name": format!("n{number}")}}).to_string());
    let call = |number: usize| format!("GET /api/queue/v1/task/{}", id(number));
    server.expect(&call(0), name(0));
    server.expect(&call(1), Answer::json(404, r#"{"code": "ResourceNotFound", "message": "gone"}"#));
    server.expect(&call(2), name(2).after_calls(4));
    let session = Terminal::at(server.url()).run(&["task", "name", &id(0), &id(1), &id(2)]);
    session.wait_for("Looking up ━");
    session.wait_for("2/3");
    go_on(&server);
    let left = session.end();
    let expected = format!(
        "{} n0\nwarning: {}: queue.task failed: ResourceNotFound: gone\n{} n2\nerror: 1 of 3 tasks could not be looked up",
        id(0),
        id(1),
        id(2)
    );
    assert_eq!((left.status, left.screen.as_str()), (Some(3), expected.as_str()));
}

#[test]
fn lines_in_a_pipe_have_no_bar_beside_them_and_quiet_means_quiet() {
    for quiet in [false, true] {
        let server = FakeServer::start();
        expect_list(&server, 2);
        expect_cancel(&server, 0, done(0));
        expect_cancel(&server, 1, done(1).after_calls(4));
        let terminal = Terminal::at(server.url()).into_pipe();
        let flags: &[&str] = if quiet { &["-q"] } else { &[] };
        let session = terminal.run(&[&["group", "cancel", "--yes", "--jobs", "1", GROUP], flags].concat());
        server.wait_for_requests(3);
        go_on(&server);
        let left = session.end();
        assert_eq!(left.status, Some(0), "{}", left.screen);
        assert_eq!(left.piped, format!("cancelling task {}\ncancelling task {}\n", id(0), id(1)));
        assert_eq!(left.screen.is_empty(), quiet, "{}", left.screen);
        assert_eq!(left.sent.is_empty(), quiet, "{}", left.sent);
        assert!(!left.sent.contains("Cancelling"), "there is a bar: {}", left.sent);
    }
}

#[test]
fn failures_are_told_above_the_bar_and_counted_at_the_end() {
    let server = FakeServer::start();
    expect_list(&server, 4);
    let refused = Answer::json(409, r#"{"code": "RequestConflict", "message": "it is over"}"#);
    expect_cancel(&server, 0, refused.clone());
    expect_cancel(&server, 1, done(1));
    expect_cancel(&server, 2, done(2).after_calls(5));
    expect_cancel(&server, 3, refused);
    let terminal = Terminal::at(server.url()).size(24, 120);
    let session = terminal.run(&["group", "cancel", GROUP, "--jobs", "1"]);
    session.wait_for("[y/N]");
    session.press("y\n");
    session.wait_for("2/4, 1 failed (");
    go_on(&server);
    let left = session.end();
    assert_eq!(left.status, Some(3));
    let expected = format!(
        "warning: could not cancel {} (task 0): queue.cancelTask failed: RequestConflict: it is over\n\
         FAILED  REASON           FOR INSTANCE\n     \
         2  RequestConflict  queue.cancelTask failed: RequestConflict: it is over\n\
         error: 2 of 4 tasks could not be cancelled\n\
         hint: Use --failures FILE to have the IDs of what is left written down.",
        id(0),
    );
    assert!(left.screen.ends_with(&expected), "{}", left.screen);
}

#[test]
fn ctrl_c_half_way_waits_for_what_is_in_flight_and_says_what_is_left() {
    let server = FakeServer::start();
    expect_list(&server, 5);
    // Two are in flight, as the settings say, until the test makes one more request.
    expect_cancel(&server, 0, done(0).after_calls(4));
    expect_cancel(&server, 1, done(1).after_calls(4));
    let session = Terminal::at(server.url()).settings("jobs = 2\n").run(&["group", "cancel", GROUP]);
    session.wait_for("[y/N]");
    session.press("y\n");
    server.wait_for_requests(3);
    session.press(CTRL_C);
    session.wait_for("Stopping; waiting for what is in flight. Ctrl-C again does not wait.");
    go_on(&server);
    let left = session.end();
    assert_eq!(left.status, Some(130));
    let message = "error: interrupted: 2 tasks cancelled, 3 left as they were\n\
                   hint: The same command goes on with what is left.";
    assert!(left.screen.ends_with(message), "{}", left.screen);
}

#[test]
fn a_second_ctrl_c_does_not_wait() {
    let server = FakeServer::start();
    expect_list(&server, 3);
    expect_cancel(&server, 0, Answer::hang());
    let session = cancel(&server, &["--jobs", "1"]);
    session.wait_for("[y/N]");
    session.press("y\n");
    server.wait_for_requests(2);
    session.press(CTRL_C);
    session.wait_for("Stopping; ");
    session.press(CTRL_C);
    let left = session.end();
    assert_eq!(left.status, Some(130));
    let message = "error: interrupted: 0 tasks cancelled, 1 without an answer, 2 left as they were\n";
    assert!(left.screen.contains(message), "{}", left.screen);
}

#[test]
fn a_dry_run_wraps_at_words() {
    for columns in [40, 80] {
        let server = FakeServer::start();
        expect_list(&server, 2);
        let terminal = Terminal::at(server.url()).size(24, columns);
        let left = terminal.run(&["group", "cancel", GROUP, "--dry-run"]).end();
        let one = |number: usize| match columns {
            40 => format!("Would cancel task {number} taskid:\n  {} (state:\n  pending)\n", id(number)),
            _ => format!("Would cancel task {number} taskid: {} (state: pending)\n", id(number)),
        };
        let end = if columns == 40 {
            "2 tasks would be cancelled; nothing was\nsent."
        } else {
            "2 tasks would be cancelled; nothing was sent."
        };
        assert_eq!(left.screen, format!("{}{}{end}", one(0), one(1)));
    }
}
