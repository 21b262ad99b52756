//! A deployment that is away for a while, when something is watched or waited for.

use serde_json::json;

use crate::support::Tc;
use crate::support::fake_clock::FakeClock;
use crate::support::fake_server::{Answer, FakeServer};
use crate::support::pty::{CTRL_C, Terminal};

const ID: &str = "VESwp9JaRo-XkFN_bemBhw";
const AWAY: &str = "warning: looking again for up to 10 minutes, because queue.listTaskGroup failed after 2 tries: \
                    the server answered 502: a web page instead of JSON: <html>bad gateway\nThe deployment answers again, after";

fn tc(server: &FakeServer) -> Tc {
    let clock = FakeClock::at("2026-11-22T12:00:00Z");
    Tc::new().at(server.url()).environment(|environment| environment.with_clock(clock))
}

fn status(state: &str) -> serde_json::Value {
    json!({"taskId": ID, "state": state, "taskQueueId": "p/w", "runs": [{"runId": 0, "state": state}]})
}

/// What a group of one task is asked with, and the answer in this state.
fn list(state: &str) -> (String, Answer) {
    let task = json!({"status": status(state), "task": {"metadata": {"name": "one"}}});
    let answer = json!({"taskGroupId": ID, "tasks": [task]}).to_string();
    (format!("GET /api/queue/v1/task-group/{ID}/list"), Answer::json(200, answer))
}

/// The same of the task alone.
fn one(state: &str) -> (String, Answer) {
    (format!("GET /api/queue/v1/task/{ID}/status"), Answer::json(200, json!({"status": status(state)}).to_string()))
}

/// A deployment that answers once, is away for so many looks of two tries each, and answers again.
fn away_for(looks: usize, found: fn(&str) -> (String, Answer)) -> FakeServer {
    let server = FakeServer::start();
    let ((call, before), (_, after)) = (found("running"), found("completed"));
    server.expect(&call, before).expect_times(looks * 2, &call, Answer::html(502, "<html>bad gateway"));
    server.expect(&call, after);
    server
}

fn run(server: &FakeServer, verb: &[&str]) -> crate::support::Ran {
    tc(server).run(&[verb, &["--retries", "1", ID]].concat())
}

#[test]
fn an_outage_ends_neither_watching_nor_waiting() {
    let server = away_for(2, list);
    let ran = run(&server, &["group", "wait"]);
    ran.status(0).stdout("").stderr(&format!("{AWAY} 20 s.\n"));
    let server = away_for(1, list);
    let ran = run(&server, &["group", "watch"]);
    ran.status(0).stderr(&format!("{AWAY} 5 s.\n"));
    let states: Vec<&str> = ran.stdout.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(states, ["running: 1", "completed: 1"], "nothing is told twice");
    let away = AWAY.replace("listTaskGroup", "status");
    for verb in ["wait", "watch"] {
        let server = away_for(1, one);
        let ran = run(&server, &["task", verb]);
        ran.status(0);
        assert!(ran.stderr.starts_with(&away), "{ran}");
        assert_eq!(ran.stdout.matches("completed").count(), 1, "{ran}");
    }
}

#[test]
fn an_outage_is_not_borne_forever() {
    let (server, (call, answer)) = (FakeServer::start(), list("running"));
    server.expect(&call, answer).expect_times(8, &call, Answer::html(502, "<html>bad gateway"));
    let ran = run(&server, &["group", "wait", "--interval", "4 minutes"]);
    ran.status(7).stdout("");
    assert_eq!(ran.stderr.matches("looking again").count(), 1, "{ran}");
    assert!(ran.stderr.contains("hint: The outage has lasted 12 min 0 s.\n"), "{ran}");
}

#[test]
fn the_time_limit_holds_in_an_outage() {
    let (server, (call, answer)) = (FakeServer::start(), list("running"));
    server.expect(&call, answer).expect_times(6, &call, Answer::html(502, "<html>bad gateway"));
    let ran = run(&server, &["group", "wait", "--timeout", "25s"]);
    ran.status(8);
    assert!(ran.stderr.ends_with("error: the group is not over at the time limit: running: 1\n"), "{ran}");
}

#[test]
fn the_time_limit_holds_while_an_answer_hangs() {
    for (noun, (call, _)) in [("group", list("running")), ("task", one("running"))] {
        for verb in ["wait", "watch"] {
            let server = FakeServer::start();
            server.expect(&call, Answer::hang());
            let started = std::time::Instant::now();
            let ran = run(&server, &[noun, verb, "--timeout", "500ms"]);
            ran.status(8).stdout("");
            assert!(ran.stderr.contains(" at the time limit"), "{noun} {verb}: {ran}");
            assert!(started.elapsed() < std::time::Duration::from_secs(10), "{noun} {verb}");
        }
    }
}

#[test]
fn who_was_away_from_the_beginning_is_not_waited_for() {
    let (server, (call, _)) = (FakeServer::start(), list("running"));
    server.expect_times(2, &call, Answer::html(502, "<html>bad gateway"));
    run(&server, &["group", "watch"]).status(7).stdout("");
}

#[test]
fn a_view_tells_of_an_outage_in_a_line_of_its_own() {
    let server = away_for(1, list);
    let ran = tc(&server).env("NO_COLOR", "1").terminal().run(&["group", "watch", "--retries", "1", ID]);
    ran.status(0).stderr("");
    let frames: Vec<&str> = ran.stdout.split("\x1b[J").collect();
    let told: Vec<&&str> = frames.iter().filter(|frame| frame.contains("\nNo answer for ")).collect();
    assert!(told.len() > 1 && told[0].contains("No answer for 0 s: queue.listTaskGroup failed after 2 tries"), "{ran}");
    assert!(told[1].contains("No answer for 1 s: "), "the time goes on: {ran}");
    assert!(frames.last().unwrap().contains("1 of 1 done") && !frames.last().unwrap().contains("No answer"), "{ran}");
}

#[test]
fn the_view_of_an_outage_ends_with_ctrl_c() {
    let (server, (call, answer)) = (FakeServer::start(), list("running"));
    server.expect(&call, answer);
    for _ in 0..200 {
        server.allow(&call, Answer::html(502, "<html>bad gateway"));
    }
    let session = Terminal::at(server.url()).run(&["group", "watch", "--interval", "1s", "--retries", "1", ID]);
    let screen = session.wait_for("No answer for ");
    assert_eq!(screen.matches("0 of 1 done").count(), 1, "{screen}");
    session.press(CTRL_C);
    assert_eq!(session.end().status, Some(130));
}
