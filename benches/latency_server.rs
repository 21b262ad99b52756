//! A server for `scripts/bench`: one task group in pages, and calls that are answered after a while.
//!
//! It uses nothing but the standard library, with a thread a connection, so that it costs little
//! beside what is measured. It prints its root URL, serves until it is killed, and answers
//! `GET /stats` with what it has seen.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it is a tool for measuring")]

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

const PAGE: usize = 1000;
const GROUP: &str = "AAAAAAAAQACAAAAAAAAAAA";

struct Shared {
    pages: Vec<Vec<u8>>,
    delay: Duration,
    page_delay: Duration,
    /// How many calls it works on at once; the others wait for their turn.
    places: Places,
    cancelled: Mutex<HashSet<String>>,
    calls: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
    connections: AtomicUsize,
}

fn main() {
    let option = |name: &str, default: usize| {
        let mut words = std::env::args().skip_while(|word| word != name).skip(1);
        words.next().map_or(default, |word| word.parse().unwrap())
    };
    let (tasks, size) = (option("--tasks", 20_000), option("--size", 2000));
    let shared = Arc::new(Shared {
        pages: pages(tasks, size),
        delay: Duration::from_millis(option("--delay-ms", 50) as u64),
        page_delay: Duration::from_millis(option("--page-delay-ms", 0) as u64),
        places: Places { free: Mutex::new(option("--at-once", usize::MAX)), left: Condvar::new() },
        cancelled: Mutex::default(),
        calls: AtomicUsize::new(0),
        open: AtomicUsize::new(0),
        most_open: AtomicUsize::new(0),
        connections: AtomicUsize::new(0),
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    for connection in listener.incoming().map_while(Result::ok) {
        let shared = Arc::clone(&shared);
        thread::Builder::new()
            .stack_size(128 << 10)
            .spawn(move || {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                let open = shared.open.fetch_add(1, Ordering::Relaxed) + 1;
                shared.most_open.fetch_max(open, Ordering::Relaxed);
                serve(&connection, &shared);
                shared.open.fetch_sub(1, Ordering::Relaxed);
            })
            .unwrap();
    }
}

/// Room for so many at once.
struct Places {
    free: Mutex<usize>,
    left: Condvar,
}

impl Places {
    fn during(&self, work: impl FnOnce()) {
        *self.left.wait_while(self.free.lock().unwrap(), |free| *free == 0).unwrap() -= 1;
        work();
        *self.free.lock().unwrap() += 1;
        self.left.notify_one();
    }
}

/// The ID of the task with this number: a slugid.
fn id(number: usize) -> String {
    format!("{number:08}QACAAAAAAAAAAA")
}

/// Pages of tasks of about `size` bytes each, of which every other one is pending.
fn pages(tasks: usize, size: usize) -> Vec<Vec<u8>> {
    let mut pages = Vec::new();
    for start in (0..tasks.max(1)).step_by(PAGE) {
        let end = (start + PAGE).min(tasks);
        let mut page =
            format!(r#"{{"taskGroupId":"{GROUP}","schedulerId":"s","expires":"2030-01-01T00:00:00.000Z","tasks":["#);
        for number in start..end {
            if number > start {
                page.push(',');
            }
            let state = if number % 2 == 0 { "pending" } else { "completed" };
            let task = format!(
                r#"{{"status":{{"taskId":"{}","provisionerId":"gecko-t","workerType":"linux","taskQueueId":"gecko-t/linux","schedulerId":"s","taskGroupId":"{GROUP}","deadline":"2030-01-01T00:00:00.000Z","expires":"2030-01-01T00:00:00.000Z","retriesLeft":5,"state":"{state}","runs":[{{"runId":0,"state":"{state}","reasonCreated":"scheduled","scheduled":"2026-11-22T12:00:00.000Z"}}]}},"task":{{"provisionerId":"gecko-t","workerType":"linux","taskQueueId":"gecko-t/linux","created":"2026-11-22T12:00:00.000Z","dependencies":["{GROUP}"],"metadata":{{"name":"test-linux/opt-xpcshell-{number}","description":"","owner":"a@example.com","source":"https://example.com"}},"tags":{{"kind":"test","os":"linux"}},"payload":{{"command":"","#,
                id(number)
            );
            page.push_str(&task);
            page.push_str(r#""filler":""#);
            page.push_str(&"x".repeat(size.saturating_sub(task.len() + 15)));
            page.push_str(r#""}}}"#);
        }
        page.push(']');
        if end < tasks {
            page.push_str(&format!(r#","continuationToken":"{}""#, end / PAGE));
        }
        page.push('}');
        pages.push(page.into_bytes());
    }
    pages
}

fn serve(connection: &TcpStream, shared: &Shared) {
    drop(connection.set_nodelay(true));
    let mut reader = BufReader::with_capacity(2048, connection);
    while let Some(target) = read_request(&mut reader) {
        let body = answer(&target, shared);
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        let mut writer = connection;
        let sent = if body.len() < 4096 {
            writer.write_all(&[head.as_bytes(), &body].concat())
        } else {
            writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(&body))
        };
        if sent.is_err() {
            return;
        }
    }
}

fn answer<'a>(target: &str, shared: &'a Shared) -> std::borrow::Cow<'a, [u8]> {
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    if target == "/stats" {
        let stats = format!(
            r#"{{"calls": {}, "cancelled": {}, "connections": {}, "most_open": {}}}"#,
            count(&shared.calls),
            shared.cancelled.lock().unwrap().len(),
            count(&shared.connections),
            count(&shared.most_open)
        );
        return stats.into_bytes().into();
    }
    if let Some((_, rest)) = target.split_once("/task-group/") {
        thread::sleep(shared.page_delay);
        let page = rest.split_once("continuationToken=").map_or(0, |(_, token)| token.parse().unwrap_or(0));
        return shared.pages.get(page).map_or(&b"{}"[..], Vec::as_slice).into();
    }
    shared.places.during(|| thread::sleep(shared.delay));
    shared.calls.fetch_add(1, Ordering::Relaxed);
    let id = target.split('/').nth(5).unwrap_or_default().to_owned();
    let status = format!(r#"{{"status":{{"taskId":"{id}","state":"exception"}}}}"#);
    shared.cancelled.lock().unwrap().insert(id);
    status.into_bytes().into()
}

/// The target of the next request; its body is read and dropped.
fn read_request(reader: &mut BufReader<&TcpStream>) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let target = line.split_whitespace().nth(1)?.to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let header = line.trim_end();
        if header.is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(target)
}
