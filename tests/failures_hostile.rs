//! `tc task errors`, `tc task why` and `tc group failures` on logs that are hostile, odd, or not to be had.

use std::io::Write as _;

use serde_json::{Value, json};
use tc::sandbox::{Blob, Stored};

use crate::support::Tc;
use crate::support::group::Group;
use crate::support::storage::{Content, Fault, Storage, TASK};

const BACKING: &str = "public/logs/live_backing.log";
const FAILURE: &str = "TEST-UNEXPECTED-FAIL | dom/a.html | got 1";

fn gzip(pieces: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    pieces.for_each(|piece| encoder.write_all(&piece).unwrap());
    encoder.finish().unwrap()
}

/// A task that failed, without artifacts.
fn failed(group: &Group, artifacts: &[(&str, Blob)]) -> String {
    let id = group.define("test", &json!({}));
    group.queue("claimTask", &[&id, "0"], Some(json!({"workerGroup": "g", "workerId": "w"})));
    for (name, blob) in artifacts {
        group.sandbox.add_artifact(&id, 0, name, Stored::S3, blob.clone()).unwrap();
    }
    group.queue("reportFailed", &[&id, "0"], None);
    id
}

fn artifact(group: &Group, id: &str, name: &str, body: Value) {
    let mut body = body;
    body["expires"] = group.queue("task", &[id], None)["expires"].clone();
    group.queue("createArtifact", &[id, "0", name], Some(body));
}

/// A deployment with one failed task, whose log is this.
fn deployment(content: Content) -> Storage {
    let storage = Storage::start("s3", content);
    let definition = json!({
        "taskQueueId": "p/w", "schedulerId": "s", "taskGroupId": TASK, "dependencies": [], "payload": {},
        "created": "2026-11-22T10:00:00.000Z", "deadline": "2026-11-23T12:00:00.000Z",
        "metadata": {"name": "test", "description": "", "owner": "a@example.com", "source": "https://example.com"},
    });
    let run = json!({
        "runId": 0, "state": "failed", "reasonCreated": "scheduled", "reasonResolved": "failed",
        "scheduled": "2026-11-22T11:00:00.000Z", "started": "2026-11-22T11:10:00.000Z",
        "resolved": "2026-11-22T11:30:00.000Z", "workerGroup": "g", "workerId": "w",
    });
    let status = json!({
        "taskId": TASK, "state": "failed", "taskQueueId": "p/w", "taskGroupId": TASK, "schedulerId": "s",
        "retriesLeft": 5, "deadline": "2026-11-23T12:00:00.000Z", "expires": "2027-11-23T12:00:00.000Z", "runs": [run],
    });
    let log = json!({"storageType": "s3", "name": BACKING, "expires": "2027-11-23T12:00:00.000Z", "contentType": "text/plain"});
    storage
        .answer(&format!("GET /api/queue/v1/task/{TASK}"), definition.clone())
        .answer(&format!("GET /api/queue/v1/task/{TASK}/status"), json!({"status": status}))
        .answer(&format!("GET /api/queue/v1/task/{TASK}/runs/0/artifacts?limit=1000"), json!({"artifacts": [log]}))
        .answer(&format!("GET /api/queue/v1/task/{TASK}/runs/0/artifacts"), json!({"artifacts": [log]}));
    storage
}

/// So long that only its end is read, where that is to be had.
fn long_log(first: &str, last: &str) -> Vec<u8> {
    let filling = "TEST-PASS | dom/a.html | took 12ms\n".repeat(300_000);
    format!("{first}\n{filling}{last}\n").into_bytes()
}

#[test]
fn one_request_reads_the_end_of_a_long_log_and_no_more() {
    let storage = deployment(Content::new(long_log("error: early", FAILURE)));
    let tc = Tc::new().at(storage.url());
    let ran = tc.run(&["task", "why", "--json", TASK]);
    ran.status(0);
    assert_eq!(ran.json()["evidence"][0], json!(format!("near the end of its log: {FAILURE}")));
    let seen = storage.seen();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(storage.sent(), 8 << 20);
    // All of it is read by what shows the numbers of its lines, and is not opened twice for that.
    let ran = tc.run(&["task", "errors", TASK]);
    ran.stdout(&format!("       1  error: early\n> 300002  {FAILURE}\n")).status(0);
    assert_eq!(storage.seen().len(), 1);
}

#[test]
fn a_long_log_whose_end_tells_nothing_is_read_as_a_whole() {
    let storage = deployment(Content::new(long_log(FAILURE, "[taskcluster:error] exit status 1")));
    let ran = Tc::new().at(storage.url()).run(&["task", "why", "--json", TASK]);
    assert_eq!(ran.json()["evidence"][0], json!(format!("line 1: {FAILURE}")));
    assert_eq!(storage.seen().len(), 2);
}

#[test]
fn a_compressed_log_is_asked_for_once() {
    let text = long_log(FAILURE, "the end");
    let packed = Content::new(gzip(std::iter::once(text))).header("Content-Encoding", "gzip");
    let storage = deployment(packed);
    let ran = Tc::new().at(storage.url()).run(&["task", "why", "--json", TASK]);
    assert_eq!(ran.json()["evidence"][0], json!(format!("line 1: {FAILURE}")));
    assert_eq!(storage.seen().len(), 1);
}

#[test]
fn a_storage_that_fails_is_said_and_the_rest_is_answered() {
    for (faults, expected) in [
        (vec![Fault::Status(404)], "404"),
        (vec![Fault::Status(403)], "403"),
        (vec![Fault::CutAfter(20)], "ended"),
        (vec![Fault::StallAfter(20)], "nothing more came"),
    ] {
        let storage = deployment(Content::new(format!("fine\n{FAILURE}\n").into_bytes()));
        storage.faults(&faults);
        let tc = Tc::new().at(storage.url());
        let ran = tc.run(&["--timeout", "2s", "--retries", "0", "task", "why", "--json", TASK]);
        ran.status(0);
        let found = ran.json();
        assert_eq!(found["kind"], json!("failed-without-log"), "{expected}: {found}");
        let evidence = found["evidence"].to_string();
        assert!(evidence.contains("run 0 ended after 20 min") && evidence.contains(expected), "{expected}: {evidence}");
    }
}

#[test]
fn a_line_of_a_hundred_megabytes_and_what_is_no_text_are_read() {
    let group = Group::new();
    let pieces = (0..100).map(|_| vec![b'x'; 1 << 20]).chain([format!("\n{FAILURE}\n").into_bytes()]);
    let long = Blob::new(gzip(pieces)).content_encoding("gzip");
    let id = failed(&group, &[(BACKING, long)]);
    group.tc().run(&["task", "errors", &id]).stdout(&format!("> 2  {FAILURE}\n")).status(0);
    let noise: Vec<u8> =
        (0..100_000_u32).flat_map(|number| (number.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
    let odd = [&noise[..], b"\n\xff\xfeerror: caf\xe9\n", &noise[..], b"\nTEST-UNEXPECTED-FAIL | dom/a.html | \xc3\n"]
        .concat();
    let id = failed(&group, &[(BACKING, Blob::new(odd))]);
    let found = group.tc().run(&["task", "errors", "--json", &id]).json();
    assert_eq!(found["line"], json!("TEST-UNEXPECTED-FAIL | dom/a.html | \u{fffd}"));
}

#[test]
fn what_expands_without_end_is_read_in_bounded_memory() {
    let group = Group::new();
    let bomb = Blob::new(gzip((0..300).map(|_| vec![b' '; 1 << 20]))).content_encoding("gzip");
    let id = failed(&group, &[(BACKING, bomb)]);
    let ran = group.tc().run(&["task", "errors", &id]);
    ran.stdout("").stderr(&format!("No line of {BACKING} reports an error.\n")).status(0);
}

#[test]
fn a_log_that_is_cut_short_tells_what_it_has() {
    let group = Group::new();
    let mut cut = gzip(std::iter::once(format!("{FAILURE}\n").into_bytes()));
    cut.truncate(cut.len() - 5);
    let id = failed(&group, &[(BACKING, Blob::new(cut).content_encoding("gzip"))]);
    let ran = group.tc().run(&["task", "errors", &id]);
    ran.stdout(&format!("> 1  {FAILURE}\n")).status(0);
    let why = format!("reading {BACKING} sent something that cannot be decompressed");
    ran.stderr(&format!("warning: only the beginning of {BACKING} could be read: {why}\n"));
    let found = group.tc().run(&["group", "failures", "--json", &group.id]).json();
    assert_eq!(found["clusters"][0]["tasks"], json!([id]));
}

#[test]
fn a_log_that_is_not_what_it_says_is_told() {
    let group = Group::new();
    let id = failed(&group, &[(BACKING, Blob::new("plain text\n").content_encoding("gzip"))]);
    let ran = group.tc().run(&["task", "errors", &id]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains(&format!("reading {BACKING} sent something that cannot be decompressed")), "{ran}");
    let ran = group.tc().run(&["group", "failures", "--json", &group.id]);
    assert_eq!(ran.json()["unexplained"], json!([id]));
    assert!(ran.stderr.starts_with("warning: could not read a log: reading "), "{ran}");
}

#[test]
fn a_file_that_is_stored_compressed_is_expanded_whatever_its_headers_say() {
    let group = Group::new();
    let summary = r#"{"action": "test_result", "test": "dom/b.html", "status": "FAIL", "expected": "PASS"}"#;
    let report = Blob::new(gzip(std::iter::once(summary.as_bytes().to_vec()))).content_type("application/gzip");
    let id = failed(&group, &[("public/test_info/wpt_raw.log.gz", report)]);
    let ran = group.tc().run(&["task", "errors", &id]);
    ran.stdout("> 1  TEST-UNEXPECTED-FAIL | dom/b.html | expected PASS\n").status(0);
}

#[test]
fn a_report_that_cannot_be_read_does_not_hide_the_log() {
    let group = Group::new();
    let broken = Blob::new(b"not compressed".to_vec()).content_encoding("gzip");
    let log = Blob::new(format!("{FAILURE}\n").into_bytes());
    let id = failed(&group, &[("public/a_errorsummary.log", broken), (BACKING, log)]);
    group.tc().run(&["task", "errors", &id]).stdout(&format!("> 1  {FAILURE}\n")).status(0);
}

#[test]
fn an_artifact_that_stands_for_an_error_and_one_that_leads_elsewhere_are_understood() {
    let group = Group::new();
    let id = group.task("test", "running");
    let gone = json!({"storageType": "error", "reason": "file-missing-on-worker", "message": "no such file"});
    artifact(&group, &id, BACKING, gone);
    group.queue("reportFailed", &[&id, "0"], None);
    let ran = group.tc().run(&["task", "errors", &id]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("could not be stored: file-missing-on-worker: no such file"), "{ran}");
    let found = group.tc().run(&["task", "why", "--json", &id]).json();
    assert!(found["evidence"].to_string().contains("file-missing-on-worker"), "{found}");

    let id = group.task("test", "running");
    group.sandbox.add_artifact(&id, 0, "public/real.log", Stored::Object, Blob::new(format!("{FAILURE}\n"))).unwrap();
    artifact(
        &group,
        &id,
        BACKING,
        json!({"storageType": "link", "contentType": "text/plain", "artifact": "public/real.log"}),
    );
    group.queue("reportFailed", &[&id, "0"], None);
    group.tc().run(&["task", "errors", &id]).stdout(&format!("> 1  {FAILURE}\n")).status(0);
}

#[test]
fn the_log_is_found_among_thousands_of_artifacts() {
    let group = Group::new();
    let id = group.define("test", &json!({}));
    group.queue("claimTask", &[&id, "0"], Some(json!({"workerGroup": "g", "workerId": "w"})));
    for number in 0..2500 {
        let name = format!("public/a/{number:04}.txt");
        group.sandbox.add_artifact(&id, 0, &name, Stored::S3, Blob::new("x")).unwrap();
    }
    group.sandbox.add_artifact(&id, 0, BACKING, Stored::S3, Blob::new(format!("{FAILURE}\n"))).unwrap();
    group.queue("reportFailed", &[&id, "0"], None);
    group.tc().run(&["task", "errors", &id]).stdout(&format!("> 1  {FAILURE}\n")).status(0);
}

#[test]
fn patterns_that_are_none_are_refused_before_anything_is_asked() {
    let group = Group::new();
    let tc = group.tc();
    for (text, message) in [
        ("network (", "error: `(` is not a regular expression"),
        ("network", "own.txt`: line 1 has no regular expression"),
        ("flux x", "own.txt`: line 1 begins with `flux`, not with one of test, "),
    ] {
        std::fs::write(tc.directory().join("own.txt"), text).unwrap();
        let ran = tc.run(&["group", "failures", "--patterns", "own.txt", &group.id]);
        ran.stdout("").status(2);
        assert!(ran.stderr.contains(message), "{ran}");
    }
    let ran = tc.run(&["group", "failures", "--patterns", "gone.txt", &group.id]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("cannot read "), "{ran}");
}
