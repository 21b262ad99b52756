//! What people see of results, by the real binary on a terminal: tables, bars, colours, logs, downloads.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Sender};
use std::thread;

use serde_json::{Value, json};
use vt100::Color;

use crate::support::fake_server::{Answer, FakeServer};
use crate::support::group::Group;
use crate::support::pty::{CTRL_C, Terminal, color, contents, place};
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
    assert_eq!(lines[0], format!("{:22}  {:29}  {:59}  WORKER POOL   RUN TIME", "TASK", "STATE", "NAME"));
    assert!(lines[1].starts_with(&format!("{id}  exception (malformed-payload)  test-windows11-64-24h2/debug")));
    assert!(!left.sent.contains('\u{202e}') && !left.sent.contains("\u{1b}[31m"), "{}", left.sent);
    let narrow = Terminal::on(&group).size(24, 70).run(&["group", "list", &group.id]);
    narrow.wait_for("TASK");
    let left = narrow.end();
    let lines: Vec<&str> = left.screen.lines().collect();
    assert_eq!(lines.len(), 2, "a line was wrapped:\n{}", left.screen);
    assert!(lines[1].starts_with(&id) && lines[1].contains('…'), "{}", left.screen);
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

/// A log that is being written: what is sent goes to whoever reads it, until the sender is gone.
fn live_log() -> (String, Sender<&'static str>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/live", listener.local_addr().unwrap());
    let (sender, pieces) = mpsc::channel::<&'static str>();
    thread::spawn(move || {
        let (mut connection, _): (TcpStream, _) = listener.accept().unwrap();
        let mut head = BufReader::new(connection.try_clone().unwrap()).lines().map_while(Result::ok);
        head.find(String::is_empty).unwrap();
        connection.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
        for piece in pieces {
            // Whoever has seen enough hangs up.
            if write!(connection, "{:x}\r\n{piece}\r\n", piece.len()).is_err() {
                return;
            }
        }
        drop(connection.write_all(b"0\r\n\r\n"));
    });
    (url, sender)
}

fn expect_state(server: &FakeServer, state: &str) {
    let body = json!({"status": {"taskId": ID, "state": state, "runs": [{"runId": 0, "state": state}]}});
    server.expect(&format!("GET /api/queue/v1/task/{ID}/status"), Answer::json(200, body.to_string()));
}

fn expect_artifacts(server: &FakeServer, names: &[&str]) {
    let list: Vec<Value> = names.iter().map(|name| json!({"storageType": "s3", "name": name})).collect();
    let path = format!("GET /api/queue/v1/task/{ID}/runs/0/artifacts");
    server.expect(&path, Answer::json(200, json!({"artifacts": list}).to_string()));
    let definition = json!({"payload": {}, "metadata": {"name": "n"}}).to_string();
    server.expect(&format!("GET /api/queue/v1/task/{ID}"), Answer::json(200, definition));
}

fn expect_content(server: &FakeServer, name: &str, url: &str) {
    let path = format!("GET /api/queue/v1/task/{ID}/runs/0/artifact-content/{}", name.replace('/', "%2F"));
    server.expect(&path, Answer::json(200, json!({"storageType": "s3", "url": url}).to_string()));
}

const LIVE: &str = "public/logs/live.log";
const BACKING: &str = "public/logs/live_backing.log";

#[test]
fn a_running_task_s_log_comes_line_by_line_and_cannot_drive_the_terminal() {
    let (server, storage) = (FakeServer::start(), FakeServer::start());
    let (url, log) = live_log();
    expect_state(&server, "running");
    expect_artifacts(&server, &[LIVE]);
    expect_content(&server, LIVE, &url);
    log.send("[task] \u{1b}[31mone\u{1b}[0m\r\n").unwrap();
    let session = Terminal::at(server.url()).run(&["task", "log", ID]);
    session.wait_for("[task] one");
    log.send("\u{1b}[2J\u{1b}]0;owned\u{7}tw").unwrap();
    log.send("o\u{202e}\nthr").unwrap();
    let screen = session.wait_for("two");
    assert_eq!(screen, "[task] one\ntwo", "half a line is kept back");
    session.look(|screen| assert_eq!(color(screen, "one"), Color::Default));
    // The run ends; its last line is only in what was uploaded.
    expect_state(&server, "completed");
    expect_artifacts(&server, &[LIVE, BACKING]);
    expect_content(&server, BACKING, &format!("{}/log", storage.url()));
    let whole = "[task] \u{1b}[31mone\u{1b}[0m\r\n\u{1b}[2J\u{1b}]0;owned\u{7}two\u{202e}\nthree\nfour\n";
    let from = whole.find("ree\nfour").unwrap();
    let range = format!("bytes {from}-{}/{}", whole.len() - 1, whole.len());
    storage.expect("GET /log", Answer::new(206, &whole.as_bytes()[from..]).header("Content-Range", &range));
    drop(log);
    let left = session.end();
    assert_eq!((left.status, left.screen.as_str()), (Some(0), "[task] one\ntwo\nthree\nfour"));
    assert!(!left.sent.contains('\u{1b}') && !left.sent.contains('\u{202e}'), "{:?}", left.sent);
}

#[test]
fn the_last_lines_of_a_running_log_are_followed_and_filtered() {
    for (flags, first, next) in [
        (&["--tail", "1"][..], "three", "three\nfour\nfive"),
        (&["--grep", "^t", "--grep", "ve$"], "two\nthree", "two\nthree\nfive"),
    ] {
        let server = FakeServer::start();
        let (url, log) = live_log();
        expect_state(&server, "running");
        expect_artifacts(&server, &[LIVE]);
        expect_content(&server, LIVE, &url);
        log.send("one\ntwo\nthree\n").unwrap();
        let session = Terminal::at(server.url()).run(&[&["task", "log", ID], flags].concat());
        assert_eq!(session.wait_for("three"), first, "{flags:?}");
        log.send("four\nfive\n").unwrap();
        assert_eq!(session.wait_for("five"), next, "{flags:?}");
        session.press(CTRL_C);
        assert_eq!(session.end().status, Some(130));
    }
}

#[test]
fn a_raw_log_keeps_its_colours_and_ctrl_c_ends_following() {
    let server = FakeServer::start();
    let (url, log) = live_log();
    expect_state(&server, "running");
    expect_artifacts(&server, &[LIVE]);
    expect_content(&server, LIVE, &url);
    log.send("\u{1b}[31mred\u{1b}[0m\n").unwrap();
    let session = Terminal::at(server.url()).run(&["task", "log", "--raw", ID]);
    session.wait_for("red");
    session.look(|screen| assert_eq!(color(screen, "red"), RED));
    session.press(CTRL_C);
    let left = session.end();
    assert_eq!(left.status, Some(130));
    assert!(left.screen.ends_with("Error: interrupted"), "{}", left.screen);
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
    assert!(lines[1].starts_with("1 file, 900.0 kB in ") && lines.len() == 2, "{}", left.screen);
}

#[test]
fn ctrl_c_in_a_download_leaves_no_bars_behind() {
    let storage = Storage::start("s3", Content::new(noise(900_000)).rate(100_000));
    let args = ["artifact", "download", TASK, "public/x", "-o", "out"];
    let session = Terminal::at(storage.url()).run(&args);
    session.wait_for("artifact `public/x`");
    session.press(CTRL_C);
    let left = session.end();
    assert_eq!(left.status, Some(130));
    assert!(left.screen.starts_with("Error: interrupted"), "{}", left.screen);
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
