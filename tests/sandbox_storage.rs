//! The sandbox's storage from outside: artifacts and objects up and down, and everything that it refuses.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tc::Clock;
use tc::sandbox::{Blob, Options, Sandbox, Stored};

use crate::support::hand_clock::HandClock;
use crate::support::task::{queue, running, stamp};
use crate::support::wire::{Reply, Wire};

struct Rig {
    sandbox: Sandbox,
    clock: Arc<HandClock>,
    task: String,
}

impl Rig {
    fn new() -> Self {
        let clock = HandClock::at("2026-11-22T12:00:00Z");
        let sandbox = Sandbox::start(Options::default().clock(clock.clone())).unwrap();
        let task = running(&sandbox, clock.now());
        Self { sandbox, clock, task }
    }

    fn pass(&self, time: TimeDelta) {
        self.clock.pass(time);
    }

    fn create(&self, name: &str, storage_type: &str) -> Value {
        let expires = stamp(self.clock.now() + TimeDelta::days(1));
        let body = json!({"storageType": storage_type, "expires": expires, "contentType": "text/plain"});
        let route = format!("/task/{}/runs/0/artifacts/{name}", self.task);
        queue(&self.sandbox, self.clock.now(), "POST", &route, &body).is(200, "").value()
    }

    /// Where the queue says that an artifact is.
    fn url(&self, name: &str) -> String {
        let route = format!("/task/{}/runs/0/artifact-content/{name}", self.task);
        let answer = queue(&self.sandbox, self.clock.now(), "GET", &route, &Value::Null).is(200, "").value();
        answer["url"].as_str().unwrap().to_owned()
    }

    fn object(&self, verb: &str, route: &str, body: &Value) -> Reply {
        let target = format!("/api/object/v1/{route}/{}", "t%2Fx");
        let wire = Wire::new(&self.sandbox, verb, &target).at(self.clock.now());
        if body.is_null() { wire.send() } else { wire.json(body).send() }
    }
}

fn put(url: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let wire = headers.iter().fold(Wire::to(url, "PUT"), |wire, (name, value)| wire.header(name, value));
    wire.body("", body).send()
}

fn get(url: &str, headers: &[(&str, &str)]) -> Reply {
    headers.iter().fold(Wire::to(url, "GET"), |wire, (name, value)| wire.header(name, value)).send()
}

/// Status and XML code.
fn refused(reply: &Reply) -> (u16, String) {
    assert_eq!(reply.header("content-type"), Some("application/xml"), "{}", reply.text());
    let text = reply.text();
    let code = text.split("<Code>").nth(1).unwrap().split('<').next().unwrap();
    (reply.status, code.to_owned())
}

const MD5_OF_HELLO: &str = "5d41402abc4b2a76b9719d911017c592";

#[test]
fn what_was_uploaded_comes_back_with_its_headers() {
    let rig = Rig::new();
    let put_url = rig.create("public/a%20b", "s3")["putUrl"].as_str().unwrap().to_owned();
    let url = rig.url("public/a%20b");
    assert_eq!(refused(&get(&url, &[])), (404, "NoSuchKey".into()));
    let headers = [("Content-Type", "text/x-log"), ("Content-Encoding", "gzip"), ("x-amz-meta-sha256", "ab")];
    let stored = put(&put_url, &headers, "hello");
    assert_eq!((stored.status, stored.header("etag")), (200, Some(format!("\"{MD5_OF_HELLO}\"").as_str())));
    let found = get(&url, &[]);
    assert_eq!((found.status, found.text().as_str()), (200, "hello"));
    for (name, value) in [
        ("etag", format!("\"{MD5_OF_HELLO}\"").as_str()),
        ("content-length", "5"),
        ("content-type", "text/x-log"),
        ("content-encoding", "gzip"),
        ("x-amz-meta-sha256", "ab"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(found.header(name), Some(value), "{name}");
    }
    let head = Wire::to(&url, "HEAD").send();
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, Some("5"), 0));
}

#[test]
fn parts_are_served_unless_it_is_something_else_by_now() {
    let rig = Rig::new();
    rig.sandbox.add_artifact(&rig.task, 0, "public/a", Stored::S3, Blob::new("hello")).unwrap();
    let url = rig.url("public/a");
    let part = get(&url, &[("Range", "bytes=1-2"), ("If-Range", &format!("\"{MD5_OF_HELLO}\""))]);
    assert_eq!((part.status, part.text().as_str()), (206, "el"));
    assert_eq!((part.header("content-range"), part.header("content-length")), (Some("bytes 1-2/5"), Some("2")));
    let whole = get(&url, &[("Range", "bytes=1-2"), ("If-Range", "\"another\"")]);
    assert_eq!((whole.status, whole.text().as_str()), (200, "hello"));
    let behind = get(&url, &[("Range", "bytes=5-")]);
    assert_eq!(refused(&behind), (416, "InvalidRange".into()));
    assert_eq!(behind.header("content-range"), Some("bytes */5"));
    assert_eq!(get(&url, &[("If-None-Match", &format!("\"{MD5_OF_HELLO}\""))]).status, 304);
}

#[test]
fn credentials_that_are_sent_along_are_refused() {
    let rig = Rig::new();
    rig.sandbox.add_artifact(&rig.task, 0, "public/a", Stored::S3, Blob::new("hello")).unwrap();
    let url = rig.url("public/a");
    assert_eq!(refused(&get(&url, &[("Authorization", "Hawk id=\"x\"")])), (400, "InvalidArgument".into()));
    assert_eq!(refused(&get(&format!("{url}?bewit=abc"), &[])), (400, "InvalidArgument".into()));
    let put_url = rig.create("public/b", "s3")["putUrl"].as_str().unwrap().to_owned();
    assert_eq!(refused(&put(&put_url, &[("Authorization", "Hawk id=\"x\"")], "x")), (400, "InvalidArgument".into()));
}

#[test]
fn signed_urls_are_good_for_one_thing_and_for_a_time() {
    let rig = Rig::new();
    rig.sandbox.add_artifact(&rig.task, 0, "private/a", Stored::S3, Blob::new("hello")).unwrap();
    let url = rig.url("private/a");
    assert_eq!(get(&url, &[]).text(), "hello");
    let unsigned = url.split('?').next().unwrap();
    assert_eq!(refused(&get(unsigned, &[])), (403, "AccessDenied".into()));
    assert_eq!(refused(&get(&url.replace("private/a", "private/b"), &[])), (403, "SignatureDoesNotMatch".into()));
    assert_eq!(refused(&put(&url, &[], "x")), (403, "SignatureDoesNotMatch".into()));
    let put_url = rig.create("private/b", "s3")["putUrl"].as_str().unwrap().to_owned();
    rig.pass(TimeDelta::minutes(31));
    let late = get(&url, &[]);
    assert_eq!(refused(&late), (403, "AccessDenied".into()));
    assert!(late.text().contains("Request has expired"), "{}", late.text());
    assert_eq!(put(&put_url, &[], "x").status, 200);
    rig.pass(TimeDelta::minutes(15));
    assert_eq!(refused(&put(&put_url, &[], "x")), (403, "AccessDenied".into()));
}

fn put_in_chunks(url: &str, content_type: &str, chunks: &[&str]) -> Reply {
    let (host, target) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host.replace("localhost", "127.0.0.1")).unwrap();
    let body: String = chunks.iter().map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).collect();
    let head =
        format!("PUT /{target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: {content_type}\r\n");
    // At once: whoever is refused in the middle finds the connection closed.
    stream.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n{body}0\r\n\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    Reply::parse(&answer)
}

#[test]
fn an_object_is_uploaded_with_the_type_and_length_that_were_signed() {
    let rig = Rig::new();
    let upload = json!({
        "projectId": "p", "uploadId": slugid::nice(), "expires": stamp(rig.clock.now() + TimeDelta::hours(1)),
        "proposedUploadMethods": {"putUrl": {"contentType": "text/plain", "contentLength": 5}},
    });
    let answer = rig.object("PUT", "upload", &upload).is(200, "").value();
    let url = answer["uploadMethod"]["putUrl"]["url"].as_str().unwrap();
    for (headers, body) in [
        (vec![("Content-Type", "text/plain"), ("Content-Encoding", "identity")], "hello!"),
        (vec![("Content-Type", "text/html"), ("Content-Encoding", "identity")], "hello"),
        (vec![("Content-Encoding", "identity")], "hello"),
    ] {
        assert_eq!(refused(&put(url, &headers, body)), (403, "SignatureDoesNotMatch".into()), "{headers:?} {body}");
    }
    let right = [("Content-Type", "text/plain"), ("Content-Encoding", "identity")];
    assert_eq!(put(url, &right, "hello").status, 200);
    // The encoding is not signed, and a body in chunks need not say its length before.
    assert_eq!(put(url, &[("Content-Type", "text/plain")], "hello").status, 200);
    assert_eq!(put_in_chunks(url, "text/plain", &["hel", "lo"]).status, 200);
    assert_eq!(put_in_chunks(url, "text/plain", &["hel", "l"]).status, 400);
    assert_eq!(put_in_chunks(url, "text/html", &["hel", "lo"]).status, 403);
    let (sha256, _) = Blob::new("hello").hashes();
    let finish = json!({"projectId": "p", "uploadId": upload["uploadId"], "hashes": {"sha256": sha256}});
    rig.object("POST", "finish-upload", &finish).is(200, "");
    let accept = json!({"acceptDownloadMethods": {"getUrl": true}});
    let started = rig.object("PUT", "start-download", &accept).is(200, "").value();
    assert_eq!(get(started["url"].as_str().unwrap(), &[]).text(), "hello");
    assert_eq!(started["hashes"]["sha256"], sha256);
    rig.pass(TimeDelta::seconds(121));
    assert_eq!(get(started["url"].as_str().unwrap(), &[]).status, 403);
}

#[test]
fn an_artifact_of_type_object_answers_when_it_is_finished() {
    let rig = Rig::new();
    let created = rig.create("public/o", "object");
    let route = format!("/task/{}/runs/0/artifacts/public/o", rig.task);
    let artifact = |verb: &str, body: &Value| queue(&rig.sandbox, rig.clock.now(), verb, &route, body);
    artifact("GET", &Value::Null).is(404, "ResourceNotFound");
    // The credentials that came with it are good for this upload.
    let upload = json!({
        "projectId": created["projectId"], "uploadId": created["uploadId"], "expires": created["expires"],
        "proposedUploadMethods": {"dataInline": {"contentType": "text/plain", "objectData": STANDARD.encode("hello")}},
    });
    let name = created["name"].as_str().unwrap().replace('/', "%2F");
    let signed = |verb: &str, method: &str, body: &Value| {
        let wire = Wire::new(&rig.sandbox, verb, &format!("/api/object/v1/{method}/{name}")).json(body);
        wire.at(rig.clock.now()).signed_with(&created["credentials"]).send()
    };
    signed("PUT", "upload", &upload).is(200, "");
    let hashes = json!({"sha256": Blob::new("hello").hashes().0});
    let finish = json!({"projectId": created["projectId"], "uploadId": created["uploadId"], "hashes": hashes});
    signed("POST", "finish-upload", &finish).is(200, "");
    artifact("PUT", &json!({"uploadId": slugid::nice()})).is(400, "InputError");
    for _ in 0..2 {
        assert_eq!(artifact("PUT", &json!({"uploadId": created["uploadId"]})).status, 204);
    }
    let found = artifact("GET", &Value::Null);
    assert_eq!(found.header("x-taskcluster-artifact-storage-type"), Some("object"));
    assert_eq!(get(found.header("location").unwrap(), &[]).text(), "hello");
    // The download has credentials of its own, which allow nothing else.
    let content = format!("/task/{}/artifact-content/public/o", rig.task);
    let content = queue(&rig.sandbox, rig.clock.now(), "GET", &content, &Value::Null).is(200, "").value();
    let target = format!("/api/object/v1/metadata/{name}");
    let described = Wire::new(&rig.sandbox, "GET", &target).at(rig.clock.now()).signed_with(&content["credentials"]);
    assert_eq!(described.send().is(200, "").value()["hashes"], hashes);
}

#[test]
fn what_is_generated_is_the_same_each_time_and_hashes_as_it_says() {
    let rig = Rig::new();
    let blob = Blob::generated(3_000_000, 7);
    rig.sandbox.add_artifact(&rig.task, 0, "public/big", Stored::Object, blob.clone()).unwrap();
    let location = format!("/task/{}/artifacts/public/big", rig.task);
    let redirect = queue(&rig.sandbox, rig.clock.now(), "GET", &location, &Value::Null);
    let bytes = get(redirect.header("location").unwrap(), &[]).body;
    assert_eq!(bytes.len(), 3_000_000);
    assert_eq!(Blob::new(bytes).hashes(), blob.hashes());
}

#[test]
fn a_resolved_run_takes_no_more_artifacts() {
    let rig = Rig::new();
    queue(&rig.sandbox, rig.clock.now(), "POST", &format!("/task/{}/runs/0/completed", rig.task), &Value::Null)
        .is(200, "");
    let error = rig.sandbox.add_artifact(&rig.task, 0, "public/a", Stored::S3, Blob::new("")).unwrap_err();
    assert_eq!(error.kind(), tc::Kind::Conflict);
}

#[test]
fn what_is_no_bucket_and_no_verb_of_the_storage_is_refused() {
    let rig = Rig::new();
    let at = |path: &str| format!("{}{path}", rig.sandbox.storage_url());
    assert_eq!(refused(&get(&at("/"), &[])), (404, "NoSuchBucket".into()));
    assert_eq!(refused(&get(&at("/other/x"), &[])), (404, "NoSuchBucket".into()));
    assert_eq!(refused(&get(&at("/log/none"), &[])), (404, "NoSuchKey".into()));
    assert_eq!(refused(&put(&at("/public-bucket/x"), &[], "x")), (403, "AccessDenied".into()));
    assert_eq!(refused(&Wire::to(&at("/public-bucket/x"), "DELETE").send()), (405, "MethodNotAllowed".into()));
}

#[test]
fn name_with_a_literal_percent_sign_comes_back_as_it_is() {
    let rig = Rig::new();
    for (name, encoded) in
        [("public/a%20b", "public%2Fa%2520b"), ("public/100%", "public/100%25"), ("x/%2F", "x/%252F")]
    {
        let route = format!("/task/{}/runs/0/artifacts/{encoded}", rig.task);
        let body = json!({
            "storageType": "s3", "expires": stamp(rig.clock.now() + TimeDelta::hours(1)), "contentType": "text/plain",
        });
        let created = queue(&rig.sandbox, rig.clock.now(), "POST", &route, &body).is(200, "").value();
        assert_eq!(put(created["putUrl"].as_str().unwrap(), &[("Content-Type", "text/plain")], name).status, 200);
        let redirect = queue(&rig.sandbox, rig.clock.now(), "GET", &route, &Value::Null);
        assert_eq!(redirect.status, 303, "{name}");
        assert_eq!(get(redirect.header("location").unwrap(), &[]).text(), name);
    }
}
