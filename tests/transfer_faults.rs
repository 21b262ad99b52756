//! Each fault of a storage in each type of storage that can have it: what is mended, what is told, what is on the disk.

use std::fs;
use std::sync::Arc;

use chrono::Utc;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use tc::sandbox::{Blob, Options, Sandbox, Stored};

use crate::support::fake_clock::FakeClock;
use crate::support::storage::{Content, Fault, Storage, TASK, noise, sha256};
use crate::support::task::{queue, running, stamp};
use crate::support::{Ran, Tc, gzip};

/// `simple` is an object service that knows nothing but plain URLs.
const TYPES: [&str; 4] = ["s3", "object", "simple", "reference"];
/// Fetched into memory, and fetched by way of a file.
const LENGTHS: [usize; 2] = [50_000, 400_000];

fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Content with the hash that each type of storage has to offer.
fn content(storage_type: &str, bytes: &[u8]) -> Content {
    let content = Content::new(bytes.to_vec());
    if storage_type == "s3" { content.header("ETag", &format!("\"{}\"", md5(bytes))) } else { content }
}

struct Rig {
    storage: Storage,
    tc: Tc,
}

impl Rig {
    fn new(storage_type: &'static str, content: Content) -> Self {
        let storage = Storage::start(storage_type, content);
        let clock = FakeClock::at("2026-11-22T12:00:00Z");
        let tc = Tc::new()
            .at(storage.url())
            .env("TASKCLUSTER_CLIENT_ID", "me")
            .env("TASKCLUSTER_ACCESS_TOKEN", "hunter2")
            .environment(|environment| environment.with_clock(clock.clone() as Arc<dyn tc::Clock>));
        fs::write(tc.directory().join("out"), "old").unwrap();
        Self { storage, tc }
    }

    fn download(&self, more: &[&str]) -> Ran {
        self.tc.run(&[&["artifact", "download", TASK, "public/x", "-o", "out", "--connections", "1"], more].concat())
    }

    fn out(&self) -> Vec<u8> {
        fs::read(self.tc.directory().join("out")).unwrap()
    }

    fn names(&self) -> Vec<String> {
        names(&self.tc)
    }
}

fn names(tc: &Tc) -> Vec<String> {
    let entries = fs::read_dir(tc.directory()).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn faults_that_pass_are_mended_in_every_type_of_storage() {
    for length in LENGTHS {
        let bytes = noise(length);
        let half = length / 2;
        for (name, faults, retries) in [
            ("cut after n bytes", vec![Fault::CutAfter(half)], 1),
            ("cut before the first byte", vec![Fault::CutAfter(0)], 1),
            ("cut again and again", vec![Fault::CutAfter(half / 4); 5], 5),
            ("no answer", vec![Fault::Drop, Fault::Drop], 2),
            ("stall", vec![Fault::StallAfter(half)], 1),
            ("500s", vec![Fault::Status(500), Fault::Status(502)], 2),
            ("429", vec![Fault::Status(429)], 1),
            ("500 in the middle", vec![Fault::CutAfter(half), Fault::Status(503)], 2),
            ("Range ignored", vec![Fault::CutAfter(half), Fault::IgnoreRange], 1),
            (
                "Range ignored, and cut before anything is new",
                vec![Fault::CutAfter(half), Fault::IgnoreRange, Fault::CutAfter(half / 2)],
                2,
            ),
        ] {
            for storage_type in TYPES {
                let rig = Rig::new(storage_type, content(storage_type, &bytes));
                rig.storage.faults(&faults);
                let ran = rig.download(&["--json", "--stall", "300ms"]);
                ran.status(0).stderr("");
                let record = &ran.json()[0];
                assert!(rig.out() == bytes, "{name}, {storage_type}, {length}");
                if !faults.contains(&Fault::IgnoreRange) || faults.len() == 2 {
                    assert_eq!(record["retries"], retries, "{name}, {storage_type}, {length}");
                }
                assert_eq!(record["hashes"]["sha256"], sha256(&bytes));
                assert_eq!(rig.names(), ["out"], "{name}, {storage_type}, {length}");
            }
        }
    }
}

#[test]
fn a_slow_storage_is_waited_for_while_bytes_come() {
    let bytes = noise(LENGTHS[1]);
    for storage_type in TYPES {
        let rig = Rig::new(storage_type, content(storage_type, &bytes).rate(2_000_000));
        rig.download(&["--stall", "10s", "--retries", "0"]).status(0);
        assert!(rig.out() == bytes, "{storage_type}");
    }
}

#[test]
fn an_expired_url_is_renewed_where_it_can_be() {
    for length in LENGTHS {
        let bytes = noise(length);
        for (storage_type, renewed) in [("s3", true), ("object", true), ("simple", true), ("reference", false)] {
            let rig = Rig::new(storage_type, content(storage_type, &bytes));
            rig.storage.faults(&[Fault::CutAfter(length / 2), Fault::Expired]);
            let ran = rig.download(&[]);
            if renewed {
                ran.status(0);
                assert!(rig.out() == bytes, "{storage_type}");
                assert_eq!(rig.storage.located(), 2, "{storage_type}");
            } else {
                ran.status(1).stdout("");
                assert!(ran.stderr.contains("answered 403: AccessDenied"), "{ran}");
                assert_eq!(rig.out(), b"old");
            }
        }
    }
}

/// What each type of storage has to say about its content is held against it.
#[test]
fn what_is_wrong_never_gets_the_final_name() {
    for length in LENGTHS {
        let bytes = noise(length);
        let mut flipped = bytes.clone();
        flipped[length / 2] ^= 0x20;
        let short = bytes[..length - 1].to_vec();
        for (name, stored) in [("wrong hash", flipped), ("wrong length", short)] {
            for storage_type in TYPES {
                let mut content = content(storage_type, &bytes);
                content.bytes = Arc::new(stored.clone());
                let rig = Rig::new(storage_type, content);
                let (wanted, found, flags) = match storage_type {
                    "s3" => (md5(&bytes), md5(&stored), vec![]),
                    "reference" => (sha256(&bytes), sha256(&stored), vec!["--sha256".to_owned(), sha256(&bytes)]),
                    _ => (sha256(&bytes), sha256(&stored), vec![]),
                };
                let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
                let ran = rig.download(&flags);
                ran.status(1).stdout("");
                assert!(ran.stderr.contains(&wanted) && ran.stderr.contains(&found), "{name}, {storage_type}: {ran}");
                assert_eq!(rig.out(), b"old", "{name}, {storage_type}");
                assert_eq!(rig.names(), ["out"], "{name}, {storage_type}");
                let cat = rig.tc.run(&["artifact", "download", TASK, "public/x", "-o", "/dev/null"]);
                assert_eq!(cat.status, u8::from(storage_type != "reference"), "{name}, {storage_type}: {cat}");
            }
        }
    }
}

#[test]
fn a_wrong_trailer_is_found_in_every_type_of_storage() {
    for length in LENGTHS {
        let packed = gzip(&noise(length));
        for offset in [4, 8] {
            let mut wrong = packed.clone();
            let at = wrong.len() - offset;
            wrong[at] ^= 1;
            for storage_type in TYPES {
                // The hashes are right, so that nothing but the trailer can tell.
                let content = content(storage_type, &wrong)
                    .header("Content-Encoding", "gzip")
                    .hashes(json!({"sha256": sha256(&noise(length))}));
                let rig = Rig::new(storage_type, content);
                let ran = rig.download(&[]);
                ran.status(1).stdout("");
                assert!(ran.stderr.contains("cannot be decompressed"), "{storage_type}: {ran}");
                assert_eq!(rig.out(), b"old");
                assert_eq!(rig.names(), ["out"], "{storage_type}, {length}");
                rig.tc.run(&["artifact", "download", TASK, "public/x", "-o", "/dev/null"]).status(1);
            }
        }
    }
}

#[test]
fn faults_that_last_are_told_and_keep_what_is_here() {
    let bytes = noise(LENGTHS[1]);
    for (name, fault, said) in [
        ("cut", Fault::CutAfter(100_000), "broke off"),
        ("stall", Fault::StallAfter(100_000), "nothing more came from"),
        ("500", Fault::Status(500), "answered 500: SlowDown"),
        ("no answer", Fault::Drop, "connection"),
    ] {
        for storage_type in TYPES {
            let rig = Rig::new(storage_type, content(storage_type, &bytes));
            rig.storage.faults(&[Fault::CutAfter(150_000), fault]);
            rig.download(&["--retries", "0"]).status(7).stdout("");
            let ran = rig.download(&["--retries", "0", "--stall", "300ms"]);
            ran.status(7).stdout("");
            assert!(ran.stderr.contains(said), "{name}, {storage_type}: {ran}");
            assert_eq!(rig.out(), b"old");
            rig.storage.sent();
            rig.download(&[]).status(0);
            assert!(rig.out() == bytes, "{name}, {storage_type}");
            let here = if matches!(fault, Fault::CutAfter(_) | Fault::StallAfter(_)) { 250_000 } else { 150_000 };
            assert_eq!(rig.storage.sent(), bytes.len() - here, "{name}, {storage_type}");
            assert_eq!(rig.names(), ["out"]);
        }
    }
}

/// One artifact of each type on a sandbox whose storage has these faults.
fn rehearsed(storage_type: &str, faults: &str, blob: Blob) -> (Sandbox, Tc, String) {
    let faults = format!("{faults},only=/public-bucket/,only=/private-bucket/");
    let sandbox = Sandbox::start(Options::default().faults(faults.parse().unwrap())).unwrap();
    let task = running(&sandbox, Utc::now());
    let name = "private/x";
    let create = |name: &str, mut body: Value| {
        body["expires"] = stamp(Utc::now() + chrono::TimeDelta::days(1)).into();
        body["contentType"] = "application/octet-stream".into();
        let route = format!("/task/{task}/runs/0/artifacts/{}", name.replace('/', "%2F"));
        queue(&sandbox, Utc::now(), "POST", &route, &body).is(200, "");
    };
    match storage_type {
        "object" => sandbox.add_artifact(&task, 0, name, Stored::Object, blob).unwrap(),
        "s3" => sandbox.add_artifact(&task, 0, name, Stored::S3, blob).unwrap(),
        "link" => {
            sandbox.add_artifact(&task, 0, "private/target", Stored::S3, blob).unwrap();
            create(name, json!({"storageType": "link", "artifact": "private/target"}));
        }
        _ => {
            sandbox.add_artifact(&task, 0, "public/target", Stored::S3, blob).unwrap();
            let url = format!("{}/public-bucket/{task}/0/public/target", sandbox.storage_url());
            create(name, json!({"storageType": "reference", "url": url}));
        }
    }
    let tc = Tc::new().signed_in(&sandbox);
    fs::write(tc.directory().join("out"), "old").unwrap();
    (sandbox, tc, task)
}

#[test]
fn the_faults_of_the_sandbox_are_found_in_every_type() {
    for storage_type in ["s3", "object", "reference", "link"] {
        for (faults, status, said) in [
            ("truncate=100%:10000", 7, "broke off"),
            ("wrong-hash=100%", 1, "is not what it should be"),
            ("wrong-length=100%", 1, "is not what it should be"),
            ("slow=20MB/s", 0, ""),
            ("stall=100%:10000", 7, "nothing more came from"),
            ("expired=100%", 1, "answered 403: AccessDenied"),
            ("no-range", 0, ""),
            ("error=100%", 7, "answered 500: InternalError"),
            ("error=100%:503", 7, "answered 503: InternalError"),
            ("hangup=100%", 7, "failed: "),
            ("wrong-trailer=100%", 1, "is not what it should be"),
        ] {
            let bytes = noise(400_000);
            let blob = if faults.starts_with("wrong-trailer") {
                Blob::new(gzip(&bytes)).content_encoding("gzip")
            } else {
                Blob::new(bytes.clone())
            };
            let (_sandbox, tc, task) = rehearsed(storage_type, faults, blob);
            let sum = sha256(&bytes);
            let mut args = vec!["artifact", "download", &task, "private/x", "-o", "out"];
            args.extend(["--retries", "0", "--stall", "400ms"]);
            // A reference promises nothing; whoever knows better can say so.
            args.extend(if storage_type == "reference" { vec!["--sha256", &sum] } else { vec![] });
            let ran = tc.run(&args);
            // The URLs of references are nobody's to renew, and this one is not signed.
            let (status, said) = match (storage_type, faults) {
                ("reference", "expired=100%") => (0, ""),
                ("reference" | "object", "wrong-trailer=100%") => (1, "cannot be decompressed"),
                _ => (status, said),
            };
            assert_eq!(ran.status, status, "{storage_type}, {faults}: {ran}");
            assert!(ran.stderr.contains(said), "{storage_type}, {faults}: {ran}");
            let out = fs::read(tc.directory().join("out")).unwrap();
            assert!(out == if status == 0 { bytes } else { b"old".to_vec() }, "{storage_type}, {faults}");
            if status == 1 {
                assert_eq!(names(&tc), ["out"], "{storage_type}, {faults}");
            }
        }
    }
}
