//! What goes into a task's folder and what is kept of it: mounts, caches, artifacts, the chain of trust.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{TimeDelta, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tc::sandbox::Sandbox;

use crate::support::execute::{
    Done, ENOUGH, artifact, artifacts, create, done, get, run, run_with, sandbox, script, stored, with,
};
use crate::support::task::{queue, stamp};
use crate::support::wire::Wire;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn tar_gz(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, text) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn zip(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Runs a script in a task with these mounts.
fn mount_all(sandbox: &Sandbox, mounts: Value, text: &str, more: Value) -> Done {
    run_with(sandbox, with(script(text), json!({"mounts": mounts})), more)
}

#[test]
fn content_that_stands_in_the_payload_is_mounted() {
    let sandbox = sandbox(1);
    let packed = STANDARD.encode({
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(b"unpacked\n").unwrap();
        encoder.finish().unwrap()
    });
    let mounts = json!([
        {"file": "a/raw", "content": {"raw": "raw\n"}},
        {"file": "a/base64", "content": {"base64": STANDARD.encode("base64\n")}},
        {"file": "gz", "content": {"base64": packed}, "format": "gz"},
        {"directory": "d", "content": {"base64": STANDARD.encode(tar_gz(&[("x/y", "tar\n")]))}, "format": "tar.gz"},
        {"directory": "z", "content": {"base64": STANDARD.encode(zip(&[("x/y", "zip\n")]))}, "format": "zip"},
    ]);
    let done = mount_all(&sandbox, mounts, "cat a/raw a/base64 gz d/x/y z/x/y", json!({}));
    done.is("completed", "completed");
    assert_eq!(done.output(), "raw\nbase64\nunpacked\ntar\nzip\n");
}

#[test]
fn artifacts_are_mounted_by_task_and_by_index_and_private_ones_with_their_scope() {
    let sandbox = sandbox(1);
    let maker = run(
        &sandbox,
        with(
            script("echo public > a; echo private > b"),
            json!({"artifacts": [
                {"type": "file", "path": "a", "name": "public/a"}, {"type": "file", "path": "b", "name": "private/b"},
            ]}),
        ),
    );
    let entry = json!({"taskId": maker.id, "rank": 0, "data": {}, "expires": stamp(Utc::now() + TimeDelta::days(1))});
    Wire::new(&sandbox, "PUT", "/api/index/v1/task/my.index").json(&entry).send().is(200, "");
    let mounts = json!([
        {"file": "1", "content": {"taskId": maker.id, "artifact": "public/a"}},
        {"file": "2", "content": {"taskId": maker.id, "artifact": "private/b"}},
        {"file": "3", "content": {"namespace": "my.index", "artifact": "public/a"}},
        {"file": "4", "content": {"namespace": "my.index", "artifact": "private/b"}},
    ]);
    let more = json!({"dependencies": [maker.id], "scopes": ["queue:get-artifact:private/*"]});
    let done = mount_all(&sandbox, mounts.clone(), "cat 1 2 3 4", more);
    done.is("completed", "completed");
    assert_eq!(done.output(), "public\nprivate\npublic\nprivate\n");
    let done = mount_all(&sandbox, mounts, ":", json!({"dependencies": [maker.id]}));
    done.is("exception", "malformed-payload");
    assert!(done.errors()[0].contains("lacks the scope queue:get-artifact:private/b"), "{:?}", done.errors());
    let mounts = json!([{"file": "1", "content": {"taskId": maker.id, "artifact": "public/none"}}]);
    let done = mount_all(&sandbox, mounts, ":", json!({"dependencies": [maker.id]}));
    done.is("failed", "failed");
    assert!(done.errors()[0].contains("status 404"), "{:?}", done.errors());
}

#[test]
fn urls_are_mounted_and_must_have_the_hash_that_is_required() {
    let sandbox = sandbox(1);
    let payload =
        with(script("echo hi > a"), json!({"artifacts": [{"type": "file", "path": "a", "name": "public/a"}]}));
    let maker = run(&sandbox, payload);
    let url = format!("{}/api/queue/v1/task/{}/artifacts/public%2Fa", sandbox.root_url(), maker.id);
    let mount = |sha256: &str| json!([{"file": "f", "content": {"url": url, "sha256": sha256}}]);
    let right = hex(&Sha256::digest(b"hi\n"));
    assert_eq!(mount_all(&sandbox, mount(&right), "cat f", json!({})).output(), "hi\n");
    let done = mount_all(&sandbox, mount(&"0".repeat(64)), "cat f", json!({}));
    done.is("failed", "failed");
    let [error] = done.errors()[..] else { panic!("{}", done.log) };
    assert!(error.contains(&right) && error.contains(&"0".repeat(64)), "{error}");
}

#[test]
fn a_cache_is_there_for_the_next_task_until_it_is_purged() {
    let sandbox = sandbox(1);
    let scopes = json!({"scopes": ["generic-worker:cache:*"]});
    let mounts = json!([{
        "directory": "c", "cacheName": "one", "format": "tar.gz",
        "content": {"base64": STANDARD.encode(tar_gz(&[("count", "0\n")]))},
    }]);
    let count = |mounts: &Value| {
        let text = "cat c/count; n=$(cat c/count); echo $((n + 1)) > c/count; exit $n";
        let more = json!({"mounts": mounts, "onExitStatus": {"purgeCaches": [2]}});
        run_with(&sandbox, with(script(text), more), scopes.clone()).output()
    };
    // Failing does not spoil it; the exit status of 2 does.
    assert_eq!([&mounts; 4].map(count), ["0\n", "1\n", "2\n", "0\n"]);
    Wire::new(&sandbox, "POST", "/api/purge-cache/v1/purge-cache/proj%2Flinux")
        .json(&json!({"cacheName": "one"}))
        .send()
        .is(204, "");
    assert_eq!(count(&mounts), "0\n");
    let done = mount_all(&sandbox, mounts, ":", json!({}));
    done.is("exception", "malformed-payload");
    assert!(done.errors()[0].contains("generic-worker:cache:one"), "{:?}", done.errors());
}

#[test]
fn files_and_directories_are_kept_as_the_payload_says() {
    let sandbox = sandbox(1);
    let expires = stamp(Utc::now() + TimeDelta::days(2));
    let payload = with(
        script(
            "mkdir -p d/sub; echo one > d/one.txt; echo two > d/sub/two.json; echo three > three; echo four > four.zip",
        ),
        json!({"artifacts": [
            {"type": "directory", "path": "d", "name": "public/d"},
            {"type": "file", "path": "three", "name": "public/three", "contentType": "x/y", "contentEncoding": "identity", "expires": expires},
            {"type": "file", "path": "four.zip", "name": "private/four", "contentEncoding": "gzip"},
            {"type": "file", "path": "none", "name": "public/none", "optional": true},
        ]}),
    );
    let done = run(&sandbox, payload);
    done.is("completed", "completed");
    assert_eq!(
        artifacts(&sandbox, &done.id),
        ["s3 private/four", "s3 public/d/one.txt", "s3 public/d/sub/two.json", "s3 public/three"]
    );
    for (name, text) in [
        ("public/d/one.txt", "one\n"),
        ("public/d/sub/two.json", "two\n"),
        ("public/three", "three\n"),
        ("private/four", "four\n"),
    ] {
        assert_eq!(String::from_utf8(artifact(&sandbox, &done.id, name)).unwrap(), text);
    }
    let header = |name: &str, header: &str| stored(&sandbox, &done.id, name).header(header).map(str::to_owned);
    assert_eq!(header("public/d/one.txt", "content-type").unwrap(), "text/plain; charset=utf-8");
    assert_eq!(header("public/d/one.txt", "content-encoding").unwrap(), "gzip");
    assert_eq!(
        (header("public/three", "content-type").unwrap().as_str(), header("public/three", "content-encoding")),
        ("x/y", None)
    );
    assert_eq!(header("private/four", "content-encoding").unwrap(), "gzip");
    let listed = get(&sandbox, &format!("/task/{}/artifacts", done.id));
    let three = listed["artifacts"].as_array().unwrap().iter().find(|it| it["name"] == "public/three").unwrap();
    assert_eq!(three["expires"], expires);
}

#[test]
fn an_artifact_that_is_not_there_fails_the_task_and_says_so() {
    let sandbox = sandbox(1);
    let payload = with(script(":"), json!({"artifacts": [{"type": "file", "path": "none", "name": "public/none"}]}));
    let done = run(&sandbox, payload);
    done.is("failed", "failed");
    assert_eq!(artifacts(&sandbox, &done.id), ["error public/none"]);
    assert!(done.errors()[0].starts_with("file-missing-on-worker: cannot read none"), "{:?}", done.errors());
    let reply = queue(&sandbox, Utc::now(), "GET", &format!("/task/{}/artifacts/public%2Fnone", done.id), &Value::Null);
    assert_eq!((reply.status, &reply.value()["reason"]), (424, &json!("file-missing-on-worker")));
}

#[test]
fn a_chain_of_trust_is_signed_with_the_key_that_is_shown() {
    let sandbox = sandbox(1);
    let payload = with(
        script("echo hi > a; echo '{\"mine\": 1, \"taskId\": \"forged\"}' > chain-of-trust-additional-data.json"),
        json!({"features": {"chainOfTrust": true}, "artifacts": [{"type": "file", "path": "a", "name": "public/a"}]}),
    );
    let done = run(&sandbox, payload);
    done.is("completed", "completed");
    let (text, signature) = (
        artifact(&sandbox, &done.id, "public/chain-of-trust.json"),
        artifact(&sandbox, &done.id, "public/chain-of-trust.json.sig"),
    );
    let key = STANDARD.decode(sandbox.chain_of_trust_key().unwrap()).unwrap();
    UnparsedPublicKey::new(&ED25519, key).verify(&text, &signature).unwrap();
    let document: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(
        (&document["chainOfTrustVersion"], &document["taskId"], &document["mine"]),
        (&json!(1), &json!(done.id), &json!(1))
    );
    assert_eq!((&document["runId"], &document["workerId"]), (&json!(0), &json!("worker-1")));
    assert_eq!(document["task"], get(&sandbox, &format!("/task/{}", done.id)));
    let hashes = document["artifacts"].as_object().unwrap();
    let names: Vec<_> = hashes.keys().collect();
    assert_eq!(names, ["public/a", "public/logs/certified.log"]);
    for name in names {
        let content = artifact(&sandbox, &done.id, name);
        assert_eq!(hashes[name]["sha256"], hex(&Sha256::digest(content)), "{name}");
    }
}

#[test]
fn a_failed_task_has_a_chain_of_trust_as_well() {
    let sandbox = sandbox(1);
    let id = create(&sandbox, with(script("exit 2"), json!({"features": {"chainOfTrust": true}})), json!({}));
    assert!(sandbox.wait_until_idle(ENOUGH));
    done(&sandbox, &id).is("failed", "failed");
    assert_eq!(artifacts(&sandbox, &id), ["s3 public/chain-of-trust.json", "s3 public/chain-of-trust.json.sig"]);
}
