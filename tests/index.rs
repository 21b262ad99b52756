//! `tc index`, against the sandbox.

use std::fs;

use chrono::{TimeDelta, Utc};
use serde_json::json;
use tc::sandbox::{Options, Sandbox};

use crate::support::Tc;
use crate::support::task::{definition, queue, stamp};
use crate::support::wire::Wire;

const OTHER: &str = "fN1SbArXTPSVFNUvaOlinQ";

fn sandbox() -> (Sandbox, Tc) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new().signed_in(&sandbox);
    (sandbox, tc)
}

/// A completed task.
fn task(sandbox: &Sandbox, age: TimeDelta) -> String {
    let (id, now) = (slugid::nice(), Utc::now());
    let mut body = definition(now, &id);
    body["created"] = stamp(now - age).into();
    queue(sandbox, now, "PUT", &format!("/task/{id}"), &body).is(200, "");
    id
}

fn insert(sandbox: &Sandbox, path: &str, task: &str, rank: i64) {
    let body = json!({"taskId": task, "rank": rank, "data": {}, "expires": stamp(Utc::now() + TimeDelta::days(2))});
    Wire::new(sandbox, "PUT", &format!("/api/index/v1/task/{path}")).json(&body).send().is(200, "");
}

#[test]
fn tasks_are_found_by_path_and_by_page() {
    let (sandbox, tc) = sandbox();
    insert(&sandbox, "project.x.latest", OTHER, 0);
    insert(&sandbox, "project.y", OTHER, 0);
    tc.run(&["index", "find", "project.x.latest"]).stdout(&format!("{OTHER}\n")).stderr("").status(0);
    let page = format!("{}/tasks/index/project.x/latest", sandbox.root_url());
    tc.run(&["index", "find", &page]).stdout(&format!("{OTHER}\n")).stderr("").status(0);
    let ran = tc.run(&["index", "find", "project.z"]);
    ran.stdout("").status(5);
    assert!(ran.stderr.contains("\nhint: `tc index list project` shows what is there.\n"), "{ran}");
    tc.run(&["index", "find", "project..z"])
        .stdout("")
        .stderr("error: invalid index path `project..z`: it has an empty part\n")
        .status(2);
    let tc = tc.stdin("project.y\nproject.x.latest rest\nproject.z\n");
    let ran = tc.run(&["index", "find", "-"]);
    ran.stdout(&format!("{OTHER}\tproject.y\n{OTHER}\tproject.x.latest\n")).status(3);
    assert!(ran.stderr.starts_with("warning: project.z: "), "{ran}");
    assert!(ran.stderr.ends_with("error: 1 of 3 index paths could not be looked up\n"), "{ran}");
    assert_eq!(tc.run(&["index", "find", "project.y", "--json"]).json()["taskId"], OTHER);
}

#[test]
fn a_namespace_is_listed_and_all_below_it_when_asked_for() {
    let (sandbox, tc) = sandbox();
    let task = task(&sandbox, TimeDelta::zero());
    for path in ["a.b.c", "a.b.d", "a.e.f.g", "a.b"] {
        insert(&sandbox, path, &task, 0);
    }
    let shown = |args: &[&str]| {
        let ran = tc.run(args);
        ran.stderr("").status(0);
        let cells = |line: &str| line.split('\t').take(3).collect::<Vec<_>>().join(" ");
        ran.stdout.lines().map(cells).collect::<Vec<_>>().join("\n").replace(&task, "T")
    };
    assert_eq!(shown(&["index", "list"]), "namespace a ");
    assert_eq!(shown(&["index", "list", "a"]), "task a.b T\nnamespace a.b \nnamespace a.e ");
    let all =
        "task a.b T\nnamespace a.b \ntask a.b.c T\ntask a.b.d T\nnamespace a.e \nnamespace a.e.f \ntask a.e.f.g T";
    assert_eq!(shown(&["index", "list", "a", "-r"]), all);
    let json = tc.run(&["index", "list", "a", "--recursive", "--json"]).json();
    assert_eq!((json["tasks"].as_array().unwrap().len(), json["namespaces"].as_array().unwrap().len()), (4, 3));
    let tree = Tc::new().signed_in(&sandbox).env("NO_COLOR", "1").terminal().run(&["index", "list", "-r", "a.e"]);
    tree.status(0);
    assert!(tree.stdout.starts_with(&format!("f.\n  g  {task}  expires in 1 d ")), "{tree}");
    tc.run(&["index", "list", "z"]).stdout("").stderr("No entries in `z`.\n").status(0);
}

#[test]
fn only_tasks_that_were_created_since_are_listed() {
    let (sandbox, tc) = sandbox();
    let (new, old) = (task(&sandbox, TimeDelta::zero()), task(&sandbox, TimeDelta::minutes(10)));
    insert(&sandbox, "a.new", &new, 0);
    insert(&sandbox, "a.old", &old, 0);
    insert(&sandbox, "b.old", &old, 0);
    insert(&sandbox, "b.gone", OTHER, 0);
    let paths = |since: &str| -> Vec<String> {
        let ran = tc.run(&["index", "list", "-r", "--since", since]);
        ran.status(0);
        ran.stdout.lines().map(|line| line.split('\t').nth(1).unwrap().to_owned()).collect()
    };
    assert_eq!(paths("5 minutes"), ["a", "a.new"]);
    assert_eq!(paths("1 hour"), ["a", "a.new", "a.old", "b", "b.old"]);
    assert_eq!(paths(&stamp(Utc::now() - TimeDelta::minutes(5))), ["a", "a.new"]);
    tc.run(&["index", "list", "--since", "soon"]).stdout("").status(2);
}

#[test]
fn a_task_is_inserted_unless_one_of_a_higher_rank_is_there() {
    let (sandbox, tc) = sandbox();
    let task = task(&sandbox, TimeDelta::zero());
    tc.run(&["index", "insert", "a.b", &task, "-n"]).stderr("Nothing was sent.\n").status(0);
    tc.run(&["index", "find", "a.b"]).status(5);
    let ran = tc.run(&["index", "insert", "a.b", &task, "--rank", "7", "--data", "x: 1"]);
    ran.stdout(&format!("a.b is task {task}\n")).stderr("").status(0);
    let entry = tc.run(&["index", "find", "a.b", "--json"]).json();
    assert_eq!((&entry["rank"], &entry["data"]), (&json!(7), &json!({"x": 1})));
    let definition = tc.run(&["task", "def", &task]).json();
    assert_eq!(entry["expires"], definition["expires"]);
    let ran = tc.run(&["index", "insert", "a.b", OTHER, "--rank", "6", "--expires", "1 day"]);
    ran.stdout("").status(6).stderr(&format!(
        "error: `a.b` keeps task {task}, whose rank is 7\nhint: Give a --rank that is as high or higher.\n"
    ));
    let ran = tc.run(&["index", "insert", "a.b", OTHER]);
    ran.stdout("").status(5);
    assert!(ran.stderr.contains("hint: Check the task ID; tasks are deleted when they expire.\n"), "{ran}");
    assert!(!ran.stderr.contains("tc index list"), "{ran}");
    tc.run(&["index", "insert", "a..b", &task]).stdout("").status(2);
    tc.run(&["index", "insert", "a.b", &task, "--data", "[1]"]).stderr("error: the data is not an object\n").status(2);
}

#[test]
fn entries_are_removed_after_a_yes() {
    let (sandbox, tc) = sandbox();
    insert(&sandbox, "a.b", OTHER, 0);
    tc.run(&["index", "rm", "a.b"]).stdout("").status(2);
    tc.run(&["index", "rm", "a.b", "a.c", "--yes"]).stdout("").status(5);
    tc.run(&["index", "rm", "a.b", "-n"]).stdout(&format!("Would remove a.b (task {OTHER})\n")).stderr("").status(0);
    tc.run(&["index", "rm", "a.b", "--yes"]).stdout("a.b removed\n").stderr("").status(0);
    tc.run(&["index", "find", "a.b"]).status(5);
}

#[test]
fn artifacts_of_an_indexed_task_are_downloaded_private_ones_as_well() {
    let (sandbox, tc) = sandbox();
    let task = crate::support::task::running(&sandbox, Utc::now());
    let files = [("public/a[1].txt", "one"), ("private/b.txt", "two")];
    for (name, text) in files {
        fs::write(tc.directory().join("file"), text).unwrap();
        tc.run(&["artifact", "upload", "--task", &task, "file", "--name", name]).status(0);
    }
    insert(&sandbox, "a.b", &task, 0);
    tc.run(&["index", "download", "a.b", "public/a[1].txt", "-o", "-"]).stdout("one").status(0);
    tc.run(&["index", "download", "a.b", "private/b.txt", "-o", "here.txt"]).status(0);
    assert_eq!(fs::read_to_string(tc.directory().join("here.txt")).unwrap(), "two");
    tc.run(&["index", "download", "a.b", "--all", "--flat", "-o", "all/"]).status(0);
    let mut names: Vec<String> = fs::read_dir(tc.directory().join("all"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["a[1].txt", "b.txt"]);
    let ran = tc.run(&["index", "download", "a.b", "public/*.zip"]);
    ran.stdout("").status(5).stderr(&format!(
        "error: no artifact of task {task}, run 0, is `public/*.zip`\nhint: tc artifact list {task} -r 0 shows the names.\n"
    ));
    let stranger = Tc::new().at(sandbox.root_url());
    stranger.run(&["index", "download", "a.b", "private/b.txt"]).stdout("").status(4);
    assert!(!stranger.directory().join("private/b.txt").exists());
}

#[test]
fn namespaces_and_tasks_complete_in_the_shell() {
    let (sandbox, _) = sandbox();
    for path in ["project.x.latest", "project.xy", "private.z"] {
        insert(&sandbox, path, OTHER, 0);
    }
    let tc = Tc::new().signed_in(&sandbox).env("TC_COMPLETE", "bash");
    let offers = |words: &[&str], expected: &str| {
        tc.run(words).stdout(expected).stderr("").status(0);
    };
    offers(&["index", "list", ""], "private.\nproject.\n");
    offers(&["index", "list", "project."], "project.x.\n");
    offers(&["index", "find", "project.x"], "project.x.\nproject.xy\n");
    offers(&["index", "download", "project.x.l"], "project.x.latest\n");
    offers(&["index", "li"], "list\n");
    tc.run(&["index", "find", "nothing."]).stdout("").stderr("").status(1);
    let nobody = Tc::new().at("http://localhost:1").env("TC_COMPLETE", "bash");
    nobody.run(&["index", "find", "project."]).stdout("").stderr("").status(1);
}

#[test]
fn verbs_that_take_one_task_take_an_index_path_or_the_page_of_one() {
    let (sandbox, tc) = sandbox();
    let task = crate::support::task::running(&sandbox, Utc::now());
    fs::write(tc.directory().join("file"), "text").unwrap();
    tc.run(&["artifact", "upload", "--task", &task, "file", "--name", "public/a"]).status(0);
    insert(&sandbox, "a.b", &task, 0);
    let page = format!("{}/tasks/index/a/b", sandbox.root_url());
    for words in [["a.b", "--index"].as_slice(), &[page.as_str()]] {
        let listed = tc.run(&[&["artifact", "list"], words].concat());
        assert!(listed.status(0).stdout.starts_with("public/a\t"), "{listed}");
        tc.run(&[&["artifact", "cat"], words, &["public/a"]].concat()).stdout("text").status(0);
        let url = tc.run(&[&["artifact", "url"], words, &["public/a"]].concat());
        assert!(url.status(0).stdout.contains(&task), "{url}");
    }
    tc.run(&["artifact", "list", "a..b", "--index"]).stdout("").status(2);
}

#[test]
fn verbs_that_take_a_task_find_it_by_its_index_path() {
    let (sandbox, tc) = sandbox();
    let task = crate::support::task::running(&sandbox, Utc::now());
    insert(&sandbox, "a.b", &task, 0);
    fs::write(tc.directory().join("x.txt"), "content").unwrap();
    tc.run(&["artifact", "upload", "x.txt", "--task", "a.b", "--index", "--run", "0"]).status(0);
    tc.run(&["artifact", "cat", &task, "public/x.txt"]).stdout("content").status(0);
    tc.run(&["download", "artifact", "a.b", "public/x.txt", "-", "--index"]).stdout("content").stderr("").status(0);
    let ran = tc.run(&["task", "validate", "a.b", "--index"]);
    assert_eq!(ran.stdout, tc.run(&["task", "validate", &task]).stdout, "{ran}");
    tc.run(&["index", "insert", "c.d", "a.b", "--index"]).stdout(&format!("c.d is task {task}\n")).stderr("").status(0);
    tc.run(&["artifact", "upload", "x.txt", "--index"]).status(2);
    let ran = tc.run(&["task", "validate", "a.x", "--index"]);
    ran.stdout("").status(5);
    assert!(ran.stderr.contains("\nhint: `tc index list a` shows what is there.\n"), "{ran}");
}
