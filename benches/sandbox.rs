//! How many requests a second the sandbox answers: signed reads and creations of tasks, over eight connections.
//!
//!     cargo bench --bench sandbox [-- SECONDS]

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench may panic and print"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use hawk::{Credentials, Key, PayloadHasher, RequestBuilder, SHA256};
use tc::sandbox::{Options, Sandbox};

const CONNECTIONS: usize = 8;

fn main() {
    let seconds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(3);
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let group = slugid::nice();
    let task = slugid::nice();
    let mut connection = Connection::open(&sandbox);
    connection.call("PUT", &format!("/api/queue/v1/task/{task}"), &definition(&group));
    measure("GET status", &sandbox, seconds, |_| ("GET", format!("/api/queue/v1/task/{task}/status"), String::new()));
    let body = definition(&group);
    measure("PUT createTask", &sandbox, seconds, |_| {
        ("PUT", format!("/api/queue/v1/task/{}", slugid::nice()), body.clone())
    });
    let started = Instant::now();
    let (mut pages, mut bytes, mut token) = (0, 0, None::<String>);
    loop {
        let query = token.map(|token| format!("?continuationToken={token}")).unwrap_or_default();
        let page = connection.call("GET", &format!("/api/queue/v1/task-group/{group}/list{query}"), "");
        (pages, bytes) = (pages + 1, bytes + page.len());
        let value: serde_json::Value = serde_json::from_slice(&page).unwrap();
        token = value["continuationToken"].as_str().map(Into::into);
        if token.is_none() {
            break;
        }
    }
    println!("GET listTaskGroup: {pages} pages, {} KiB in {:.2?}", bytes >> 10, started.elapsed());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find_map(|line| line.strip_prefix("VmHWM:")) {
        println!("most memory in use, these clients included: {}", peak.trim());
    }
}

fn definition(group: &str) -> String {
    let at = |hours| (chrono::Utc::now() + chrono::TimeDelta::hours(hours)).to_rfc3339();
    serde_json::json!({
        "taskQueueId": "proj/linux", "taskGroupId": group, "created": at(0), "deadline": at(2), "payload": {},
        "metadata": {"name": "n", "description": "", "owner": "a@example.com", "source": "https://example.com"},
    })
    .to_string()
}

fn measure(
    name: &str,
    sandbox: &Sandbox,
    seconds: u64,
    request: impl Fn(usize) -> (&'static str, String, String) + Sync,
) {
    let (done, started) = (AtomicUsize::new(0), Instant::now());
    std::thread::scope(|scope| {
        for index in 0..CONNECTIONS {
            let (done, request) = (&done, &request);
            scope.spawn(move || {
                let mut connection = Connection::open(sandbox);
                while started.elapsed() < Duration::from_secs(seconds) {
                    let (verb, target, body) = request(index);
                    connection.call(verb, &target, &body);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let rate = done.into_inner() as f64 / started.elapsed().as_secs_f64();
    println!("{name}: {rate:.0} requests a second");
}

/// A connection that is kept, with as little of a client about it as possible.
struct Connection {
    stream: TcpStream,
    host: String,
    credentials: Credentials,
}

impl Connection {
    fn open(sandbox: &Sandbox) -> Self {
        let host = sandbox.root_url().trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).unwrap();
        stream.set_nodelay(true).unwrap();
        let key = Key::new(sandbox.access_token().reveal().as_bytes(), SHA256).unwrap();
        Self { stream, host, credentials: Credentials { id: sandbox.client_id().into(), key } }
    }

    fn call(&mut self, verb: &str, target: &str, body: &str) -> Vec<u8> {
        let (host, port) = self.host.rsplit_once(':').unwrap();
        let hash = (!body.is_empty()).then(|| PayloadHasher::hash("application/json", SHA256, body).unwrap());
        let signed = RequestBuilder::new(verb, host, port.parse().unwrap(), target).hash(hash.as_deref()).request();
        let header = signed.make_header_full(&self.credentials, SystemTime::now(), "nonce").unwrap();
        let length = body.len();
        let request = format!(
            "{verb} {target} HTTP/1.1\r\nHost: {}\r\nAuthorization: Hawk {header}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}",
            self.host
        );
        self.stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::with_capacity(2048);
        let head = loop {
            if let Some(at) = answer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            self.read(&mut answer);
        };
        let text = String::from_utf8_lossy(&answer[..head]).to_lowercase();
        assert!(text.starts_with("http/1.1 200"), "{text}");
        let length = text.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
        let length: usize = length.parse().unwrap();
        while answer.len() < head + length {
            self.read(&mut answer);
        }
        answer.split_off(head)
    }

    fn read(&mut self, answer: &mut Vec<u8>) {
        let mut buffer = [0; 1 << 16];
        let count = self.stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the sandbox hung up");
        answer.extend_from_slice(&buffer[..count]);
    }
}
