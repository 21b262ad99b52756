//! `tc proxy`: the real program between real HTTP clients and the sandbox, or a server that misbehaves.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use serde_json::{Value, json};
use tc::sandbox::{Options, Sandbox};

use crate::support::fake_server::{Answer, FakeServer};
use crate::support::wire::{Reply, Wire};
use crate::support::{Tc, gzip};

/// A proxy that serves until it is dropped.
pub(crate) struct Proxy {
    child: Child,
    said: Value,
}

impl Proxy {
    /// With the access token `key` of the client `me`, in an empty HOME.
    fn before(root: &str, args: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        Self::start(
            Self::command(root, home.path(), args)
                .env("TASKCLUSTER_CLIENT_ID", "me")
                .env("TASKCLUSTER_ACCESS_TOKEN", "key"),
        )
    }

    /// With the credentials that may do anything in a sandbox.
    pub(crate) fn of(sandbox: &Sandbox, args: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = Self::command(sandbox.root_url(), home.path(), args);
        command.env("TASKCLUSTER_CLIENT_ID", sandbox.client_id());
        command.env("TASKCLUSTER_ACCESS_TOKEN", sandbox.access_token().reveal());
        Self::start(&mut command)
    }

    fn command(root: &str, home: &std::path::Path, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tc"));
        command.env_clear().env("HOME", home).env("TMPDIR", home).env("PATH", std::env::var_os("PATH").unwrap());
        command.env("TASKCLUSTER_ROOT_URL", root).args(["proxy", "--json"]).args(args);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }

    fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Self { child, said: serde_json::from_str(&line).unwrap() }
    }

    pub(crate) fn url(&self) -> &str {
        self.said["proxyUrl"].as_str().unwrap()
    }

    /// The address without the path that only callers know.
    fn bare(&self) -> &str {
        self.url().rsplit_once('/').unwrap().0
    }

    fn request(&self, verb: &str, path: &str) -> Wire {
        Wire::to(&format!("{}{path}", self.url()), verb)
    }

    fn get(&self, path: &str) -> Reply {
        self.request("GET", path).send()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn sandbox() -> Sandbox {
    Sandbox::start(Options::default()).unwrap()
}

/// Whether the child of `--exec` finds these programs.
fn exec(sandbox: &Sandbox) -> Tc {
    Tc::new().signed_in(sandbox).env("PATH", &std::env::var("PATH").unwrap()).env("TC", env!("CARGO_BIN_EXE_tc"))
}

#[test]
fn what_is_run_finds_the_proxy_and_no_token() {
    let sandbox = sandbox();
    let tc = exec(&sandbox).env("TASKCLUSTER_CERTIFICATE", "").env("TC_PROFILE", "");
    tc.run(&[
        "proxy",
        "--exec",
        "env | grep -c TASKCLUSTER_ > count; echo $TASKCLUSTER_PROXY_URL > url; \
        test $TASKCLUSTER_PROXY_URL = $TASKCLUSTER_ROOT_URL; exit $((7 + $?))",
    ])
    .stdout("")
    .stderr("")
    .status(7);
    let read = |name: &str| std::fs::read_to_string(tc.directory().join(name)).unwrap();
    assert_eq!(read("count"), "2\n");
    let pattern = regex::Regex::new("^http://localhost:[0-9]+/[A-Za-z0-9_-]{22}\n$").unwrap();
    assert!(pattern.is_match(&read("url")), "{}", read("url"));
}

#[test]
fn curl_and_this_client_work_through_it() {
    let sandbox = sandbox();
    let tc = exec(&sandbox);
    let script = r#"set -e
        curl -sS "$TASKCLUSTER_PROXY_URL/api/auth/v1/scopes/current" > scopes
        curl -sS "$TASKCLUSTER_PROXY_URL/auth/v1/scopes/current" > scopes-old
        curl -sS -X PUT -H 'Content-Type: application/json' -d '{"expires": "2100-01-01T00:00:00Z", "secret": {"a": 1}}' "$TASKCLUSTER_PROXY_URL/api/secrets/v1/secret/x%2Fy" -w '%{http_code}' > put
        "$TC" api secrets get x/y --jq .secret > got
        "$TC" whoami --json --jq .clientId > whoami"#;
    tc.run(&["proxy", "--exec", script]).stdout("").stderr("").status(0);
    let read = |name: &str| std::fs::read_to_string(tc.directory().join(name)).unwrap();
    let scopes: Value = serde_json::from_str(&read("scopes")).unwrap();
    assert!(scopes["scopes"].as_array().unwrap().contains(&json!("*")), "{scopes}");
    assert_eq!(read("scopes"), read("scopes-old"));
    assert_eq!(read("put"), "{}200");
    assert_eq!(read("got"), "{\"a\":1}\n");
}

#[test]
fn the_scopes_given_are_all_that_can_be_used() {
    let sandbox = sandbox();
    let proxy = Proxy::of(&sandbox, &["-s", "secrets:get:a", "-s", "auth:current-scopes\nsecrets:set:a"]);
    assert_eq!(proxy.said["scopes"], json!(["auth:current-scopes", "secrets:get:a", "secrets:set:a"]));
    let body = json!({"expires": "2100-01-01T00:00:00Z", "secret": {"a": 1}});
    proxy.request("PUT", "/api/secrets/v1/secret/a").json(&body).send().is(200, "");
    proxy.get("/api/secrets/v1/secret/a").is(200, "");
    proxy.get("/api/secrets/v1/secret/b").is(403, "InsufficientScopes");
    proxy.request("PUT", "/api/secrets/v1/secret/b").json(&body).send().is(403, "InsufficientScopes");
}

#[test]
fn a_request_without_the_path_or_from_a_web_page_is_turned_away() {
    let sandbox = sandbox();
    let proxy = Proxy::of(&sandbox, &[]);
    let ping = "/api/auth/v1/scopes/current";
    let refused = Wire::to(&format!("{}{ping}", proxy.bare()), "GET").send();
    refused.is(404, "ResourceNotFound");
    assert!(refused.header("access-control-allow-origin").is_none());
    proxy.request("GET", ping).header("Origin", "https://evil.example").send().is(403, "AuthorizationError");
    proxy.request("OPTIONS", ping).header("Origin", "null").send().is(403, "AuthorizationError");
    proxy.request("GET", ping).header("Sec-Fetch-Site", "cross-site").send().is(403, "AuthorizationError");
    proxy.request("OPTIONS", ping).send().is(405, "MethodNotAllowed");
    // A name that somebody else may point here.
    let port = proxy.bare().rsplit(':').next().unwrap();
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let path = proxy.url().rsplit('/').next().unwrap();
    write!(stream, "GET /{path}{ping} HTTP/1.1\r\nHost: evil.example:{port}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    Reply::parse(&answer).is(403, "AuthorizationError");
    proxy.get(ping).is(200, "");

    let open = Proxy::of(&sandbox, &["--open"]);
    assert!(open.url().starts_with("http://localhost:"), "{}", open.url());
    assert_eq!(open.url().matches('/').count(), 2);
    open.get(ping).is(200, "");
}

#[test]
fn what_is_no_path_of_a_service_is_not_sent_anywhere() {
    let server = FakeServer::start();
    let proxy = Proxy::before(server.url(), &[]);
    for path in
        ["/", "/queue", "/api/queue", "/login", "/api/queue/v1/../../../login", "/api/queue/v1/%2e%2e/%2e%2e/x/y"]
    {
        let reply = proxy.get(path);
        assert!(matches!(reply.status, 400 | 404), "{path}: {reply:?}");
    }
}

#[test]
fn credentials_are_shown_and_taken_only_where_that_is_allowed() {
    let sandbox = sandbox();
    let closed = Proxy::of(&sandbox, &[]);
    closed.get("/credentials").is(403, "AuthorizationError");
    closed
        .request("PUT", "/credentials")
        .json(&json!({"clientId": "a", "accessToken": "b"}))
        .send()
        .is(403, "AuthorizationError");

    let proxy = Proxy::of(&sandbox, &["--allow-credentials"]);
    let own = json!({"clientId": sandbox.client_id(), "accessToken": sandbox.access_token().reveal()});
    assert_eq!(proxy.get("/credentials").value(), own);
    proxy.request("PUT", "/credentials").json(&json!({"clientId": "a"})).send().is(400, "InputValidationError");
    proxy.request("DELETE", "/credentials").send().is(405, "MethodNotAllowed");
    let wrong = json!({"clientId": "nobody", "accessToken": "key", "certificate": ""});
    assert_eq!(proxy.request("PUT", "/credentials").json(&wrong).send().status, 200);
    proxy.get("/api/auth/v1/scopes/current").is(401, "AuthenticationFailed");
    // What it was given stays, whatever the environment has.
    proxy.get("/api/auth/v1/scopes/current").is(401, "AuthenticationFailed");
    assert_eq!(proxy.request("PUT", "/credentials").json(&own).send().status, 200);
    proxy.get("/api/auth/v1/scopes/current").is(200, "");

    // Those of a limited proxy can do no more than itself.
    let limited = Proxy::of(&sandbox, &["--allow-credentials", "-s", "auth:current-scopes"]);
    let handed = limited.get("/credentials").value();
    let got = Wire::new(&sandbox, "GET", "/api/auth/v1/scopes/current").signed_with(&handed).send().value();
    let scopes = got["scopes"].as_array().unwrap();
    assert!(scopes.contains(&json!("auth:current-scopes")) && !scopes.contains(&json!("*")), "{got}");
}

#[test]
fn urls_are_signed_for_an_hour_and_only_those_of_the_deployment() {
    let sandbox = sandbox();
    let body = json!({"expires": "2100-01-01T00:00:00Z", "secret": {"a": 1}});
    Wire::new(&sandbox, "PUT", "/api/secrets/v1/secret/a").json(&body).send().is(200, "");
    let proxy = Proxy::of(&sandbox, &[]);
    let url = format!("{}/api/secrets/v1/secret/a", sandbox.root_url());
    let reply = proxy.request("POST", "/bewit").body("text/plain", &format!("{url}\n")).send();
    assert_eq!(reply.status, 303);
    let signed = reply.header("location").unwrap();
    assert_eq!(reply.text(), signed);
    assert!(signed.starts_with(&format!("{url}?bewit=")), "{signed}");
    assert_eq!(Wire::to(signed, "GET").send().value()["secret"], json!({"a": 1}));
    // Through the proxy, too: a request is not signed twice.
    let path = signed.strip_prefix(sandbox.root_url()).unwrap();
    proxy.get(path).is(200, "");
    for other in ["https://evil.example/api/secrets/v1/secret/a", "no URL", ""] {
        proxy.request("POST", "/bewit").body("text/plain", other).send().is(400, "InputError");
    }
}

#[test]
fn headers_and_redirects_are_passed_on_as_they_are() {
    let server = FakeServer::start();
    let compressed = gzip(b"{}");
    server
        .expect("GET /api/queue/v1/a?x=%2F", Answer::json(200, compressed.clone()).header("Content-Encoding", "gzip"))
        .expect("GET /api/queue/v1/b", Answer::redirect(303, "https://storage.example/x?sig=1"))
        .expect("GET /api/queue/v1/c", Answer::redirect(302, "/api/queue/v1/d"))
        .expect("GET /api/queue/v1/e", Answer::html(200, "<p>").header("Access-Control-Allow-Origin", "*"))
        .expect("POST /api/queue/v1/f", Answer::json(418, r#"{"code": "X"}"#));
    let proxy = Proxy::before(server.url(), &[]);
    let reply = proxy
        .request("GET", "/api/queue/v1/a?x=%2F")
        .header("Accept-Encoding", "gzip")
        .header("Authorization", "Basic aHVudGVyMg==")
        .header("X-Request", "1")
        .send();
    assert_eq!((reply.status, reply.header("content-encoding"), &reply.body), (200, Some("gzip"), &compressed));
    assert_eq!(proxy.get("/api/queue/v1/b").header("location"), Some("https://storage.example/x?sig=1"));
    let absolute = format!("{}/api/queue/v1/d", server.url());
    assert_eq!(proxy.get("/api/queue/v1/c").header("location"), Some(absolute.as_str()));
    let page = proxy.get("/api/queue/v1/e");
    assert_eq!((page.status, page.text().as_str(), page.header("access-control-allow-origin")), (200, "<p>", None));
    proxy.request("POST", "/api/queue/v1/f").body("", "{\"b\": 1}").send().is(418, "X");

    let requests = server.requests();
    let first = &requests[0];
    assert!(first.header("authorization").unwrap().starts_with("Hawk id=\"me\""), "{first:?}");
    assert_eq!(first.header("x-request"), Some("1"));
    assert_eq!(first.header("host"), server.url().strip_prefix("http://"));
    let last = requests.last().unwrap();
    assert_eq!((last.body.as_slice(), last.header("content-type")), (&b"{\"b\": 1}"[..], Some("application/json")));
    assert_eq!(requests.len(), 5, "no redirect is followed");
}

#[test]
fn a_deployment_that_is_gone_or_hangs_is_a_failure_that_clients_try_again_after() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy = Proxy::before(&format!("http://{gone}"), &[]);
    let reply = proxy.get("/api/queue/v1/ping");
    reply.is(502, "BadGateway");
    assert!(reply.message().starts_with(&format!("tc proxy: {gone} did not answer: ")), "{}", reply.message());

    let server = FakeServer::start();
    server
        .expect("GET /api/queue/v1/cut", Answer::cut())
        .expect("GET /api/queue/v1/hang", Answer::hang())
        .expect("GET /api/queue/v1/html", Answer::html(502, "<h1>Bad Gateway</h1>"));
    let proxy = Proxy::before(server.url(), &["--timeout", "1s"]);
    proxy.get("/api/queue/v1/cut").is(502, "BadGateway");
    proxy.get("/api/queue/v1/hang").is(504, "GatewayTimeout");
    let page = proxy.get("/api/queue/v1/html");
    assert_eq!((page.status, page.text().as_str()), (502, "<h1>Bad Gateway</h1>"));
}

#[test]
fn an_answer_that_breaks_off_is_not_made_to_look_whole() {
    let server = FakeServer::start();
    server.expect("GET /api/queue/v1/long", Answer::json(200, vec![b' '; 100_000]).cut_after(50_000));
    let proxy = Proxy::before(server.url(), &[]);
    let reply = proxy.get("/api/queue/v1/long");
    assert_eq!(reply.header("content-length"), Some("100000"));
    assert!(reply.body.len() <= 50_000, "{}", reply.body.len());
}

/// A server that takes one connection and gives it to `serve`.
fn upstream(serve: impl FnOnce(TcpStream) + Send + 'static) -> (String, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (url, thread::spawn(move || serve(listener.accept().unwrap().0)))
}

fn read_until(stream: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(end) && stream.read(&mut byte).unwrap() == 1 {
        read.push(byte[0]);
    }
    assert!(read.ends_with(end), "{}", String::from_utf8_lossy(&read));
    read
}

#[test]
fn bodies_are_passed_on_piece_by_piece_in_both_directions() {
    let (half_read, wait_half) = mpsc::channel();
    let (go_on, wait_to_go_on) = mpsc::channel();
    let (url, serving) = upstream(move |mut stream| {
        // The second half of the request comes only after the first has arrived here.
        let head = String::from_utf8(read_until(&mut stream, b"\r\n\r\n")).unwrap().to_lowercase();
        assert!(head.contains("content-length: 8\r\n"), "{head}");
        read_until(&mut stream, b"half");
        half_read.send(()).unwrap();
        read_until(&mut stream, b"rest");
        // And so does the answer's.
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst").unwrap();
        wait_to_go_on.recv().unwrap();
        stream.write_all(b"later").unwrap();
    });
    let proxy = Proxy::before(&url, &[]);
    let (host, path) = proxy.url().strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host.replace("localhost", "127.0.0.1")).unwrap();
    let head = format!(
        "POST /{path}/api/queue/v1/x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 8\r\n\r\nhalf"
    );
    stream.write_all(head.as_bytes()).unwrap();
    wait_half.recv().unwrap();
    stream.write_all(b"rest").unwrap();
    read_until(&mut stream, b"first");
    go_on.send(()).unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "later");
    serving.join().unwrap();
}

#[test]
fn credentials_that_were_refused_are_looked_up_again() {
    let sandbox = sandbox();
    let tc = Tc::new();
    let root = sandbox.root_url();
    tc.store().put(root, "old", "key", None);
    let proxy = Proxy::start(&mut Proxy::command(root, tc.directory(), &[]));
    assert_eq!(proxy.said["clientId"], "old");
    proxy.get("/api/auth/v1/scopes/current").is(401, "AuthenticationFailed");
    tc.store().put(root, sandbox.client_id(), sandbox.access_token().reveal(), None);
    proxy.get("/api/auth/v1/scopes/current").is(200, "");
}

#[test]
fn a_clock_that_is_off_is_corrected_for_what_can_be_sent_again() {
    let server = FakeServer::start();
    let refused = || {
        Answer::json(401, r#"{"code": "AuthenticationFailed", "message": "stale"}"#)
            .header("Date", "Sun, 22 Nov 2099 12:00:00 GMT")
    };
    server
        .expect("PUT /api/secrets/v1/secret/a", refused())
        .expect("PUT /api/secrets/v1/secret/a", Answer::json(200, "{}"))
        .expect("GET /api/secrets/v1/secret/a", Answer::json(200, "{}"));
    let proxy = Proxy::before(server.url(), &[]);
    let put = proxy.request("PUT", "/api/secrets/v1/secret/a").json(&json!({}));
    put.send().is(503, "ClockCorrected");
    put.send().is(200, "");
    proxy.get("/api/secrets/v1/secret/a").is(200, "");
    let time = |index: usize| {
        let header = server.requests()[index].header("authorization").unwrap().to_owned();
        header.split("ts=\"").nth(1).unwrap().split('"').next().unwrap().parse::<i64>().unwrap()
    };
    assert!(time(1) > 4_000_000_000 && time(2) > 4_000_000_000);

    let server = FakeServer::start();
    server.expect("GET /api/auth/v1/x", refused()).expect("GET /api/auth/v1/x", Answer::json(200, "{}"));
    Proxy::before(server.url(), &[]).get("/api/auth/v1/x").is(200, "");
}

#[test]
fn there_must_be_something_to_sign_with() {
    let tc = Tc::new().at("https://tc.invalid");
    tc.run(&["proxy"])
        .stdout("")
        .stderr("error: there are no credentials for https://tc.invalid\nhint: To get credentials: tc signin\n")
        .status(4);
    let in_task = Tc::new().env("TASKCLUSTER_PROXY_URL", "http://taskcluster");
    in_task
        .run(&["proxy", "-s", "a"])
        .stdout("")
        .stderr("error: the proxy of a task signs by itself: there are no credentials to limit or to show\n")
        .status(2);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    tc.env("TASKCLUSTER_CLIENT_ID", "me")
        .env("TASKCLUSTER_ACCESS_TOKEN", "key")
        .run(&["proxy", "--port", &port])
        .stdout("")
        .stderr(&format!(
            "error: port {port} is in use\nhint: Choose another port with --port, or omit it to use any free port.\n"
        ))
        .status(6);
}

#[test]
fn a_proxy_behind_a_proxy_leaves_signing_to_it() {
    let sandbox = sandbox();
    let tc = exec(&sandbox);
    let script = r#""$TC" proxy --exec 'curl -sS "$TASKCLUSTER_PROXY_URL/api/auth/v1/scopes/current" > scopes'"#;
    tc.run(&["proxy", "--exec", script]).stdout("").stderr("").status(0);
    let scopes = std::fs::read_to_string(tc.directory().join("scopes")).unwrap();
    assert!(scopes.contains("\"*\""), "{scopes}");
}

#[test]
fn it_says_where_it_is_and_ends_at_an_interrupt() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tc"));
    command
        .env_clear()
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .env("TASKCLUSTER_ROOT_URL", "https://tc.invalid");
    command.env("TASKCLUSTER_CLIENT_ID", "me").env("TASKCLUSTER_ACCESS_TOKEN", "key").args(["proxy", "--open"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut lines = String::new();
    for _ in 0..4 {
        stdout.read_line(&mut lines).unwrap();
    }
    let mut note = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut note).unwrap();
    assert_eq!(note, "The proxy signs for https://tc.invalid as me until Ctrl-C.\n");
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let port = lines.lines().next().unwrap().rsplit(':').next().unwrap();
    let url = format!("http://localhost:{port}");
    assert_eq!(
        lines,
        format!(
            "export TASKCLUSTER_PROXY_URL={url}\nexport TASKCLUSTER_ROOT_URL={url}\n\
             unset TASKCLUSTER_CLIENT_ID\nunset TASKCLUSTER_ACCESS_TOKEN\n"
        )
    );
}
