//! `tc task errors` and `tc group failures`, against a sandbox.

use std::io::Write as _;

use serde_json::{Value, json};
use tc::sandbox::{Blob, Stored};

use crate::support::group::Group;

const BACKING: &str = "public/logs/live_backing.log";

fn packed(text: &str) -> Blob {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    Blob::new(encoder.finish().unwrap()).content_type("text/plain").content_encoding("gzip")
}

/// A task that failed with this log, compressed.
fn failed(group: &Group, name: &str, log: &str, more: &Value) -> String {
    failed_with(group, name, &[(BACKING, log)], more)
}

/// A task that failed with these artifacts.
fn failed_with(group: &Group, name: &str, artifacts: &[(&str, &str)], more: &Value) -> String {
    let id = group.define(name, more);
    group.queue("claimTask", &[&id, "0"], Some(json!({"workerGroup": "g", "workerId": "w"})));
    for (artifact, text) in artifacts {
        group.sandbox.add_artifact(&id, 0, artifact, Stored::S3, packed(text)).unwrap();
    }
    group.queue("reportFailed", &[&id, "0"], None);
    id
}

fn on(platform: &str) -> Value {
    json!({"extra": {"treeherder": {"machine": {"platform": platform}, "collection": {"opt": true}}}})
}

fn strings(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

#[test]
fn errors_shows_the_lines_with_their_numbers_and_marks_the_best() {
    let group = Group::new();
    let log = "[task 2026-11-22T12:00:00.000Z] start\n\
        [task 2026-11-22T12:00:01.000Z] \u{1b}[31mERROR\u{1b}[0m - no display\n\
        [task 2026-11-22T12:00:02.000Z] TEST-UNEXPECTED-FAIL | dom/a.html | got 1\n\
        [taskcluster:error] exit status 1\n";
    let id = failed(&group, "test", log, &json!({}));
    let expected = "  2  ERROR - no display\n> 3  TEST-UNEXPECTED-FAIL | dom/a.html | got 1\n  4  [taskcluster:error] exit status 1\n";
    group.tc().run(&["task", "errors", &id]).stdout(expected).stderr("").status(0);
    let found = group.tc().run(&["task", "errors", "--json", &id]).json();
    assert_eq!(
        (&found["line"], &found["kind"], &found["exitStatus"], &found["source"]),
        (&json!("TEST-UNEXPECTED-FAIL | dom/a.html | got 1"), &json!("test"), &json!(1), &json!(BACKING))
    );
    assert_eq!(found["errors"][1]["before"], json!(["start", "ERROR - no display"]));
    assert_eq!(found["errors"][1]["test"], json!("dom/a.html"));
}

#[test]
fn errors_of_a_report_come_before_those_of_the_log() {
    let group = Group::new();
    let none = json!({});
    let summary =
        r#"{"action": "test_result", "test": "dom/b.html", "status": "FAIL", "expected": "PASS", "message": "m"}"#;
    let artifacts = [(BACKING, "ERROR - something\n"), ("public/test_info/wpt_errorsummary.log", summary)];
    let id = failed_with(&group, "test", &artifacts, &none);
    let ran = group.tc().run(&["task", "errors", &id]);
    ran.stdout("> 1  TEST-UNEXPECTED-FAIL | dom/b.html | m\n").status(0);
    let junit =
        r#"<testsuite><testcase classname="Cart" name="total"><failure message="3 is not 4"/></testcase></testsuite>"#;
    let unit = failed_with(&group, "unit", &[(BACKING, "BUILD FAILED\n"), ("public/junit.xml", junit)], &none);
    group.tc().run(&["task", "errors", &unit]).stdout("> 1  Cart.total: 3 is not 4\n").status(0);
    // A report in which nothing failed does not hide what the log tells.
    let artifacts = [(BACKING, "No space left on device\n"), ("public/junit.xml", "<testsuite/>")];
    let lost = failed_with(&group, "lost", &artifacts, &none);
    group.tc().run(&["task", "errors", &lost]).stdout("> 1  No space left on device\n").status(0);
}

#[test]
fn errors_of_a_log_without_any_says_so() {
    let group = Group::new();
    let id = failed(&group, "test", "all is well\nreally\n", &json!({}));
    let ran = group.tc().run(&["task", "errors", &id]);
    ran.stdout("").stderr(&format!("No line of {BACKING} reports an error. Its last: really\n")).status(0);
    let none = group.task("none", "failed");
    group.tc().run(&["task", "errors", &none]).stdout("").stderr(&format!("error: task {none} has no log\n")).status(5);
}

#[test]
fn failures_are_put_together_by_what_they_have_in_common() {
    let group = Group::new();
    let test = |number: usize| format!("fine\nTEST-UNEXPECTED-FAIL | dom/a.html | got {number}, expected 0\n");
    let tests: Vec<String> = (0..3)
        .map(|number| failed(&group, &format!("test-{number}"), &test(number), &on(["linux", "win", "linux"][number])))
        .collect();
    let disk =
        failed(&group, "build", "cp: error writing 'x': No space left on device\nmake: *** [x] Error 1\n", &json!({}));
    let silent = failed(&group, "silent", "nothing\n[taskcluster:error] exit status 1\n", &json!({}));
    let lost = group.define("lost", &json!({"retries": 0}));
    group.queue("claimTask", &[&lost, "0"], Some(json!({"workerGroup": "g", "workerId": "w"})));
    group.queue("reportException", &[&lost, "0"], Some(json!({"reason": "worker-shutdown"})));
    let cancelled = group.task("cancelled", "pending");
    group.queue("cancelTask", &[&cancelled], None);

    let ran = group.tc().run(&["group", "failures", "--json", &group.id]);
    ran.status(0).stderr("");
    let found = ran.json();
    let clusters = found["clusters"].as_array().unwrap();
    let told: Vec<(u64, &str, bool)> = clusters
        .iter()
        .map(|it| {
            (it["count"].as_u64().unwrap(), it["kind"].as_str().unwrap(), it["infrastructure"].as_bool().unwrap())
        })
        .collect();
    assert_eq!(told, [(3, "test", false), (1, "disk", true), (1, "worker", true)]);
    let mut ids = strings(&clusters[0]["tasks"]);
    let mut expected: Vec<&str> = tests.iter().map(String::as_str).collect();
    ids.sort_unstable();
    expected.sort_unstable();
    assert_eq!(ids, expected);
    assert_eq!(strings(&clusters[0]["platforms"]), ["linux/opt", "win/opt"]);
    assert_eq!((&clusters[1]["tasks"], &clusters[2]["line"]), (&json!([disk]), &json!("exception: worker-shutdown")));
    assert_eq!(found["unexplained"], json!([silent]));

    let text = group.tc().run(&["group", "failures", &group.id]).stdout;
    assert!(text.starts_with("3 x (test) TEST-UNEXPECTED-FAIL | dom/a.html | got "), "{text}");
    assert!(text.contains("1 x (disk, infrastructure) cp: error writing 'x': No space left on device\n"), "{text}");
    assert!(text.ends_with(&format!("1 x not explained by any log\n    {silent} silent\n")), "{text}");

    let ids = group.tc().run(&["group", "failures", "--ids", "--only", "infrastructure", &group.id]);
    let mut lines: Vec<&str> = ids.stdout.lines().collect();
    let mut expected = [disk.as_str(), lost.as_str()];
    lines.sort_unstable();
    expected.sort_unstable();
    assert_eq!(lines, expected);
    let by =
        group.tc().run(&["group", "failures", "--by", "platform", "--jq", ".clusters[] | [.line, .count]", &group.id]);
    by.stdout("[\"(no platform)\",2]\n[\"linux/opt\",2]\n[\"win/opt\",1]\n").status(0);
    let kinds = group.tc().run(&["group", "failures", "--by", "kind", "--jq", ".clusters[].line", &group.id]);
    kinds.stdout("test\ndisk\nworker\n").status(0);
}

#[test]
fn what_is_new_since_another_group_is_marked() {
    let before = Group::new();
    let group = &before;
    let old = slugid::nice();
    failed(group, "a", "TEST-UNEXPECTED-FAIL | dom/a.html | got 1\n", &json!({"taskGroupId": old}));
    failed(group, "a", "TEST-UNEXPECTED-FAIL | dom/a.html | got 2\n", &json!({}));
    let new = failed(group, "b", "TEST-UNEXPECTED-FAIL | dom/b.html | got 2\n", &json!({}));
    let tc = group.tc();
    tc.run(&["group", "failures", "--since", &old, "--jq", ".clusters[] | [.test, .new]", &group.id])
        .stdout("[\"dom/a.html\",false]\n[\"dom/b.html\",true]\n")
        .status(0);
    tc.run(&["group", "failures", "--since", &old, "--new", "--ids", &group.id]).stdout(&format!("{new}\n")).status(0);
    tc.run(&["group", "failures", "--new", &group.id]).status(2);
}

#[test]
fn patterns_of_ones_own_are_read_from_the_settings() {
    let group = Group::new();
    let id = failed(&group, "test", "flux capacitor 3 lost\nERROR - then this\n", &json!({}));
    let tc = group.tc();
    tc.run(&["task", "errors", "--jq", ".line", &id]).stdout("ERROR - then this\n").status(0);
    std::fs::write(tc.directory().join("own.txt"), "# ours\nnetwork flux capacitor \\d+ lost\n").unwrap();
    tc.run(&["task", "errors", "--patterns", "own.txt", "--jq", ".kind", &id]).stdout("network\n").status(0);
    std::fs::create_dir_all(tc.directory().join(".config/tc")).unwrap();
    std::fs::write(tc.directory().join(".config/tc/config.toml"), "patterns = \"own.txt\"\n").unwrap();
    std::fs::write(tc.directory().join(".config/tc/own.txt"), "memory flux\n").unwrap();
    tc.run(&["task", "errors", "--jq", ".kind", &id]).stdout("memory\n").status(0);
    std::fs::write(tc.directory().join("own.txt"), "flux x\n").unwrap();
    let ran = tc.run(&["task", "errors", "--patterns", "own.txt", &id]);
    ran.stdout("").status(2);
    assert!(ran.stderr.contains("own.txt`: line 1 begins with `flux`, not with one of test, "), "{ran}");
}

/// So long that its end is read first, where it is stored as it is.
fn long_log(first: &str, last: &str) -> String {
    let filling = "[task 2026-11-22T12:00:00.000Z] TEST-PASS | dom/a.html | took 12ms\n".repeat(300_000);
    format!("{first}\n{filling}{last}\n")
}

#[test]
fn the_end_of_a_large_plain_log_is_read_first_and_the_rest_where_it_tells_nothing() {
    let fail = |name: &str| format!("TEST-UNEXPECTED-FAIL | dom/{name}.html | got 1");
    for (log, is_packed, expected) in [
        (long_log(&fail("early"), &fail("late")), false, fail("late")),
        (long_log(&fail("early"), "[taskcluster:error] exit status 1"), false, fail("early")),
        // Of two such lines the first one tells the failure, where the whole was read.
        (long_log(&fail("early"), &fail("late")), true, fail("early")),
    ] {
        let group = Group::new();
        let id = group.define("test", &json!({}));
        group.queue("claimTask", &[&id, "0"], Some(json!({"workerGroup": "g", "workerId": "w"})));
        let blob = if is_packed { packed(&log) } else { Blob::new(log).content_type("text/plain") };
        group.sandbox.add_artifact(&id, 0, BACKING, Stored::S3, blob).unwrap();
        group.queue("reportFailed", &[&id, "0"], None);
        let found = group.tc().run(&["group", "failures", "--json", &group.id]).json();
        assert_eq!(found["clusters"][0]["line"], json!(expected));
    }
}

#[test]
fn more_logs_than_there_are_threads_do_not_wait_for_each_other() {
    let group = Group::new();
    let ids: Vec<String> =
        (0..40).map(|number| failed(&group, &format!("test-{number}"), "error: it broke\n", &json!({}))).collect();
    let found = group.tc().run(&["group", "failures", "--json", &group.id]).json();
    assert_eq!(found["clusters"][0]["count"], json!(ids.len()));
}

#[test]
fn a_group_without_failures_says_so() {
    let group = Group::new();
    group.task("a", "completed");
    group.tc().run(&["group", "failures", &group.id]).stdout("").stderr("No failures.\n").status(0);
    group.tc().run(&["group", "failures", "--jq", ".clusters, .unexplained", &group.id]).stdout("[]\n[]\n").status(0);
}
