//! Redirects: followed to their end, and never with credentials to a host that they are not for.

use tc::RootUrl;
use tc::client::{Client, ClientBuilder, Credentials};
use tc::{Error, Kind};

use crate::support::fake_clock::FakeClock;
use crate::support::fake_server::{Answer, FakeServer};

const STATUS: &str = "GET /api/queue/v1/task/x/status";

fn anonymous(server: &FakeServer) -> Client {
    builder(server).build().unwrap()
}

fn builder(server: &FakeServer) -> ClientBuilder {
    Client::builder(RootUrl::parse(server.url()).unwrap()).clock(FakeClock::at("2026-11-22T12:00:00Z"))
}

fn signed(server: &FakeServer) -> ClientBuilder {
    builder(server).credentials(Some(Credentials::new("me", "hunter2")))
}

async fn failed_status(client: &Client) -> Error {
    client.call("queue", "status").arg("x").send().await.unwrap_err()
}

#[tokio::test]
async fn a_redirect_to_another_host_is_followed_without_credentials() {
    const ARTIFACT: &str = "GET /api/queue/v1/task/x/artifacts/public%2Fa";
    let (server, storage) = (FakeServer::start(), FakeServer::start());
    server.expect(ARTIFACT, Answer::redirect(303, &format!("{}/bucket/a?signature=1", storage.url())));
    storage.expect("GET /bucket/a?signature=1", Answer::html(200, "<html>an artifact may be a web page"));
    let client = signed(&server).build().unwrap();
    let call = || client.call("queue", "getLatestArtifact").arg("x").arg("public/a");
    let response = call().send().await.unwrap();
    assert_eq!(response.text(), "<html>an artifact may be a web page");
    assert!(response.url.as_str().starts_with(storage.url()));
    assert!(server.requests()[0].header("authorization").is_some());
    assert_eq!(storage.requests()[0].header("authorization"), None);

    server.expect(ARTIFACT, Answer::redirect(303, "https://elsewhere.example.com/"));
    let response = call().no_follow().send().await.unwrap();
    assert_eq!((response.status, response.header("location")), (303, Some("https://elsewhere.example.com/")));
}

/// A bewit and a header together are two authentications, and the queue answers 401.
#[tokio::test]
async fn a_redirect_with_a_bewit_is_followed_unsigned() {
    let server = FakeServer::start();
    server.expect(STATUS, Answer::redirect(303, "/api/queue/v1/x?bewit=hunter3"));
    server.expect("GET /api/queue/v1/x?bewit=hunter3", Answer::json(404, r#"{"code": "Code", "message": "gone"}"#));
    let error = failed_status(&signed(&server).build().unwrap()).await;
    assert_eq!(server.requests()[1].header("authorization"), None);
    assert!(!format!("{error:?} {}", std::error::Error::source(&error).unwrap()).contains("hunter3"), "{error:?}");
}

#[tokio::test]
async fn redirects_end() {
    let server = FakeServer::start();
    server.expect(STATUS, Answer::redirect(302, "/a")).expect("GET /a", Answer::redirect(302, "/b"));
    server.expect("GET /b", Answer::redirect(302, "/a"));
    let error = failed_status(&anonymous(&server)).await;
    let root = server.url();
    assert_eq!(error.kind(), Kind::Failed);
    assert_eq!(
        error.message(),
        format!(
            "queue.status redirects in a loop: {root}/api/queue/v1/task/x/status -> {root}/a -> {root}/b -> {root}/a"
        )
    );

    server.expect(STATUS, Answer::redirect(302, "/1"));
    for n in 1..=10 {
        server.expect(&format!("GET /{n}"), Answer::redirect(302, &format!("/{}", n + 1)));
    }
    let error = failed_status(&anonymous(&server)).await;
    assert_eq!(error.message(), format!("queue.status redirects more than 10 times, last to {root}/11"));

    server.expect(STATUS, Answer::redirect(302, "ftp://example.com/"));
    assert_eq!(failed_status(&anonymous(&server)).await.kind(), Kind::Failed);
}

#[tokio::test]
async fn a_body_is_not_handed_to_another_host() {
    let (server, other) = (FakeServer::start(), FakeServer::start());
    server.expect("PUT /api/secrets/v1/secret/x", Answer::redirect(307, other.url()));
    let client = anonymous(&server);
    let error = client.call("secrets", "set").arg("x").body(r#"{"secret": "hunter2"}"#).send().await.unwrap_err();
    assert!(error.message().starts_with("secrets.set redirects the request's body to another host"), "{error}");

    server
        .expect("PUT /api/secrets/v1/secret/x", Answer::redirect(308, "/moved"))
        .expect("PUT /moved", Answer::json(200, "{}"));
    client.call("secrets", "set").arg("x").body("{}").send().await.unwrap();
    assert_eq!(server.requests()[2].body, b"{}");
}
