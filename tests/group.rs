//! `tc group`, against a sandbox.

use chrono::Utc;
use serde_json::{Value, json};

use crate::support::Tc;
use crate::support::fake_clock::FakeClock;
use crate::support::group::Group;

/// One task in each state; IDs in the order unscheduled, pending, running, completed, failed, exception.
fn one_of_each() -> (Group, [String; 6]) {
    let group = Group::new();
    let ids = ["unscheduled", "pending", "running", "completed", "failed", "exception"]
        .map(|state| group.task(&format!("test {state}"), state));
    (group, ids)
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn status_counts_in_a_fixed_order() {
    let (group, _) = one_of_each();
    group
        .tc()
        .run(&["group", "status", &group.id])
        .stdout("unscheduled: 1\npending: 1\nrunning: 1\ncompleted: 1\nfailed: 1\nexception: 1\n")
        .stderr("")
        .status(0);
    group.tc().run(&["group", "status", &group.id, "-f", "--state", "pending"]).stdout("pending: 1\nfailed: 1\n");
}

#[test]
fn status_counts_by_pool_and_kind() {
    let group = Group::new();
    group.define("a", &json!({"tags": {"kind": "build"}}));
    group.define("b", &json!({"tags": {"kind": "test"}, "taskQueueId": "proj-x/win"}));
    group.define("c", &json!({"tags": {"kind": "test"}}));
    let tc = group.tc();
    tc.run(&["group", "status", "--by", "kind", &group.id]).stdout("build pending: 1\ntest pending: 2\n").status(0);
    tc.run(&["group", "status", "--by", "worker-pool", &group.id])
        .stdout("proj-x/linux pending: 2\nproj-x/win pending: 1\n")
        .status(0);
    let document = tc.run(&["group", "status", "--by", "kind", "--json", &group.id]).json();
    assert_eq!((&document["total"], &document["kinds"]["test"]["pending"]), (&json!(3), &json!(2)));
    tc.run(&["group", "status", "--jq", ".states.pending", &group.id]).stdout("3\n").status(0);
}

#[test]
fn status_on_a_terminal_shows_how_much_is_done() {
    let (group, _) = one_of_each();
    let ran = group.tc().env("NO_COLOR", "1").terminal().run(&["group", "status", &group.id]);
    ran.status(0);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "STATE        TASKS");
    assert_eq!(lines[1], "unscheduled      1");
    assert!(lines[8].starts_with("━━━━━━━━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 3 of 6 done, running for "), "{ran}");
}

#[test]
fn list_shows_all_unless_told_otherwise() {
    let (group, ids) = one_of_each();
    let states = ["unscheduled", "pending", "running", "completed", "failed", "exception"];
    let lines: Vec<String> = ids.iter().zip(states).map(|(id, state)| format!("{id} test {state} {state}")).collect();
    let expect = |arguments: &[&str], indexes: &[usize]| {
        let ran = group.tc().run(&[&["group", "list", &group.id], arguments].concat());
        ran.status(0).stderr("");
        let mut expected: Vec<&str> = indexes.iter().map(|index| lines[*index].as_str()).collect();
        expected.sort_unstable();
        assert_eq!(sorted(&ran.stdout), expected, "{ran}");
    };
    expect(&[], &[0, 1, 2, 3, 4, 5]);
    expect(&["--all"], &[0, 1, 2, 3, 4, 5]);
    expect(&["-fe"], &[4, 5]);
    expect(&["--state", "running,completed"], &[2, 3]);
    expect(&["-u", "-p", "-r", "-c"], &[0, 1, 2, 3]);
    expect(&["--name", "^test [fp]"], &[1, 4]);
    expect(&["--not-name", "un|ed$"], &[1, 5]);
    expect(&["--reason", "malformed-payload"], &[5]);
    expect(&["--task", &ids[2], &format!("{}/tasks/{}/runs/0", group.sandbox.root_url(), ids[3])], &[2, 3]);
    expect(&["-w", "linux", "--newer-than", "1 hour"], &[0, 1, 2, 3, 4, 5]);
    expect(&["--older-than", "1 hour"], &[]);
    expect(&["-w", "windows"], &[]);
}

#[test]
pub fn list_speaks_json_jq_and_templates() {
    let group = Group::new();
    let id = group.define("build <linux> & co/opt", &json!({"tags": {"kind": "b"}}));
    let tc = group.tc();
    tc.run(&[
        "group",
        "list",
        "--format-string",
        "{{ .Status.TaskID }},{{ .Task.WorkerType }},{{ .Task.Metadata.Name }}",
        &group.id,
    ])
    .stdout(&format!("{id},linux,build <linux> & co/opt\n"))
    .status(0);
    let line: Value = serde_json::from_str(&tc.run(&["group", "list", "--jsonl", &group.id]).stdout).unwrap();
    assert_eq!(line["status"]["taskId"], json!(id));
    let ran = tc.run(&["group", "list", "--json", &group.id]);
    assert_eq!(ran.json(), json!([line]));
    tc.run(&["group", "list", "--jsonl", "--jq", ".task.tags.kind", &group.id]).stdout("b\n").status(0);
    tc.run(&["group", "list", "--jq", "length, .[0].task.tags.kind", &group.id]).stdout("1\nb\n").status(0);
    tc.run(&["group", "list", "--json", "-f", &group.id]).stdout("[]\n").status(0);
    for filter in [&["--kind", "b"][..], &["--tag", "kind=b"], &["-w", "proj-x/linux"], &["--kind", "x,b"]] {
        let ran = tc.run(&[&["group", "list", &group.id], filter].concat());
        ran.stdout(&format!("{id} build <linux> & co/opt pending\n")).status(0);
    }
    for filter in [&["--kind", "x"][..], &["--tag", "os=b"], &["-w", "proj-y/linux"]] {
        tc.run(&[&["group", "list", &group.id], filter].concat()).stdout("").status(0);
    }
    let ran = tc.run(&["group", "list", "--format-string", "{{ .Status.TaskIdd }}", &group.id]);
    ran.stdout("").status(2);
    assert!(
        ran.stderr.starts_with("error: the template of --format-string is invalid: unknown field .Status.TaskIdd;"),
        "{ran}"
    );
}

#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let group = Group::new();
    let id = group.define("a\u{1b}[31mb\u{202e}c", &json!({}));
    group.tc().run(&["group", "list", &group.id]).stdout(&format!("{id} a\u{1b}[31mb\u{202e}c pending\n"));
    let ran = group.tc().env("NO_COLOR", "1").terminal().run(&["group", "list", &group.id]);
    assert!(ran.stdout.contains("a[31mbc"), "{ran}");
    assert!(!ran.stdout.contains(['\u{1b}', '\u{202e}']), "{ran}");
}

#[test]
fn a_group_may_be_named_by_its_page() {
    let group = Group::new();
    group.define("a", &json!({}));
    let root = group.sandbox.root_url();
    let page = format!("{root}/tasks/groups/{}/", group.id);
    Tc::new().run(&["group", "status", &page]).stdout("pending: 1\n").stderr("").status(0);
    Tc::new()
        .env("TASKCLUSTER_ROOT_URL", "https://tc.example.com")
        .run(&["group", "status", &page])
        .stdout("")
        .stderr(&format!(
            "error: the page is one of {root}, but the deployment in use is https://tc.example.com\n\
             hint: To use the page's deployment: -R {root}\n"
        ))
        .status(2);
    let page = format!("{root}/tasks/{}", group.id);
    Tc::new()
        .run(&["group", "status", &page])
        .stderr(&format!("error: `{page}` is the page of a task, and a task group is asked for\n"))
        .status(2);
}

#[test]
fn an_id_may_start_with_a_dash() {
    let mut group = Group::new();
    group.id = "-8-U5J46TnidyFvAZAaJLg".to_owned();
    group.define("a", &json!({}));
    for words in
        [&["group", "status", "-8-U5J46TnidyFvAZAaJLg"][..], &["group", "status", "--", "-8-U5J46TnidyFvAZAaJLg"]]
    {
        group.tc().run(words).stdout("pending: 1\n").status(0);
    }
    group.tc().run(&["group", "status", "-8-U5J46TnidyFvAZAaJLg", "-f"]).stdout("").stderr("No tasks.\n").status(0);
}

#[test]
fn an_unknown_group_is_not_found() {
    let group = Group::new();
    let ran = group.tc().run(&["group", "status", &group.id]);
    ran.stdout("").status(5);
    assert!(ran.stderr.starts_with("error: queue.listTaskGroup failed: ResourceNotFound: "), "{ran}");
    group
        .tc()
        .run(&["group", "list", "nope"])
        .stdout("")
        .stderr("error: invalid task group ID `nope`; an ID looks like VESwp9JaRo-XkFN_bemBhw\n")
        .status(2);
}

#[test]
fn cancel_takes_what_is_not_resolved() {
    let (group, ids) = one_of_each();
    let ran = group.tc().run(&["group", "cancel", "--force", &group.id]);
    ran.status(0).stderr("");
    let mut expected: Vec<String> = ids[..3].iter().map(|id| format!("cancelling task {id}")).collect();
    expected.sort_unstable();
    assert_eq!(sorted(&ran.stdout), expected);
    group.tc().run(&["group", "status", &group.id]).stdout("completed: 1\nfailed: 1\nexception: 4\n");
    group
        .tc()
        .run(&["group", "cancel", "--force", &group.id])
        .stdout("")
        .stderr("There are no tasks to cancel.\n")
        .status(0);
}

#[test]
fn cancel_refuses_states_that_it_would_have_to_leave_out() {
    let (group, ids) = one_of_each();
    for args in [&["--state", "failed,pending"][..], &["--state", "failed"], &["--failed", "-p"]] {
        group
            .tc()
            .run(&[&["group", "cancel", "-y", &group.id], args].concat())
            .stdout("")
            .stderr(
                "error: failed tasks are resolved, and cannot be cancelled any more\n\
                 hint: Only unscheduled, pending and running ones can, which is what is cancelled without --state.\n",
            )
            .status(2);
    }
    assert_eq!(group.state(&ids[1]), "pending");
    // All of them means all that can be.
    group.tc().run(&["group", "cancel", "-y", "-a", &group.id]).stderr("").status(0);
    assert_eq!(group.state(&ids[1]), "exception");
}

#[test]
fn cancel_asks_and_takes_only_yes_for_an_answer() {
    let group = Group::new();
    let id = group.task("a\u{1b}b", "pending");
    let shown = format!("About to cancel 1 task:\n  {id} ab\nCancel it? [y/N] ");
    for (answer, line, why) in [
        ("n\n", "", "cancelled nothing: not confirmed"),
        ("\n", "", "cancelled nothing: not confirmed"),
        ("", "\n", "error: cancelled nothing: the input ended without an answer"),
    ] {
        group
            .tc()
            .terminal()
            .env("NO_COLOR", "1")
            .stdin(answer)
            .run(&["group", "cancel", &group.id])
            .stdout("")
            .stderr(&format!("{shown}{line}{why}\n"))
            .status(1);
        assert_eq!(group.state(&id), "pending");
    }
    group
        .tc()
        .run(&["group", "cancel", &group.id])
        .stdout("")
        .stderr(
            "error: cannot cancel 1 task without confirmation: standard input is not a terminal\n\
             hint: Use --yes to skip the question, or --dry-run to see the tasks that would be affected.\n",
        )
        .status(2);
    assert_eq!(group.state(&id), "pending");
    let ran = group.tc().terminal().env("NO_COLOR", "1").stdin("maybe\nyes\n").run(&["group", "cancel", &group.id]);
    ran.stdout("").status(0);
    assert!(
        ran.stderr.starts_with(&format!("{shown}Please answer y or n.\nCancel it? [y/N] 1 task cancelled in ")),
        "{ran}"
    );
    assert_eq!(group.state(&id), "exception");
}

#[test]
fn the_question_shows_ten_and_a_count() {
    let group = Group::new();
    (0..12).for_each(|index| drop(group.define(&format!("t{index}"), &json!({}))));
    let ran = group.tc().terminal().env("NO_COLOR", "1").stdin("n\n").run(&["group", "cancel", &group.id]);
    ran.status(1);
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!((lines[0], lines[11]), ("About to cancel 12 tasks:", "  .. and 2 more"));
    assert!(lines[12].starts_with("Cancel them? [y/N]"), "{ran}");
}

#[test]
fn a_dry_run_sends_nothing() {
    let group = Group::new();
    let id = group.task("a", "failed");
    for flag in ["-n", "--noop", "--dry-run"] {
        group
            .tc()
            .run(&["group", "rerun", flag, &group.id])
            .stdout(&format!("Would rerun a taskid: {id} (state: failed)\n"))
            .stderr("1 task would be rerun; nothing was sent.\n")
            .status(0);
    }
    assert_eq!(group.state(&id), "failed");
}

#[test]
fn rerun_takes_what_did_not_complete() {
    let (group, ids) = one_of_each();
    let ran = group.tc().run(&["group", "rerun", "--yes", "--json", &group.id]);
    ran.status(0);
    let mut done: Vec<String> =
        ran.json()["done"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().into()).collect();
    let mut expected = ids[4..].to_vec();
    done.sort();
    expected.sort();
    assert_eq!(done, expected);
    assert_eq!(group.state(&ids[4]), "pending");
    group
        .tc()
        .run(&["group", "rerun", "--yes", "-c", &group.id])
        .stdout("")
        .stderr(
            "error: completed tasks are not rerun: only failed ones and exceptions are\n\
             hint: `tc task rerun --force` reruns a completed task all the same.\n",
        )
        .status(2);
}

#[test]
fn a_jq_program_chooses_tasks() {
    let group = Group::new();
    let (one, other) = (group.task("one", "pending"), group.task("two", "pending"));
    group.tc().run(&["group", "cancel", "-y", "--jq", r#"select(.task.metadata.name == "two")"#, &group.id]).status(0);
    assert_eq!((group.state(&one), group.state(&other)), ("pending".into(), "exception".into()));
}

#[test]
fn sealing_is_asked_about_and_cannot_be_filtered() {
    let group = Group::new();
    let id = group.task("a", "pending");
    let ran = group.tc().terminal().env("NO_COLOR", "1").stdin("n\n").run(&["group", "cancel", "--seal", &group.id]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("Sealing cannot be undone: nobody can ever add tasks to this group again."), "{ran}");
    group
        .tc()
        .run(&["group", "cancel", "--seal", "-y", "--name", "a", &group.id])
        .stderr("error: --seal cancels the whole group; it cannot be combined with filters\n")
        .status(2);
    assert_eq!(group.state(&id), "pending");
    group
        .tc()
        .run(&["group", "cancel", "--seal", "-y", &group.id])
        .stdout(&format!("cancelling task {id}\n"))
        .stderr("")
        .status(0);
    assert_eq!(group.state(&id), "exception");
    assert!(group.queue("getTaskGroup", &[&group.id], None)["sealed"].is_string());
    group.tc().run(&["group", "seal", &group.id]).status(2);
    group.tc().run(&["group", "seal", "-y", &group.id]).stderr(&format!("Group {} is sealed.\n", group.id)).status(0);
}

#[test]
fn priority_changes_the_whole_group_or_some_of_it() {
    let group = Group::new();
    let (one, other) = (group.task("one", "pending"), group.task("two", "pending"));
    group
        .tc()
        .run(&["group", "priority", &group.id, "high"])
        .stdout("")
        .stderr("2 tasks now have priority high.\n")
        .status(0);
    group
        .tc()
        .run(&["group", "priority", &group.id, "low", "--name", "two", "-y"])
        .stdout(&format!("{other} low\n"))
        .status(0);
    let priority = |id: &str| group.queue("task", &[id], None)["priority"].clone();
    assert_eq!((priority(&one), priority(&other)), (json!("high"), json!("low")));
}

#[test]
fn open_prints_the_page_in_a_pipe() {
    let group = Group::new();
    let page = format!("{}/tasks/groups/{}\n", group.sandbox.root_url(), group.id);
    group.tc().run(&["group", "open", &group.id]).stdout(&page).stderr("").status(0);
}

#[test]
fn waiting_ends_with_the_group() {
    let group = Group::new();
    let first = group.task("a", "completed");
    group.tc().run(&["group", "wait", &group.id]).stdout("").stderr("").status(0);
    let failed = group.task("b", "failed");
    group.define("c", &json!({"dependencies": [failed, first]}));
    group
        .tc()
        .run(&["group", "wait", &group.id])
        .stdout("")
        .stderr(
            "error: not all of 3 tasks completed: unscheduled: 1, completed: 1, failed: 1\n\
             hint: 1 unscheduled tasks wait for tasks that did not complete.\n",
        )
        .status(3);
    group.task("d", "pending");
    let clock = FakeClock::at(&Utc::now().to_rfc3339());
    group
        .tc()
        .environment(|environment| environment.with_clock(clock.clone()))
        .run(&["group", "wait", "--timeout", "25s", &group.id])
        .stderr("error: the group is not over at the time limit: unscheduled: 1, pending: 1, completed: 1, failed: 1\n")
        .status(8);
    let seconds: Vec<u64> = clock.slept().iter().map(|pause| pause.as_secs()).collect();
    assert_eq!(seconds, [10, 10, 5]);
}

#[test]
fn watching_says_what_changes() {
    let group = Group::new();
    let failed = group.task("b", "failed");
    let ran = group.tc().run(&["group", "watch", &group.id]);
    ran.status(3).stderr("error: not all of 1 tasks completed: failed: 1\n");
    let lines: Vec<&str> = ran.stdout.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(lines, [format!("failed: {failed} b").as_str(), "failed: 1"]);
    group.task("c", "pending");
    group
        .tc()
        .run(&["group", "watch", "--until-failure", &group.id])
        .stderr(&format!("error: task {failed} did not complete; the group goes on\n"))
        .status(3);
}

#[test]
fn retriggering_makes_copies_that_start_at_once() {
    let group = Group::new();
    let first = group.task("a", "completed");
    let id = group.define("b", &json!({"dependencies": [first], "routes": ["index.x"]}));
    let ran = group.tc().run(&["group", "retrigger", "-y", "--name", "b", &group.id]);
    ran.status(0)
        .stderr("warning: the copies are new tasks: chain of trust cannot verify them as part of their group's push\n");
    let new = ran.stdout.strip_prefix(&format!("{id} ")).unwrap().trim_end();
    let copy = group.queue("task", &[new], None);
    assert_eq!(
        (&copy["metadata"]["name"], &copy["routes"], &copy["dependencies"]),
        (&json!("b"), &json!([]), &json!([]))
    );
    group
        .tc()
        .run(&["group", "retrigger", "-y", &group.id])
        .stdout("")
        .stderr("error: no task is selected to retrigger\nhint: Choose some with a filter, or all with --all.\n")
        .status(2);
    let ran = group.tc().run(&["group", "retrigger", "-y", "--exact", "--name", "b", "--times", "2", "-q", &group.id]);
    ran.status(0);
    assert_eq!(ran.stdout.lines().count(), 4, "{ran}");
    let exact = ran.stdout.split_whitespace().last().unwrap();
    assert!(!group.queue("task", &[exact], None)["metadata"].is_null());
}

#[test]
fn the_timeline_is_lines_json_or_a_picture() {
    let group = Group::new();
    let first = group.task("decision", "completed");
    let second = group.define("build <x>", &json!({"dependencies": [first]}));
    group.advance(&second, "completed");
    group.task("waiting", "pending");
    let tc = group.tc();
    let ran = tc.run(&["group", "timeline", &group.id]);
    ran.status(0).stderr("");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with(&format!("{first} 20")) && lines[0].ends_with("Z decision"), "{ran}");
    assert!(lines[2].ends_with("Z - - waiting"), "{ran}");
    let document = tc.run(&["group", "timeline", "--json", &group.id]).json();
    let path: Vec<&Value> = document["criticalPath"].as_array().unwrap().iter().map(|task| &task["taskId"]).collect();
    assert_eq!(path, [&json!(first), &json!(second)]);
    tc.run(&["group", "timeline", "-o", "push.svg", &group.id]).stdout("").stderr("").status(0);
    let svg = std::fs::read_to_string(tc.directory().join("push.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains("build &lt;x&gt;"), "{svg}");
    tc.run(&["group", "timeline", "-o", "push.png", &group.id])
        .stderr("error: `push.png` is neither a .svg nor a .html file\n")
        .status(2);
    let ran = group.tc().env("NO_COLOR", "1").terminal().run(&["group", "timeline", &group.id]);
    assert!(ran.stdout.starts_with("TASK  ") && ran.stdout.contains("The critical path took "), "{ran}");
}
