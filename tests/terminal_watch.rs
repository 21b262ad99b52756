//! Views that are redrawn in place, by the real binary on a terminal.

use serde_json::json;
use vt100::Color;

use crate::support::fake_server::{Answer, FakeServer};
use crate::support::group::Group;
use crate::support::pty::{CTRL_C, Session, Terminal, color, contents, wraps};

const RED: Color = Color::Idx(1);
const GREEN: Color = Color::Idx(2);

fn watch(group: &Group, terminal: Terminal, more: &[&str]) -> Session {
    terminal.run(&[&["group", "watch", "--interval", "1s", &group.id], more].concat())
}

fn complete(group: &Group, id: &str) {
    group.queue("reportCompleted", &[id, "0"], None);
}

#[test]
fn a_group_is_watched_in_place_until_all_of_it_completed() {
    let group = Group::new();
    group.task("decision", "completed");
    let build = group.task("build-linux64/opt", "running");
    let test = group.define("test-linux64/opt-xpcshell-1", &json!({"dependencies": [build]}));
    let session = watch(&group, Terminal::on(&group), &[]);
    let first = session.wait_for("build-linux64/opt");
    let lines: Vec<&str> = first.lines().collect();
    assert_eq!(lines.len(), 4, "{first}");
    assert!(lines[0].starts_with(&format!("{}{} 1 of 3 done, ", "━".repeat(13), "╌".repeat(27))), "{first}");
    assert_eq!(lines[1], "unscheduled: 1  running: 1  completed: 1");
    assert!(lines[3].ends_with(&format!("  {build} build-linux64/opt")), "{first}");
    session.look(|screen| {
        assert_eq!(color(screen, "━"), GREEN);
        assert_eq!(color(screen, "completed: 1"), GREEN);
        assert_eq!(color(screen, "unscheduled"), Color::Default);
    });
    complete(&group, &build);
    let second = session.wait_for("2 of 3 done");
    assert_eq!(second.matches(" of 3 done").count(), 1, "the old view is still there:\n{second}");
    assert!(!second.contains("Running"), "{second}");
    group.advance(&test, "running");
    session.wait_for("test-linux64/opt-xpcshell-1");
    complete(&group, &test);
    let left = session.end();
    assert_eq!(left.status, Some(0));
    let lines: Vec<&str> = left.screen.lines().collect();
    assert!(lines[0].starts_with(&format!("{} 3 of 3 done, ", "━".repeat(40))), "{}", left.screen);
    assert_eq!(lines[1..], ["completed: 3"], "{}", left.screen);
}

#[test]
fn what_runs_longest_and_what_just_failed_is_on_top() {
    let group = Group::new();
    let running: Vec<String> = (0..7).map(|number| group.task(&format!("run {number}"), "running")).collect();
    for number in 0..7 {
        group.task(&format!("bad {number}"), "failed");
    }
    let lost = group.task("lost", "exception");
    let session = watch(&group, Terminal::on(&group), &[]);
    let screen = session.wait_for(".. and 3 more");
    let names = |title: &str| -> Vec<String> {
        let lines = screen.lines().skip_while(|line| !line.starts_with(title)).skip(1);
        lines.take(6).map(|line| line.trim().to_owned()).collect()
    };
    let longest = names("Running for longest:");
    assert!(longest[0].ends_with(&format!("{} run 0", running[0])), "{screen}");
    assert!(longest[4].ends_with(" run 4") && longest[5] == ".. and 2 more", "{screen}");
    let failed = names("Failed last:");
    assert!(failed[0].starts_with("exception (malformed-payload) ") && failed[0].contains(&lost), "{screen}");
    assert!(failed[1].starts_with("failed ") && failed[1].ends_with(" bad 6"), "{screen}");
    session.look(|screen| assert_eq!(color(screen, "failed: 7"), RED));
    for id in &running {
        complete(&group, id);
    }
    let left = session.end();
    assert_eq!(left.status, Some(3));
    let message = "error: not all of 15 tasks completed: completed: 7, failed: 7, exception: 1";
    assert_eq!(left.screen.lines().last(), Some(message), "{}", left.screen);
}

#[test]
fn watching_until_a_failure_ends_with_it() {
    let group = Group::new();
    let (one, other) = (group.task("one", "running"), group.task("two", "running"));
    let session = watch(&group, Terminal::on(&group), &["--until-failure"]);
    session.wait_for("0 of 2 done");
    group.queue("reportFailed", &[&one, "0"], None);
    let left = session.end();
    assert_eq!(left.status, Some(3));
    let message = format!("error: task {one} did not complete; the group goes on");
    assert_eq!(left.screen.lines().last(), Some(message.as_str()), "{}", left.screen);
    assert_eq!(group.state(&other), "running");
}

#[test]
fn ctrl_c_ends_watching_with_130_and_leaves_the_view() {
    let group = Group::new();
    group.task("one", "running");
    let session = watch(&group, Terminal::on(&group), &[]);
    session.wait_for("0 of 1 done");
    session.press(CTRL_C);
    let left = session.end();
    assert_eq!(left.status, Some(130));
    assert!(left.screen.contains("0 of 1 done") && left.screen.ends_with("error: interrupted"), "{}", left.screen);
}

/// A group with more to say than a small window holds, in words that are wide.
fn crowd() -> (Group, Vec<String>) {
    let group = Group::new();
    let name = "漢字漢字漢字 with a name that is far too long for a narrow window/opt";
    let running = (0..6).map(|_| group.task(name, "running")).collect();
    for state in ["unscheduled", "pending", "completed", "failed", "exception"] {
        group.task(name, state);
    }
    (group, running)
}

#[test]
fn a_narrow_window_is_redrawn_in_place_too() {
    let (group, running) = crowd();
    let session = watch(&group, Terminal::on(&group).size(30, 44), &[]);
    session.wait_for("3 of 11 done");
    for (number, id) in running.iter().enumerate() {
        complete(&group, id);
        let done = format!("{} of 11 done", number + 4);
        let screen = session.wait_for(&done);
        assert_eq!(screen.matches(" of 11 done").count(), 1, "the old view is still there:\n{screen}");
        assert!(!session.look(wraps), "{screen}");
        assert!(screen.contains("━ ") || screen.contains("╌ "), "no bar is left:\n{screen}");
    }
    session.wait_for("  failed ");
    session.press(CTRL_C);
    assert_eq!(session.end().status, Some(130));
}

#[test]
fn a_low_window_keeps_the_top_of_the_view_and_says_what_is_left_out() {
    let (group, running) = crowd();
    let session = watch(&group, Terminal::on(&group).size(6, 100), &[]);
    let screen = session.wait_for(".. and ");
    assert!(screen.lines().next().unwrap().contains(" of 11 done"), "{screen}");
    assert!(screen.lines().last().unwrap().starts_with(".. and "), "{screen}");
    complete(&group, &running[0]);
    let screen = session.wait_for("4 of 11 done");
    assert!(screen.lines().next().unwrap().contains("4 of 11 done"), "{screen}");
    session.press(CTRL_C);
    let left = session.end();
    // Nothing has scrolled away, so there are as many frames as were drawn over, and not one more.
    assert_eq!(left.sent.matches(" of 11 done").count(), left.sent.matches("\x1b[J").count() + 1);
    assert_eq!(left.screen.matches(" of 11 done").count(), 0, "the error pushed the view up:\n{}", left.screen);
}

#[test]
fn a_window_that_changes_its_size_is_drawn_anew() {
    let (group, running) = crowd();
    let session = watch(&group, Terminal::on(&group).size(30, 120), &[]);
    session.wait_for("3 of 11 done");
    session.resize(30, 50);
    session.wait_until("lines that fit", |screen| !wraps(screen) && screen.contents().contains('…'));
    complete(&group, &running[0]);
    let screen = session.wait_for("4 of 11 done");
    assert_eq!(screen.matches(" of 11 done").count(), 1, "{screen}");
    session.resize(30, 120);
    complete(&group, &running[1]);
    let screen = session.wait_for("5 of 11 done");
    assert_eq!(screen.matches(" of 11 done").count(), 1, "{screen}");
    session.wait_for("far too long for a narrow window");
    session.press(CTRL_C);
    assert_eq!(session.end().status, Some(130));
}

#[test]
fn names_that_would_drive_the_terminal_do_not() {
    let group = Group::new();
    group.task("a\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}b\r\nc", "running");
    let session = watch(&group, Terminal::on(&group), &[]);
    session.wait_for(" a[2J]0;ownedb c");
    session.press(CTRL_C);
    let left = session.end();
    assert!(!left.sent.contains("\u{1b}[2J") && !left.sent.contains("\u{1b}]"), "{}", left.sent);
}

#[test]
fn colours_can_be_done_without() {
    let group = Group::new();
    group.task("one", "failed");
    for session in [
        watch(&group, Terminal::on(&group).env("NO_COLOR", "1"), &[]),
        watch(&group, Terminal::on(&group), &["--color", "never"]),
    ] {
        let left = session.end();
        assert_eq!(left.status, Some(3));
        assert!(!left.sent.contains("\u{1b}["), "{}", left.sent);
    }
}

#[test]
fn a_dumb_terminal_and_whoever_wants_no_progress_get_a_line_for_each_change() {
    // A variable that is empty counts as unset.
    for (name, value) in [("TERM", "dumb"), ("TERM", ""), ("TC_PROGRESS", "0")] {
        let group = Group::new();
        let id = group.task("one", "running");
        let session = watch(&group, Terminal::on(&group).env("NO_COLOR", "1").env(name, value), &[]);
        session.wait_for("Z running: 1");
        complete(&group, &id);
        let left = session.end();
        assert_eq!(left.status, Some(0));
        assert!(!left.sent.contains('\u{1b}') && left.screen.contains("Z running: 1\n"), "{}", left.sent);
        assert!(left.screen.ends_with("Z completed: 1"), "{}", left.screen);
    }
}

#[test]
fn a_task_is_watched_in_place() {
    let group = Group::new();
    let id = group.define("a name", &json!({}));
    let session = Terminal::on(&group).run(&["task", "watch", &id]);
    let screen = session.wait_for("RUN  STATE");
    assert!(screen.starts_with(&format!("{id} pending\na name\nRUN  STATE")), "{screen}");
    group.advance(&id, "running");
    let screen = session.wait_for("g/w");
    assert!(screen.starts_with(&format!("{id} running\na name\n")), "{screen}");
    assert_eq!(screen.matches("a name").count(), 1, "{screen}");
    complete(&group, &id);
    let left = session.end();
    assert_eq!(left.status, Some(0));
    assert!(left.screen.starts_with(&format!("{id} completed\na name\n")), "{}", left.screen);
    assert_eq!(left.screen.lines().count(), 4, "{}", left.screen);
}

#[test]
fn more_tasks_than_lines_are_watched_in_place_all_the_same() {
    let group = Group::new();
    let ids: Vec<String> = (0..20).map(|number| group.task(&format!("task {number}"), "running")).collect();
    let args: Vec<&str> = ["task", "watch"].into_iter().chain(ids.iter().map(String::as_str)).collect();
    let session = Terminal::on(&group).size(10, 80).run(&args);
    let screen = session.wait_for(".. and 13 more lines");
    assert!(screen.starts_with("NAME  "), "{screen}");
    complete(&group, &ids[0]);
    let is_so = |screen: &vt100::Screen| {
        let text = contents(screen);
        text.starts_with("NAME  ") && text.contains("completed") && text.lines().count() == 9
    };
    session.wait_until("nine lines with a completed task", is_so);
    session.press(CTRL_C);
    assert_eq!(session.end().status, Some(130));
}

#[test]
fn a_deployment_that_goes_away_ends_watching_with_an_error() {
    let server = FakeServer::start();
    let group = "VESwp9JaRo-XkFN_bemBhw";
    let call = format!("GET /api/queue/v1/task-group/{group}/list");
    let task = json!({"status": {"taskId": group, "state": "running", "taskQueueId": "p/w", "runs": []},
        "task": {"metadata": {"name": "one"}}});
    server.expect(&call, Answer::json(200, json!({"taskGroupId": group, "tasks": [task]}).to_string()));
    server.expect(&call, Answer::html(502, "<html>bad gateway"));
    let session = Terminal::at(server.url()).run(&["group", "watch", "--interval", "1s", "--retries", "0", group]);
    let left = session.end();
    assert_eq!(left.status, Some(7), "{}", left.screen);
    assert!(left.screen.contains("0 of 1 done") && left.screen.contains("error: queue.listTaskGroup failed"));
}
