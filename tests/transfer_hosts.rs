//! Storages on other hosts: redirects that are followed or not, and what they get to see.

use std::fs;

use serde_json::{Value, json};

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer, assert_shares_a_connection};
use crate::support::storage::{TASK, noise, sha256};

const FAR: &str = "2100-01-01T00:00:00.000Z";

fn answer(value: &Value) -> Answer {
    Answer::json(200, value.to_string())
}

fn tc(root: &FakeServer) -> Tc {
    let tc = Tc::new().at(root.url()).env("TASKCLUSTER_CLIENT_ID", "me").env("TASKCLUSTER_ACCESS_TOKEN", "hunter2");
    tc.environment(|environment| {
        environment.with_clock(crate::support::fake_clock::FakeClock::at("2026-11-22T12:00:00Z"))
    })
}

/// A queue whose artifact `public/x` is stored like this at this URL.
fn queue(storage_type: &str, url: &str) -> FakeServer {
    let root = FakeServer::start();
    let call = format!("GET /api/queue/v1/task/{TASK}/artifact-content/public%2Fx");
    root.expect(&call, answer(&json!({"storageType": storage_type, "url": url})));
    root
}

#[test]
fn a_reference_may_lead_on_to_other_hosts_and_none_gets_credentials() {
    let (first, second) = (FakeServer::start(), FakeServer::start());
    first.expect("GET /a?b=c", Answer::redirect(302, "/relative"));
    first.expect("GET /relative", Answer::redirect(307, &format!("{}/end", second.url())));
    second.expect("GET /end", Answer::new(200, "content"));
    let root = queue("reference", &format!("{}/a?b=c", first.url()));
    let ran = tc(&root).run(&["artifact", "cat", TASK, "public/x"]);
    ran.status(0).stdout("content").stderr("");
    for request in first.requests().iter().chain(&second.requests()) {
        for (name, value) in &request.headers {
            assert!(
                !value.contains("hunter2") && !value.contains("Hawk") && name != "authorization",
                "{name}: {value}"
            );
        }
    }
    assert!(root.requests()[0].headers["authorization"].starts_with("Hawk "));
}

#[test]
fn a_storage_with_the_origin_of_the_deployment_is_asked_over_the_same_connection() {
    assert_shares_a_connection(|root| {
        let found = json!({"storageType": "s3", "url": format!("{}/bucket/x", root.url())});
        root.expect(&format!("GET /api/queue/v1/task/{TASK}/artifact-content/public%2Fx"), answer(&found));
        root.expect("GET /bucket/x", Answer::new(200, "content"));
        tc(root).run(&["artifact", "cat", TASK, "public/x"]).status(0).stdout("content").stderr("");
        assert!(!root.requests()[1].headers.contains_key("authorization"));
    });
}

#[test]
fn redirects_that_lead_nowhere_are_errors() {
    for location in ["file:///etc/passwd", "ftp://localhost/x", "http://"] {
        let storage = FakeServer::start();
        storage.expect("GET /x", Answer::redirect(302, location));
        let ran = tc(&queue("reference", &format!("{}/x", storage.url()))).run(&["artifact", "cat", TASK, "public/x"]);
        ran.status(1).stdout("");
        assert!(ran.stderr.contains("redirects to an invalid URL"), "{location}: {ran}");
    }
    let storage = FakeServer::start();
    storage.expect_times(11, "GET /x", Answer::redirect(302, "/x"));
    let ran = tc(&queue("reference", &format!("{}/x", storage.url()))).run(&["artifact", "cat", TASK, "public/x"]);
    ran.status(1).stdout("");
    assert!(ran.stderr.contains("more than 10 redirects"), "{ran}");
}

#[test]
fn an_object_is_not_looked_for_elsewhere() {
    let (root, storage) = (FakeServer::start(), FakeServer::start());
    let hashes = json!({"sha256": sha256(b"content")});
    let url = format!("{}/x", storage.url());
    let found = json!({"method": "getUrl", "url": url, "expires": FAR, "hashes": hashes});
    root.expect("PUT /api/object/v1/start-download/t%2Fx", answer(&found));
    storage.expect("GET /x", Answer::redirect(302, "/elsewhere"));
    tc(&root).run(&["object", "download", "t/x", "-o", "-"]).status(1).stdout("");
}

#[test]
fn each_try_of_an_upload_has_the_same_id_and_what_refuses_it_is_told() {
    let (root, storage) = (FakeServer::start(), FakeServer::start());
    let slot = |path: &str| {
        let put_url = json!({"url": format!("{}{path}", storage.url()), "expires": FAR, "headers": {"x-given": path}});
        answer(&json!({"projectId": "p", "uploadId": "u", "expires": FAR, "uploadMethod": {"putUrl": put_url}}))
    };
    root.expect("PUT /api/object/v1/upload/t%2Fx", slot("/first"))
        .expect("PUT /api/object/v1/upload/t%2Fx", slot("/second"))
        .expect("POST /api/object/v1/finish-upload/t%2Fx", answer(&json!({})));
    storage
        .expect("PUT /first", Answer::new(500, ""))
        .expect("PUT /first", Answer::new(403, "<Error><Code>AccessDenied</Code></Error>"))
        .expect("PUT /second", Answer::new(200, ""));
    let tc = tc(&root);
    let bytes = noise(30_000);
    fs::write(tc.directory().join("x"), &bytes).unwrap();
    tc.run(&["object", "upload", "t/x", "x", "--project", "p", "--content-type", "a/b"]).status(0).stderr("");
    let bodies: Vec<Value> =
        root.requests().iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect();
    assert!(bodies.iter().all(|body| body["uploadId"] == bodies[0]["uploadId"] && body["projectId"] == "p"));
    assert_eq!(bodies[0]["proposedUploadMethods"]["putUrl"], json!({"contentType": "a/b", "contentLength": 30_000}));
    assert!(bodies[0]["proposedUploadMethods"].get("dataInline").is_none());
    assert_eq!(bodies[2]["hashes"]["sha256"], sha256(&bytes));
    for put in storage.requests() {
        assert!(put.body == bytes, "each try is whole");
        assert_eq!(put.headers["x-given"], put.target);
        assert!(!put.headers.contains_key("authorization"));
    }
}

#[test]
fn little_goes_to_the_object_service_itself() {
    let root = FakeServer::start();
    let done =
        answer(&json!({"projectId": "p", "uploadId": "u", "expires": FAR, "uploadMethod": {"dataInline": true}}));
    root.expect("PUT /api/object/v1/upload/t%2Fx", done)
        .expect("POST /api/object/v1/finish-upload/t%2Fx", answer(&json!({})));
    let tc = tc(&root);
    fs::write(tc.directory().join("x.html"), noise(8191)).unwrap();
    tc.run(&["object", "upload", "t/x", "x.html", "--project", "p", "--expires", "1 hour"]).status(0);
    let body: Value = serde_json::from_slice(&root.requests()[0].body).unwrap();
    let inline = &body["proposedUploadMethods"]["dataInline"];
    assert_eq!((&inline["contentType"], &body["expires"]), (&json!("text/html"), &json!("2026-11-22T13:00:00.000Z")));
    assert_eq!(inline["objectData"].as_str().unwrap().len(), 8191_usize.div_ceil(3) * 4);
}
