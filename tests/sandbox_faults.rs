//! Each fault as a client sees it on the wire.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use flate2::read::GzDecoder;
use serde_json::Value;
use tc::Clock as _;
use tc::sandbox::{Blob, Options, Sandbox, Stored};

use crate::support::Tc;
use crate::support::fake_clock::FakeClock;
use crate::support::hand_clock::HandClock;
use crate::support::task::{queue, running};
use crate::support::wire::{Reply, Wire};

const LENGTH: u64 = 1_000_000;

fn with(faults: &str) -> Sandbox {
    Sandbox::start(Options::default().faults(faults.parse().unwrap())).unwrap()
}

/// The URL of a stored artifact of this name.
fn stored(sandbox: &Sandbox, name: &str, blob: Blob) -> String {
    let task = running(sandbox, Utc::now());
    sandbox.add_artifact(&task, 0, name, Stored::S3, blob).unwrap();
    let route = format!("/task/{task}/runs/0/artifact-content/{name}");
    let answer = queue(sandbox, Utc::now(), "GET", &route, &Value::Null).is(200, "").value();
    answer["url"].as_str().unwrap().to_owned()
}

fn big() -> Blob {
    Blob::generated(LENGTH, 1)
}

fn bytes(blob: &Blob) -> Vec<u8> {
    blob.chunks(0..blob.length()).flatten().collect()
}

fn get(url: &str) -> Reply {
    Wire::to(url, "GET").send()
}

/// All that comes before the connection is closed, in whatever way.
fn raw(url: &str) -> Vec<u8> {
    let (host, _) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(&Wire::to(url, "GET").bytes()).unwrap();
    let mut read = Vec::new();
    let mut buffer = [0; 1 << 16];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        read.extend_from_slice(&buffer[..count]);
    }
    read
}

#[test]
fn errors_are_those_of_a_service_or_of_a_storage() {
    let sandbox = with("error=100%,only=/api/secrets/,only=/public-bucket/");
    Wire::new(&sandbox, "GET", "/api/secrets/v1/ping").send().is(500, "InternalServerError");
    Wire::new(&sandbox, "GET", "/api/queue/v1/ping").send().is(200, "");
    let reply = get(&stored(&sandbox, "public/a", big()));
    assert_eq!(reply.status, 500);
    assert!(reply.text().contains("<Code>InternalError</Code>"), "{}", reply.text());
    Wire::new(&with("error=100%:503"), "GET", "/api/queue/v1/ping").send().is(503, "InternalServerError");
}

#[test]
fn too_many_requests_are_told_when_to_come_back() {
    for (faults, wait) in [("429=100%", "1"), ("429=100%:30s", "30"), ("429=100%:1500ms", "2")] {
        let reply = Wire::new(&with(faults), "GET", "/api/queue/v1/ping").send();
        assert_eq!((reply.status, reply.header("retry-after")), (429, Some(wait)), "{faults}");
    }
}

#[test]
fn a_delay_is_waited_by_the_clock() {
    let clock = FakeClock::at("2026-11-22T12:00:00Z");
    let options = Options::default().clock(clock.clone()).faults("delay=2s..3s".parse().unwrap());
    let sandbox = Sandbox::start(options).unwrap();
    Wire::new(&sandbox, "GET", "/api/queue/v1/ping").send().is(200, "");
    assert!(matches!(clock.slept()[..], [slept] if (2.0..=3.0).contains(&slept.as_secs_f64())), "{:?}", clock.slept());
}

#[test]
fn a_hang_up_answers_nothing_after_the_work_is_done() {
    let sandbox = with("hangup=100%,only=/api/secrets/v1/secret/lost,only=/public-bucket/");
    let secret = |name: &str| format!("{}/api/secrets/v1/secret/{name}", sandbox.root_url());
    let body = serde_json::json!({"secret": {"a": 1}, "expires": "2096-11-22T12:00:00Z"});
    let wire = Wire::new(&sandbox, "PUT", "/api/secrets/v1/secret/lost").json(&body);
    let mut stream = TcpStream::connect(sandbox.root_url().trim_start_matches("http://")).unwrap();
    stream.write_all(&wire.bytes()).unwrap();
    let mut read = Vec::new();
    drop(stream.read_to_end(&mut read));
    assert_eq!(String::from_utf8_lossy(&read), "");
    let listed = Wire::new(&sandbox, "GET", "/api/secrets/v1/secrets").send().value();
    assert_eq!(listed["secrets"], serde_json::json!(["lost"]));
    assert_eq!(raw(&secret("lost")), b"");
    assert_eq!(raw(&stored(&sandbox, "public/a", big())), b"");
}

#[test]
fn a_truncated_answer_promises_more_than_it_has() {
    for (faults, expected) in
        [("truncate=100%,only=/public-bucket/", LENGTH / 2), ("truncate=100%:70KB,only=/public-bucket/", 70_000)]
    {
        let url = stored(with_kept(faults), "public/a", big());
        let reply = Reply::parse(&raw(&url));
        assert_eq!(reply.header("content-length"), Some("1000000"));
        assert_eq!(reply.body.len() as u64, expected);
        assert_eq!(reply.body[..], bytes(&big())[..expected as usize]);
    }
    let sandbox = with("truncate=100%:10,only=/api/queue/v1/ping");
    let reply = Reply::parse(&raw(&format!("{}/api/queue/v1/ping", sandbox.root_url())));
    assert_eq!(reply.body.len(), 10);
    assert!(reply.header("content-length").unwrap().parse::<usize>().unwrap() > 10);
}

/// A sandbox that lives until the end of the tests.
fn with_kept(faults: &str) -> &'static Sandbox {
    Box::leak(Box::new(with(faults)))
}

#[test]
fn a_stall_keeps_the_connection_open() {
    let sandbox = with("stall=100%:1000,only=/public-bucket/");
    let url = stored(&sandbox, "public/a", big());
    let (host, _) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(&Wire::to(&url, "GET").bytes()).unwrap();
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    let body =
        |read: &[u8]| read.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |end| read.len() - end - 4);
    while body(&read) < 1000 {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0);
        read.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(body(&read), 1000);
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let error = stream.read(&mut buffer).unwrap_err();
    assert!(matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut), "{error}");
}

#[test]
fn a_slow_answer_takes_its_time_by_the_clock() {
    let clock = HandClock::at("2026-11-22T12:00:00Z");
    let faults = "slow=100KB/s,only=/public-bucket/".parse().unwrap();
    let sandbox = Sandbox::start(Options::default().clock(clock.clone()).faults(faults)).unwrap();
    let task = running(&sandbox, clock.now());
    sandbox.add_artifact(&task, 0, "public/a", Stored::S3, big()).unwrap();
    let url = format!("{}/public-bucket/{task}/0/public/a", sandbox.storage_url());
    let started = clock.now();
    let reader = std::thread::spawn(move || get(&url).body);
    clock.pass_until(|| reader.is_finished());
    assert_eq!(reader.join().unwrap(), bytes(&big()));
    assert!(clock.now() - started >= TimeDelta::seconds(10), "{}", clock.now() - started);
}

#[test]
fn wrong_bytes_come_with_the_right_length_and_the_other_way_round() {
    let right = bytes(&big());
    let wrong = get(&stored(with_kept("wrong-hash=100%"), "public/a", big()));
    assert_eq!((wrong.status, wrong.body.len()), (200, right.len()));
    assert_eq!(wrong.body.iter().zip(&right).filter(|(a, b)| a != b).count(), 1);
    let short = get(&stored(with_kept("wrong-length=100%"), "public/a", big()));
    assert_eq!(short.header("content-length"), Some("999999"));
    assert_eq!(short.body[..], right[..right.len() - 1]);
}

#[test]
fn a_wrong_trailer_spoils_only_what_is_compressed() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"a line\n").unwrap();
    let packed = encoder.finish().unwrap();
    let sandbox = with("wrong-trailer=100%");
    let reply = get(&stored(&sandbox, "public/log", Blob::new(packed).content_encoding("gzip")));
    let mut text = String::new();
    let error = GzDecoder::new(reply.body.as_slice()).read_to_string(&mut text).unwrap_err();
    assert_eq!(
        (text.as_str(), error.to_string().as_str()),
        ("a line\n", "corrupt gzip stream does not have a matching checksum")
    );
    assert_eq!(get(&stored(&sandbox, "public/plain", Blob::new("a line\n"))).text(), "a line\n");
}

#[test]
fn a_range_can_be_ignored() {
    let url = stored(with_kept("no-range"), "public/a", Blob::new("hello"));
    let reply = Wire::to(&url, "GET").header("Range", "bytes=2-").send();
    assert_eq!((reply.status, reply.text().as_str(), reply.header("content-range")), (200, "hello", None));
}

#[test]
fn a_signed_url_can_expire_early() {
    let sandbox = with("expired=100%");
    let reply = get(&stored(&sandbox, "private/a", Blob::new("hello")));
    assert_eq!(reply.status, 403);
    assert!(reply.text().contains("Request has expired"), "{}", reply.text());
    assert_eq!(get(&stored(&sandbox, "public/a", Blob::new("hello"))).status, 200);
}

#[test]
fn the_command_takes_plans_and_says_what_is_wrong_with_one() {
    let tc = Tc::new().env("PATH", &std::env::var("PATH").unwrap()).env("TC", env!("CARGO_BIN_EXE_tc"));
    let call = r#""$TC" --retries 0 api queue ping 2>/dev/null"#;
    let plans = ["--faults", "error=100%,only=/api/queue/", "--faults", "delay=1ms"];
    tc.run(&[&["sandbox", "--exec", call][..], &plans].concat()).status(7);
    let ran = tc.run(&["sandbox", "--faults", "error=5%,hangup=x", "--exec", "true"]);
    assert!(ran.stderr.contains("`x` is not a share such as 5%; write hangup=SHARE"), "{ran}");
    ran.status(2);
}
