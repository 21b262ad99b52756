//! `tc artifact upload`: every type, from inside a task and from outside, and what goes wrong.

use std::fs;

use chrono::Utc;
use serde_json::{Value, json};
use tc::sandbox::{Options, Sandbox};

use crate::support::Tc;
use crate::support::artifacts::Rig;
use crate::support::fake_server::{Answer, FakeServer};
use crate::support::storage::TASK;
use crate::support::task::{running, running_until};

#[test]
fn uploads_come_back_as_they_were() {
    let rig = Rig::new();
    let folder = rig.tc.directory().join("dist/sub");
    fs::create_dir_all(&folder).unwrap();
    let large = crate::support::storage::noise(600_000);
    fs::write(folder.join("large.bin"), &large).unwrap();
    fs::write(folder.join("a.json"), "{}").unwrap();
    fs::write(rig.tc.directory().join("empty"), "").unwrap();
    for storage in ["s3", "object"] {
        let prefix = format!("public/{storage}/");
        let ran = rig
            .run(&["artifact", "upload", "dist", "empty", "--task", &rig.task, "--name", &prefix, "--type", storage]);
        let names = ["dist/sub/a.json", "dist/sub/large.bin", "empty"].map(|name| format!("{prefix}{name}\n"));
        ran.status(0).stderr("").stdout(&names.concat());
        let target = format!("back-{storage}");
        let pattern = format!("{prefix}**");
        rig.run(&["artifact", "download", &rig.task, &pattern, "-o", &target]).status(0);
        let path = rig.tc.directory().join(&target).join(&prefix);
        assert!(fs::read(path.join("dist/sub/large.bin")).unwrap() == large);
        assert_eq!(fs::read(path.join("dist/sub/a.json")).unwrap(), b"{}");
        assert_eq!(fs::read(path.join("empty")).unwrap(), b"");
    }
    let listed = rig.run(&["artifact", "list", &rig.task, "--json"]).json();
    let json = listed.as_array().unwrap().iter().find(|one| one["name"] == "public/s3/dist/sub/a.json").unwrap();
    assert_eq!(json["contentType"], "application/json");
}

/// The artifact would be called as the folder is.
#[cfg(unix)]
#[test]
fn a_file_whose_name_is_no_text_is_refused_unless_a_name_is_given() {
    use std::os::unix::ffi::OsStrExt as _;

    let folder = tempfile::tempdir().unwrap();
    let run = |more: &[&str]| {
        let mut tc = std::process::Command::new(env!("CARGO_BIN_EXE_tc"));
        tc.env_clear().env("HOME", folder.path()).current_dir(folder.path()).args(["-R", "http://localhost:1"]);
        tc.args(["artifact", "upload", "--task", TASK, "--run", "0", "--retries", "0"]).args(more);
        let output = tc.arg(std::ffi::OsStr::from_bytes(b"b\xff")).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, said) = run(&[]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.ends_with("b\u{fffd} is not valid UTF-8, so it cannot be an artifact name\n"), "{said}");
    let (_, said) = run(&["--name", "public/b"]);
    assert!(!said.contains("UTF-8"), "{said}");
}

#[test]
fn one_upload_that_fails_does_not_stop_the_others() {
    let rig = Rig::new();
    for name in ["a.txt", "b.txt", "c.txt"] {
        fs::write(rig.tc.directory().join(name), name).unwrap();
    }
    rig.create("public/b.txt", json!({"storageType": "error", "reason": "too-large-file-on-worker", "message": "m"}));
    let upload = |args: &[&str]| rig.run(&[&["artifact", "upload", "--task", &rig.task], args].concat());
    let ran = upload(&["a.txt", "b.txt", "none.txt", "c.txt"]);
    ran.status(3).stdout("public/a.txt\npublic/c.txt\n");
    assert!(ran.stderr.contains("warning: artifact `public/none.txt`: cannot read "), "{ran}");
    assert!(ran.stderr.contains("warning: artifact `public/b.txt`: queue.createArtifact"), "{ran}");
    assert!(ran.stderr.contains("error: 2 of 4 files could not be uploaded\n"), "{ran}");
    rig.run(&["artifact", "cat", &rig.task, "public/c.txt"]).stdout("c.txt");
    // The one failure of one file is the command's own, and so is what all failed of.
    upload(&["b.txt"]).status(6).stdout("");
    rig.create("public/d.txt", json!({"storageType": "error", "reason": "too-large-file-on-worker", "message": "m"}));
    fs::write(rig.tc.directory().join("d.txt"), "d").unwrap();
    upload(&["b.txt", "d.txt"]).status(6).stdout("");
    let ran = upload(&["a.txt", "b.txt", "--json"]);
    ran.status(3);
    assert_eq!((ran.json().as_array().unwrap().len(), &ran.json()[0]["name"]), (1, &json!("public/a.txt")));
}

#[test]
fn inside_a_task_its_proxy_signs_but_for_what_has_credentials_of_its_own() {
    let (proxy, root, storage) = (FakeServer::start(), FakeServer::start(), FakeServer::start());
    let task = TASK;
    let json = |value: Value| Answer::json(200, value.to_string());
    let expires = "2100-01-01T00:00:00.000Z";
    proxy
        .expect(&format!("GET /api/queue/v1/task/{task}"), json(json!({"expires": expires, "metadata": {}})))
        .expect(
            &format!("POST /api/queue/v1/task/{task}/runs/1/artifacts/public%2Fx"),
            json(json!({
            "storageType": "object", "name": "t/x", "projectId": "p", "uploadId": "u", "expires": expires,
            "credentials": {"clientId": "for-the-upload", "accessToken": "key"}})),
        )
        .expect(&format!("PUT /api/queue/v1/task/{task}/runs/1/artifacts/public%2Fx"), json(json!({})));
    let slot = json!({"url": format!("{}/put", storage.url()), "expires": expires, "headers": {}});
    root.expect(
        "PUT /api/object/v1/upload/t%2Fx",
        json(json!({"projectId": "p", "uploadId": "u", "expires": expires,
            "uploadMethod": {"putUrl": slot}})),
    )
    .expect("POST /api/object/v1/finish-upload/t%2Fx", json(json!({})));
    storage.expect("PUT /put", json(json!({})));
    let tc = Tc::new().at(root.url()).env("TASKCLUSTER_PROXY_URL", proxy.url()).env("TASK_ID", task).env("RUN_ID", "1");
    fs::write(tc.directory().join("x"), "content").unwrap();
    tc.run(&["artifact", "upload", "x", "--type", "object"]).status(0).stdout("public/x\n").stderr("");
    assert!(proxy.requests().iter().all(|request| !request.headers.contains_key("authorization")));
    assert!(root.requests().iter().all(|request| request.headers["authorization"].contains("for-the-upload")));
    let put = &storage.requests()[0];
    assert_eq!((put.body.as_slice(), put.headers.get("authorization")), (&b"content"[..], None));
}

#[test]
fn an_object_may_stay_for_longer_than_the_credentials_to_upload_it_are_good() {
    let rig = Rig::new();
    fs::write(rig.tc.directory().join("x"), "content").unwrap();
    // By default it stays for as long as the task, which is longer than any credentials may be good.
    let task = running_until(&rig.sandbox, Utc::now(), Utc::now() + chrono::TimeDelta::days(365));
    rig.run(&["artifact", "upload", "x", "--task", &task, "--type", "object"]).status(0).stderr("");
    rig.run(&["artifact", "cat", &task, "public/x"]).status(0).stdout("content");
}

#[test]
fn two_files_are_not_uploaded_under_one_name() {
    let rig = Rig::new();
    for folder in ["one", "two"] {
        fs::create_dir(rig.tc.directory().join(folder)).unwrap();
        fs::write(rig.tc.directory().join(folder).join("x"), folder).unwrap();
    }
    let ran = rig.run(&["artifact", "upload", "--task", &rig.task, "one/x", "two/x"]);
    ran.status(2).stdout("");
    assert!(ran.stderr.contains("would both be public/x"), "{ran}");
    rig.run(&["artifact", "upload", "--task", &rig.task, "one", "two"])
        .status(0)
        .stdout("public/one/x\npublic/two/x\n");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_named_and_skipped() {
    let rig = Rig::new();
    let folder = rig.tc.directory().join("d");
    fs::create_dir_all(folder.join("below")).unwrap();
    fs::write(folder.join("a.txt"), "a").unwrap();
    std::os::unix::fs::symlink("a.txt", folder.join("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.join("dangling")).unwrap();
    std::os::unix::fs::symlink("below", folder.join("folder")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("below/socket")).unwrap();
    let ran = rig.run(&["artifact", "upload", "--task", &rig.task, "d"]);
    let shown = folder.display();
    ran.status(3).stdout("public/d/a.txt\npublic/d/link\n").stderr(&format!(
        "warning: {shown}/below/socket is neither a file nor a directory: it is skipped\n\
         warning: {shown}/dangling is a link that leads nowhere: it is skipped\n\
         warning: {shown}/folder is a link to a directory: it is skipped\n\
         error: 3 entries were skipped\n"
    ));
}

#[test]
fn artifacts_that_are_not_stored_are_made_too() {
    let rig = Rig::new();
    let upload = |args: &[&str]| rig.run(&[&["artifact", "upload", "--task", &rig.task], args].concat());
    fs::write(rig.tc.directory().join("f.txt"), "hello").unwrap();
    upload(&["f.txt", "--name", "public/f.txt"]).status(0);
    upload(&["--type", "link", "--target", "public/f.txt", "--name", "public/l.txt"]).status(0).stderr("");
    rig.run(&["artifact", "cat", &rig.task, "public/l.txt"]).stdout("hello");
    upload(&["--type", "error", "--reason", "too-large-file-on-worker", "--message", "m", "--name", "public/e"])
        .status(0);
    rig.run(&["artifact", "cat", &rig.task, "public/e"]).status(1);
    upload(&["--type", "reference", "--url", rig.sandbox.storage_url(), "--name", "public/r"]).status(0);
    upload(&["--type", "reference", "--name", "public/r"]).status(2);
    upload(&["f.txt", "f.txt", "--name", "public/one"]).status(2);
    rig.run(&["artifact", "upload", "f.txt"]).status(2);
}

#[test]
fn times_and_types_of_uploads_are_as_given() {
    let rig = Rig::new();
    for name in ["a.html", "a.tar.gz", "a.log", "a"] {
        fs::write(rig.tc.directory().join(name), "x").unwrap();
    }
    let upload = |args: &[&str]| rig.run(&[&["artifact", "upload", "--task", &rig.task], args].concat());
    upload(&["a.html", "a.tar.gz", "a.log", "a"]).status(0).stderr("");
    upload(&["a", "--name", "public/b", "--content-type", "text/x-mine", "--expires", "2 hours"]).status(0);
    let listed = rig.run(&["artifact", "list", &rig.task]).stdout.clone();
    let types: Vec<&str> = listed.lines().map(|line| line.split('\t').nth(2).unwrap()).collect();
    assert_eq!(types, ["application/octet-stream", "text/html", "text/plain", "application/gzip", "text/x-mine"]);
    let last = listed.lines().last().unwrap().split('\t').nth(3).unwrap();
    let expires: chrono::DateTime<Utc> = last.parse().unwrap();
    assert!((expires - Utc::now() - chrono::TimeDelta::hours(2)).abs() < chrono::TimeDelta::minutes(5), "{last}");
    upload(&["a", "--expires", "in a while"]).status(2).stdout("");
    upload(&["a", "--name", "public/late", "--expires", "10 years"]).status(1).stdout("");
}

#[test]
fn a_storage_that_refuses_or_loses_an_upload_is_an_error() {
    for storage_type in ["s3", "object"] {
        for (fault, status) in [("expired=100%", 1), ("error=100%:500", 7), ("hangup=100%", 7), ("429=100%", 7)] {
            let plan = format!("{fault},only=/public-bucket/").parse().unwrap();
            let sandbox = Sandbox::start(Options::default().faults(plan)).unwrap();
            let task = running(&sandbox, Utc::now());
            let tc = Tc::new().signed_in(&sandbox);
            fs::write(tc.directory().join("x"), vec![7; 20_000]).unwrap();
            let args = ["artifact", "upload", "x", "--task", &task, "--type", storage_type, "--retries", "0"];
            let ran = tc.run(&args);
            ran.status(status).stdout("");
            assert!(ran.stderr.contains("artifact `public/x`"), "{storage_type}, {fault}: {ran}");
            let got = tc.run(&["artifact", "cat", &task, "public/x", "--retries", "0"]);
            assert_ne!(got.status, 0, "{storage_type}, {fault}");
        }
    }
}
