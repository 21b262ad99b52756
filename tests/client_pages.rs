//! Lists in pages: fetched ahead, to the end, and no further.

use tc::Kind;
use tc::RootUrl;
use tc::client::Client;

use crate::support::fake_clock::FakeClock;
use crate::support::fake_server::{Answer, FakeServer};

fn anonymous(server: &FakeServer) -> Client {
    let clock = FakeClock::at("2026-11-22T12:00:00Z");
    Client::builder(RootUrl::parse(server.url()).unwrap()).clock(clock).build().unwrap()
}

fn page(items: &str, token: Option<&str>) -> Answer {
    match token {
        Some(token) => Answer::json(200, format!(r#"{{"clients": {items}, "continuationToken": "{token}"}}"#)),
        None => Answer::json(200, format!(r#"{{"clients": {items}}}"#)),
    }
}

const CLIENTS: &str = "GET /api/auth/v1/clients/?limit=2";

#[tokio::test]
async fn pages_are_followed_to_the_last() {
    let server = FakeServer::start();
    server.expect(CLIENTS, page("[1, 2]", Some("a+b")));
    // A page can be empty and still not be the last.
    server.expect(&format!("{CLIENTS}&continuationToken=a%2Bb"), page("[]", Some("c")));
    server.expect(&format!("{CLIENTS}&continuationToken=c"), page("[3]", None));
    let client = anonymous(&server);
    let mut pages = client.call("auth", "listClients").query("limit", "2").pages().unwrap();
    let mut clients = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        clients.push(page.json::<serde_json::Value>().unwrap()["clients"].to_string());
    }
    assert_eq!(clients, ["[1,2]", "[]", "[3]"]);
    assert!(pages.next().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_next_page_is_fetched_while_this_one_is_handled() {
    let server = FakeServer::start();
    server.expect(CLIENTS, page("[1]", Some("b")));
    server.expect(&format!("{CLIENTS}&continuationToken=b"), page("[2]", Some("c")));
    let client = anonymous(&server);
    let mut pages = client.call("auth", "listClients").query("limit", "2").pages().unwrap();
    pages.next().await.unwrap();
    // Nobody awaits anything here: the second page is asked for all the same.
    server.wait_for_requests(2);
    drop(pages);
}

#[tokio::test]
async fn a_page_is_not_asked_for_before_the_one_before_is_wanted() {
    let server = FakeServer::start();
    server.expect(CLIENTS, page("[1]", Some("b")));
    server.expect(&format!("{CLIENTS}&continuationToken=b"), page("[2]", Some("c")));
    server.expect_times(20, "GET /api/auth/v1/ping", Answer::json(200, "{}"));
    let client = anonymous(&server);
    let mut pages = client.call("auth", "listClients").query("limit", "2").pages().unwrap();
    pages.next().await.unwrap();
    // Each of these takes the time that the second page and a request for the third would take.
    for _ in 0..20 {
        client.call("auth", "ping").send().await.unwrap();
    }
    let asked: Vec<String> = server.requests().into_iter().map(|request| request.target).collect();
    assert!(asked.iter().any(|target| target.ends_with("continuationToken=b")), "{asked:?}");
    assert!(!asked.iter().any(|target| target.ends_with("continuationToken=c")), "{asked:?}");
    drop(pages);
}

/// Some methods take a token that they do not know for the first page.
#[tokio::test]
async fn a_list_that_starts_again_is_an_error() {
    let server = FakeServer::start();
    server.expect(CLIENTS, page("[1]", Some("b")));
    server.expect(&format!("{CLIENTS}&continuationToken=b"), page("[1]", Some("b")));
    let client = anonymous(&server);
    let mut pages = client.call("auth", "listClients").query("limit", "2").pages().unwrap();
    assert!(pages.next().await.unwrap().is_some());
    let error = pages.next().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (Kind::Failed, "auth.listClients repeats a page: its list would never end")
    );
    assert!(pages.next().await.unwrap().is_none());
}

#[tokio::test]
async fn a_failure_in_the_middle_of_a_list_is_an_error() {
    let server = FakeServer::start();
    server.expect(CLIENTS, page("[1]", Some("b")));
    server
        .expect(&format!("{CLIENTS}&continuationToken=b"), Answer::json(404, r#"{"code": "Code", "message": "gone"}"#));
    let client = anonymous(&server);
    let mut pages = client.call("auth", "listClients").query("limit", "2").pages().unwrap();
    assert!(pages.next().await.unwrap().is_some());
    assert_eq!(pages.next().await.unwrap_err().message(), "auth.listClients failed: Code: gone");
    assert!(pages.next().await.unwrap().is_none());
}
