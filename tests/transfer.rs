//! Transfers as users see them: every fault in every type of storage, and what is on the disk afterwards.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::fake_clock::FakeClock;
use crate::support::storage::{Content, Fault, Storage, TASK, noise, sha256};
use crate::support::{Ran, Tc};

const TYPES: [&str; 3] = ["s3", "reference", "object"];
/// More than what is fetched into memory.
const LARGE: usize = 3_000_000;

/// `tc` with credentials that no storage may see, and a clock that makes waits between tries short.
fn tc(storage: &Storage) -> Tc {
    let clock = FakeClock::at("2026-11-22T12:00:00Z");
    Tc::new()
        .at(storage.url())
        .env("TASKCLUSTER_CLIENT_ID", "me")
        .env("TASKCLUSTER_ACCESS_TOKEN", "hunter2")
        .environment(|environment| environment.with_clock(clock.clone() as Arc<dyn tc::Clock>))
}

fn download(tc: &Tc, more: &[&str]) -> Ran {
    tc.run(&[&["artifact", "download", TASK, "public/x", "-o", "out"], more].concat())
}

fn out(tc: &Tc) -> Vec<u8> {
    fs::read(tc.directory().join("out")).unwrap()
}

/// Names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn record(ran: &Ran) -> Value {
    ran.status(0);
    ran.json()[0].clone()
}

#[test]
fn each_storage_type_is_downloaded_and_hashed() {
    for storage_type in TYPES {
        for length in [0, 1, 10_000, LARGE] {
            let bytes = noise(length);
            let storage = Storage::start(storage_type, Content::new(bytes.clone()));
            let tc = tc(&storage);
            let ran = download(&tc, &["--json"]);
            let found = record(&ran);
            assert_eq!((&found["size"], &found["hashes"]["sha256"]), (&json!(length), &json!(sha256(&bytes))));
            assert!(found["url"].as_str().unwrap().ends_with("?signature=(redacted)"), "{found}");
            ran.stderr("");
            assert!(out(&tc) == bytes, "{storage_type} {length}");
            assert_eq!(names(tc.directory()), ["out"]);
        }
    }
}

#[test]
fn what_was_cut_is_continued_within_one_call() {
    for storage_type in TYPES {
        for length in [10_000, LARGE] {
            let bytes = noise(length);
            let storage = Storage::start(storage_type, Content::new(bytes.clone()));
            storage.faults(&[
                Fault::CutAfter(length / 3),
                Fault::Drop,
                Fault::Status(500),
                Fault::CutAfter(length / 4),
            ]);
            let tc = tc(&storage);
            let found = record(&download(&tc, &["--json", "--connections", "1"]));
            assert!(out(&tc) == bytes);
            assert_eq!(found["retries"], 4, "{storage_type}");
            assert_eq!(storage.sent(), length + xml_length(), "no byte is fetched twice");
        }
    }
}

/// The body of the storage's 500.
fn xml_length() -> usize {
    "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code></Error>".len()
}

#[test]
fn a_stall_is_a_failure_that_passes() {
    for storage_type in TYPES {
        let bytes = noise(LARGE);
        let storage = Storage::start(storage_type, Content::new(bytes.clone()));
        storage.faults(&[Fault::StallAfter(LARGE / 2)]);
        let tc = tc(&storage);
        let found = record(&download(&tc, &["--json", "--stall", "300ms"]));
        assert!(out(&tc) == bytes);
        assert_eq!(found["retries"], 1);
    }
}

#[test]
fn an_expired_url_is_renewed() {
    for storage_type in ["s3", "object"] {
        let bytes = noise(LARGE);
        let storage = Storage::start(storage_type, Content::new(bytes.clone()));
        storage.faults(&[Fault::CutAfter(LARGE / 2), Fault::Expired]);
        let tc = tc(&storage);
        download(&tc, &["--connections", "1"]).status(0);
        assert!(out(&tc) == bytes);
        assert_eq!(storage.located(), 2);
        storage.faults(&[Fault::Expired, Fault::Expired]);
        let ran = download(&tc, &["--force"]);
        ran.status(1).stdout("");
        assert!(ran.stderr.contains("answered 403: AccessDenied"), "{ran}");
    }
}

#[test]
fn a_wrong_hash_is_fatal_and_the_old_file_stays() {
    for length in [1000, LARGE] {
        let (bytes, wrong) = (noise(length), "0".repeat(64));
        let content = Content::new(bytes.clone()).hashes(json!({"sha256": wrong}));
        let storage = Storage::start("object", content);
        let tc = tc(&storage);
        fs::write(tc.directory().join("out"), "old").unwrap();
        let ran = download(&tc, &[]);
        ran.status(1).stdout("");
        let said = format!(
            "error: artifact `public/x` of task {TASK} is not what it should be: its sha256 is {}, but the object \
             service says {wrong}\n",
            sha256(&bytes)
        );
        assert!(ran.stderr.starts_with(&said), "{ran}");
        assert_eq!(out(&tc), b"old");
        assert_eq!(names(tc.directory()), ["out"]);
    }
}

#[test]
fn what_s3_promises_is_checked() {
    let bytes = noise(LARGE);
    let wrong = "0".repeat(64);
    for (name, value) in [
        ("ETag", "\"00000000000000000000000000000000\""),
        ("x-amz-meta-content-sha256", wrong.as_str()),
        ("x-amz-meta-transfer-sha256", wrong.as_str()),
        ("x-amz-checksum-sha256", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("x-amz-meta-content-length", "7"),
    ] {
        let storage = Storage::start("s3", Content::new(bytes.clone()).header(name, value));
        let tc = tc(&storage);
        let ran = download(&tc, &[]);
        ran.status(1);
        assert!(ran.stderr.contains("is not what it should be"), "{name}: {ran}");
        assert_eq!(names(tc.directory()), [""; 0], "{name}");
    }
    let storage = Storage::start("s3", Content::new(bytes.clone()));
    let tc = tc(&storage);
    download(&tc, &["--sha256", &wrong]).status(1);
    download(&tc, &["--sha256", &sha256(&bytes)]).status(0).stderr("");
    download(&tc, &["--sha256", "x"]).status(2);
}

#[test]
fn encodings_are_decoded_and_hashes_are_those_of_the_content() {
    let text: Vec<u8> = (0..300_000_u32).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
    let gzip = crate::support::gzip(&text);
    let zstd = ruzstd::encoding::compress_to_vec(&text[..], ruzstd::encoding::CompressionLevel::Fastest);
    for (encoding, stored) in [("gzip", &gzip), ("zstd", &zstd)] {
        for storage_type in TYPES {
            let content = Content::new(stored.clone())
                .header("Content-Encoding", encoding)
                .hashes(json!({"sha256": sha256(&text)}));
            let storage = Storage::start(storage_type, content.clone());
            storage.faults(&[Fault::CutAfter(stored.len() / 2)]);
            let tc = tc(&storage);
            let found = record(&download(&tc, &["--json"]));
            assert!(out(&tc) == text);
            assert_eq!((&found["size"], &found["transferred"]), (&json!(text.len()), &json!(stored.len())));
            assert_eq!(names(tc.directory()), ["out"]);
            storage.faults(&[Fault::CutAfter(stored.len() / 2)]);
            let ran = tc.run(&["artifact", "cat", TASK, "public/x"]);
            ran.status(0).stderr("");
            assert!(ran.stdout.as_bytes() == text);
        }
        let mut damaged = stored.clone();
        let at = damaged.len() - 3;
        damaged[at] ^= 0x55;
        let content = Content::new(damaged).header("Content-Encoding", encoding);
        let storage = Storage::start("s3", content);
        let tc = tc(&storage);
        let ran = download(&tc, &[]);
        ran.status(1);
        assert!(ran.stderr.contains("cannot be decompressed"), "{ran}");
        assert_eq!(names(tc.directory()), [""; 0]);
        tc.run(&["artifact", "cat", TASK, "public/x"]).status(1);
    }
}

#[test]
fn the_second_call_fetches_only_what_is_missing() {
    for storage_type in TYPES {
        let bytes = noise(LARGE);
        let storage = Storage::start(storage_type, Content::new(bytes.clone()));
        storage.faults(&[Fault::CutAfter(LARGE * 6 / 10)]);
        let tc = tc(&storage);
        fs::write(tc.directory().join("out"), "old").unwrap();
        let ran = download(&tc, &["--retries", "0"]);
        ran.status(7);
        assert!(ran.stderr.contains("broke off"), "{ran}");
        assert_eq!(out(&tc), b"old");
        assert_eq!(names(tc.directory()), ["out", "out.tc.part", "out.tc.part.json"]);
        storage.sent();
        let ran = download(&tc, &[]);
        ran.status(0).stderr(&format!(
            "{} was resumed: 1.80 MB were here already, 1.20 MB were fetched.\n",
            tc.directory().join("out").display()
        ));
        assert_eq!(storage.sent(), LARGE * 4 / 10);
        assert!(out(&tc) == bytes);
        assert_eq!(names(tc.directory()), ["out"]);
    }
}

#[test]
fn a_changed_artifact_starts_over() {
    for storage_type in ["s3", "reference"] {
        let (old, new) = (noise(LARGE), noise(LARGE + 1));
        let storage = Storage::start(storage_type, Content::new(old));
        storage.faults(&[Fault::CutAfter(LARGE / 2)]);
        let tc = tc(&storage);
        download(&tc, &["--retries", "0"]).status(7);
        storage.replace(Content::new(new.clone()));
        let found = record(&download(&tc, &["--json"]));
        assert!(out(&tc) == new);
        assert_eq!(found["resumed"], 0);
        assert_eq!(names(tc.directory()), ["out"]);
    }
}

#[test]
fn no_resume_and_no_validator_start_from_the_beginning() {
    let bytes = noise(LARGE);
    for (content, flags) in
        [(Content::new(bytes.clone()), ["--no-resume"].as_slice()), (Content::new(bytes.clone()).without("ETag"), &[])]
    {
        let storage = Storage::start("s3", content);
        storage.faults(&[Fault::CutAfter(LARGE / 2)]);
        let tc = tc(&storage);
        download(&tc, &["--retries", "0"]).status(7);
        storage.sent();
        let found = record(&download(&tc, &[flags, &["--json", "--force"]].concat()));
        assert_eq!((&found["resumed"], storage.sent()), (&json!(0), LARGE));
        assert!(out(&tc) == bytes);
        assert_eq!(names(tc.directory()), ["out"]);
    }
}

#[test]
fn a_server_that_ignores_ranges_still_gets_it_right() {
    let bytes = noise(LARGE);
    let storage = Storage::start("s3", Content::new(bytes.clone()));
    storage.faults(&[Fault::CutAfter(LARGE / 2), Fault::IgnoreRange]);
    let tc = tc(&storage);
    download(&tc, &[]).status(0);
    assert!(out(&tc) == bytes);
}

#[test]
fn a_limit_for_each_connection_is_met_with_more_of_them() {
    let bytes = noise(24 << 20);
    let storage = Storage::start("object", Content::new(bytes.clone()).rate(2 << 20));
    let tc = tc(&storage);
    download(&tc, &[]).status(0);
    assert!(out(&tc) == bytes);
    assert!(storage.seen().len() > 3, "{} requests", storage.seen().len());
    let ranged = storage.seen().iter().filter(|seen| seen.headers.contains_key("if-range")).count();
    assert_eq!(ranged, storage.seen().len() - 1);
}

#[test]
fn a_file_that_is_right_is_not_fetched_again() {
    let bytes = noise(LARGE);
    for (storage_type, content, requests) in [
        ("object", Content::new(bytes.clone()), 0),
        ("s3", Content::new(bytes.clone()).header("x-amz-meta-content-sha256", &sha256(&bytes)), 1),
    ] {
        let storage = Storage::start(storage_type, content);
        let tc = tc(&storage);
        fs::write(tc.directory().join("out"), &bytes).unwrap();
        let ran = download(&tc, &[]);
        let path = tc.directory().join("out");
        ran.status(0).stderr(&format!("{} is there already, and right.\n", path.display()));
        assert_eq!(storage.seen().len(), requests);
        download(&tc, &["--force"]).status(0).stderr("");
        fs::write(&path, "other").unwrap();
        download(&tc, &["--no-clobber"]).status(0).stderr(&format!("{} is there already.\n", path.display()));
        assert_eq!(out(&tc), b"other");
        tc.run(&["artifact", "download", TASK, "public/x", "--verify", "out"]).status(1).stdout("");
        download(&tc, &[]).status(0);
        let ran = tc.run(&["artifact", "download", TASK, "public/x", "--verify", "out"]);
        ran.status(0).stderr(&format!("out is artifact `public/x` of task {TASK}.\n"));
    }
}

#[test]
fn missing_and_error_artifacts_have_their_own_status() {
    let storage = Storage::start("s3", Content::new(noise(10)));
    let call = format!("GET /api/queue/v1/task/{TASK}/artifact-content/public%2Fx");
    let tc = tc(&storage);
    storage
        .answer(&call, json!({"status": 404, "body": {"code": "ResourceNotFound", "message": "Artifact not found"}}));
    download(&tc, &[]).status(5);
    storage.answer(&call, json!({"storageType": "error", "reason": "too-large", "message": "12 GB"}));
    let ran = download(&tc, &[]);
    ran.status(1).stderr(&format!(
        "error: artifact `public/x` of task {TASK} is an error: too-large: 12 GB\n\
         hint: The task made no such file, or it could not be stored. Its log may say why.\n"
    ));
    storage.answer(&call, json!({"storageType": "s3", "url": "<storage>/x"}));
    storage.faults(&[Fault::Status(404)]);
    download(&tc, &[]).status(5);
    assert_eq!(names(tc.directory()), [""; 0]);
}

#[test]
fn a_refusal_that_lasts_is_given_up_with_what_is_here_kept() {
    let storage = Storage::start("s3", Content::new(noise(LARGE)));
    storage.faults(&[Fault::CutAfter(LARGE / 2), Fault::Status(503), Fault::Status(503), Fault::Status(503)]);
    let tc = tc(&storage);
    let ran = download(&tc, &["--retries", "3", "--connections", "1"]);
    ran.status(7);
    assert!(ran.stderr.contains("answered 503: SlowDown (after 4 tries)"), "{ran}");
    assert!(ran.stderr.contains("goes on where this one stopped"), "{ran}");
    assert_eq!(names(tc.directory()), ["out.tc.part", "out.tc.part.json"]);
}

#[test]
fn an_interrupt_keeps_what_is_here() {
    let bytes = noise(LARGE);
    let storage = Storage::start("object", Content::new(bytes.clone()));
    storage.faults(&[Fault::StallAfter(LARGE / 2)]);
    let (sender, interrupt) = tc::Interrupt::channel();
    let tc = tc(&storage).environment(|mut environment| {
        environment.interrupt = interrupt;
        environment
    });
    let ran = std::thread::scope(|scope| {
        let running = scope.spawn(|| download(&tc, &[]));
        let part = tc.directory().join("out.tc.part");
        let deadline = Instant::now() + Duration::from_secs(20);
        while part.metadata().map_or(0, |found| found.len()) < LARGE as u64 / 2 {
            assert!(Instant::now() < deadline, "nothing arrived");
            std::thread::yield_now();
        }
        sender.send(true).unwrap();
        running.join().unwrap()
    });
    ran.status(130)
        .stdout("")
        .stderr("error: interrupted: 0 files are complete\nhint: The same command goes on with what is left.\n");
    storage.sent();
    sender.send(false).unwrap();
    download(&tc, &[]).status(0);
    assert_eq!(storage.sent(), LARGE - LARGE / 2);
    assert!(out(&tc) == bytes);
}

/// Little that is a lot when it is expanded must not hold up whoever has had enough of it.
#[test]
fn an_interrupt_ends_what_is_being_decompressed_and_keeps_what_was_fetched() {
    let bomb = {
        use std::io::Write as _;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let zeros = vec![0; 1 << 20];
        (0..16).for_each(|_| encoder.write_all(&zeros).unwrap());
        // The same member many times: 4 GiB, of which little has to be compressed here.
        encoder.finish().unwrap().repeat(1 << 8)
    };
    let storage = Storage::start("s3", Content::new(bomb).header("Content-Encoding", "gzip"));
    let (sender, interrupt) = tc::Interrupt::channel();
    let tc = tc(&storage).environment(|mut environment| {
        environment.interrupt = interrupt;
        environment
    });
    std::thread::scope(|scope| {
        let running = scope.spawn(|| download(&tc, &[]));
        let decoded = tc.directory().join("out.tc.decoded");
        let deadline = Instant::now() + Duration::from_secs(20);
        while !decoded.exists() {
            assert!(Instant::now() < deadline, "nothing is decompressed");
            std::thread::yield_now();
        }
        let interrupted = Instant::now();
        sender.send(true).unwrap();
        running.join().unwrap().status(130);
        // It takes a few buffers; other tests may have the processors.
        assert!(interrupted.elapsed() < Duration::from_secs(5), "{:?}", interrupted.elapsed());
    });
    assert_eq!(names(tc.directory()), ["out.tc.part", "out.tc.part.json"]);
}

#[test]
fn an_interrupt_writes_the_manifest_of_what_is_complete() {
    let storage = Storage::start("reference", Content::new(noise(1000)));
    storage.faults(&[Fault::None, Fault::StallAfter(500)]);
    let (sender, interrupt) = tc::Interrupt::channel();
    let tc = tc(&storage).environment(|mut environment| {
        environment.interrupt = interrupt;
        environment
    });
    let args = ["artifact", "download", TASK, "a", "b", "-r", "0", "-o", "d", "--jobs", "1", "--manifest", "m.json"];
    let ran = std::thread::scope(|scope| {
        let running = scope.spawn(|| tc.run(&args));
        let deadline = Instant::now() + Duration::from_secs(20);
        while storage.seen().len() < 2 {
            assert!(Instant::now() < deadline, "nothing was asked for");
            std::thread::yield_now();
        }
        sender.send(true).unwrap();
        running.join().unwrap()
    });
    ran.status(130);
    assert!(ran.stderr.contains("interrupted: 1 file is complete"), "{ran}");
    let manifest: Value = serde_json::from_slice(&fs::read(tc.directory().join("m.json")).unwrap()).unwrap();
    assert_eq!((manifest.as_array().unwrap().len(), &manifest[0]["name"]), (1, &json!("a")));
    sender.send(false).unwrap();
    storage.sent();
    tc.run(&args).status(0);
    assert_eq!(storage.seen().len(), 1, "what is on record is not fetched again");
}
