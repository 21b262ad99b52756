//! What an unfinished download may be gone on with, and what its state may not be trusted with.

use std::fs;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::fake_clock::FakeClock;
use crate::support::storage::{Content, Fault, Storage, TASK, noise, sha256};
use crate::support::{Ran, Tc, gzip};

const LENGTH: usize = 600_000;

fn tc(storage: &Storage) -> Tc {
    let clock = FakeClock::at("2026-11-22T12:00:00Z");
    Tc::new().at(storage.url()).environment(|environment| environment.with_clock(clock.clone() as Arc<dyn tc::Clock>))
}

fn download(tc: &Tc, more: &[&str]) -> Ran {
    tc.run(&[&["artifact", "download", TASK, "public/x", "-o", "out", "--connections", "1"], more].concat())
}

fn out(tc: &Tc) -> Vec<u8> {
    fs::read(tc.directory().join("out")).unwrap()
}

fn names(tc: &Tc) -> Vec<String> {
    let entries = fs::read_dir(tc.directory()).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A download that broke off half way, and then got all of these bytes: what is left when `tc` is killed
/// between the last byte and the final name.
fn complete_but_unfinished(storage: &Storage, tc: &Tc, bytes: &[u8]) {
    storage.faults(&[Fault::CutAfter(bytes.len() / 2)]);
    download(tc, &["--retries", "0"]).status(7);
    let state = tc.directory().join("out.tc.part.json");
    let mut found: Value = serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
    found["here"] = json!([[0, bytes.len()]]);
    fs::write(&state, found.to_string()).unwrap();
    fs::write(tc.directory().join("out.tc.part"), bytes).unwrap();
    storage.sent();
}

#[test]
fn what_was_complete_is_not_taken_for_what_is_stored_by_now() {
    for storage_type in ["s3", "reference"] {
        let (old, new) = (noise(LENGTH), noise(LENGTH + 1)[1..].to_vec());
        let storage = Storage::start(storage_type, Content::new(old.clone()));
        let tc = tc(&storage);
        complete_but_unfinished(&storage, &tc, &old);
        storage.replace(Content::new(new.clone()));
        download(&tc, &[]).status(0);
        assert!(out(&tc) == new, "{storage_type}");
        assert_eq!(names(&tc), ["out"]);
    }
}

#[test]
fn what_was_complete_is_still_held_against_what_the_storage_says() {
    let bytes = noise(LENGTH);
    let wrong = "0".repeat(64);
    let storage = Storage::start("s3", Content::new(bytes.clone()).header("x-amz-meta-content-sha256", &wrong));
    let tc = tc(&storage);
    complete_but_unfinished(&storage, &tc, &bytes);
    let ran = download(&tc, &[]);
    ran.status(1).stdout("");
    assert!(ran.stderr.contains("is not what it should be"), "{ran}");
    assert_eq!(names(&tc), [""; 0]);
}

#[test]
fn what_was_complete_is_not_fetched_again() {
    for storage_type in ["s3", "object", "reference"] {
        let bytes = noise(LENGTH);
        let storage = Storage::start(storage_type, Content::new(bytes.clone()));
        let tc = tc(&storage);
        complete_but_unfinished(&storage, &tc, &bytes);
        let ran = download(&tc, &["--json"]);
        ran.status(0);
        assert_eq!((&ran.json()[0]["resumed"], &ran.json()[0]["transferred"]), (&json!(LENGTH), &json!(0)));
        assert!(out(&tc) == bytes);
        assert!(storage.sent() <= 1, "{storage_type}");
    }
}

#[test]
fn a_state_that_lies_is_found_out_by_the_hash() {
    let bytes = noise(LENGTH);
    let storage = Storage::start("object", Content::new(bytes.clone()));
    let tc = tc(&storage);
    complete_but_unfinished(&storage, &tc, &bytes);
    // The state says that these bytes are here, and they are not.
    let part = tc.directory().join("out.tc.part");
    let mut wrong = bytes.clone();
    wrong[1000..2000].fill(0);
    fs::write(&part, &wrong).unwrap();
    let ran = download(&tc, &[]);
    ran.status(1);
    assert!(ran.stderr.contains(&sha256(&bytes)) && ran.stderr.contains(&sha256(&wrong)), "{ran}");
    assert_eq!(names(&tc), [""; 0], "what is wrong is not gone on with");
    download(&tc, &[]).status(0);
    assert!(out(&tc) == bytes);
}

#[test]
fn states_of_other_things_are_not_gone_on_with() {
    let bytes = noise(LENGTH);
    for change in [
        |state: &mut Value| state["format"] = json!(2),
        |state: &mut Value| state["source"] = json!("artifact `public/y`"),
        |state: &mut Value| state["demands"] = json!(["sha256 00"]),
        |state: &mut Value| state["here"] = json!([[0, LENGTH + 1]]),
        |state: &mut Value| state["version"]["length"] = Value::Null,
        |state: &mut Value| state["here"] = json!("all of it"),
        |state: &mut Value| (state["boot"], state["synced"]) = (json!("another"), json!(false)),
    ] {
        let storage = Storage::start("s3", Content::new(bytes.clone()));
        let tc = tc(&storage);
        complete_but_unfinished(&storage, &tc, &noise(LENGTH + 8)[8..]);
        let path = tc.directory().join("out.tc.part.json");
        let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut state);
        fs::write(&path, state.to_string()).unwrap();
        download(&tc, &[]).status(0);
        assert!(out(&tc) == bytes, "{state}");
        assert_eq!(names(&tc), ["out"], "{state}");
    }
}

#[test]
fn parts_of_two_versions_with_a_weak_etag_are_not_put_together() {
    let (old, new) = (noise(LENGTH), noise(LENGTH + 1)[1..].to_vec());
    for storage_type in ["s3", "reference"] {
        let weak = |bytes: &[u8]| Content::new(bytes.to_vec()).header("ETag", "W/\"same\"");
        let storage = Storage::start(storage_type, weak(&old));
        storage.faults(&[Fault::CutAfter(LENGTH / 2)]);
        let tc = tc(&storage);
        download(&tc, &["--retries", "0"]).status(7);
        storage.replace(weak(&new));
        download(&tc, &[]).status(0);
        assert!(out(&tc) == new, "{storage_type}");
    }
}

#[test]
fn an_artifact_that_changes_in_the_middle_of_one_call_starts_over() {
    let (old, new) = (noise(LENGTH), noise(LENGTH + 5));
    for storage_type in ["s3", "reference"] {
        let storage = Storage::start(storage_type, Content::new(old.clone()));
        storage.faults(&[Fault::CutAfter(LENGTH / 2)]).replace_after_next(Content::new(new.clone()));
        let tc = tc(&storage);
        download(&tc, &[]).status(0);
        assert!(out(&tc) == new, "{storage_type}");
    }
}

#[test]
fn parts_that_are_not_what_was_asked_for_do_no_harm() {
    let bytes = noise(LENGTH);
    for (fault, status, said) in
        [(Fault::PartFrom(7), 0, ""), (Fault::NoTotal, 0, ""), (Fault::OneMore, 1, "sends more than the 600000 bytes")]
    {
        for storage_type in ["s3", "object", "reference"] {
            let storage = Storage::start(storage_type, Content::new(bytes.clone()));
            storage.faults(&[Fault::CutAfter(LENGTH / 2), fault]);
            let tc = tc(&storage);
            fs::write(tc.directory().join("out"), "old").unwrap();
            let ran = download(&tc, &[]);
            assert_eq!(ran.status, status, "{fault:?}, {storage_type}: {ran}");
            assert!(ran.stderr.contains(said), "{ran}");
            assert!(out(&tc) == if status == 0 { bytes.clone() } else { b"old".to_vec() }, "{fault:?}, {storage_type}");
        }
    }
}

#[test]
fn compressed_content_is_resumed_as_it_is_stored() {
    let text: Vec<u8> = (0..200_000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
    let packed = gzip(&text);
    for storage_type in ["s3", "object", "reference"] {
        let content =
            Content::new(packed.clone()).header("Content-Encoding", "gzip").hashes(json!({"sha256": sha256(&text)}));
        let storage = Storage::start(storage_type, content);
        storage.faults(&[Fault::CutAfter(packed.len() / 2)]);
        let tc = tc(&storage);
        download(&tc, &["--retries", "0"]).status(7);
        storage.sent();
        download(&tc, &[]).status(0);
        assert!(out(&tc) == text, "{storage_type}");
        assert_eq!(storage.sent(), packed.len() - packed.len() / 2, "{storage_type}");
        assert_eq!(names(&tc), ["out"]);
    }
}

#[test]
fn a_url_that_ran_out_during_the_download_is_not_asked_for_again_to_be_told() {
    let bytes = noise(LENGTH);
    let storage = Storage::start("object", Content::new(bytes.clone()));
    let answer = json!({"method": "getUrl", "url": "<storage>/x?signature=secret", "expires": "2026-11-22T12:00:00.000Z",
        "hashes": {"sha256": sha256(&bytes)}});
    storage.answer("PUT /api/object/v1/start-download/t%2Fx", answer);
    let tc = tc(&storage);
    let ran = tc.run(&["object", "download", "t/x", "-o", "out", "--json"]);
    ran.status(0);
    assert!(ran.json()[0]["url"].as_str().unwrap().ends_with("/x?signature=(redacted)"), "{ran}");
    assert_eq!(storage.located(), 2, "for the hashes, and for a URL that is good");
}
