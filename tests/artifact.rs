//! `tc artifact`, `tc group artifacts` and `tc download artifact` against the sandbox, whose storage refuses credentials.

use std::fs;

use chrono::Utc;
use serde_json::{Value, json};
use tc::sandbox::{Blob, Stored};

use crate::support::Tc;
use crate::support::artifacts::{Rig, some, tree};
use crate::support::storage::{Content, Storage, TASK};
use crate::support::task::queue;

#[test]
fn artifacts_are_listed_with_their_sizes() {
    let rig = some();
    let ran = rig.run(&["artifact", "list", &rig.task, "--sizes"]);
    ran.status(0).stderr("");
    let lines: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split('\t').collect()).collect();
    let shown: Vec<[&str; 3]> = lines.iter().map(|line| [line[0], line[1], line[4]]).collect();
    assert_eq!(
        shown,
        [
            ["private/key", "s3", "6"],
            ["public/build/a.txt", "s3", "4"],
            ["public/build/target.zip", "object", "3"],
            ["public/error", "error", ""],
            ["public/link", "link", "4"],
            ["public/logs/live.log", "s3", "4"],
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
    let ran = rig.run(&["artifact", "download", &rig.task, "--all", "-o", "all"]);
    ran.status(3);
    assert!(ran.stderr.contains("`public/error`") && ran.stderr.contains("too-large-file-on-worker: 12 GB"), "{ran}");
    assert!(ran.stderr.contains("1 of 6 files could not be downloaded"), "{ran}");
    let all = tree(&rig.tc.directory().join("all"));
    assert_eq!(all.len(), 5, "{all:?}");
    assert_eq!(rig.read("all/public/logs/live.log"), "log\n");
    rig.run(&["artifact", "download", &rig.task, "public/**", "--flat", "-o", "flat"]).status(3);
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
        let said = format!("warning: artifact `{name}` of task {}, run 0: queue.artifact failed: ", rig.task);
        assert!(ran.stderr.contains(&said), "{ran}");
    }
    let shows = format!("hint: `tc artifact list {}` lists the artifacts that exist.", rig.task);
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
        ran.status(5).stdout("").stderr("error: artifact not found\n");
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
fn a_summary_for_people_ends_transfers() {
    let rig = some();
    let tc = Tc::new().signed_in(&rig.sandbox).terminal();
    let ran = tc.run(&["artifact", "download", &rig.task, "public/build/*", "-o", "x"]);
    ran.status(0);
    let last = ran.stderr.lines().last().unwrap();
    assert!(last.starts_with("2 files, 7 B in ") && last.ends_with("/s)."), "{ran}");
    fs::write(tc.directory().join("f.txt"), "hello").unwrap();
    let ran = tc.run(&["artifact", "upload", "--task", &rig.task, "f.txt"]);
    ran.status(0);
    let last = ran.stderr.lines().last().unwrap();
    assert!(last.starts_with("1 file, 5 B in ") && last.ends_with("/s)."), "{ran}");
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
