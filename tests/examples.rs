//! The examples of help do what they say: those that are marked run as they stand.

use tc::sandbox::{Options, Sandbox};

use crate::support::Tc;

const TABLE: &str = include_str!("../src/commands/examples/examples.txt");
const TASK_ID: &str = "VESwp9JaRo-XkFN_bemBhw";
const TASK_GROUP_ID: &str = "fN1SbArXTPSVFNUvaOlinQ";

const DEFINITION: &str = r#"{"provisionerId": "proj-misc", "workerType": "ci", "created": {"$fromNow": ""},
    "deadline": {"$fromNow": "1 day"}, "payload": {}, "schedulerId": "examples",
    "metadata": {"name": "build", "description": "x", "owner": "me@example.com", "source": "https://example.com"}}"#;

#[test]
fn marked_examples_run_against_a_sandbox_as_they_stand() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let created = Tc::new().signed_in(&sandbox).stdin(DEFINITION).run(&[
        "task",
        "create",
        "-",
        "--task-id",
        TASK_ID,
        "--group",
        TASK_GROUP_ID,
        "--no-validate",
    ]);
    created.status(0);
    let mut ran_examples = 0;
    let mut wrong = Vec::new();
    for row in TABLE.lines().filter_map(|row| row.strip_prefix("! ")) {
        let (line, _) = row.split_once(" ## ").unwrap();
        let words = shlex::split(&line.replace("{task}", TASK_ID).replace("{group}", TASK_GROUP_ID)).unwrap();
        let args: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let ran = Tc::new().signed_in(&sandbox).run(&args);
        // A path of jq that leads nowhere is no failure, and no example.
        let leads_nowhere = line.contains("--jq") && ran.stdout.lines().any(|line| line == "null");
        if ran.status != 0 || leads_nowhere {
            wrong.push(ran.to_string());
        }
        ran_examples += 1;
    }
    assert!(ran_examples > 100, "{ran_examples}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn help_shows_examples_and_the_short_one_fits_a_screen() {
    let tc = Tc::new();
    let long = tc.run(&["group", "rerun", "--help"]);
    long.stderr("").status(0);
    let example = format!("\nExamples:\n  # which tasks would run again\n  tc group rerun {TASK_GROUP_ID} --dry-run\n");
    assert!(long.stdout.contains(&example) && long.stdout.contains("--cacert <FILE>"), "{long}");
    let short = tc.run(&["group", "rerun", "-h"]);
    short.stderr("").status(0);
    assert!(short.stdout.lines().count() <= 30 && !short.stdout.contains("--cacert"), "{short}");
    assert!(short.stdout.contains("Global options: --json, "), "{short}");
}

#[test]
fn tc_alone_shows_the_first_step_and_refuses() {
    let tc = Tc::new();
    let alone = tc.run(&[]);
    alone.stdout("").status(2);
    for part in ["tc task status TASK ", "Three ways to set one:\n  tc profile use firefox-ci ", "`tc sandbox demo`"] {
        assert!(alone.stderr.contains(part), "{part}: {alone}");
    }
    tc.run(&["-h"]).stdout(&alone.stderr).stderr("").status(0);
    let set = Tc::new().at("https://tc.example.com").run(&["-h"]);
    assert!(set.stdout.contains("Deployment: https://tc.example.com (from "), "{set}");
    let all = tc.run(&["--help"]);
    assert!(all.stdout.contains("  purge-cache ") && all.stdout.contains("Topics, for `tc help TOPIC`: "), "{all}");
}
