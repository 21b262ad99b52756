//! Verbs that act: what they believe of an answer, what they take for a yes, and which words they read.

use serde_json::json;

use crate::support::bulk::{GROUP, cancel, done, id, lines, list, page, tc};
use crate::support::fake_server::{Answer, FakeServer};

#[test]
fn an_answer_that_does_not_say_that_it_was_done_is_a_failure() {
    for (body, fault) in [
        ("{}".to_owned(), "without `status`".to_owned()),
        ("[]".to_owned(), "JSON that is not an object".to_owned()),
        (
            json!({"status": {"taskId": id(7), "state": "exception"}}).to_string(),
            format!("with the status of task {}", id(7)),
        ),
        (json!({"status": {"taskId": id(0), "state": "running"}}).to_string(), "that the task is running".to_owned()),
    ] {
        let server = FakeServer::start();
        server.expect(&list(None), Answer::json(200, page(0..1, None)));
        server.expect(&cancel(0), Answer::json(200, body));
        let ran = tc(&server).run(&["group", "cancel", "-y", GROUP]);
        let id = id(0);
        let expected = format!(
            "warning: could not cancel {id} (task 0): queue.cancelTask answered {fault}\n\
             error: 1 of 1 tasks could not be cancelled\n"
        );
        ran.stdout("").stderr(&expected).status(1);
    }
}

#[test]
fn every_verb_that_acts_on_a_group_believes_the_answer_alone() {
    let failed = json!({"tasks": [{"status": {"taskId": id(0), "state": "failed", "taskQueueId": "p/w"},
        "task": {"metadata": {"name": "task 0"}}}]});
    let task = |verb: &str| format!("POST /api/queue/v1/task/{}/{verb}", id(0));
    let of_group = |verb: &str| format!("POST /api/queue/v1/task-group/{GROUP}/{verb}");
    for (args, calls, fault) in [
        (&["rerun", "-y"][..], vec![task("rerun")], "queue.rerunTask answered without `status`"),
        (
            &["priority", "-y", "high", "--failed"],
            vec![task("priority")],
            "queue.changeTaskPriority answered without `status`",
        ),
        (
            &["priority", "high"],
            vec![of_group("priority")],
            "queue.changeTaskGroupPriority answered without `taskGroupId`",
        ),
        (&["seal", "-y"], vec![of_group("seal")], "queue.sealTaskGroup answered without `taskGroupId`"),
        (&["cancel", "--seal", "-y"], vec![of_group("seal")], "queue.sealTaskGroup answered without `taskGroupId`"),
    ] {
        let server = FakeServer::start();
        if calls[0].contains("/task/") {
            server.expect(&list(None), Answer::json(200, failed.to_string()));
        }
        for call in &calls {
            server.expect(call, Answer::json(200, "{}"));
        }
        let ran = tc(&server).run(&[&["group", args[0], GROUP], &args[1..]].concat());
        ran.stdout("").status(1);
        assert!(ran.stderr.contains(&format!("{fault}\n")), "{ran}");
    }
    for (body, fault) in [
        (json!({"taskGroupId": GROUP}), "without `sealed`".to_owned()),
        (json!({"taskGroupId": id(1), "sealed": "2026-11-26T00:00:00Z"}), format!("about group {}", id(1))),
    ] {
        let server = FakeServer::start();
        server.expect(&of_group("seal"), Answer::json(200, body.to_string()));
        let ran = tc(&server).run(&["group", "seal", "-y", GROUP]);
        ran.stdout("").stderr(&format!("error: queue.sealTaskGroup answered {fault}\n")).status(1);
    }
}

#[test]
fn a_groups_priority_that_a_lost_answer_has_set_is_not_told_as_nothing_done() {
    let call = format!("POST /api/queue/v1/task-group/{GROUP}/priority");
    let answer = |count: usize| {
        let ids: Vec<String> = (0..count).map(id).collect();
        json!({"taskGroupId": GROUP, "schedulerId": "s", "newPriority": "high", "tasksAffected": count, "taskIds": ids})
    };
    let server = FakeServer::start();
    server.expect(&call, Answer::cut());
    server.expect(&call, Answer::json(200, answer(0).to_string()));
    tc(&server)
        .run(&["group", "priority", GROUP, "high"])
        .status(0)
        .stderr("Nothing is left to change: no unresolved task of the group has another priority than high.\n");
    server.expect(&call, Answer::json(200, answer(3).to_string()));
    tc(&server).run(&["group", "priority", GROUP, "high"]).status(0).stderr("3 tasks now have priority high.\n");
}

#[test]
fn a_priority_that_is_set_already_is_no_failure() {
    let (change, status) =
        (format!("POST /api/queue/v1/task/{}/priority", id(0)), format!("GET /api/queue/v1/task/{}/status", id(0)));
    let conflict = || Answer::json(409, r#"{"code": "RequestConflict", "message": "it has it"}"#);
    for (state, priority, code) in [("pending", "high", 0), ("pending", "low", 6), ("completed", "high", 6)] {
        let server = FakeServer::start();
        server.expect(&change, conflict());
        let body = json!({"status": {"taskId": id(0), "state": state, "priority": priority}});
        server.expect(&status, Answer::json(200, body.to_string()));
        let ran = tc(&server).run(&["task", "priority", "high", &id(0)]);
        ran.stdout(if code == 0 { "high\n" } else { "" }).status(code);
    }
    // After an answer that was lost.
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..1, None)));
    server.expect(&change, Answer::cut());
    server.expect(&change, conflict());
    let body = json!({"status": {"taskId": id(0), "state": "pending", "priority": "high"}});
    server.expect(&status, Answer::json(200, body.to_string()));
    let ran = tc(&server).run(&["group", "priority", "-y", GROUP, "high", "--pending"]);
    ran.stdout(&format!("{} high\n", id(0))).stderr("").status(0);
}

#[test]
fn a_task_that_stands_on_two_pages_counts_once_in_every_verb() {
    for (args, expected) in [
        (&["status"][..], "pending: 5\n".to_owned()),
        (&["list"], (0..5).map(|number| format!("{} task {number} pending\n", id(number))).collect()),
        (&["list", "--jsonl", "--jq", ".status.taskId"], (0..5).map(|number| id(number) + "\n").collect()),
        (&["list", "--jq", "length"], "5\n".to_owned()),
    ] {
        let server = FakeServer::start();
        server.expect(&list(None), Answer::json(200, page(0..3, Some("x"))));
        server.expect(&list(Some("x")), Answer::json(200, page(1..5, None)));
        tc(&server).run(&[&["group", args[0], GROUP], &args[1..]].concat()).stdout(&expected).stderr("").status(0);
    }
}

#[test]
pub fn f_is_no_yes_but_for_a_program_called_as_the_go_tool() {
    let server = FakeServer::start();
    for terminal in [true, false] {
        let tc = if terminal { tc(&server).terminal().stdin("y\n") } else { tc(&server) };
        let ran = tc.env("NO_COLOR", "1").run(&["group", "cancel", "-f", GROUP]);
        ran.stdout("").status(2);
        assert!(
            ran.stderr.starts_with("error: failed tasks are resolved, and cannot be cancelled any more\n"),
            "{ran}"
        );
        assert!(ran.stderr.contains("\nhint: Use --yes to skip the question; -f is --failed.\n"), "{ran}");
    }
    let ran = tc(&server).run(&["task", "cancel", "-f", &id(0), &id(1)]);
    ran.stdout("").status(2);
    assert!(ran.stderr.starts_with("error: cannot cancel 2 tasks without confirmation"), "{ran}");
    for (program, args) in [
        ("/opt/bin/taskcluster", &["group", "cancel", "-f", GROUP][..]),
        ("tc", &["group", "cancel", "--force", GROUP]),
        ("tc", &["group", "cancel", "-y", GROUP]),
    ] {
        server.expect(&list(None), Answer::json(200, page(0..1, None)));
        server.expect(&cancel(0), done(0));
        tc(&server).called(program).run(args).stdout(&format!("cancelling task {}\n", id(0))).stderr("").status(0);
    }
    for (program, force) in [("taskcluster", "-f"), ("tc", "--force")] {
        server.expect(&cancel(0), done(0)).expect(&cancel(1), done(1));
        let ran = tc(&server).called(program).run(&["task", "cancel", force, &id(0), &id(1)]);
        ran.stderr("").status(0);
        assert_eq!(lines(&ran.stdout), [0, 1].map(|number| format!("{} exception", id(number))).into());
    }
}

#[test]
fn what_a_list_prints_is_read_by_its_first_words() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..3, None)));
    let listed = tc(&server).run(&["group", "list", GROUP]).status(0).stdout.clone();
    for number in 0..3 {
        let body = json!({"status": {"taskId": id(number), "state": "running"}}).to_string();
        server.expect(&format!("GET /api/queue/v1/task/{}/status", id(number)), Answer::json(200, body));
    }
    let ran = tc(&server).stdin(listed).run(&["task", "status", "-"]);
    ran.stdout(&(0..3).map(|number| format!("{} running\n", id(number))).collect::<String>()).stderr("").status(0);
}

#[test]
fn a_priority_may_stand_before_or_behind_what_it_is_for() {
    let server = FakeServer::start();
    let body = json!({"status": {"taskId": id(0), "state": "pending", "priority": "low"}}).to_string();
    for args in [["low", &id(0)], [&id(0), "low"]] {
        server.expect(&format!("POST /api/queue/v1/task/{}/priority", id(0)), Answer::json(200, body.clone()));
        let ran = tc(&server).run(&[&["task", "priority"], &args[..]].concat());
        ran.stdout("low\n").stderr("").status(0);
    }
    let whole = json!({"taskGroupId": GROUP, "newPriority": "low", "tasksAffected": 1, "taskIds": [id(0)]}).to_string();
    for args in [["low", GROUP], [GROUP, "low"]] {
        let call = format!("POST /api/queue/v1/task-group/{GROUP}/priority");
        server.expect(&call, Answer::json(200, whole.clone()));
        let ran = tc(&server).run(&[&["group", "priority"], &args[..]].concat());
        ran.stderr("1 task now has priority low.\n").status(0);
    }
    for args in [
        ["task", "priority", &id(0), "hihg"],
        ["task", "priority", "hihg", &id(0)],
        ["group", "priority", "hihg", GROUP],
    ] {
        let ran = tc(&server).run(&args);
        ran.stdout("").status(2).stderr(
            "error: invalid priority `hihg`\nhint: Possible values: `highest`, `very-high`, `high`, `medium`, `low`, \
             `very-low`, `lowest`.\n",
        );
    }
}
