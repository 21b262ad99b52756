//! The client against a scripted server: what goes over the wire, and what comes of the answers.

use std::time::Duration;

use bytes::Bytes;
use tc::Advice;
use tc::RootUrl;
use tc::client::{ApiError, Client, ClientBuilder, Credentials, Endpoint, Response};
use tc::reference::Verb;
use tc::{Environment, Error, Kind};

use crate::support::fake_clock::FakeClock;
use crate::support::fake_server::{Answer, FakeServer};
use crate::support::recorded::{data, whole};

const NOON: &str = "2026-11-22T12:00:00Z";
const PING: &str = "GET /api/queue/v1/ping";
const STATUS: &str = "GET /api/queue/v1/task/x/status";

fn builder(server: &FakeServer) -> ClientBuilder {
    Client::builder(RootUrl::parse(server.url()).unwrap()).clock(FakeClock::at(NOON))
}

fn anonymous(server: &FakeServer) -> Client {
    builder(server).build().unwrap()
}

fn signed(server: &FakeServer) -> ClientBuilder {
    builder(server).credentials(Some(Credentials::new("me", "hunter2")))
}

fn ok() -> Answer {
    Answer::json(200, r#"{"status": {}, "clients": []}"#)
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, serde_json::json!({"code": "Code", "message": message}).to_string())
}

async fn status(client: &Client) -> Result<Response, Error> {
    client.call("queue", "status").arg("x").send().await
}

async fn failed_status(client: &Client) -> Error {
    status(client).await.unwrap_err()
}

/// The `Authorization` header's field of this name.
fn field(authorization: &str, name: &str) -> String {
    let (_, rest) = authorization.split_once(&format!(" {name}=\"")).unwrap_or_else(|| panic!("{authorization}"));
    rest.split_once('"').unwrap().0.to_owned()
}

/// The MAC as the Hawk protocol defines it, computed from what arrived.
fn expected_mac(server: &FakeServer, request: &crate::support::fake_server::Recorded) -> String {
    use base64::Engine as _;
    use hmac::{KeyInit as _, Mac as _};
    let authorization = request.header("authorization").unwrap();
    let port = server.url().rsplit(':').next().unwrap();
    let hash = if request.body.is_empty() { String::new() } else { field(authorization, "hash") };
    let (ts, nonce) = (field(authorization, "ts"), field(authorization, "nonce"));
    let text =
        format!("hawk.1.header\n{ts}\n{nonce}\n{}\n{}\n127.0.0.1\n{port}\n{hash}\n\n", request.verb, request.target);
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"hunter2").unwrap();
    mac.update(text.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

#[tokio::test]
async fn a_call_by_name_comes_back_as_json() {
    let server = FakeServer::start();
    server.expect(STATUS, Answer::json(200, r#"{"status": {"taskId": "x"}}"#));
    let response = status(&anonymous(&server)).await.unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(response.json::<serde_json::Value>().unwrap()["status"]["taskId"], "x");
    let request = &server.requests()[0];
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.header("accept-encoding"), Some("gzip"));
    assert!(request.header("user-agent").unwrap().starts_with("tc/"));
}

#[tokio::test]
async fn a_body_is_sent_byte_for_byte() {
    let server = FakeServer::start();
    let body = "{\"k\":  1.0, \"big\": 1e400}\n";
    server.expect("PUT /api/secrets/v1/secret/a%2Fb", ok()).expect("PUT /api/secrets/v1/secret/c", ok());
    let client = signed(&server).build().unwrap();
    client.call("secrets", "set").arg("a/b").body(body).send().await.unwrap();
    client.call("secrets", "set").arg("c").json(&serde_json::json!({"a": 1})).send().await.unwrap();
    let requests = server.requests();
    assert_eq!(requests[0].body, body.as_bytes());
    assert_eq!(requests[0].header("content-type"), Some("application/json"));
    assert_eq!(requests[1].body, br#"{"a":1}"#);
}

/// What is signed must be what arrives, to the byte, or the server says `Bad mac`.
#[tokio::test]
async fn the_signature_is_over_what_is_on_the_wire() {
    let server = FakeServer::start();
    let client = signed(&server).build().unwrap();
    let names = ["../x", "a'b (c)!*~", "größer 漢", "%2e", "", "a?b#c"];
    let encoded = ["..%2Fx", "a'b%20(c)!*~", "gr%C3%B6%C3%9Fer%20%E6%BC%A2", "%252e", "", "a%3Fb%23c"];
    for (name, encoded) in names.iter().zip(encoded) {
        server.expect(&format!("PUT /api/secrets/v1/secret/{encoded}"), ok());
        client.call("secrets", "set").arg(*name).body("{}").send().await.unwrap();
        server.expect("GET /api/auth/v1/clients/?prefix=it%27s%20a%2Bb&limit=5", ok());
        client.call("auth", "listClients").query("prefix", "it's a+b").query("limit", "5").send().await.unwrap();
    }
    for request in server.requests() {
        let authorization = request.header("authorization").unwrap();
        assert_eq!(field(authorization, "mac"), expected_mac(&server, &request), "{}", request.target);
        assert_eq!(field(authorization, "ts"), "1795348800");
    }
}

#[tokio::test]
async fn names_and_arguments_are_checked_before_anything_is_sent() {
    let server = FakeServer::start();
    let client = anonymous(&server);
    let error = client.call("quue", "status").send().await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Usage, "unknown service `quue`"));
    assert_eq!(error.hints(), ["Did you mean `queue`?"]);
    let error = client.call("queue", "statsu").arg("x").send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::Usage, "`queue.statsu` is not in the references of Taskcluster 106.0.0")
    );
    assert!(error.hints()[0].starts_with("Did you mean `status`"), "{:?}", error.hints());
    let error = client.call("queue", "status").send().await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Usage, "queue.status is missing <taskId>"));
    assert_eq!(client.call("queue", "listTaskGroup").arg("..").pages().unwrap_err().kind(), Kind::Usage);
}

#[tokio::test]
async fn a_passing_failure_is_tried_again_with_a_new_signature() {
    let server = FakeServer::start();
    let clock = FakeClock::at(NOON);
    server.expect(STATUS, refusal(500, "oops")).expect(STATUS, Answer::cut()).expect(STATUS, refusal(429, "slow"));
    server.expect(STATUS, Answer::json(200, r#"{"status": "all of it"}"#).cut_after(5)).expect(STATUS, ok());
    let client = signed(&server).clock(clock.clone()).build().unwrap();
    assert_eq!(status(&client).await.unwrap().status, 200);
    let nonces: std::collections::HashSet<String> =
        server.requests().iter().map(|request| field(request.header("authorization").unwrap(), "nonce")).collect();
    assert_eq!(nonces.len(), 5);
    for (slept, expected) in clock.slept().iter().zip([100.0, 200.0, 400.0, 800.0]) {
        let ratio = slept.as_secs_f64() * 1000.0 / expected;
        assert!((0.75..=1.25).contains(&ratio), "{slept:?} for {expected} ms");
    }
    assert_eq!(clock.slept().len(), 4);
}

#[tokio::test]
async fn after_the_last_try_the_error_counts_them() {
    let server = FakeServer::start();
    server.expect_times(6, STATUS, refusal(503, "too busy"));
    let error = failed_status(&anonymous(&server)).await;
    assert_eq!(error.kind(), Kind::Unavailable);
    assert_eq!(error.message(), "queue.status failed after 6 tries: Code: too busy");

    let server = FakeServer::start();
    server.expect_times(3, STATUS, Answer::cut());
    let error = failed_status(&builder(&server).retries(2).build().unwrap()).await;
    assert_eq!(error.kind(), Kind::Unavailable);
    let said = format!("queue.status failed after 3 tries: the connection to {} broke off", server.host());
    assert_eq!(error.message(), said);
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    for code in [400, 403, 404, 409, 424, 501] {
        let server = FakeServer::start();
        server.expect(STATUS, refusal(code, "no"));
        assert_eq!(failed_status(&anonymous(&server)).await.message(), "queue.status failed: Code: no");
    }
}

#[tokio::test]
async fn the_server_says_when_to_come_back() {
    let server = FakeServer::start();
    let clock = FakeClock::at(NOON);
    server.expect(STATUS, refusal(429, "slow").header("Retry-After", "7"));
    server
        .expect(STATUS, refusal(503, "slow").header("Retry-After", "Sun, 22 Nov 2026 12:00:37 GMT"))
        .expect(STATUS, ok());
    status(&builder(&server).clock(clock.clone()).build().unwrap()).await.unwrap();
    assert_eq!(clock.slept(), [Duration::from_secs(7), Duration::from_secs(30)]);

    server.expect(STATUS, refusal(503, "slow").header("Retry-After", "86400"));
    let error = failed_status(&anonymous(&server)).await;
    assert_eq!(error.kind(), Kind::Unavailable);
    assert_eq!(error.hints(), ["The server asks to wait 86400 s before the next try."]);
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up() {
    let server = FakeServer::start();
    server.expect_times(2, STATUS, Answer::hang());
    let client = builder(&server).timeout(Duration::from_millis(80)).retries(1).build().unwrap();
    let error = failed_status(&client).await;
    assert_eq!(error.kind(), Kind::Unavailable);
    let said = format!("queue.status failed after 2 tries: no answer from {} within 80 ms", server.host());
    assert_eq!(error.message(), said);
    assert_eq!(error.advice(), [Advice::AllowMoreTime]);
}

#[tokio::test]
async fn nobody_listening_is_told_with_the_systems_reason() {
    // A port that was free a moment ago, and is not listened to.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let root = RootUrl::parse(&format!("http://{address}")).unwrap();
    let client = Client::builder(root).clock(FakeClock::at(NOON)).retries(1).build().unwrap();
    let error = failed_status(&client).await;
    assert_eq!(error.kind(), Kind::Unavailable);
    assert_eq!(error.message(), format!("queue.status failed after 2 tries: cannot connect to {address}"));
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("refused"), "{cause}");
}

#[tokio::test]
async fn a_clock_that_is_off_is_corrected_once() {
    let server = FakeServer::start();
    let stale = refusal(401, "Unauthorized: Stale timestamp").header("Date", "Sun, 22 Nov 2026 14:00:00 GMT");
    server.expect(STATUS, stale.clone()).expect(STATUS, ok()).expect(STATUS, ok());
    let client = signed(&server).build().unwrap();
    status(&client).await.unwrap();
    status(&client).await.unwrap();
    let times: Vec<String> =
        server.requests().iter().map(|request| field(request.header("authorization").unwrap(), "ts")).collect();
    assert_eq!(times, ["1795348800", "1795356000", "1795356000"]);

    server.expect_times(2, STATUS, stale);
    let error = failed_status(&signed(&server).build().unwrap()).await;
    assert_eq!(error.kind(), Kind::Auth);
    assert_eq!(error.hints(), ["The clock of this machine is 2 h behind the server's."]);
}

#[tokio::test]
async fn an_expired_certificate_is_named_with_its_expiry() {
    let server = FakeServer::start();
    server.expect(STATUS, refusal(401, "ext.certificate.expiry < now").header("Date", "Sun, 22 Nov 2026 12:00:00 GMT"));
    let certificate = r#"{"start": 1700000000000, "expiry": 1700003600000, "seed": "hunter3"}"#;
    let credentials = Credentials::new("me", "hunter2").with_certificate(certificate);
    let error = failed_status(&builder(&server).credentials(Some(credentials)).build().unwrap()).await;
    assert_eq!(error.kind(), Kind::Auth);
    let fault = "The certificate of these credentials expired at 2023-11-14T23:13:20Z.";
    assert_eq!(error.hints(), [fault]);
    assert!(!format!("{error:?}").contains("hunter"));
}

#[tokio::test]
async fn a_web_page_in_place_of_json_is_named() {
    let page = "<!DOCTYPE html>\n<html><title>Taskcluster</title>";
    let server = FakeServer::start();
    server.expect(STATUS, Answer::html(200, page));
    let error = failed_status(&anonymous(&server)).await;
    assert_eq!(error.kind(), Kind::Failed);
    assert_eq!(error.message(), "queue.status answered 200 with HTML that is not JSON: <!DOCTYPE html>");

    server.expect(STATUS, Answer::html(502, "\n<html>\n<h1>Bad Gateway</h1>"));
    let error = failed_status(&builder(&server).retries(0).build().unwrap()).await;
    assert_eq!(error.kind(), Kind::Unavailable);
    assert_eq!(error.message(), "queue.status failed: the server answered 502: a web page instead of JSON: <html>");

    server.expect(STATUS, Answer::new(200, "hello\nthere"));
    let error = failed_status(&anonymous(&server)).await;
    assert_eq!(error.message(), "queue.status answered 200 with something that is not JSON: hello");
}

#[tokio::test]
async fn a_compressed_answer_is_read() {
    let server = FakeServer::start();
    server.expect(STATUS, Answer::json(200, r#"{"status": "b"}"#).gzip());
    assert_eq!(status(&anonymous(&server)).await.unwrap().text(), r#"{"status": "b"}"#);
}

#[tokio::test]
async fn no_content_is_an_answer() {
    let server = FakeServer::start();
    server.expect("DELETE /api/auth/v1/clients/a", Answer::new(204, ""));
    let response = anonymous(&server).call("auth", "deleteClient").arg("a").send().await.unwrap();
    assert_eq!((response.status, response.body), (204, Bytes::new()));
}

#[tokio::test]
async fn calls_of_one_client_run_side_by_side() {
    let server = FakeServer::start();
    server.expect_times(2, STATUS, ok().after_calls(2));
    let client = anonymous(&server);
    let (one, other) = tokio::join!(status(&client), status(&client));
    assert_eq!((one.unwrap().status, other.unwrap().status), (200, 200));
}

/// Connections die with the runtime that they were opened on.
#[test]
fn a_client_outlives_a_runtime() {
    let server = FakeServer::start();
    let clock = FakeClock::at(NOON);
    server.expect_times(3, STATUS, ok());
    let client = builder(&server).clock(clock.clone()).build().unwrap();
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(status(&client)).unwrap();
        runtime.shutdown_background();
    }
    assert!(clock.slept().is_empty(), "no try failed");
}

fn through_proxy(variables: &[(&str, &str)]) -> Client {
    let environment = variables.iter().fold(Environment::empty("/"), |all, (name, value)| all.with(name, value));
    Client::from_environment(&environment).unwrap()
}

#[tokio::test]
async fn plain_http_takes_the_proxy() {
    let proxy = FakeServer::start();
    proxy.expect("GET http://tc.invalid/api/queue/v1/ping", ok());
    let client = through_proxy(&[("TASKCLUSTER_ROOT_URL", "http://tc.invalid"), ("http_proxy", proxy.url())]);
    client.call("queue", "ping").send().await.unwrap();
    assert_eq!(proxy.requests()[0].header("accept-encoding"), Some("gzip"));
}

#[tokio::test]
async fn https_asks_the_proxy_for_a_tunnel() {
    let proxy = FakeServer::start();
    proxy.expect("CONNECT tc.invalid:443", Answer::new(403, "no"));
    let environment = Environment::empty("/").with("HTTPS_PROXY", proxy.url());
    let target = Endpoint {
        root: RootUrl::parse("https://tc.invalid").unwrap(),
        credentials: None,
        unsigned_because: None,
        proxied: false,
    };
    let client = Client::builder_for(&environment, target).retries(0).build().unwrap();
    let error = client.call("queue", "ping").send().await.unwrap_err();
    let address = proxy.url().trim_start_matches("http://");
    let said =
        format!("queue.ping failed: cannot connect to tc.invalid through the proxy {address} (from HTTPS_PROXY)");
    assert_eq!((error.kind(), error.message()), (Kind::Unavailable, said.as_str()));
}

#[tokio::test]
async fn a_proxy_that_is_dead_or_wants_a_password_is_named_with_its_variable() {
    let proxy = FakeServer::start();
    proxy.expect("CONNECT tc.invalid:443", Answer::new(407, ""));
    // Nothing listens there: the port was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let asking = proxy.url().trim_start_matches("http://");
    for (scheme, variable, address, hint) in [
        ("https", "HTTPS_PROXY", free.as_str(), "Check that the proxy runs"),
        ("http", "http_proxy", &free, "Check that the proxy runs"),
        ("https", "ALL_PROXY", asking, "its URL needs a user and password that the proxy accepts"),
    ] {
        let environment = Environment::empty("/").with(variable, format!("http://me:hunter2@{address}"));
        let root = RootUrl::parse(&format!("{scheme}://tc.invalid")).unwrap();
        let target = Endpoint { root, credentials: None, unsigned_because: None, proxied: false };
        let client = Client::builder_for(&environment, target).retries(0).build().unwrap();
        let error = client.call("queue", "ping").send().await.unwrap_err();
        let said = format!("cannot connect to tc.invalid through the proxy {address} (from {variable})");
        assert_eq!(error.message(), format!("queue.ping failed: {said}"));
        assert!(error.hints().iter().any(|given| given.contains(hint)), "{error:?}");
        assert!(error.advice().is_empty(), "{error:?}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_silent_or_hangs_up_is_named() {
    let silent = FakeServer::start();
    silent.otherwise(Answer::hang());
    let hangs_up = FakeServer::start();
    hangs_up.otherwise(Answer::cut());
    let address = |proxy: &FakeServer| proxy.url().trim_start_matches("http://").to_owned();
    let [short, long] = [Duration::from_millis(50), Duration::from_secs(60)];
    for (scheme, variable, proxy, limit, said) in [
        ("http", "HTTP_PROXY", &silent, short, "no answer from tc.invalid through the proxy PROXY within 50 ms"),
        ("https", "HTTPS_PROXY", &silent, short, "no answer from tc.invalid through the proxy PROXY within 50 ms"),
        ("http", "HTTP_PROXY", &hangs_up, long, "the connection to tc.invalid through the proxy PROXY broke off"),
    ] {
        let environment = Environment::empty("/").with(variable, proxy.url());
        let root = RootUrl::parse(&format!("{scheme}://tc.invalid")).unwrap();
        let target = Endpoint { root, credentials: None, unsigned_because: None, proxied: false };
        let client = Client::builder_for(&environment, target).retries(0);
        let client = client.timeout(limit).build().unwrap();
        let error = client.call("queue", "ping").send().await.unwrap_err();
        let said = said.replace("PROXY", &format!("{} (from {variable})", address(proxy)));
        assert_eq!(error.message(), format!("queue.ping failed: {said}"));
    }
}

/// Whoever sets a proxy does not want to be connected without it.
#[tokio::test]
async fn a_proxy_of_a_scheme_that_is_not_known_is_refused_instead_of_passed_by() {
    let environment = Environment::empty("/")
        .with("TASKCLUSTER_ROOT_URL", "http://tc.invalid")
        .with("ALL_PROXY", "ftp://me:hunter2@proxy.invalid");
    let client = Client::from_environment(&environment).unwrap();
    let error = client.call("queue", "ping").send().await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Usage, "ALL_PROXY is not a URL of a proxy"));
}

/// The proxy's script is empty: that it is not asked is what is tested.
#[tokio::test]
async fn no_proxy_names_hosts_to_reach_directly() {
    let proxy = FakeServer::start();
    let environment =
        Environment::empty("/").with("HTTP_PROXY", proxy.url()).with("NO_PROXY", "example.com, tc.invalid");
    let target = Endpoint {
        root: RootUrl::parse("http://tc.invalid").unwrap(),
        credentials: None,
        unsigned_because: None,
        proxied: false,
    };
    let client = Client::builder_for(&environment, target).retries(0).build().unwrap();
    let error = client.call("queue", "ping").send().await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (Kind::Unavailable, "queue.ping failed: cannot connect to tc.invalid"));
}

/// Another machine's proxy cannot reach a sandbox on this one.
#[tokio::test]
async fn this_machine_is_never_asked_through_a_proxy() {
    let (server, proxy) = (FakeServer::start(), FakeServer::start());
    let localhost = server.url().replace("127.0.0.1", "localhost");
    for root in [server.url(), &localhost] {
        server.expect(PING, ok());
        let client = through_proxy(&[("TASKCLUSTER_ROOT_URL", root), ("ALL_PROXY", proxy.url())]);
        client.call("queue", "ping").send().await.unwrap();
    }
}

#[tokio::test]
async fn a_tasks_proxy_signs_by_itself() {
    let proxy = FakeServer::start();
    proxy.expect(PING, ok());
    let variables = [("TASKCLUSTER_PROXY_URL", proxy.url()), ("TASK_ID", "x"), ("TASKCLUSTER_CLIENT_ID", "half")];
    through_proxy(&variables).call("queue", "ping").send().await.unwrap();
    assert_eq!(proxy.requests()[0].header("authorization"), None);
}

#[test]
fn a_file_of_ca_certificates_must_hold_some() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    let build = || Client::builder(RootUrl::parse("https://tc.example.com").unwrap()).extra_ca_file(&file).build();
    assert!(build().unwrap_err().message().starts_with("cannot read CA certificates from "));
    std::fs::write(&file, "not a certificate").unwrap();
    assert_eq!(build().unwrap_err().message(), format!("{} holds no CA certificates", file.display()));
}

#[test]
fn nothing_shows_a_secret() {
    let credentials = Credentials::new("me", "hunter2").with_certificate(r#"{"seed": "hunter2"}"#);
    let root = RootUrl::parse("https://tc.example.com").unwrap();
    let client = Client::builder(root).credentials(Some(credentials)).clock(FakeClock::at(NOON)).build().unwrap();
    let call = client.call("secrets", "set").arg("x").body("hunter2");
    assert!(!format!("{client:?} {call:?}").contains("hunter2"), "{client:?} {call:?}");
}

#[test]
fn a_url_can_be_signed() {
    let root = RootUrl::parse("https://tc.example.com").unwrap();
    let expires = "2026-11-22T12:15:00Z".parse().unwrap();
    let client = Client::builder(root).credentials(Some(Credentials::new("me", "key"))).build().unwrap();
    let url = client.signed_url(&client.call("queue", "ping").request().unwrap(), expires).unwrap();
    assert!(url.as_str().starts_with("https://tc.example.com/api/queue/v1/ping?bewit=bWVcMTc5NTM0OTcwMFx"), "{url}");
    let error =
        client.signed_url(&client.call("queue", "cancelTask").arg("x").request().unwrap(), expires).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::Usage, "only GET can be signed into a URL; queue.cancelTask is POST")
    );
}

/// A refusal of a real service, as `scripts/distill-test-data` keeps it.
#[derive(serde::Deserialize)]
struct Refusal {
    status: u16,
    code: Option<String>,
    reason: Option<String>,
    #[serde(default)]
    scopes_named: Vec<String>,
}

impl Refusal {
    /// The answer, with words of our own in the form that the services give to theirs.
    fn body(&self) -> serde_json::Value {
        if let Some(reason) = &self.reason {
            return serde_json::json!({"reason": reason, "message": "words"});
        }
        let blocks: String = self.scopes_named.iter().map(|block| format!("words:\n\n```\n{block}\n```\n\n")).collect();
        let message = format!("words\n\n{blocks}---\n\n* method:     b\n* statusCode: {}", self.status);
        serde_json::json!({"code": self.code, "message": message, "requestInfo": {}})
    }
}

/// Every refusal that real services were seen to make is understood.
#[test]
fn recorded_refusals_are_understood() {
    let (mut understood, mut scopes) = (0, Vec::new());
    for name in ["recordings.json", "recordings-2.json"] {
        let whole: Option<Vec<serde_json::Value>> = whole(name);
        let refusals: Vec<Refusal> = data(name);
        for (number, recording) in refusals.iter().enumerate() {
            let code = recording.code.as_ref().or(recording.reason.as_ref());
            // A page of HTML has no code.
            let Some(code) = code.filter(|_| recording.status >= 400) else { continue };
            let body = whole.as_ref().map_or_else(|| recording.body(), |whole| whole[number]["response"].clone());
            let refusal = ApiError::parse("a.b", Verb::Get, "url".into(), recording.status, body.to_string().into());
            assert_eq!(refusal.code.as_ref(), Some(code));
            assert!(!refusal.message.contains("---") && !refusal.message.is_empty(), "{refusal:?}");
            assert_eq!(refusal.missing_scopes.is_some(), recording.status == 403, "{refusal:?}");
            scopes.extend(refusal.missing_scopes.clone());
            let message = refusal.into_error(1).message().to_owned();
            assert!(message.starts_with(&format!("a.b failed: {code}: ")), "{message}");
            understood += 1;
        }
    }
    println!("{understood} recorded refusals are understood");
    assert_eq!((understood, scopes.len()), (99, 17), "refusals and scopes");
}
