//! Answers that are not what they must be, and calls that are not sent twice.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use tc::RootUrl;
use tc::client::{Client, ConnectionError, ConnectionFault};
use tc::{Error, Kind};

use crate::support::Tc;
use crate::support::fake_clock::FakeClock;
use crate::support::fake_server::{Answer, FakeServer};

const STATUS: &str = "GET /api/queue/v1/task/x/status";
const TRIGGER: &str = "POST /api/hooks/v1/hooks/g/h/trigger";
const JSON: &str = r#"{"status":{"taskId":"AAAAAAAAQAGAAAAAAAAAAA","state":"completed"}}"#;

/// A server that answers every request with these bytes and ends the connection; returns its root URL.
fn raw_server(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut connection in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 65_536];
            // A client that is gone is no concern of this server.
            if connection.read(&mut request).is_ok_and(|read| read > 0) {
                connection.write_all(&answer).unwrap_or_default();
            }
        }
    });
    url
}

fn http(head: &str, body: &str) -> Vec<u8> {
    format!("{head}\r\n\r\n{body}").into_bytes()
}

fn client(root: &str) -> Client {
    let root = RootUrl::parse(root).unwrap();
    Client::builder(root).clock(FakeClock::at("2026-11-22T12:00:00Z")).retries(0).build().unwrap()
}

async fn failed_status(root: &str) -> Error {
    client(root).call("queue", "status").arg("x").send().await.unwrap_err()
}

#[test]
fn an_answer_that_is_none_fails_and_leaves_no_file() {
    let half = &JSON[..40];
    for (name, answer, status) in [
        ("HTTP/1.0 close", http("HTTP/1.0 200 OK\r\nContent-Type: application/json", half), 1),
        ("a length that is too short", http("HTTP/1.1 200 OK\r\nContent-Length: 40", JSON), 1),
        ("a length that is too long", http("HTTP/1.1 200 OK\r\nContent-Length: 90", JSON), 7),
        ("text", http("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9", "not json!"), 1),
        ("304", http("HTTP/1.1 304 Not Modified\r\nContent-Length: 0", ""), 1),
        ("302 without a location", http("HTTP/1.1 302 Found\r\nContent-Length: 0", ""), 1),
        ("101", http("HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade", ""), 1),
        ("empty", http("HTTP/1.1 200 OK\r\nContent-Length: 0", ""), 1),
    ] {
        let tc = Tc::new().env("TASKCLUSTER_ROOT_URL", &raw_server(answer));
        for more in [&[][..], &["--json"], &["-o", "out"]] {
            let call = ["api", "--retries", "0", "queue", "status", "AAAAAAAAQAGAAAAAAAAAAA"];
            let ran = tc.run(&[&call, more].concat());
            assert_eq!((ran.status, ran.stdout.as_str()), (status, ""), "{name} {more:?}: {ran}");
            assert!(ran.stderr.starts_with("error: queue.status "), "{name}: {ran}");
            assert!(!tc.directory().join("out").exists(), "{name}: {ran}");
        }
    }
}

#[tokio::test]
async fn a_login_page_behind_a_redirect_is_no_answer() {
    let server = FakeServer::start();
    server.expect(STATUS, Answer::redirect(302, "/login")).expect("GET /login", Answer::html(200, "<html>Sign in"));
    let error = failed_status(server.url()).await;
    assert_eq!(error.message(), "queue.status answered 200 with HTML that is not JSON: <html>Sign in");
}

#[tokio::test]
async fn an_answer_over_the_limit_is_an_error_that_names_it() {
    let server = FakeServer::start();
    server.expect(STATUS, Answer::json(200, format!("\"{}\"", " ".repeat(129 << 20))).gzip());
    let error = failed_status(server.url()).await;
    assert_eq!(error.kind(), Kind::Failed);
    assert_eq!(
        error.message(),
        format!("queue.status failed: the answer of {} is larger than 128 MiB, the limit of an answer", server.host())
    );
    assert_eq!(ConnectionError::of_error(&error).unwrap().fault, ConnectionFault::TooLarge(128 << 20));
}

async fn trigger(server: &FakeServer) -> Error {
    let root = RootUrl::parse(server.url()).unwrap();
    let client = Client::builder(root).clock(FakeClock::at("2026-11-22T12:00:00Z")).build().unwrap();
    client.call("hooks", "triggerHook").arg("g").arg("h").body("{}").send().await.unwrap_err()
}

#[tokio::test]
async fn what_does_a_second_thing_is_not_sent_again_once_it_may_have_been_done() {
    for answer in [Answer::cut(), Answer::json(200, "{}").cut_after(1), Answer::json(502, "{}")] {
        let server = FakeServer::start();
        server.expect(TRIGGER, answer);
        let error = trigger(&server).await;
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(
            error.hints().iter().any(|hint| hint.to_string().starts_with("It may have been done all the same")),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn what_was_surely_not_done_is_sent_again_whatever_it_does() {
    let server = FakeServer::start();
    server.expect(TRIGGER, Answer::json(429, "{}"));
    server.expect(TRIGGER, Answer::json(404, r#"{"code": "ResourceNotFound", "message": "no such hook"}"#));
    let error = trigger(&server).await;
    assert_eq!((error.kind(), error.hints().len()), (Kind::NotFound, 0));

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let root = RootUrl::parse(&format!("http://{closed}")).unwrap();
    let client = Client::builder(root).clock(FakeClock::at("2026-11-22T12:00:00Z")).retries(2).build().unwrap();
    let error = client.call("hooks", "triggerHook").arg("g").arg("h").body("{}").send().await.unwrap_err();
    assert!(error.message().contains("after 3 tries: cannot connect"), "{error}");
    assert!(error.hints().is_empty(), "{error:?}");
}

#[tokio::test]
async fn what_a_redirect_leads_to_is_asked_for_unsigned_even_on_the_same_host() {
    const ARTIFACT: &str = "GET /api/queue/v1/task/x/artifacts/public%2Fa";
    const SECRET: &str = "GET /api/secrets/v1/secret/top";
    let server = FakeServer::start();
    server.expect(ARTIFACT, Answer::redirect(303, "/api/secrets/v1/secret/top"));
    server.expect(SECRET, Answer::json(403, r#"{"code": "InsufficientScopes", "message": "no"}"#));
    let root = RootUrl::parse(server.url()).unwrap();
    let credentials = tc::Credentials::new("me", "hunter2");
    let client = Client::builder(root).credentials(Some(credentials)).build().unwrap();
    client.call("queue", "getLatestArtifact").arg("x").arg("public/a").send().await.unwrap_err();
    let signed: Vec<bool> = server.requests().iter().map(|request| request.header("authorization").is_some()).collect();
    assert_eq!(signed, [true, false]);
}

#[test]
fn a_download_that_starts_with_json_of_another_shape_fails() {
    for body in ["[1]", "\"x\"", "5", "true", "null", "{}"] {
        let server = FakeServer::start();
        server.expect("PUT /api/object/v1/start-download/x", Answer::json(200, body));
        // Without hashes in the answer the object's record is asked for them.
        server.allow("GET /api/object/v1/metadata/x", Answer::json(200, "{}"));
        let ran = Tc::new().at(server.url()).run(&["object", "download", "x", "-o", "out"]);
        ran.stdout("").status(1);
    }
}

#[test]
fn a_long_wait_that_the_server_asks_for_is_announced() {
    let server = FakeServer::start();
    let slow = Answer::json(429, r#"{"code": "TooManyRequests", "message": "slow down"}"#);
    server.expect("GET /api/queue/v1/ping", slow.header("Retry-After", "30"));
    server.expect("GET /api/queue/v1/ping", Answer::json(200, "{}"));
    let clock = FakeClock::at("2026-11-22T12:00:00Z");
    let tc = Tc::new().at(server.url()).environment(|environment| environment.with_clock(clock.clone()));
    let ran = tc.run(&["api", "queue", "ping"]);
    ran.status(0).stderr("warning: queue.ping: the server asks to wait 30 s before the next try\n");
}

#[test]
fn a_call_outside_of_a_runtime_is_an_error() {
    let client = client("http://127.0.0.1:1");
    let waker = std::task::Waker::noop();
    let mut call = std::pin::pin!(client.call("queue", "status").arg("x").send());
    let polled = call.as_mut().poll(&mut std::task::Context::from_waker(waker));
    let std::task::Poll::Ready(Err(error)) = polled else { panic!("it waits for a runtime") };
    assert_eq!(error.message(), "a call must be made inside a tokio runtime");
}
