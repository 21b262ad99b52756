//! The sandbox as a server: who is answered, what is read of a request, and what is not.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::json;
use tc::sandbox::{Options, Sandbox};

use crate::support::task::{definition, queue};
use crate::support::wire::{Reply, Wire};

/// A body that a service still reads.
const LARGE: usize = 8 << 20;

fn start() -> Sandbox {
    Sandbox::start(Options::default()).unwrap()
}

fn address(sandbox: &Sandbox) -> String {
    sandbox.root_url().replace("http://localhost", "127.0.0.1")
}

/// Sends a head that promises a large body, and only the beginning of that.
fn promise(sandbox: &Sandbox, authorization: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address(sandbox)).unwrap();
    let task = slugid::nice();
    let head = format!(
        "PUT /api/queue/v1/task/{task} HTTP/1.1\r\nHost: localhost\r\n{authorization}Content-Type: application/json\r\n\
         Content-Length: {LARGE}\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

#[test]
fn large_body_with_a_bad_header_is_refused_before_it_is_sent() {
    let sandbox = start();
    let authorization = "Authorization: Hawk id=\"no/such\", ts=\"1\", nonce=\"n\", mac=\"m\"\r\n";
    let mut streams: Vec<TcpStream> = (0..100).map(|_| promise(&sandbox, authorization)).collect();
    for stream in &mut streams {
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        Reply::parse(&answer).is(401, "AuthenticationFailed");
    }
}

#[test]
fn unfinished_bodies_of_unknown_callers_do_not_delay_known_ones() {
    let sandbox = start();
    let waiting: Vec<TcpStream> = (0..100).map(|_| promise(&sandbox, "")).collect();
    let id = slugid::nice();
    let mut body = definition(Utc::now(), &id);
    body["payload"]["large"] = "x".repeat(1 << 20).into();
    queue(&sandbox, Utc::now(), "PUT", &format!("/task/{id}"), &body).is(200, "");
    drop(waiting);
}

#[test]
fn idle_connections_do_not_delay_others() {
    let sandbox = start();
    // As many as the machine's limit on open files lets a test have beside others.
    let idle: Vec<TcpStream> = (0..300).map_while(|_| TcpStream::connect(address(&sandbox)).ok()).collect();
    let started = Instant::now();
    Wire::new(&sandbox, "GET", "/api/queue/v1/ping").send().is(200, "");
    assert!(started.elapsed() < Duration::from_secs(20), "{} idle connections delay others", idle.len());
}

#[test]
fn only_names_of_this_machine_are_answered() {
    let sandbox = start();
    let port = sandbox.root_url().rsplit(':').next().unwrap().to_owned();
    let ping = |host: &str| Wire::to(&format!("http://{host}:{port}/api/queue/v1/ping"), "GET").send().status;
    for host in ["localhost", "127.0.0.1", "[::1]", "LOCALHOST", "my.localhost"] {
        assert_eq!(ping(host), 200, "{host}");
    }
    for host in ["example.com", "localhost.example.com", "127.0.0.1.example.com", "192.168.0.1"] {
        assert_eq!(ping(host), 421, "{host}");
    }
}

#[test]
fn answer_that_the_client_has_is_not_sent_again() {
    let sandbox = start();
    let get = |etag: &str| Wire::new(&sandbox, "GET", "/api/secrets/v1/secrets").header("If-None-Match", etag).send();
    let first = get("\"other\"");
    first.is(200, "");
    let again = get(first.header("etag").unwrap());
    assert_eq!((again.status, again.body.len()), (304, 0));
    let secret = json!({"secret": {}, "expires": "2090-01-01T00:00:00Z"});
    Wire::new(&sandbox, "PUT", "/api/secrets/v1/secret/a").json(&secret).send().is(200, "");
    get(first.header("etag").unwrap()).is(200, "");
}

#[test]
fn web_pages_may_read_everything_but_the_page_that_signs_in() {
    let sandbox = start();
    let ask = |verb: &str, path: &str| {
        let reply = Wire::new(&sandbox, verb, path).anonymous().header("Origin", "https://example.com");
        let reply = reply.header("Access-Control-Request-Method", "GET").send();
        (reply.status, reply.header("access-control-allow-origin").map(str::to_owned))
    };
    let allowed = (200, Some("*".to_owned()));
    for path in ["/api/queue/v1/ping", "/sandbox/notifications", "/references/manifest.json"] {
        assert_eq!((ask("GET", path), ask("OPTIONS", path)), (allowed.clone(), allowed.clone()), "{path}");
    }
    assert_eq!(ask("GET", "/auth/clients/create").1, None);
    assert_eq!(ask("OPTIONS", "/auth/clients/create").1, None);
}

/// With both of the server's threads busy at that.
#[test]
fn templates_that_take_long_do_not_delay_others() {
    let sandbox = start();
    let list = format!("{{$eval: '[{}]'}}", vec!["1"; 70].join(","));
    let file = format!(
        "version: 1\ntasks:\n  $map: {list}\n  each(a):\n    $map: {list}\n    each(b):\n      {{c: {list}}}\n"
    );
    let body = json!({"body": file, "organization": "o", "repository": "r", "fakeEvent": {"type": "github-push"}});
    let wire = Wire::new(&sandbox, "POST", "/api/github/v1/taskcluster-yml").json(&body);
    let started = Instant::now();
    let renders: Vec<_> = (0..2).map(|_| wire.clone()).map(|wire| std::thread::spawn(move || wire.send())).collect();
    let mut longest = Duration::ZERO;
    while !renders.iter().all(std::thread::JoinHandle::is_finished) {
        let asked = Instant::now();
        Wire::new(&sandbox, "GET", "/api/queue/v1/ping").anonymous().send().is(200, "");
        longest = longest.max(asked.elapsed());
    }
    let took = started.elapsed();
    assert!(took > Duration::from_millis(200), "it is no burden: {took:?}");
    assert!(longest < took / 2, "a ping took {longest:?} of {took:?}");
    renders.into_iter().for_each(|render| assert_eq!(render.join().unwrap().status, 400));
}
