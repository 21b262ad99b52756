//! `tc api` and redirects: printed as the answers that they are, and followed when that is asked for.

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer};

const ID: &str = "VESwp9JaRo-XkFN_bemBhw";

fn artifact() -> String {
    format!("GET /api/queue/v1/task/{ID}/artifacts/public%2Fa%20b.txt")
}

const ARGS: [&str; 5] = ["api", "queue", "getLatestArtifact", ID, "public/a b.txt"];

fn signed(server: &FakeServer) -> Tc {
    Tc::new().at(server.url()).env("TASKCLUSTER_CLIENT_ID", "me").env("TASKCLUSTER_ACCESS_TOKEN", "x")
}

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [&ARGS[..], more].concat()
}

/// The answer of the queue: a body that says the same as the header.
fn redirect(url: &str) -> Answer {
    let body = format!(r#"{{"storageType": "reference", "url": "{url}"}}"#);
    Answer::json(303, body).header("Location", url)
}

#[test]
fn a_redirect_is_printed_as_the_answer_that_it_is() {
    let server = FakeServer::start();
    server.expect_times(3, &artifact(), redirect("https://storage.example.com/x"));
    let tc = signed(&server);
    let body = r#"{"storageType": "reference", "url": "https://storage.example.com/x"}"#;
    tc.run(&ARGS).stdout(&format!("{body}\n")).stderr("").status(0);
    tc.run(&with(&["--jq", ".url"])).stdout("https://storage.example.com/x\n").status(0);
    let ran = tc.run(&with(&["-i", "--no-follow"]));
    ran.status(0);
    assert!(ran.stdout.starts_with("HTTP 303\n") && ran.stdout.contains("\nlocation: https://storage"), "{ran}");
}

#[test]
fn a_redirect_without_a_body_is_told() {
    let server = FakeServer::start();
    server.expect(&artifact(), Answer::redirect(303, "https://storage.example.com/x?Signature=hunter2"));
    signed(&server).run(&ARGS).stdout("").status(0).stderr(
        "hint: queue.getLatestArtifact answered 303, a redirect to \
         https://storage.example.com/x?Signature=(redacted); --follow fetches what is there.\n",
    );
}

#[test]
fn followed_content_is_unsigned_and_not_changed_by_a_byte() {
    for content in [&b" {\"a\" : 1.0}\n\n"[..], b"text without an end", b"\x00\xff\x1b[31m", b"<html>a report"] {
        let (server, storage) = (FakeServer::start(), FakeServer::start());
        let times = if content.is_ascii() { 2 } else { 1 };
        server.expect_times(times, &artifact(), redirect(&format!("{}/storage", storage.url())));
        storage.expect_times(times, "GET /storage", Answer::html(200, content));
        let tc = signed(&server);
        tc.run(&with(&["--follow", "-o", "file"])).stdout("").stderr("").status(0);
        assert_eq!(std::fs::read(tc.directory().join("file")).unwrap(), content);
        if let Ok(text) = std::str::from_utf8(content) {
            tc.run(&with(&["--follow"])).stdout(text).stderr("").status(0);
        }
        for request in storage.requests() {
            assert_eq!(request.header("authorization"), None);
        }
    }
}

#[test]
fn followed_content_can_be_filtered_and_its_headers_shown() {
    let server = FakeServer::start();
    server.expect_times(2, &artifact(), Answer::redirect(303, "/storage"));
    server.expect_times(2, "GET /storage", Answer::json(200, r#"{"a": [1, 2]}"#).gzip());
    let tc = signed(&server);
    tc.run(&with(&["--follow", "--jq", ".a[1]"])).stdout("2\n").status(0);
    let ran = tc.run(&with(&["--follow", "-i"]));
    ran.status(0);
    assert!(ran.stdout.starts_with("HTTP 200\n") && ran.stdout.ends_with("\n\n{\"a\": [1, 2]}"), "{ran}");
}

#[test]
fn a_redirect_back_to_the_deployment_is_asked_for_unsigned() {
    let server = FakeServer::start();
    server.expect(&artifact(), redirect("/api/secrets/v1/secret/top"));
    let refused = Answer::json(403, r#"{"code": "InsufficientScopes", "message": "no"}"#);
    server.expect("GET /api/secrets/v1/secret/top", refused);
    let ran = signed(&server).run(&with(&["--follow", "-o", "file"]));
    ran.stdout("").status(4);
    assert!(!ran.stderr.contains("tc signin"), "{ran}");
    assert_eq!(server.requests()[1].header("authorization"), None);
}

#[test]
fn followed_content_that_is_cut_off_makes_no_file() {
    let server = FakeServer::start();
    server.expect(&artifact(), Answer::redirect(303, "/storage"));
    server.expect("GET /storage", Answer::new(200, "0123456789").cut_after(5));
    let tc = signed(&server);
    tc.run(&with(&["--follow", "-o", "file", "--retries", "0"])).stdout("").status(7);
    assert_eq!(std::fs::read_dir(tc.directory()).unwrap().count(), 0);
}

#[test]
pub fn a_redirect_of_a_method_that_has_none_is_an_error() {
    let server = FakeServer::start();
    let call = format!("GET /api/queue/v1/task/{ID}/status");
    server.expect_times(2, &call, Answer::redirect(302, "/login"));
    let tc = signed(&server);
    for more in [&[][..], &["-o", "file"]] {
        let ran = tc.run(&[&["api", "queue", "status", ID], more].concat());
        ran.stdout("").status(1).stderr(&format!(
            "error: queue.status answered 302, a redirect to {}/login, which is not its answer\n\
             hint: A proxy may be asking for a sign-in, or the root URL may belong to another web site.\n",
            server.url()
        ));
        assert!(!tc.directory().join("file").exists());
    }
    server.expect(&call, Answer::redirect(302, "/login")).expect("GET /login", Answer::html(200, "<html>Sign in"));
    let ran = tc.run(&["api", "queue", "status", ID, "--follow"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("with HTML that is not JSON: <html>Sign in"), "{ran}");
}
