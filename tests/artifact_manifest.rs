//! `--manifest`: what is on record and still the same is not asked for again.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::artifacts::some;
use crate::support::storage::{Content, Storage, TASK};
use crate::support::{Ran, Tc};

#[test]
fn a_second_call_with_a_manifest_fetches_nothing() {
    let rig = some();
    let args = ["artifact", "download", &rig.task, "public/build/*", "-o", "x", "--manifest", "m.json", "--json"];
    let first = rig.run(&args).json();
    assert_eq!(first.as_array().unwrap().iter().filter(|one| one["skipped"] == true).count(), 0);
    let manifest: Value = serde_json::from_str(&rig.read("m.json")).unwrap();
    assert_eq!(manifest, first);
    for one in manifest.as_array().unwrap() {
        assert_eq!((&one["task"], &one["run"]), (&json!(rig.task), &json!(0)));
        assert!(one["url"].as_str().unwrap().starts_with(rig.sandbox.storage_url()), "{one}");
        assert_eq!(one["hashes"]["sha256"].as_str().unwrap().len(), 64);
    }
    let second = rig.run(&args).json();
    assert_eq!(second.as_array().unwrap().iter().filter(|one| one["skipped"] == true).count(), 2);
}

/// `tc group artifacts` with a manifest: how many files were skipped, and the requests for content.
fn synced(tc: &Tc, storage: &Storage, more: &[&str]) -> (Ran, usize) {
    storage.sent();
    let before = storage.located();
    let args =
        ["artifact", "download", TASK, "public/x", "-r", "0", "-o", "out", "--manifest", "lists/m.json", "--json"];
    let ran = tc.run(&[&args[..], more].concat());
    (ran, storage.seen().len() + storage.located() - before)
}

#[test]
fn what_the_manifest_has_on_record_is_not_even_asked_for() {
    // Nothing but the manifest can tell that the content of a reference is right.
    let storage = Storage::start("reference", Content::new(b"content".to_vec()).without("ETag"));
    let tc = Tc::new().at(storage.url());
    let out = tc.directory().join("out");
    let (first, requests) = synced(&tc, &storage, &[]);
    assert_eq!((first.status, requests, &first.json()[0]["skipped"]), (0, 2, &json!(false)));
    let (second, requests) = synced(&tc, &storage, &[]);
    second.status(0).stderr(&format!("{} is there already, and right.\n", out.display()));
    assert_eq!(
        (requests, &second.json()[0]["skipped"], &second.json()[0]["url"]),
        (0, &json!(true), &first.json()[0]["url"])
    );
    // A file that is another by now is fetched again, be it as long; and so is one that is gone.
    for change in [
        |out: &Path| fs::write(out, "CONTENT"),
        |out: &Path| fs::write(out, "longer content"),
        |out: &Path| fs::remove_file(out),
    ] {
        change(&out).unwrap();
        let (ran, requests) = synced(&tc, &storage, &[]);
        assert_eq!((ran.status, requests, fs::read(&out).unwrap()), (0, 2, b"content".to_vec()), "{ran}");
    }
    // So is one that another run made, and one that is to be fetched in any case.
    assert_eq!(synced(&tc, &storage, &["--force"]).1, 2);
    assert_eq!(synced(&tc, &storage, &[]).1, 0);
    let other = ["artifact", "download", TASK, "public/x", "-r", "1", "-o", "out", "--manifest", "lists/m.json"];
    tc.run(&other).status(0).stderr(&format!("{} is there already, and right.\n", out.display()));
    assert_eq!(synced(&tc, &storage, &[]).1, 2);
    let wrong = "0".repeat(64);
    let (ran, requests) = synced(&tc, &storage, &["--sha256", &wrong]);
    assert_eq!((ran.status, requests), (1, 2), "{ran}");
    // A file that is only left as it is keeps its record.
    assert_eq!(synced(&tc, &storage, &["--no-clobber"]).1, 0);
    assert_eq!(synced(&tc, &storage, &[]).1, 0);
}

#[test]
fn a_manifest_that_is_none_is_told_and_replaced() {
    let storage = Storage::start("s3", Content::new(b"content".to_vec()));
    let tc = Tc::new().at(storage.url());
    let path = tc.directory().join("lists/m.json");
    synced(&tc, &storage, &[]).0.status(0);
    let good = fs::read_to_string(&path).unwrap();
    for (text, said) in [
        (good.replace(']', ""), "is not a manifest (EOF while parsing"),
        ("[package]\nname = \"x\"".to_owned(), "is not a manifest (expected value"),
        (String::new(), "is not a manifest (EOF while parsing"),
        (good.replacen('[', "[7, {\"path\": 1}, ", 1), "2 of 3 records in "),
    ] {
        fs::write(&path, &text).unwrap();
        let ran = synced(&tc, &storage, &[]).0;
        ran.status(0);
        assert!(ran.stderr.starts_with("warning: ") && ran.stderr.contains(said), "{ran}");
        let written: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!((written.as_array().unwrap().len(), &written[0]["name"]), (1, &json!("public/x")));
        synced(&tc, &storage, &[])
            .0
            .status(0)
            .stderr(&format!("{} is there already, and right.\n", tc.directory().join("out").display()));
    }
    // What could not be written in the end is told at the beginning.
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    fs::remove_file(tc.directory().join("out")).unwrap();
    let (ran, requests) = synced(&tc, &storage, &[]);
    ran.status(1).stdout("");
    assert_eq!(requests, 0);
}

#[test]
fn a_group_is_synced_by_its_manifest_and_records_of_other_calls_stay() {
    let rig = some();
    let get = |artifact: &str| {
        let args =
            ["group", "artifacts", &rig.task, "--artifact", artifact, "-o", "g", "--manifest", "m.json", "--json"];
        let ran = rig.run(&args);
        ran.status(0);
        ran.json()
    };
    assert_eq!(get("public/build/*").as_array().unwrap().len(), 2);
    let skipped = |records: &Value| records.as_array().unwrap().iter().filter(|one| one["skipped"] == true).count();
    assert_eq!(skipped(&get("public/logs/*")), 0);
    let manifest: Value = serde_json::from_str(&rig.read("m.json")).unwrap();
    assert_eq!(manifest.as_array().unwrap().len(), 3);
    let again = get("public/**");
    assert_eq!((again.as_array().unwrap().len(), skipped(&again)), (4, 3));
    let links = |records: &Value| {
        records
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["name"] == "public/link" && one["hashes"]["sha256"].is_string())
            .count()
    };
    assert_eq!(links(&again), 1);
    assert_eq!(skipped(&get("public/**")), 4);
}
