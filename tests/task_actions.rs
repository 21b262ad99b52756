//! `tc task`: what changes tasks.

use std::fs;

use serde_json::json;

use crate::support::group::Group;

const UNKNOWN: &str = "VESwp9JaRo-XkFN_bemBhw";

#[test]
fn rerun_refuses_what_did_not_fail() {
    let group = Group::new();
    for state in ["completed", "pending", "running", "unscheduled"] {
        let id = group.task(state, state);
        let message = format!(
            "error: task {id} is {state}; only failed tasks and exceptions are rerun\nhint: Use --force to rerun it all the same.\n"
        );
        group.tc().run(&["task", "rerun", &id]).stdout("").stderr(&message).status(6);
        group.tc().run(&["task", "rerun", "-n", &id]).stdout("").stderr(&message).status(6);
        assert_eq!(group.state(&id), state);
    }
}

#[test]
pub fn rerun_refuses_what_still_waits_and_says_for_what() {
    let group = Group::new();
    let build = group.task("build", "pending");
    let test = group.define("test", &json!({"dependencies": [build], "requires": "all-resolved"}));
    group.queue("cancelTask", &[&test], None);
    let ran = group.tc().run(&["task", "rerun", &test]);
    ran.stdout("").status(6).stderr(&format!(
        "error: task {test} depends on tasks that are not resolved: {build} (pending)\nhint: Wait for these, or rerun those that failed first; --force reruns it all the same.\n"
    ));
    group.tc().run(&["task", "rerun", "--force", &test]).stdout("pending\n").stderr("").status(0);
}

#[test]
fn a_rerun_is_one_more_run() {
    let group = Group::new();
    let id = group.task("a", "failed");
    let ran = group.tc().run(&["task", "rerun", &id, "--json"]);
    ran.stderr("").status(0);
    let document = ran.json();
    assert_eq!((&document["action"], &document["done"]), (&json!("rerun"), &json!([id])));
    assert_eq!(document["answers"][0]["status"]["runs"][1]["reasonCreated"], "rerun");
}

#[test]
fn a_jq_program_filters_the_report_where_tasks_are_named() {
    let group = Group::new();
    let ids = ["a", "b", "c", "d", "e"].map(|name| group.task(name, "failed"));
    let done = |verb: &str, id: &str| {
        group.tc().run(&["task", verb, id, "--jq", ".action, .done[0]"]).stderr("").status(0);
        group.tc().run(&["task", verb, id, "-n", "--jq", ".would[].name"])
    };
    done("rerun", &ids[0]).status(6);
    let ran = group.tc().run(&["task", "retrigger", &ids[1], "--jq", ".answers[].created | length"]);
    ran.stdout("1\n").stderr("").status(0);
    let ran = group.tc().run(&["task", "rerun", &ids[2], "--json", "--jq", ".action, .done[0]"]);
    ran.stdout(&format!("rerun\n{}\n", ids[2])).stderr("").status(0);
    let ran = group.tc().run(&["task", "priority", "low", &ids[2], "--jq", ".done"]);
    ran.stdout(&format!("[\"{}\"]\n", ids[2])).stderr("").status(0);
    done("cancel", &ids[2]).stdout("c\n").status(0);
    let ran = group.tc().run(&["task", "cancel", &ids[3], UNKNOWN, "--yes", "--jq", ".failed[].taskId"]);
    ran.stdout(&format!("{UNKNOWN}\n")).status(3);
    let later = group.define("later", &json!({"dependencies": [ids[4]]}));
    let ran = group.tc().run(&["task", "schedule", &later, "--jq", ".answers[].status.state"]);
    ran.stdout("pending\n").stderr("").status(0);
}

#[test]
fn a_broken_jq_program_stops_a_verb_before_it_acts() {
    let group = Group::new();
    let id = group.task("a", "pending");
    group.tc().run(&["task", "cancel", &id, "--jq", ".["]).stdout("").status(2);
    assert_eq!(group.state(&id), "pending");
}

#[test]
pub fn many_tasks_need_a_yes() {
    let group = Group::new();
    let (one, two) = (group.task("one", "pending"), group.task("two", "pending"));
    let args = ["task", "cancel", &one, &two];
    let ran = group.tc().run(&args);
    ran.stdout("").status(2).stderr(
        "error: cannot cancel 2 tasks without confirmation: standard input is not a terminal\n\
         hint: Use --yes to skip the question, or --dry-run to see the tasks that would be affected.\n",
    );
    let question = format!("About to cancel 2 tasks:\n  {one} one\n  {two} two\nCancel them? [y/N] ");
    let tc = group.tc().env("NO_COLOR", "1").terminal();
    tc.run(&args)
        .stdout("")
        .status(1)
        .stderr(&format!("{question}\nerror: cancelled nothing: the input ended without an answer\n"));
    let ran = group.tc().env("NO_COLOR", "1").terminal().stdin("n\n").run(&args);
    ran.stderr(&format!("{question}cancelled nothing: not confirmed\n")).status(1);
    assert_eq!((group.state(&one), group.state(&two)), ("pending".into(), "pending".into()));
    group.tc().env("NO_COLOR", "1").terminal().stdin("y\n").run(&args).status(0);
    assert_eq!((group.state(&one), group.state(&two)), ("exception".into(), "exception".into()));
}

#[test]
pub fn a_wish_to_be_asked_is_granted_without_a_terminal() {
    let group = Group::new();
    let id = group.task("one", "pending");
    let question = format!("About to cancel 1 task:\n  {id} one\nCancel it? [y/N] ");
    let args = ["task", "cancel", "-c", &id];
    let ran = group.tc().stdin("n\n").run(&args);
    ran.stdout("").stderr(&format!("{question}cancelled nothing: not confirmed\n")).status(0);
    let ran = group.tc().run(&args);
    ran.stdout("")
        .stderr(&format!("{question}\nerror: cancelled nothing: the input ended without an answer\n"))
        .status(1);
    assert_eq!(group.state(&id), "pending");
    group.tc().stdin("yes\n").run(&args).stdout("exception 'canceled'\n").stderr(&question).status(0);
}

#[test]
fn a_dry_run_changes_nothing() {
    let group = Group::new();
    let (one, two) = (group.task("one", "pending"), group.task("two", "running"));
    for flag in ["-n", "--noop", "--dry-run"] {
        group
            .tc()
            .run(&["task", "cancel", flag, &one, &two])
            .stdout(&format!(
                "Would cancel one taskid: {one} (state: pending)\nWould cancel two taskid: {two} (state: running)\n"
            ))
            .stderr("2 tasks would be cancelled; nothing was sent.\n")
            .status(0);
    }
    assert_eq!((group.state(&one), group.state(&two)), ("pending".into(), "running".into()));
    let plan = group.tc().run(&["task", "cancel", "-n", "--json", &one]).json();
    assert_eq!(plan, json!({"action": "cancel", "would": [{"taskId": one, "name": "one", "state": "pending"}]}));
}

#[test]
fn one_failure_does_not_stop_the_rest() {
    let group = Group::new();
    let (one, two) = (group.task("one", "pending"), group.task("two", "pending"));
    let tc = group.tc();
    let ran = tc.run(&["task", "cancel", "--yes", &one, UNKNOWN, &two, "--failures", "failed.txt"]);
    ran.status(3);
    let mut lines: Vec<&str> = ran.stdout.lines().collect();
    lines.sort_unstable();
    let mut expected = [format!("{one} exception 'canceled'"), format!("{two} exception 'canceled'")];
    expected.sort_unstable();
    assert_eq!(lines, expected, "{ran}");
    assert!(
        ran.stderr.starts_with(&format!("warning: could not cancel {UNKNOWN}: queue.cancelTask failed: ")),
        "{ran}"
    );
    assert!(ran.stderr.ends_with("error: 1 of 3 tasks could not be cancelled\n"), "{ran}");
    assert_eq!(fs::read_to_string(tc.directory().join("failed.txt")).unwrap(), format!("{UNKNOWN}\n"));
}

#[test]
fn what_is_resolved_stays_so_and_that_is_said() {
    let group = Group::new();
    let id = group.task("one", "completed");
    group
        .tc()
        .run(&["task", "cancel", &id])
        .stdout("completed 'completed'\n")
        .stderr(&format!("Task {id} was resolved before: it stays completed.\n"))
        .status(0);
    group
        .tc()
        .run(&["task", "schedule", &id])
        .stdout("completed 'completed'\n")
        .stderr(&format!("Task {id} is completed already, and was not scheduled.\n"))
        .status(0);
    group.tc().run(&["task", "priority", "high", &id]).stdout("").status(6);
    let ran = group.tc().run(&["task", "complete", &id]);
    ran.stdout("").status(6).stderr(&format!(
        "error: task {id} is completed; only a pending task can be claimed\nhint: For one more run: tc task rerun {id}\n"
    ));
}

#[test]
fn schedule_and_priority_change_what_waits() {
    let group = Group::new();
    let id = group.task("one", "unscheduled");
    let tc = group.tc();
    tc.run(&["task", "priority", "very-high", &id]).stdout("very-high\n").stderr("").status(0);
    assert_eq!(group.queue("task", &[&id], None)["priority"], "very-high");
    tc.run(&["task", "priority", "urgent", &id]).stdout("").status(2);
    tc.run(&["task", "schedule", &id]).stdout("pending\n").stderr("").status(0);
}

#[test]
pub fn complete_claims_and_reports_with_the_credentials_of_the_claim() {
    let group = Group::new();
    let id = group.task("one", "pending");
    group.tc().run(&["task", "complete", &id]).stdout("completed 'completed'\n").stderr("").status(0);
    let run = &group.queue("status", &[&id], None)["status"]["runs"][0];
    assert_eq!((&run["workerGroup"], &run["workerId"]), (&json!("linux"), &json!("tc")));
    let waiting = group.task("two", "unscheduled");
    let ran = group.tc().run(&["task", "complete", &waiting]);
    ran.stdout("").status(6);
    assert!(ran.stderr.ends_with(&format!("hint: To schedule it now: tc task schedule {waiting}\n")), "{ran}");
}

/// The new tasks that a run printed.
fn created(stdout: &str) -> Vec<&str> {
    stdout.lines().map(|line| line.strip_prefix("Task ").unwrap().strip_suffix(" created").unwrap()).collect()
}

#[test]
pub fn a_retriggered_task_is_a_new_one_without_routes_and_dependencies() {
    let group = Group::new();
    let build = group.task("build", "pending");
    let test =
        group.define("test", &json!({"dependencies": [build], "routes": ["index.a"], "retries": 2, "extra": {"x": 1}}));
    let ran = group.tc().run(&["task", "retrigger", &test]);
    ran.stderr("").status(0);
    let old = group.queue("task", &[&test], None);
    let new = group.queue("task", &[created(&ran.stdout)[0]], None);
    assert_eq!((&new["routes"], &new["dependencies"]), (&json!([]), &json!([])));
    for same in ["taskGroupId", "metadata", "extra", "retries", "schedulerId", "payload", "taskQueueId"] {
        assert_eq!(new[same], old[same], "{same}");
    }
    assert!(new["created"].as_str() > old["created"].as_str());
    let ran = group.tc().run(&["task", "retrigger", "--exact", "--times", "3", &test]);
    let made = created(&ran.stdout);
    assert_eq!(made.len(), 3, "{ran}");
    for id in made {
        let new = group.queue("task", &[id], None);
        assert_eq!((&new["routes"], &new["dependencies"]), (&json!(["index.a"]), &json!([build])));
    }
}

#[test]
fn a_terminal_is_told_that_the_copy_cannot_be_verified() {
    let group = Group::new();
    let id = group.task("one", "failed");
    let ran = group.tc().env("NO_COLOR", "1").terminal().run(&["task", "retrigger", &id]);
    ran.status(0);
    assert_eq!(created(&ran.stdout).len(), 1, "{ran}");
    let warning = "warning: the chain of trust of a retriggered task cannot be verified; a rerun's can.\n";
    assert!(ran.stderr.starts_with(warning), "{ran}");
}
