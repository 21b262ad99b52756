//! `tc artifact`, `tc group artifacts` and `tc download artifact` against the sandbox, whose storage refuses credentials.

use std::fs;
use std::path::Path;

use chrono::Utc;
use serde_json::{Value, json};
use tc::sandbox::{Blob, Options, Sandbox, Stored};

use crate::support::fake_server::{Answer, FakeServer};
use crate::support::storage::{Content, Storage, TASK};
use crate::support::task::{queue, running, running_until};
use crate::support::{Ran, Tc, gzip};

struct Rig {
    sandbox: Sandbox,
    tc: Tc,
    task: String,
}

impl Rig {
    fn new() -> Self {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let task = running(&sandbox, Utc::now());
        let tc = Tc::new().signed_in(&sandbox);
        Self { sandbox, tc, task }
    }

    fn add(&self, name: &str, stored: Stored, blob: Blob) -> &Self {
        self.sandbox.add_artifact(&self.task, 0, name, stored, blob).unwrap();
        self
    }

    fn create(&self, name: &str, body: Value) -> &Self {
        let mut body = body;
        body["expires"] = crate::support::task::stamp(Utc::now() + chrono::TimeDelta::days(1)).into();
        let route = format!("/task/{}/runs/0/artifacts/{}", self.task, name.replace('/', "%2F"));
        queue(&self.sandbox, Utc::now(), "POST", &route, &body).is(200, "");
        self
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.tc.run(args)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.tc.directory().join(path)).unwrap()
    }
}

/// All files below a folder, in order.
fn tree(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(tree(&path).into_iter().map(|below| format!("{name}/{below}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

fn some() -> Rig {
    let rig = Rig::new();
    rig.add("public/build/target.zip", Stored::Object, Blob::new("zip"))
        .add("public/build/a.txt", Stored::S3, Blob::new("text").content_type("text/plain"))
        .add("public/logs/live.log", Stored::S3, Blob::new(gzip(b"log\n")).content_encoding("gzip"))
        .add("private/key", Stored::S3, Blob::new("secret"));
    rig.create(
        "public/link",
        json!({"storageType": "link", "artifact": "public/build/a.txt", "contentType": "text/plain"}),
    );
    rig.create(
        "public/error",
        json!({"storageType": "error", "reason": "too-large-file-on-worker", "message": "12 GB"}),
    );
    rig
}

#[test]
fn artifacts_are_listed_with_their_sizes() {
    let rig = some();
    let ran = rig.run(&["artifact", "list", &rig.task, "--sizes"]);
    ran.status(0).stderr("");
    let lines: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split('\t').collect()).collect();
    let shown: Vec<[&str; 3]> = lines.iter().map(|line| [line[0], line[1], line[4]]).collect();
    let gzipped = gzip(b"log\n").len().to_string();
    assert_eq!(
        shown,
        [
            ["private/key", "s3", "6"],
            ["public/build/a.txt", "s3", "4"],
            ["public/build/target.zip", "object", "3"],
            ["public/error", "error", ""],
            ["public/link", "link", "4"],
            ["public/logs/live.log", "s3", &gzipped],
        ]
    );
    let json = rig.run(&["artifact", "list", &rig.task, "-r", "0", "--json"]).json();
    assert_eq!((json.as_array().unwrap().len(), &json[1]["contentType"]), (6, &json!("text/plain")));
    let table = rig.run(&["artifact", "list", &rig.task, "--jq", ".[].name"]);
    assert_eq!(table.stdout.lines().count(), 6);
}

#[test]
fn any_type_is_printed_decoded() {
    let rig = some();
    for (name, text) in [
        ("public/build/target.zip", "zip"),
        ("public/link", "text"),
        ("public/logs/live.log", "log\n"),
        ("private/key", "secret"),
    ] {
        rig.run(&["artifact", "cat", &rig.task, name]).status(0).stdout(text).stderr("");
    }
    let page = format!("{}/tasks/{}/runs/0/public%2Fbuild%2Fa.txt", rig.sandbox.root_url(), rig.task);
    rig.run(&["artifact", "cat", &page]).status(0).stdout("text");
    rig.run(&["artifact", "cat", &rig.task, "public/error"]).status(1).stdout("");
    rig.run(&["artifact", "cat", &rig.task, "public/none"]).status(5).stdout("");
    rig.run(&["artifact", "cat", &rig.task]).status(2);
}

#[test]
fn a_signed_url_lets_anyone_in() {
    let rig = some();
    let url = rig.run(&["artifact", "url", &rig.task, "private/key", "--signed"]).status(0).stdout.clone();
    assert!(url.contains("bewit="), "{url}");
    let reply = crate::support::wire::Wire::to(url.trim_end(), "GET").send();
    assert_eq!(reply.status, 303);
    let plain = rig.run(&["artifact", "url", &rig.task, "private/key", "-r", "0"]);
    plain.status(0).stdout(&format!(
        "{}/api/queue/v1/task/{}/runs/0/artifacts/private%2Fkey\n",
        rig.sandbox.root_url(),
        rig.task
    ));
}

#[test]
fn patterns_and_all_keep_folders() {
    let rig = some();
    rig.run(&["artifact", "download", &rig.task, "public/build/*", "-o", "one"]).status(0).stderr("");
    assert_eq!(tree(&rig.tc.directory().join("one")), ["public/build/a.txt", "public/build/target.zip"]);
    rig.run(&["artifact", "download", &rig.task, "--all", "-o", "all"]).status(0);
    let all = tree(&rig.tc.directory().join("all"));
    assert_eq!(all.len(), 5, "{all:?}");
    assert_eq!(rig.read("all/public/logs/live.log"), "log\n");
    rig.run(&["artifact", "download", &rig.task, "public/**", "--flat", "-o", "flat"]).status(0);
    assert_eq!(tree(&rig.tc.directory().join("flat")), ["a.txt", "link", "live.log", "target.zip"]);
    rig.run(&["artifact", "download", &rig.task, "public/build/a.txt"]).status(0);
    assert_eq!(rig.read("public/build/a.txt"), "text");
    rig.run(&["artifact", "download", &rig.task, "public/build/a.txt", "-o", "-"]).status(0).stdout("text");
    rig.run(&["artifact", "download", &rig.task, "public/none*", "-o", "x"]).status(5);
    rig.run(&["artifact", "download", &rig.task]).status(2);
}

#[test]
fn one_that_fails_does_not_stop_the_others() {
    let rig = some();
    let ran = rig.run(&["artifact", "download", &rig.task, "public/error", "public/build/a.txt", "-o", "x"]);
    ran.status(3).stdout(&format!("{}\n", rig.tc.directory().join("x/public/build/a.txt").display()));
    assert!(ran.stderr.contains("is an error: too-large-file-on-worker: 12 GB"), "{ran}");
    assert!(ran.stderr.contains("1 of 2 files could not be downloaded"), "{ran}");
}

#[test]
fn each_failure_of_many_names_its_file() {
    let rig = some();
    let ran = rig.run(&["artifact", "download", &rig.task, "public/none", "public/nil", "public/build/a.txt"]);
    ran.status(3);
    for name in ["public/none", "public/nil"] {
        let said = format!("Warning: artifact `{name}` of task {}, run 0: queue.artifact failed: ", rig.task);
        assert!(ran.stderr.contains(&said), "{ran}");
    }
    let shows = format!("Hint: tc artifact list {} shows what there is.", rig.task);
    assert!(ran.stderr.contains(&shows), "{ran}");
    let fresh = Rig::new();
    fresh.run(&["artifact", "list", &fresh.task]).status(0).stdout("").stderr("No artifacts.\n");
    fresh.run(&["artifact", "list", &fresh.task, "--json"]).status(0).stdout("[]\n").stderr("");
}

#[test]
fn a_terminal_gets_whole_characters_and_no_commands() {
    // The pieces that arrive end in the middle of characters.
    let text = "日本語 ünï\n".repeat(20_000);
    let rig = Rig::new();
    rig.add("public/log", Stored::S3, Blob::new(format!("\u{1b}[2J{text}")));
    rig.add("public/broken", Stored::S3, Blob::new(b"a\xff\xe6\x97".to_vec()));
    let tc = Tc::new().signed_in(&rig.sandbox).terminal();
    let ran = tc.run(&["artifact", "cat", &rig.task, "public/log"]);
    ran.status(0);
    assert!(ran.stdout == format!("[2J{text}"));
    tc.run(&["artifact", "cat", &rig.task, "public/broken"]).status(0).stdout("a\u{fffd}\u{fffd}");
}

#[test]
fn names_that_lead_out_of_the_folder_are_refused() {
    let rig = Rig::new();
    for name in ["public/../../escaped", "public/a\\..\\b", "public/Same", "public/same", "public/aux.txt"] {
        rig.add(name, Stored::S3, Blob::new("x"));
    }
    let ran = rig.run(&["artifact", "download", &rig.task, "--all", "-o", "in/out"]);
    ran.status(3);
    assert!(ran.stderr.contains("a part of it is `..`"), "{ran}");
    assert!(ran.stderr.contains("has the character '\\\\' in it"), "{ran}");
    assert!(ran.stderr.contains("`public/Same` differs from `public/same` in nothing but case"), "{ran}");
    assert!(ran.stderr.contains("public/aux.txt is written as public/_aux.txt."), "{ran}");
    assert_eq!(tree(rig.tc.directory()), ["in/out/public/_aux.txt", "in/out/public/same"]);
    rig.run(&["artifact", "download", &rig.task, "public/../../escaped"]).status(1).stdout("");
    rig.run(&["artifact", "download", &rig.task, "public/a\\..\\b", "-o", "named"]).status(0);
    assert_eq!(rig.read("named"), "x");
}

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
    tc.run(&other).status(0).stderr("");
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
        (good.replace(']', ""), "is no manifest (EOF while parsing"),
        ("[package]\nname = \"x\"".to_owned(), "is no manifest (expected value"),
        (String::new(), "is no manifest (EOF while parsing"),
        (good.replacen('[', "[7, {\"path\": 1}, ", 1), "2 of 3 records in "),
    ] {
        fs::write(&path, &text).unwrap();
        let ran = synced(&tc, &storage, &[]).0;
        ran.status(0);
        assert!(ran.stderr.starts_with("Warning: ") && ran.stderr.contains(said), "{ran}");
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

#[test]
fn artifacts_of_a_whole_group() {
    let rig = some();
    let ran = rig.run(&["group", "artifacts", &rig.task, "--artifact", "public/build/*", "-o", "g", "--name", "^n$"]);
    ran.status(0).stderr("");
    let task = &rig.task;
    assert_eq!(
        tree(&rig.tc.directory().join("g")),
        [format!("{task}/public/build/a.txt"), format!("{task}/public/build/target.zip")]
    );
    rig.run(&["group", "artifacts", task, "--artifact", "private/key", "-o", "h", "--path", "{label}/{run}-{file}"])
        .status(0);
    assert_eq!(tree(&rig.tc.directory().join("h")), ["n/0-key"]);
    rig.run(&["group", "artifacts", task, "--artifact", "x", "--path", "{nmae}"]).status(2);
    // What no task has is missing; what one of them has not is not.
    for artifact in ["public/none", "public/none*"] {
        let ran = rig.run(&["group", "artifacts", task, "--artifact", artifact, "-o", "i"]);
        ran.status(5).stdout("").stderr("Error: there is no such artifact\n");
    }
    let ran =
        rig.run(&["group", "artifacts", task, "--artifact", "public/none", "--artifact", "private/key", "-o", "i"]);
    ran.status(0).stderr("One task has no such artifact.\n");
    let ran = rig.run(&["group", "artifacts", task, "--artifact", "public/error", "-o", "i"]);
    ran.status(1);
}

#[test]
fn the_forms_of_the_go_tool() {
    let rig = some();
    rig.run(&["download", "artifact", &rig.task, "public/build/a.txt", "a"]).status(0);
    rig.run(&["download", "artifact", &rig.task, "0", "public/build/target.zip", "b"]).status(0);
    assert_eq!((rig.read("a"), rig.read("b")), ("text".into(), "zip".into()));
    rig.run(&["download", "artifact", &rig.task, "public/none", "c"]).status(5);
    rig.run(&["download", "artifact", &rig.task]).status(2);
}

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
    assert!(ran.stderr.contains("Warning: artifact `public/none.txt`: cannot read "), "{ran}");
    assert!(ran.stderr.contains("Warning: artifact `public/b.txt`: queue.createArtifact"), "{ran}");
    assert!(ran.stderr.contains("Error: 2 of 4 files could not be uploaded\n"), "{ran}");
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
        .expect(&format!("GET /api/queue/v1/task/{task}"), json(json!({"expires": expires})))
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

#[test]
fn a_summary_for_people_ends_transfers() {
    let rig = some();
    let tc = Tc::new().signed_in(&rig.sandbox).terminal();
    let ran = tc.run(&["artifact", "download", &rig.task, "public/build/*", "-o", "x"]);
    ran.status(0);
    let last = ran.stderr.lines().last().unwrap();
    assert!(last.starts_with("2 files, 7 bytes in ") && last.ends_with("/s)."), "{ran}");
    fs::write(tc.directory().join("f.txt"), "hello").unwrap();
    let ran = tc.run(&["artifact", "upload", "--task", &rig.task, "f.txt"]);
    ran.status(0);
    let last = ran.stderr.lines().last().unwrap();
    assert!(last.starts_with("1 file, 5 bytes in ") && last.ends_with("/s)."), "{ran}");
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
fn the_index_leads_to_a_task() {
    let rig = some();
    let body = json!({"taskId": rig.task, "rank": 0, "data": {},
        "expires": crate::support::task::stamp(Utc::now() + chrono::TimeDelta::days(1))});
    let wire = crate::support::wire::Wire::new(&rig.sandbox, "PUT", "/api/index/v1/task/a.b.latest");
    wire.json(&body).at(Utc::now()).send().is(200, "");
    rig.run(&["artifact", "download", "--index", "a.b.latest", "public/build/a.txt", "-o", "x"]).status(0);
    assert_eq!(rig.read("x"), "text");
    // All words are names.
    let ran =
        rig.run(&["artifact", "download", "--index", "a.b.latest", "public/build/a.txt", "public/logs/*", "-o", "y"]);
    ran.status(0);
    assert_eq!(tree(&rig.tc.directory().join("y")), ["public/build/a.txt", "public/logs/live.log"]);
    rig.run(&["artifact", "download", "--index", "a.b.other", "public/build/a.txt"]).status(5).stdout("");
    rig.run(&["artifact", "download", "--index", "a.b.latest"]).status(2).stdout("");
    rig.run(&["artifact", "download", "--index", "a..b", "public/build/a.txt"]).status(1).stdout("");
}

#[test]
fn a_run_is_what_it_was_when_a_newer_one_has_begun() {
    let rig = some();
    let route = |what: &str| format!("/task/{}/{what}", rig.task);
    queue(&rig.sandbox, Utc::now(), "POST", &route("runs/0/completed"), &Value::Null).is(200, "");
    queue(&rig.sandbox, Utc::now(), "POST", &route("rerun"), &Value::Null).is(200, "");
    let worker = json!({"workerGroup": "g", "workerId": "w"});
    queue(&rig.sandbox, Utc::now(), "POST", &route("runs/1/claim"), &worker).is(200, "");
    rig.sandbox.add_artifact(&rig.task, 1, "public/build/a.txt", Stored::S3, Blob::new("newer")).unwrap();
    for (run, expected) in [(&["-r", "0"][..], "text"), (&["-r", "1"], "newer"), (&[], "newer")] {
        let get = |name: &str, file: &str| {
            let args = ["artifact", "download", &rig.task, name, "-o", file];
            rig.run(&[&args[..], run].concat()).status(0);
        };
        get("public/build/a.txt", "one");
        get("public/build/*.txt", "many");
        assert_eq!((rig.read("one"), rig.read("many/public/build/a.txt")), (expected.into(), expected.into()));
        rig.run(&[&["artifact", "cat", &rig.task, "public/build/a.txt"], run].concat()).stdout(expected);
    }
    assert_eq!(rig.run(&["artifact", "list", &rig.task]).stdout.lines().count(), 1);
    assert_eq!(rig.run(&["artifact", "list", &rig.task, "-r", "0"]).stdout.lines().count(), 6);
    rig.run(&["artifact", "list", &rig.task, "-r", "2"]).status(5);
}

#[test]
fn sizes_are_asked_for_and_nothing_is_fetched() {
    let storage = Storage::start("s3", Content::new(b"content".to_vec()));
    let artifact =
        json!({"name": "public/x", "storageType": "s3", "contentType": "a/b", "expires": "2100-01-01T00:00:00.000Z"});
    storage.answer(&format!("GET /api/queue/v1/task/{TASK}/artifacts"), json!({"artifacts": [artifact]}));
    storage.answer(
        &format!("GET /api/queue/v1/task/{TASK}/artifact-content/public%2Fx"),
        json!({"storageType": "s3", "url": "<storage>/x"}),
    );
    let ran = Tc::new().at(storage.url()).run(&["artifact", "list", TASK, "--sizes"]);
    ran.status(0).stdout("public/x\ts3\ta/b\t2100-01-01T00:00:00.000Z\t7\n").stderr("");
    assert_eq!(storage.seen().iter().map(|seen| seen.verb.as_str()).collect::<Vec<_>>(), ["HEAD"]);
    assert_eq!(storage.sent(), 0);
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
