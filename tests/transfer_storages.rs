//! What storages say of what they have, and what may be in the way of a file.

use std::fs;
use std::sync::{Arc, mpsc};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::fake_clock::FakeClock;
use crate::support::fake_server::{Answer, FakeServer};
use crate::support::hand_clock::HandClock;
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

/// As Google writes its hashes.
fn google(bytes: &[u8]) -> String {
    use md5::Digest as _;
    let crc = STANDARD.encode(crc32c::crc32c(bytes).to_be_bytes());
    format!("crc32c={crc},md5={}", STANDARD.encode(md5::Md5::digest(bytes)))
}

#[test]
fn what_google_promises_is_checked() {
    for (length, large) in [(LENGTH, true), (1000, false)] {
        let bytes = noise(length);
        let right = google(&bytes);
        let (crc, md5) = right.split_once(',').unwrap();
        for hashes in [crc, md5, &right] {
            let storage = Storage::start("reference", Content::new(bytes.clone()).header("x-goog-hash", hashes));
            let tc = tc(&storage);
            download(&tc, &[]).status(0).stderr("");
            assert!(out(&tc) == bytes);
            assert_eq!(download(&tc, &["--json"]).json()[0]["skipped"], json!(true), "{hashes} {large}");
        }
        let wrong = google(b"other");
        let (crc, md5) = wrong.split_once(',').unwrap();
        for hashes in [crc, md5, &wrong] {
            let storage = Storage::start("reference", Content::new(bytes.clone()).header("x-goog-hash", hashes));
            let tc = tc(&storage);
            let ran = download(&tc, &[]);
            ran.status(1).stdout("");
            assert!(ran.stderr.contains("but x-goog-hash says"), "{ran}");
            assert_eq!(fs::read_dir(tc.directory()).unwrap().count(), 0);
        }
        let storage = Storage::start("reference", Content::new(b"text".to_vec()).header("x-goog-hash", &wrong));
        let ran = tc(&storage).run(&["artifact", "cat", TASK, "public/x"]);
        ran.status(1).stdout("text");
    }
}

#[test]
fn an_answer_without_a_length_is_as_long_as_what_google_has_stored() {
    let bytes = noise(LENGTH);
    let content = Content::new(bytes.clone()).header("x-goog-stored-content-length", &LENGTH.to_string());
    let content = content.header("x-goog-stored-content-encoding", "identity");
    for cut in [LENGTH, LENGTH / 3] {
        let storage = Storage::start("reference", content.clone());
        storage.faults(&[Fault::Unmeasured(cut)]);
        let tc = tc(&storage);
        download(&tc, &[]).status(0);
        assert!(out(&tc) == bytes, "{cut}");
        storage.faults(&[Fault::Unmeasured(cut)]);
        let ran = download(&tc, &["--force", "--retries", "0"]);
        ran.status(if cut == LENGTH { 0 } else { 7 });
    }
}

#[test]
fn an_empty_body_that_is_said_to_be_compressed_is_an_empty_file() {
    for storage_type in ["s3", "reference"] {
        let storage = Storage::start(storage_type, Content::new(Vec::new()).header("Content-Encoding", "gzip"));
        let tc = tc(&storage);
        download(&tc, &[]).status(0).stderr("");
        assert!(out(&tc).is_empty());
        tc.run(&["artifact", "cat", TASK, "public/x"]).status(0).stdout("").stderr("");
    }
}

#[test]
fn what_is_there_and_right_is_left_alone_without_a_manifest() {
    let text: Vec<u8> = (0..300_000_u32).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
    for (text, fetched) in [(text.clone(), 0..=8), (b"short\n".to_vec(), 0..=100)] {
        let content = Content::new(gzip(&text)).header("Content-Encoding", "gzip");
        let storage = Storage::start("s3", content);
        let tc = tc(&storage);
        download(&tc, &[]).status(0);
        assert!(out(&tc) == text);
        let before = fs::metadata(tc.directory().join("out")).unwrap().modified().unwrap();
        let ran = download(&tc, &["--json"]);
        ran.status(0);
        let record = &ran.json()[0];
        assert_eq!((&record["skipped"], &record["size"]), (&json!(true), &json!(text.len())));
        assert!(fetched.contains(&record["transferred"].as_u64().unwrap()), "{record}");
        assert_eq!(fs::metadata(tc.directory().join("out")).unwrap().modified().unwrap(), before);
        // A file that differs is replaced, as long as it may be.
        let mut wrong = text.clone();
        wrong[2] ^= 1;
        fs::write(tc.directory().join("out"), &wrong).unwrap();
        assert_eq!(download(&tc, &["--json"]).json()[0]["skipped"], json!(false));
        assert!(out(&tc) == text);
    }
}

#[test]
fn sizes_are_those_of_the_file_and_not_of_the_wire() {
    let text: Vec<u8> = (0..300_000_u32).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
    let storage = Storage::start("s3", Content::new(gzip(&text)).header("Content-Encoding", "gzip"));
    let artifact =
        json!({"name": "public/x", "storageType": "s3", "contentType": "a/b", "expires": "2100-01-01T00:00:00.000Z"});
    storage.answer(&format!("GET /api/queue/v1/task/{TASK}/artifacts"), json!({"artifacts": [artifact]}));
    let ran = tc(&storage).run(&["artifact", "list", TASK, "--sizes", "--json"]);
    assert_eq!(ran.status(0).json()[0]["size"], json!(text.len()));
    assert!(storage.seen().iter().skip(1).all(|seen| seen.sent <= 8), "only the end is asked for");
    let ran = tc(&storage).terminal().run(&["artifact", "download", TASK, "public/x", "-o", "out"]);
    assert!(ran.stderr.contains("1 file, 3.49 MB in "), "{ran}");
}

#[test]
fn what_is_left_beyond_the_end_of_an_unfinished_file_is_cut_off() {
    for storage_type in ["s3", "object", "reference"] {
        let bytes = noise(LENGTH);
        let storage = Storage::start(storage_type, Content::new(bytes.clone()));
        storage.faults(&[Fault::CutAfter(LENGTH / 2)]);
        let tc = tc(&storage);
        download(&tc, &["--retries", "0"]).status(7);
        let part = tc.directory().join("out.tc.part");
        let mut longer = fs::read(&part).unwrap();
        longer.resize(LENGTH + 1000, 7);
        fs::write(&part, longer).unwrap();
        let ran = download(&tc, &["--json"]);
        ran.status(0);
        assert!(out(&tc) == bytes, "{storage_type}");
        assert_eq!(ran.json()[0]["hashes"]["sha256"], json!(sha256(&bytes)));
    }
}

#[cfg(unix)]
#[test]
fn links_in_the_way_of_an_unfinished_file_are_never_written_through() {
    use std::os::unix::fs::symlink;
    let text: Vec<u8> = (0..300_000_u32).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
    let (plain, compressed) = (noise(LENGTH), gzip(&text));
    for (bytes, encoding, content) in [(&plain, "identity", &plain), (&compressed, "gzip", &text)] {
        let storage = Storage::start("s3", Content::new(bytes.clone()).header("Content-Encoding", encoding));
        for suffix in [".tc.part", ".tc.part.json", ".tc.part.json.new", ".tc.decoded"] {
            let tc = tc(&storage);
            let (other, link) = (tc.directory().join("other"), tc.directory().join(format!("out{suffix}")));
            fs::write(&other, "not ours").unwrap();
            symlink(&other, &link).unwrap();
            // The second call finds what the first one left, and another link.
            storage.faults(&[Fault::CutAfter(bytes.len() / 2)]);
            download(&tc, &["--retries", "0"]).status(7);
            fs::remove_file(&link).unwrap_or_default();
            symlink(&other, &link).unwrap();
            download(&tc, &[]).status(0);
            assert!(out(&tc) == *content, "{suffix}");
            assert!(tc.directory().join("out").symlink_metadata().unwrap().is_file());
            assert_eq!(fs::read_to_string(&other).unwrap(), "not ours", "{suffix}");
        }
    }
}

#[test]
fn a_failure_of_the_storage_keeps_its_cause_after_retries() {
    let root = FakeServer::start();
    let call = format!("GET /api/queue/v1/task/{TASK}/artifact-content/public%2Fx");
    // Nothing listens there: the port was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    root.expect(&call, Answer::json(200, json!({"storageType": "s3", "url": format!("http://{free}/x")}).to_string()));
    let clock = FakeClock::at("2026-11-22T12:00:00Z");
    let tc = Tc::new().at(root.url()).environment(|environment| environment.with_clock(clock));
    let ran = tc.run(&["artifact", "cat", TASK, "public/x", "--retries", "1"]);
    ran.status(7).stdout("");
    assert!(ran.stderr.contains(&format!("cannot connect to {free} (after 2 tries)")), "{ran}");
    assert!(ran.stderr.contains("  caused by: Connection refused"), "{ran}");
}

#[test]
fn a_storage_that_asks_to_wait_is_announced() {
    let root = FakeServer::start();
    let call = format!("GET /api/queue/v1/task/{TASK}/artifact-content/public%2Fx");
    let url = format!("{}/x", root.url());
    root.expect(&call, Answer::json(200, json!({"storageType": "s3", "url": url}).to_string()));
    root.expect("GET /x", Answer::new(503, "").header("Retry-After", "4"))
        .expect("GET /x", Answer::new(200, "content"));
    let clock = FakeClock::at("2026-11-22T12:00:00Z");
    let tc = Tc::new().at(root.url()).environment(|environment| environment.with_clock(clock));
    let ran = tc.run(&["artifact", "cat", TASK, "public/x"]);
    ran.status(0).stdout("content");
    assert!(ran.stderr.contains("the server asks to wait 4 s before the next try"), "{ran}");
}

#[test]
fn an_object_whose_credentials_are_of_no_use_is_had_another_way() {
    let name = "public/a b[1].txt";
    let path = "public%2Fa%20b%5B1%5D.txt";
    let object = json!({"storageType": "object", "name": format!("t/{name}"), "credentials":
        {"clientId": format!("artifact-download/{TASK}/0/{name}"), "accessToken": "key"}});
    let (root, storage) = (FakeServer::start(), FakeServer::start());
    let url = format!("{}/o", storage.url());
    // The credentials of the caller do.
    root.expect(
        &format!("GET /api/queue/v1/task/{TASK}/artifact-content/{path}"),
        Answer::json(200, object.to_string()),
    );
    let found = json!({"method": "getUrl", "url": url, "expires": "2100-01-01T00:00:00.000Z",
        "hashes": {"sha256": sha256(b"content")}});
    root.expect(&format!("PUT /api/object/v1/start-download/t%2F{path}"), Answer::json(200, found.to_string()));
    storage.expect("GET /o", Answer::new(200, "content"));
    let tc = Tc::new().at(root.url());
    let own = Tc::new().at(root.url()).env("TASKCLUSTER_CLIENT_ID", "me").env("TASKCLUSTER_ACCESS_TOKEN", "key");
    own.run(&["artifact", "cat", TASK, name]).status(0).stdout("content").stderr("");
    assert!(root.requests()[1].header("authorization").unwrap().contains("id=\"me\""));
    // Nobody's credentials do not, and the queue redirects.
    root.expect(
        &format!("GET /api/queue/v1/task/{TASK}/artifact-content/{path}"),
        Answer::json(200, object.to_string()),
    );
    root.expect(&format!("GET /api/queue/v1/task/{TASK}/artifacts/{path}"), Answer::redirect(303, &url));
    storage.expect("GET /o", Answer::new(200, "content"));
    tc.run(&["artifact", "cat", TASK, name]).status(0).stdout("content").stderr("");
}

/// A run with a time limit of a minute, which passes when `is_due` has come back.
fn limited(tc: Tc, args: &[&str], is_due: impl FnOnce()) -> (Tc, Ran) {
    let clock = HandClock::at(&chrono::Utc::now().to_rfc3339());
    let tc = tc.environment(|environment| environment.with_clock(clock.clone()));
    let ran = std::thread::scope(|scope| {
        let running = scope.spawn(|| tc.run(&[args, &["--timeout", "60s"]].concat()));
        is_due();
        clock.pass(chrono::TimeDelta::seconds(60));
        running.join().unwrap()
    });
    (tc, ran)
}

#[test]
fn no_transfer_hangs_for_longer_than_the_time_limit() {
    let storage = Storage::start("s3", Content::new(noise(LENGTH)));
    storage.faults(&[Fault::StallAfter(LENGTH / 2)]);
    let download = ["artifact", "download", TASK, "public/x", "-o", "out", "--retries", "0"];
    let asked_for = || {
        while storage.seen().is_empty() {
            std::thread::yield_now();
        }
    };
    let (_, ran) = limited(Tc::new().at(storage.url()), &download, asked_for);
    ran.status(8).stdout("").stderr(
        "error: the transfer did not end within 60s: 0 files are complete\n\
         hint: The same command goes on with what is left.\n",
    );
    let (root, storage) = (FakeServer::start(), FakeServer::start());
    let slot = json!({"storageType": "s3", "putUrl": format!("{}/x", storage.url()), "contentType": "text/plain",
        "expires": "2100-01-01T00:00:00.000Z"});
    let call = format!("POST /api/queue/v1/task/{TASK}/runs/0/artifacts/public%2Fx.txt");
    root.expect(&call, Answer::json(200, slot.to_string()));
    storage.expect("PUT /x", Answer::hang());
    let tc = Tc::new().at(root.url());
    fs::write(tc.directory().join("x.txt"), "content").unwrap();
    let upload = ["artifact", "upload", "x.txt", "--task", TASK, "--run", "0", "--expires", "1 day", "--retries", "0"];
    let (_tc, ran) = limited(tc, &upload, || storage.wait_for_requests(1));
    ran.status(8)
        .stdout("")
        .stderr("error: the transfer did not end within 60s\nhint: Allow more time with --timeout.\n");
}

/// The address of a server that sends a byte now and then, for ever; each connection is told of once some have come.
fn trickle() -> (String, mpsc::Receiver<()>) {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let (mut connection, tell) = (connection.unwrap(), tell.clone());
            std::thread::spawn(move || {
                let mut head = BufReader::new(connection.try_clone().unwrap()).lines().map_while(Result::ok);
                head.find(String::is_empty);
                let mut sent = connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
                for count in 0.. {
                    if sent.is_err() {
                        break;
                    }
                    std::thread::sleep(std::time::Duration::from_millis(20));
                    sent = connection.write_all(b"x");
                    if count == 5 {
                        // The test may be over.
                        tell.send(()).unwrap_or_default();
                    }
                }
            });
        }
    });
    (url, told)
}

#[test]
fn a_transfer_that_trickles_ends_at_the_time_limit() {
    let root = FakeServer::start();
    let (url, trickled) = trickle();
    let content = json!({"storageType": "reference", "url": url});
    let path = format!("GET /api/queue/v1/task/{TASK}/artifact-content/public%2Fx");
    root.expect_times(3, &path, Answer::json(200, content.to_string()));
    let limited = |args: &[&str]| {
        limited(Tc::new().at(root.url()), args, || trickled.recv_timeout(std::time::Duration::from_secs(60)).unwrap())
    };
    let (tc, ran) = limited(&["artifact", "download", TASK, "public/x", "-o", "out"]);
    ran.stdout("")
        .stderr(
            "error: the transfer did not end within 60s: 0 files are complete\n\
             hint: The same command goes on with what is left.\n",
        )
        .status(8);
    assert!(!tc.directory().join("out").exists());
    let (_, ran) = limited(&["artifact", "cat", TASK, "public/x"]);
    ran.stderr("error: the transfer did not end within 60s\nhint: Allow more time with --timeout.\n").status(8);
    let (_, ran) = limited(&["download", "artifact", TASK, "public/x", "out"]);
    ran.status(8);
}

#[test]
fn what_was_printed_is_not_said_to_go_on() {
    let storage = Storage::start("s3", Content::new(b"text ".repeat(10_000)));
    let faults =
        || storage.faults(&[Fault::CutAfter(1000), Fault::Status(503), Fault::Status(503), Fault::Status(503)]);
    let tc = tc(&storage);
    faults();
    let ran = tc.run(&["artifact", "cat", TASK, "public/x", "--retries", "1"]);
    ran.status(7);
    assert!(ran.stderr.contains("(after 2 tries)") && !ran.stderr.contains("same command"), "{ran}");
    faults();
    let ran = download(&tc, &["--retries", "1"]);
    ran.status(7).stdout("");
    assert!(ran.stderr.contains("hint: The same command goes on where this one stopped.\n"), "{ran}");
}

#[test]
fn an_object_is_uploaded_as_the_caller_where_its_own_credentials_are_of_no_use() {
    let name = "public/a b.txt";
    let path = "public%2Fa%20b.txt";
    let root = FakeServer::start();
    let created = json!({"storageType": "object", "name": format!("t/{name}"), "projectId": "p", "uploadId": "u",
        "expires": "2100-01-01T00:00:00.000Z",
        "credentials": {"clientId": format!("artifact-upload/{TASK}/0/{name}"), "accessToken": "key"}});
    let taken = json!({"projectId": "p", "uploadId": "u", "expires": "2100-01-01T00:00:00.000Z",
        "uploadMethod": {"dataInline": true}});
    let artifact = format!("/api/queue/v1/task/{TASK}/runs/0/artifacts/{path}");
    root.expect(&format!("POST {artifact}"), Answer::json(200, created.to_string()))
        .expect(&format!("PUT /api/object/v1/upload/t%2F{path}"), Answer::json(200, taken.to_string()))
        .expect(&format!("POST /api/object/v1/finish-upload/t%2F{path}"), Answer::json(200, "{}"))
        .expect(&format!("PUT {artifact}"), Answer::json(200, "{}"));
    let tc = Tc::new().at(root.url()).env("TASKCLUSTER_CLIENT_ID", "me").env("TASKCLUSTER_ACCESS_TOKEN", "key");
    fs::write(tc.directory().join("a b.txt"), "content").unwrap();
    let args =
        ["artifact", "upload", "a b.txt", "--type", "object", "--task", TASK, "--run", "0", "--expires", "1 day"];
    tc.run(&args).status(0).stdout("public/a b.txt\n").stderr("");
    assert!(root.requests().iter().all(|request| request.header("authorization").unwrap().contains("id=\"me\"")));
}
