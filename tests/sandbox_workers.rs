//! Simulated workers, seen from outside: states, logs while they are written and after, artifacts, crashes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tc::Clock as _;
use tc::sandbox::{Options, Push, Sandbox, Workers};

use crate::support::hand_clock::HandClock;
use crate::support::task::{definition, queue};
use crate::support::wire::{Reply, Wire};

const ENOUGH: Duration = Duration::from_secs(60);

fn fast(workers: Workers) -> Sandbox {
    Sandbox::start(Options::default().workers(workers.speed(1e7))).unwrap()
}

fn get(sandbox: &Sandbox, route: &str) -> Value {
    queue(sandbox, Utc::now(), "GET", route, &Value::Null).is(200, "").value()
}

/// Creates a task with this payload.
fn create(sandbox: &Sandbox, now: chrono::DateTime<Utc>, payload: &Value) -> String {
    let id = slugid::nice();
    let mut body = definition(now, &id);
    body["payload"] = payload.clone();
    queue(sandbox, now, "PUT", &format!("/task/{id}"), &body).is(200, "");
    id
}

fn follow(reply: &Reply) -> Reply {
    assert_eq!(reply.status, 303, "{}", reply.text());
    Wire::to(reply.header("location").unwrap(), "GET").send()
}

/// The log of a task that is over.
fn log(sandbox: &Sandbox, task: &str) -> String {
    let route = format!("/task/{task}/artifacts/public/logs/live.log");
    let stored = follow(&queue(sandbox, Utc::now(), "GET", &route, &Value::Null));
    assert_eq!(stored.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    GzDecoder::new(stored.body.as_slice()).read_to_string(&mut text).unwrap();
    text
}

fn artifacts(sandbox: &Sandbox, task: &str) -> Vec<String> {
    let listed = get(sandbox, &format!("/task/{task}/artifacts"));
    let shown = |it: &Value| format!("{} {}", it["storageType"].as_str().unwrap(), it["name"].as_str().unwrap());
    listed["artifacts"].as_array().unwrap().iter().map(shown).collect()
}

/// Every task of a group as `label state runs`, sorted.
fn outcome(sandbox: &Sandbox, group: &str) -> Vec<String> {
    let tasks = get(sandbox, &format!("/task-group/{group}/list"));
    let mut lines: Vec<String> = tasks["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let runs: Vec<_> =
                it["status"]["runs"].as_array().unwrap().iter().map(|run| &run["reasonResolved"]).collect();
            format!("{} {} {}", it["task"]["metadata"]["name"], it["status"]["state"], json!(runs))
        })
        .collect();
    lines.sort_unstable();
    lines
}

#[test]
fn a_push_runs_to_its_end_and_each_time_in_the_same_way() {
    let push = Push { tasks: 80, seed: 7, age: TimeDelta::zero() };
    let outcomes = [4, 9].map(|count| {
        let sandbox = fast(Workers::new(count).fail_rate(0.1));
        let group = sandbox.load(push).unwrap();
        assert!(sandbox.wait_until_idle(ENOUGH));
        outcome(&sandbox, &group)
    });
    assert_eq!(outcomes[0], outcomes[1]);
    let having = |state: &str| outcomes[0].iter().filter(|line| line.contains(&format!("\"{state}\""))).count();
    assert!(having("completed") > 30 && having("failed") > 0, "{:#?}", outcomes[0]);
    assert_eq!(having("pending") + having("running"), 0);
}

#[test]
fn who_takes_over_a_push_ends_what_was_running() {
    let sandbox = fast(Workers::new(4).fail_rate(0.0));
    let group = sandbox.load(Push { tasks: 100, seed: 7, age: TimeDelta::minutes(100) }).unwrap();
    assert!(sandbox.wait_until_idle(ENOUGH));
    let lines = outcome(&sandbox, &group);
    assert!(!lines.iter().any(|line| line.contains("claim-expired")), "{lines:#?}");
}

#[test]
fn a_finished_log_is_a_link_to_a_compressed_one() {
    let sandbox = fast(Workers::new(1).fail_rate(0.0));
    let task = create(&sandbox, Utc::now(), &json!({}));
    assert!(sandbox.wait_until_idle(ENOUGH));
    assert_eq!(artifacts(&sandbox, &task), ["s3 public/logs/live_backing.log", "link public/logs/live.log"]);
    let log = log(&sandbox, &task);
    assert!(log.contains(&format!("Task ID: {task}")), "{log}");
    assert!(log.ends_with(" seconds\n") && log.contains("Successful task run with exit code: 0"), "{log}");
}

#[test]
fn a_payload_can_ask_for_its_end_and_its_artifacts() {
    let sandbox = fast(Workers::new(2).fail_rate(0.0));
    let wanted =
        json!([{"name": "public/big", "bytes": 5_000_000_000_u64}, {"name": "public/o", "bytes": 3, "type": "object"}]);
    let failing = create(&sandbox, Utc::now(), &json!({"simulate": {"outcome": "failed", "artifacts": wanted}}));
    let odd = create(&sandbox, Utc::now(), &json!({"simulate": {"outcome": "no-such-reason"}}));
    let named = create(&sandbox, Utc::now(), &json!({"logs": {"live": "public/l.log", "backing": "public/b.log"}}));
    assert!(sandbox.wait_until_idle(ENOUGH));
    let status = get(&sandbox, &format!("/task/{failing}/status"));
    assert_eq!(status["status"]["state"], "failed");
    assert!(log(&sandbox, &failing).contains("Unsuccessful task run"));
    let names = artifacts(&sandbox, &failing);
    assert!(names.contains(&"s3 public/big".to_owned()) && names.contains(&"object public/o".to_owned()), "{names:?}");
    let big = queue(&sandbox, Utc::now(), "GET", &format!("/task/{failing}/artifacts/public/big"), &Value::Null);
    let head = Wire::to(big.header("location").unwrap(), "HEAD").send();
    assert_eq!(head.header("content-length"), Some("5000000000"));
    let object = queue(&sandbox, Utc::now(), "GET", &format!("/task/{failing}/artifacts/public/o"), &Value::Null);
    assert_eq!(follow(&object).body.len(), 3);
    let runs = &get(&sandbox, &format!("/task/{odd}/status"))["status"]["runs"];
    assert_eq!(runs[0]["reasonResolved"], "malformed-payload");
    assert_eq!(artifacts(&sandbox, &named), ["s3 public/b.log", "link public/l.log"]);
}

#[test]
fn a_crash_is_retried_until_there_are_no_retries_left() {
    for (outcome, reason) in [("vanish", "claim-expired"), ("worker-shutdown", "worker-shutdown")] {
        let sandbox = fast(Workers::new(2));
        let task = create(&sandbox, Utc::now(), &json!({"simulate": {"outcome": outcome, "seconds": 1}}));
        assert!(sandbox.wait_until_idle(ENOUGH), "{outcome}");
        let status = get(&sandbox, &format!("/task/{task}/status"));
        let runs = status["status"]["runs"].as_array().unwrap();
        assert_eq!((runs.len(), &status["status"]["state"]), (6, &json!("exception")), "{outcome}");
        assert!(runs.iter().all(|run| run["reasonResolved"] == reason), "{runs:?}");
        assert_eq!(runs[1]["reasonCreated"], "retry");
    }
}

/// A sandbox with one worker that is in the middle of a task of 100 seconds.
fn in_the_middle() -> (Sandbox, Arc<HandClock>, String) {
    let clock = HandClock::at("2026-11-22T12:00:00Z");
    let workers = Workers::new(1).fail_rate(0.0).run_time(TimeDelta::seconds(100));
    let sandbox = Sandbox::start(Options::default().clock(clock.clone()).workers(workers)).unwrap();
    let task = create(&sandbox, clock.now(), &json!({}));
    clock.pass_until(|| storage_type(&sandbox, &clock, &task) == "reference");
    (sandbox, clock, task)
}

fn storage_type(sandbox: &Sandbox, clock: &HandClock, task: &str) -> String {
    let route = format!("/task/{task}/runs/0/artifact-info/public/logs/live.log");
    let info = queue(sandbox, clock.now(), "GET", &route, &Value::Null).value();
    info["storageType"].as_str().unwrap_or_default().to_owned()
}

/// Opens the live log and reads until it says this.
fn open_log(sandbox: &Sandbox, clock: &HandClock, task: &str, until: &str) -> (TcpStream, Vec<u8>) {
    let route = format!("/task/{task}/artifacts/public/logs/live.log");
    let redirect = queue(sandbox, clock.now(), "GET", &route, &Value::Null);
    assert_eq!(redirect.header("x-taskcluster-artifact-storage-type"), Some("reference"));
    let url = redirect.header("location").unwrap().to_owned();
    assert!(url.starts_with(sandbox.storage_url()), "{url}");
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&read).contains(until) {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&buffer[..count]);
    }
    (stream, read)
}

/// The body of a chunked answer, without its frames.
fn unchunk(answer: &[u8]) -> String {
    let text = String::from_utf8(answer.to_vec()).unwrap();
    let (head, mut rest) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.to_lowercase().contains("transfer-encoding: chunked"), "{head}");
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        body += &after[..size];
        rest = after[size..].trim_start_matches("\r\n");
        if size == 0 {
            return body;
        }
    }
    panic!("the log was cut: {body}");
}

#[test]
fn a_log_can_be_followed_while_it_is_written() {
    let (sandbox, clock, task) = in_the_middle();
    let (mut stream, mut read) = open_log(&sandbox, &clock, &task, "Task Starting");
    let status = queue(&sandbox, clock.now(), "GET", &format!("/task/{task}/status"), &Value::Null).value();
    assert_eq!(status["status"]["state"], "running");
    assert!(!String::from_utf8_lossy(&read).contains("Task Finished"));
    let reader = std::thread::spawn(move || {
        stream.read_to_end(&mut read).unwrap();
        unchunk(&read)
    });
    clock.pass_until(|| reader.is_finished());
    let followed = reader.join().unwrap();
    assert!(followed.contains("Task Finished"), "{followed}");
    assert_eq!(storage_type(&sandbox, &clock, &task), "link");
    let route = format!("/task/{task}/artifacts/public/logs/live.log");
    let stored = follow(&queue(&sandbox, clock.now(), "GET", &route, &Value::Null));
    let mut text = String::new();
    GzDecoder::new(stored.body.as_slice()).read_to_string(&mut text).unwrap();
    assert_eq!(text, followed);
}

#[test]
fn a_worker_gives_up_a_task_that_was_canceled_and_takes_the_next() {
    let (sandbox, clock, task) = in_the_middle();
    queue(&sandbox, clock.now(), "POST", &format!("/task/{task}/cancel"), &Value::Null).is(200, "");
    clock.pass_until(|| storage_type(&sandbox, &clock, &task) == "link");
    let next = create(&sandbox, clock.now(), &json!({}));
    let state = || {
        let status = queue(&sandbox, clock.now(), "GET", &format!("/task/{next}/status"), &Value::Null).value();
        status["status"]["state"].as_str().unwrap_or_default().to_owned()
    };
    clock.pass_until(|| state() == "completed");
}

#[test]
fn a_claim_is_renewed_for_as_long_as_the_run_takes() {
    let clock = HandClock::at("2026-11-22T12:00:00Z");
    let workers = Workers::new(1).fail_rate(0.0).run_time(TimeDelta::minutes(70));
    let sandbox = Sandbox::start(Options::default().clock(clock.clone()).workers(workers)).unwrap();
    let task = create(&sandbox, clock.now(), &json!({}));
    let status = || queue(&sandbox, clock.now(), "GET", &format!("/task/{task}/status"), &Value::Null).value();
    // To ask after each of four thousand seconds would take longer than the test.
    let mut seconds = 0;
    clock.pass_until(|| {
        seconds += 1;
        seconds % 60 == 0 && status()["status"]["state"] == "completed"
    });
    let found = status();
    assert_eq!(found["status"]["runs"].as_array().unwrap().len(), 1, "{found}");
}

#[test]
fn all_ends_at_once_when_the_sandbox_stops() {
    let (sandbox, clock, task) = in_the_middle();
    let (mut stream, mut read) = open_log(&sandbox, &clock, &task, "Task Starting");
    drop(sandbox);
    // Cut or closed, but over.
    drop(stream.read_to_end(&mut read));
    assert!(!String::from_utf8_lossy(&read).contains("Task Finished"));
}
