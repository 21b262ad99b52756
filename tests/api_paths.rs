//! `tc api /PATH` and `tc api -H`.

use crate::support::bulk::tc;
use crate::support::fake_server::{Answer, FakeServer};

#[test]
fn a_path_of_no_method_is_fetched_as_it_stands_and_signed() {
    let server = FakeServer::start();
    server.expect("GET /api/new/v1/things?a=b%2Fc", Answer::json(200, r#"{"x": 1}"#));
    server.expect("GET /schemas/queue/v9/new.json", Answer::json(200, r#"{"type": "object"}"#));
    let tc = tc(&server).env("TASKCLUSTER_CLIENT_ID", "me").env("TASKCLUSTER_ACCESS_TOKEN", "secret");
    tc.run(&["api", "/new/v1/things?a=b%2Fc", "--jq", ".x"]).stdout("1\n").stderr("").status(0);
    tc.run(&["api", "/schemas/queue/v9/new.json"]).stdout("{\"type\": \"object\"}\n").stderr("").status(0);
    let signed = |request: &crate::support::fake_server::Recorded| {
        request.header("authorization").is_some_and(|header| header.starts_with("Hawk id=\"me\""))
    };
    assert!(server.requests().iter().all(signed));
}

#[test]
fn what_needs_a_method_is_refused_for_a_path() {
    let server = FakeServer::start();
    for (args, message) in [
        (
            &["api", "/new/v1/things", "--paginate"][..],
            "error: --paginate needs a method, and `/new/v1/things` is the path of none\n\
             hint: Name service and method; `tc api` lists all services.\n",
        ),
        (&["api", "/new/../../secret"], "error: invalid path `/new/../../secret`\n"),
        (&["api", "//example.com/x"], "error: invalid path `//example.com/x`\n"),
        (&["api", "/new/v1/x#y"], "error: invalid path `/new/v1/x#y`\n"),
    ] {
        tc(&server).run(args).stdout("").stderr(message).status(2);
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_header_is_sent_with_the_call_and_shown_where_nothing_is_sent() {
    let server = FakeServer::start();
    server.expect_times(2, "GET /api/queue/v1/ping", Answer::json(200, r#"{"alive": true}"#));
    let tc = tc(&server);
    tc.run(&["api", "queue", "ping", "-H", "X-Request-Id: 7", "-H", "X-Other:a b"]).stderr("").status(0);
    tc.run(&["api", "-H", "X-Request-Id: 7", "/queue/v1/ping"]).stderr("").status(0);
    for request in server.requests() {
        assert_eq!(request.header("x-request-id"), Some("7"));
    }
    assert_eq!(server.requests()[0].header("x-other"), Some("a b"));
    let shown = tc.run(&["api", "queue", "ping", "-H", "X-Request-Id: 7", "--curl"]);
    shown.stderr("").status(0);
    assert!(shown.stdout.contains(" -H 'X-Request-Id: 7' "), "{shown}");
}

#[test]
fn a_header_that_the_call_makes_itself_is_refused() {
    let server = FakeServer::start();
    for header in ["Authorization: Hawk x", "host: example.com", "Content-Length: 0", "no header"] {
        let ran = tc(&server).run(&["api", "queue", "ping", "-H", header]);
        ran.stdout("").status(2);
        assert!(ran.stderr.starts_with("error: "), "{ran}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_header_does_not_follow_a_redirect_to_another_host() {
    let (server, storage) = (FakeServer::start(), FakeServer::start());
    let task = "VESwp9JaRo-XkFN_bemBhw";
    let location = format!("{}/content", storage.url());
    server.expect(&format!("GET /api/queue/v1/task/{task}/artifacts/public%2Fa"), Answer::redirect(303, &location));
    storage.expect("GET /content", Answer::new(200, "content"));
    let args = ["api", "queue", "getLatestArtifact", task, "public/a", "--follow", "-H", "X-Secret: 7"];
    tc(&server).run(&args).stdout("content").stderr("").status(0);
    assert_eq!(server.requests()[0].header("x-secret"), Some("7"));
    assert_eq!(storage.requests()[0].header("x-secret"), None);
}
