//! What people see of results, by the real binary on a terminal: tables, bars, colours, pages, downloads.

use std::time::{Duration, Instant};

use serde_json::json;
use vt100::Color;

use crate::support::bulk::{GROUP, list, page};
use crate::support::fake_server::{Answer, FakeServer};
use crate::support::group::Group;
use crate::support::pty::{CTRL_C, Terminal, color, contents, place, wraps};
use crate::support::storage::{Content, Storage, TASK, noise};

const ID: &str = "VESwp9JaRo-XkFN_bemBhw";
const RED: Color = Color::Idx(1);
const GREEN: Color = Color::Idx(2);
const MAGENTA: Color = Color::Idx(5);

#[test]
fn the_state_of_a_group_is_a_table_and_a_coloured_bar() {
    let group = Group::new();
    for state in ["completed", "completed", "failed", "exception", "pending"] {
        group.task("a", state);
    }
    let session = Terminal::on(&group).run(&["group", "status", &group.id]);
    session.wait_for("4 of 5 done, running for ");
    session.look(|screen| {
        assert_eq!(color(screen, "completed"), GREEN);
        assert_eq!(color(screen, "failed"), RED);
        assert_eq!(color(screen, "exception"), MAGENTA);
        let (line, _) = place(screen, "4 of 5 done");
        let cells = |column: u16| {
            let cell = screen.cell(line, column).unwrap();
            (cell.contents().to_owned(), cell.fgcolor())
        };
        assert_eq!(cells(0), ("━".into(), GREEN));
        assert_eq!(cells(15), ("━".into(), GREEN));
        assert_eq!(cells(16), ("━".into(), RED));
        assert_eq!(cells(31), ("━".into(), RED));
        assert_eq!(cells(32), ("╌".into(), Color::Default));
    });
    let left = session.end();
    assert_eq!(left.status, Some(0));
    assert!(left.screen.starts_with("STATE      TASKS\npending        1\n"), "{}", left.screen);
    let narrow = Terminal::on(&group).size(24, 36).run(&["group", "status", &group.id]).end();
    assert!(narrow.screen.lines().last().unwrap().starts_with("4 of 5 done, running for "), "{}", narrow.screen);
}

#[test]
fn a_list_is_a_table_as_wide_as_the_window() {
    let group = Group::new();
    let name = "test-windows11-64-24h2/debug-mochitest-browser-chrome-1\u{1b}[31m\u{202e}";
    let id = group.task(name, "exception");
    let wide = Terminal::on(&group).size(24, 150).run(&["group", "list", &group.id]);
    wide.wait_for("proj-x/linux");
    wide.look(|screen| {
        assert_eq!(color(screen, "exception (malformed-payload)"), MAGENTA);
        assert_eq!(color(screen, "test-windows11"), Color::Default);
    });
    let left = wide.end();
    let lines: Vec<&str> = left.screen.lines().collect();
    assert_eq!(lines[0], format!("{:59}  {:29}  {:22}  WORKER POOL   RUN TIME", "NAME", "STATE", "TASK"));
    assert!(
        lines[1].starts_with("test-windows11-64-24h2/debug")
            && lines[1].contains(&format!("exception (malformed-payload)  {id}"))
    );
    assert!(!left.sent.contains('\u{202e}') && !left.sent.contains("\u{1b}[31m"), "{}", left.sent);
    let narrow = Terminal::on(&group).size(24, 70).run(&["group", "list", &group.id]);
    narrow.wait_for("NAME");
    let left = narrow.end();
    let lines: Vec<&str> = left.screen.lines().collect();
    assert_eq!(lines.len(), 2, "a line was wrapped:\n{}", left.screen);
    // The name stays whole, and the state is what is cut.
    assert!(lines[1].starts_with("test-windows11-64-24h2/debug-mochitest-browser-chrome-1"), "{}", left.screen);
    assert!(lines[1].contains("exc") && !lines[1].contains(&id), "{}", left.screen);
}

#[test]
fn a_list_in_a_pipe_is_plain_although_a_person_sits_there() {
    let group = Group::new();
    let id = group.task("a", "failed");
    let left = Terminal::on(&group).into_pipe().run(&["group", "list", &group.id]).end();
    assert_eq!((left.status, left.piped), (Some(0), format!("{id} a failed\n")));
    assert_eq!(left.sent, "");
}

#[test]
fn json_is_laid_out_and_coloured_for_people_only() {
    let server = FakeServer::start();
    server.expect_times(3, "GET /api/queue/v1/ping", Answer::json(200, r#"{"alive":true,"uptime":1.50}"#));
    let session = Terminal::at(server.url()).run(&["api", "queue", "ping"]);
    session.wait_for("1.50");
    session.look(|screen| {
        assert_ne!(color(screen, "true"), Color::Default);
        assert_ne!(color(screen, "1.50"), color(screen, "}"));
    });
    let laid_out = "{\n  \"alive\": true,\n  \"uptime\": 1.50\n}";
    assert_eq!(session.end().screen, laid_out);
    let plain = Terminal::at(server.url()).env("NO_COLOR", "1").run(&["api", "queue", "ping"]).end();
    assert_eq!((plain.screen.as_str(), plain.sent.contains('\u{1b}')), (laid_out, false));
    let piped = Terminal::at(server.url()).into_pipe().run(&["api", "queue", "ping"]).end();
    assert!(!piped.piped.contains('\u{1b}') && piped.sent.is_empty(), "{}", piped.piped);
}

#[test]
fn a_download_shows_all_of_it_and_each_file_with_rate_and_time_left() {
    let bytes = noise(900_000);
    let storage = Storage::start("s3", Content::new(bytes.clone()).rate(300_000));
    let args = ["artifact", "download", TASK, "public/x", "-o", "out"];
    let session = Terminal::at(storage.url()).run(&args);
    let shows = |screen: &vt100::Screen| {
        let text = contents(screen);
        let total = text.lines().any(|line| line.starts_with("Downloading ") && line.ends_with(" left)"));
        total && text.contains("/s, ") && text.lines().any(|line| line.starts_with("  ") && line.contains("public/x"))
    };
    let screen = session.wait_until("a bar and a line for the file", shows);
    assert!(screen.contains("/900.00 kB ("), "{screen}");
    let left = session.end();
    assert_eq!(left.status, Some(0), "{}", left.screen);
    let lines: Vec<&str> = left.screen.lines().collect();
    assert!(lines[0].starts_with('/') && lines[0].ends_with("/out"), "{}", left.screen);
    assert!(lines[1].starts_with("1 file, 900.00 kB in ") && lines.len() == 2, "{}", left.screen);
}

#[test]
fn ctrl_c_in_a_download_leaves_no_bars_behind() {
    let storage = Storage::start("s3", Content::new(noise(900_000)).rate(100_000));
    let args = ["artifact", "download", TASK, "public/x", "-o", "out"];
    let session = Terminal::at(storage.url()).size(24, 60).run(&args);
    let screen = session.wait_for(" artifact `public/x` of ");
    assert!(!session.look(wraps), "{screen}");
    session.press(CTRL_C);
    let left = session.end();
    assert_eq!(left.status, Some(130));
    assert!(left.screen.starts_with("error: interrupted"), "{}", left.screen);
}

#[test]
fn the_log_of_what_happens_is_shown_on_a_terminal_too() {
    let server = FakeServer::start();
    server.expect("GET /api/queue/v1/ping", Answer::json(200, "{}"));
    let left = Terminal::at(server.url()).run(&["api", "queue", "ping", "-v"]).end();
    assert_eq!(left.status, Some(0), "{}", left.screen);
    assert!(left.screen.contains("DEBUG") && left.screen.ends_with("{}"), "{}", left.screen);
}

#[test]
fn a_quiet_download_says_nothing() {
    let storage = Storage::start("s3", Content::new(noise(400_000)).rate(400_000));
    let args = ["artifact", "download", TASK, "public/x", "-o", "out", "--quiet"];
    let left = Terminal::at(storage.url()).into_pipe().run(&args).end();
    assert_eq!((left.status, left.sent.as_str()), (Some(0), ""));
    assert!(left.piped.ends_with("/out\n"), "the path is the result: {}", left.piped);
}

#[test]
fn the_pages_of_a_task_and_of_a_group_are_opened_in_the_browser() {
    let folder = tempfile::tempdir().unwrap();
    let opened = folder.path().join("opened");
    // The name of a file stands in for the window; the shell that writes it needs no PATH.
    let browser = format!("/bin/sh -c 'echo $0 >>{}' %s", opened.display());
    let root = "https://tc.example.com";
    for (args, page) in [
        (&["task", "open", ID, "-r", "1"], format!("{root}/tasks/{ID}/runs/1")),
        (&["group", "open", ID, "--color", "never"], format!("{root}/tasks/groups/{ID}")),
    ] {
        let left = Terminal::at(root).env("BROWSER", &browser).run(args).end();
        assert_eq!((left.status, left.screen.as_str()), (Some(0), page.as_str()));
        // The command does not wait for a browser that stays open, or is slow.
        let deadline = Instant::now() + Duration::from_secs(60);
        let written = || std::fs::read_to_string(&opened).unwrap_or_default();
        while !written().ends_with(&format!("{page}\n")) {
            assert!(Instant::now() < deadline, "{page} was never opened, only {}", written());
            std::thread::yield_now();
        }
    }
}

/// The second page never comes.
#[test]
fn a_list_that_waits_for_more_pages_tells_how_many_were_read() {
    let tasks = || page(0..3, Some("t"));
    for (args, call, first) in [
        (&["group", "list", GROUP][..], list(None), tasks()),
        (&["group", "list", GROUP, "--json"], list(None), tasks()),
        (&["group", "list", GROUP, "--jq", "."], list(None), tasks()),
        (&["client", "list"], "GET /api/auth/v1/clients/".to_owned(), paged("clients", &json!([{}, {}, {}]))),
        (&["role", "list"], "GET /api/auth/v1/roles2/".to_owned(), paged("roles", &json!([{}, {}, {}]))),
        (&["secret", "list", "x"], "GET /api/secrets/v1/secrets".to_owned(), paged("secrets", &json!(["a", "b", "c"]))),
        (
            &["worker", "list", "p/w"],
            "GET /api/worker-manager/v1/workers/p%2Fw".to_owned(),
            paged("workers", &json!([{}, {}, {}])),
        ),
        (&["index", "list", "a"], "GET /api/index/v1/tasks/a".to_owned(), paged("tasks", &json!([{}, {}, {}]))),
    ] {
        let server = FakeServer::start();
        server.otherwise(Answer::hang()).always(&call, Answer::json(200, first));
        let session = Terminal::at(server.url()).run(args);
        session.wait_until("how many were read", |screen| {
            let screen = screen.contents();
            screen.contains("Listing ") && screen.contains(" 3 (")
        });
        session.press(CTRL_C);
        assert_eq!(session.end().status, Some(130), "{args:?}");
    }
}

/// A page after which there is another one.
fn paged(member: &str, items: &serde_json::Value) -> String {
    json!({member: items, "continuationToken": "t"}).to_string()
}
