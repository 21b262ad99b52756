//! Logs that are followed, by the real binary on a terminal.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Sender};
use std::thread;

use serde_json::{Value, json};
use vt100::Color;

use crate::support::fake_server::{Answer, FakeServer};
use crate::support::pty::{CTRL_C, Terminal, color};

const ID: &str = "VESwp9JaRo-XkFN_bemBhw";
const RED: Color = Color::Idx(1);

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
    storage.expect("GET /log", Answer::new(200, whole));
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
fn the_live_log_of_a_running_task_is_streamed_as_an_artifact() {
    let server = FakeServer::start();
    let (url, log) = live_log();
    let path = format!("GET /api/queue/v1/task/{ID}/artifact-content/public%2Flogs%2Flive.log");
    server.expect(&path, Answer::json(200, json!({"storageType": "reference", "url": url}).to_string()));
    let session = Terminal::at(server.url()).run(&["artifact", "cat", ID, LIVE]);
    for line in ["one", "zwei ü", "three"] {
        log.send(Box::leak(format!("{line}\n").into_boxed_str())).unwrap();
        session.wait_for(line);
    }
    drop(log);
    let left = session.end();
    assert_eq!((left.status, left.screen.as_str()), (Some(0), "one\nzwei ü\nthree"));
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
    assert!(left.screen.ends_with("error: interrupted"), "{}", left.screen);
}
