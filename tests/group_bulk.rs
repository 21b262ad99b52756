//! Many tasks at once, on servers that misbehave.

use std::collections::HashSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::json;
use tc::Interrupt;

use crate::support::Tc;
use crate::support::bulk::{GROUP, cancel, done, id, lines, list, page, tc};
use crate::support::fake_clock::FakeClock;
use crate::support::fake_server::{Answer, FakeServer};

fn cancelling(numbers: impl IntoIterator<Item = usize>) -> HashSet<String> {
    numbers.into_iter().map(|number| format!("cancelling task {}", id(number))).collect()
}

#[test]
fn errors_and_cut_connections_leave_nothing_undone_and_nothing_said_twice() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..150, Some("x"))));
    server.expect(&list(Some("x")), Answer::json(200, page(150..300, None)));
    for number in 0..300 {
        if number % 3 == 0 {
            server.expect(&cancel(number), Answer::json(500, r#"{"code": "InternalServerError", "message": "m"}"#));
        }
        if number % 50 == 1 {
            server.expect(&cancel(number), Answer::cut());
        }
        server.expect(&cancel(number), done(number));
    }
    let ran = tc(&server).run(&["group", "cancel", "--yes", GROUP]);
    ran.stderr("").status(0);
    assert_eq!(lines(&ran.stdout), cancelling(0..300));
}

#[test]
pub fn a_server_that_asks_for_less_gets_less_and_all_of_it_is_done_once() {
    let busy = |status: u16| {
        Answer::json(status, r#"{"code": "TooManyRequests", "message": "slow down"}"#).header("Retry-After", "2")
    };
    for status in [429, 503] {
        let server = FakeServer::start();
        server.expect(&list(None), Answer::json(200, page(0..200, None)));
        for number in 0..200 {
            // What goes out at first is all refused, once all of it is there.
            if number < 32 {
                server.expect(&cancel(number), busy(status).after_calls(33));
            }
            server.expect(&cancel(number), done(number));
        }
        let clock = FakeClock::at("2026-11-22T12:00:00Z");
        let tc = Tc::new().at(server.url()).environment(|environment| environment.with_clock(clock.clone()));
        let ran = tc.run(&["group", "cancel", "--yes", GROUP]);
        ran.stderr("").status(0);
        assert_eq!(lines(&ran.stdout), cancelling(0..200));
        assert_eq!(clock.slept(), [Duration::from_secs(2); 32], "{status}");
        let requests = server.requests();
        assert_eq!(requests.iter().map(|request| request.in_flight).max(), Some(32));
        // 1 for the list, 32 refused, the same 32 again; what follows is what was decided after that.
        let later = requests[65..].iter().map(|request| request.in_flight).max();
        assert!(later <= Some(20), "{later:?} in flight after {status}");
    }
}

#[test]
fn a_deployment_that_goes_away_half_way_leaves_a_list_for_the_next_try() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..4, None)));
    server.expect(&cancel(0), done(0));
    server.expect(&cancel(1), done(1));
    for number in [2, 3] {
        server.expect_times(3, &cancel(number), Answer::cut());
    }
    let tc = tc(&server);
    let ran = tc.run(&["group", "cancel", "-y", "--jobs", "1", "--retries", "2", "--failures", "left.txt", GROUP]);
    ran.status(3);
    assert_eq!(lines(&ran.stdout), cancelling(0..2));
    assert!(ran.stderr.contains("\n     2  no answer  queue.cancelTask failed after 3 tries: "), "{ran}");
    assert!(ran.stderr.contains("\nerror: 2 of 4 tasks could not be cancelled\n"), "{ran}");
    assert_eq!(fs::read_to_string(tc.directory().join("left.txt")).unwrap(), format!("{}\n{}\n", id(2), id(3)));
}

#[test]
fn the_first_calls_go_out_before_the_second_page_is_there() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..2, Some("x"))));
    // It is held back until both pages and both tasks of the first one have been asked for.
    server.expect(&list(Some("x")), Answer::json(200, page(2..3, None)).after_calls(4));
    for number in 0..3 {
        server.expect(&cancel(number), done(number));
    }
    let ran = tc(&server).run(&["group", "cancel", "-y", GROUP]);
    ran.stderr("").status(0);
    assert_eq!(lines(&ran.stdout), cancelling(0..3));
}

#[test]
fn what_a_growing_list_shows_twice_is_done_once() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..3, Some("x"))));
    // Two more have come while the first page was read, and pushed one onto the second page.
    server.expect(&list(Some("x")), Answer::json(200, page(2..5, None)));
    for number in 0..5 {
        server.expect(&cancel(number), done(number));
    }
    let ran = tc(&server).run(&["group", "cancel", "-y", GROUP]);
    ran.stderr("").status(0);
    assert_eq!(lines(&ran.stdout), cancelling(0..5));
}

#[test]
fn an_empty_group_is_told_by_every_verb() {
    for (args, stdout, stderr, status) in [
        (&["status"][..], "", "No tasks.\n", 0),
        (&["list"], "", "", 0),
        (&["list", "--json"], "[]\n", "", 0),
        (&["list", "--jsonl"], "", "", 0),
        (&["cancel", "-y"], "", "There are no tasks to cancel.\n", 0),
        (&["rerun"], "", "There are no tasks to rerun.\n", 0),
        (&["rerun", "-n"], "", "0 tasks would be rerun; nothing was sent.\n", 0),
        (&["wait"], "", "No tasks.\n", 0),
        (&["timeline"], "", "", 0),
    ] {
        let server = FakeServer::start();
        server.expect(&list(None), Answer::json(200, page([], None)));
        tc(&server).run(&[&["group"], args, &[GROUP]].concat()).stdout(stdout).stderr(stderr).status(status);
    }
}

#[test]
pub fn what_fails_is_told_with_its_reason_and_written_down() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..6, None)));
    let conflict = Answer::json(409, r#"{"code": "RequestConflict", "message": "it is over"}"#);
    for number in 0..6 {
        let answer = match number {
            1 | 4 => conflict.clone(),
            2 => Answer::json(404, r#"{"code": "ResourceNotFound", "message": "gone"}"#),
            _ => done(number),
        };
        server.expect(&cancel(number), answer);
    }
    let tc = tc(&server);
    let ran = tc.run(&["group", "cancel", "-y", "--jobs", "1", "--failures", "left.txt", GROUP]);
    ran.status(3);
    assert_eq!(lines(&ran.stdout), cancelling([0, 3, 5]));
    assert_eq!(
        fs::read_to_string(tc.directory().join("left.txt")).unwrap(),
        format!("{}\n{}\n{}\n", id(1), id(2), id(4))
    );
    let expected = format!(
        "warning: could not cancel {} (task 1): queue.cancelTask failed: RequestConflict: it is over\n\
         warning: could not cancel {} (task 2): queue.cancelTask failed: ResourceNotFound: gone\n\
         FAILED  REASON            FOR INSTANCE\n     \
         2  RequestConflict   queue.cancelTask failed: RequestConflict: it is over\n     \
         1  ResourceNotFound  queue.cancelTask failed: ResourceNotFound: gone\n\
         error: 3 of 6 tasks could not be cancelled\n",
        id(1),
        id(2)
    );
    ran.stderr(&expected);
}

#[test]
fn what_fails_alike_for_all_ends_with_that_status() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..2, None)));
    for number in 0..2 {
        let message = "needs:\n\n```\nqueue:cancel-task:s/g/t\n```";
        let body = json!({"code": "InsufficientScopes", "message": message}).to_string();
        server.expect(&cancel(number), Answer::json(403, body));
    }
    let ran = tc(&server).run(&["group", "cancel", "-y", GROUP]);
    ran.stdout("").status(4);
    assert!(
        ran.stderr.ends_with(
            "error: 2 of 2 tasks could not be cancelled\nhint: Missing: queue:cancel-task:s/g/t\n\
             hint: For all of them: tc signin --for group.cancel\n\
             hint: Use --failures FILE to have the IDs of what is left written down.\n"
        ),
        "{ran}"
    );
}

#[test]
fn json_tells_what_was_done_and_what_was_not() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..2, None)));
    server.expect(&cancel(0), done(0));
    server.expect(&cancel(1), Answer::json(409, r#"{"code": "RequestConflict", "message": "m"}"#));
    let ran = tc(&server).run(&["group", "cancel", "-y", "--json", GROUP]);
    ran.status(3);
    let failed = json!([{"taskId": id(1), "name": "task 1", "reason": "RequestConflict",
        "message": "queue.cancelTask failed: RequestConflict: m"}]);
    assert_eq!(
        ran.json(),
        json!({"action": "cancel", "done": [id(0)], "failed": failed, "unanswered": [], "untried": []})
    );
}

#[test]
fn a_list_that_breaks_off_says_how_far_it_came() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..2, Some("x"))));
    server.expect(&list(Some("x")), Answer::json(404, r#"{"code": "ResourceNotFound", "message": "expired"}"#));
    for number in 0..2 {
        server.expect(&cancel(number), done(number));
    }
    let ran = tc(&server).run(&["group", "cancel", "-y", GROUP]);
    assert_eq!(lines(&ran.stdout), cancelling(0..2));
    ran.stderr(
        "error: the list of tasks broke off: queue.listTaskGroup failed: ResourceNotFound: expired\n\
         hint: Until then: 2 tasks cancelled.\n",
    )
    .status(5);
}

#[test]
fn before_the_question_a_broken_list_sends_nothing() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..2, Some("x"))));
    server.expect(&list(Some("x")), Answer::json(404, r#"{"code": "ResourceNotFound", "message": "expired"}"#));
    tc(&server).terminal().stdin("y\n").run(&["group", "cancel", GROUP]).stdout("").status(5);
}

#[test]
fn an_empty_page_in_the_middle_is_not_the_end() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..1, Some("x"))));
    server.expect(&list(Some("x")), Answer::json(200, page([], Some("y"))));
    server.expect(&list(Some("y")), Answer::json(200, page(1..2, None)));
    tc(&server)
        .run(&["group", "list", GROUP])
        .stdout(&format!("{} task 0 pending\n{} task 1 pending\n", id(0), id(1)))
        .status(0);
}

#[test]
fn a_page_that_is_none_is_an_error() {
    for body in ["[]", r#"{"clients": []}"#, r#"{"tasks": [{"status": 1}]}"#] {
        let server = FakeServer::start();
        server.expect(&list(None), Answer::json(200, body));
        tc(&server).run(&["group", "status", GROUP]).stdout("").status(1);
    }
}

#[test]
pub fn an_interrupt_waits_for_what_is_in_flight_and_says_what_is_left() {
    let server = FakeServer::start();
    server.expect(&list(None), Answer::json(200, page(0..5, None)));
    // Two calls are in flight and are answered only after one more request, which the test itself makes.
    server.expect(&cancel(0), done(0).after_calls(4));
    server.expect(&cancel(1), done(1).after_calls(4));
    server.expect("GET /go-on", done(0));
    let (interrupt, interrupted) = Interrupt::channel();
    let tc = tc(&server).terminal().env("NO_COLOR", "1").stdin("y\n").environment(|mut environment| {
        environment.interrupt = interrupted;
        environment
    });
    thread::scope(|scope| {
        let ran = scope.spawn(|| tc.run(&["group", "cancel", "--jobs", "2", "--failures", "left", GROUP]));
        server.wait_for_requests(3);
        interrupt.send(true).unwrap();
        let mut connection = TcpStream::connect(server.url().trim_start_matches("http://")).unwrap();
        connection.write_all(b"GET /go-on HTTP/1.1\r\n\r\n").unwrap();
        connection.read_exact(&mut [0; 1]).unwrap();
        let ran = ran.join().unwrap();
        ran.stdout("").status(130);
        let message = "error: interrupted: 2 tasks cancelled, 3 left as they were\n\
                       hint: The same command goes on with what is left.\n";
        assert!(ran.stderr.ends_with(message), "{ran}");
    });
}
