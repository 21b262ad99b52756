//! `tc object` against the sandbox's object service.

use std::fs;

use serde_json::json;
use tc::sandbox::{Options, Sandbox};
use tc::transfer::SHA512_UP_TO;

use crate::support::Tc;
use crate::support::storage::{Content, Fault, Storage, noise, sha256};

#[test]
fn objects_go_up_by_either_method_and_come_back() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new().signed_in(&sandbox);
    for (index, length) in [0, 1, 8191, 8192, 700_000].into_iter().enumerate() {
        let (bytes, name) = (noise(length), format!("t/{index}"));
        fs::write(tc.directory().join("up"), &bytes).unwrap();
        let ran = tc.run(&["object", "upload", &name, "up", "--project", "p", "--expires", "1 day", "--json"]);
        ran.status(0).stderr("");
        let record = &ran.json()[0];
        assert_eq!((&record["size"], &record["hashes"]["sha256"]), (&json!(length), &json!(sha256(&bytes))));
        tc.run(&["object", "download", &name, "-o", "down"]).status(0).stderr("");
        assert!(fs::read(tc.directory().join("down")).unwrap() == bytes, "{length}");
        tc.run(&["download", "object", &name, "go"]).status(0);
        assert!(fs::read(tc.directory().join("go")).unwrap() == bytes);
        fs::remove_file(tc.directory().join("down")).unwrap();
    }
    tc.run(&["object", "download", "t/none", "-o", "x"]).status(5);
    tc.run(&["object", "upload", "t/x", "none", "--project", "p"]).status(1);
}

#[test]
fn a_large_object_has_a_sha512_only_when_it_is_asked_for() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new().signed_in(&sandbox);
    let up = fs::File::create(tc.directory().join("up")).unwrap();
    for (length, flag, expected) in [
        (SHA512_UP_TO, "--quiet", vec!["sha256", "sha512"]),
        (SHA512_UP_TO + 1, "--quiet", vec!["sha256"]),
        (SHA512_UP_TO + 1, "--sha512", vec!["sha256", "sha512"]),
    ] {
        up.set_len(length).unwrap();
        let name = format!("t/{length}{flag}");
        let ran = tc.run(&["object", "upload", &name, "up", "--project", "p", "--json", flag]);
        let hashes = ran.status(0).json()[0]["hashes"].clone();
        assert_eq!(hashes.as_object().unwrap().keys().collect::<Vec<_>>(), expected);
        // Whichever there are, they are what a download is checked with.
        let call = json!({"acceptDownloadMethods": {"getUrl": true}}).to_string();
        let started = tc.run(&["api", "object", "startDownload", &name, "-d", &call]).json();
        assert_eq!(started["hashes"], hashes);
    }
}

/// A storage that is told how to take uploads.
fn taking(faults: &[Fault]) -> (Storage, Tc, Vec<u8>) {
    let storage = Storage::start("object", Content::new(Vec::new()));
    let bytes = noise(1_000_000);
    let upload = json!({"projectId": "p", "uploadId": "x", "expires": "2100-01-01T00:00:00.000Z", "uploadMethod": {
        "putUrl": {"url": "<storage>/put", "expires": "2100-01-01T00:00:00.000Z", "headers": {
            "Content-Type": "application/x-mine", "Content-Length": "1000000", "x-exact": "1"}}}});
    storage.answer("PUT /api/object/v1/upload/t%2Fx", upload);
    storage.answer("POST /api/object/v1/finish-upload/t%2Fx", json!({}));
    storage.faults(faults);
    let clock = crate::support::fake_clock::FakeClock::at("2026-11-22T12:00:00Z");
    let tc = Tc::new().at(storage.url()).env("TASKCLUSTER_CLIENT_ID", "me").env("TASKCLUSTER_ACCESS_TOKEN", "key");
    let tc = tc.environment(|environment| environment.with_clock(clock));
    fs::write(tc.directory().join("up"), &bytes).unwrap();
    (storage, tc, bytes)
}

#[test]
fn an_upload_that_fails_starts_from_the_first_byte() {
    let (storage, tc, bytes) = taking(&[Fault::Status(500), Fault::Drop, Fault::Status(429), Fault::Expired]);
    let ran = tc.run(&["object", "upload", "t/x", "up", "--project", "p", "--json"]);
    ran.status(0).stderr("");
    assert_eq!(ran.json()[0]["retries"], 3);
    let seen = storage.seen();
    assert_eq!(seen.len(), 5);
    for put in &seen {
        assert!(put.body == bytes, "each try is whole");
        let header = |name: &str| put.headers.get(name).map(String::as_str);
        assert_eq!(header("content-type"), Some("application/x-mine"));
        assert_eq!((header("content-length"), header("x-exact")), (Some("1000000"), Some("1")));
        assert_eq!(header("transfer-encoding"), None);
    }
}

#[test]
fn every_refusal_of_an_upload_is_an_error() {
    for (fault, status) in [(Fault::Status(400), 1), (Fault::Status(404), 1), (Fault::Status(503), 7)] {
        let (_storage, tc, _) = taking(&[fault; 3]);
        let ran = tc.run(&["object", "upload", "t/x", "up", "--project", "p", "--retries", "2"]);
        ran.status(status).stdout("");
        assert!(ran.stderr.contains(" to the upload"), "{ran}");
    }
}
