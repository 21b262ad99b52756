//! The Go tool's own runs that are about neither tasks nor groups, replayed by both names: same standard output, same exit
//! status, apart from the differences that docs/differences.md lists.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::fake_server::{Answer, FakeServer};
use crate::support::recorded::{Transcript, differ_shape, shape, transcripts};
use crate::support::{Ran, is_slugid};
use crate::transcripts::recorded;

/// How a run ends here, where that is not as there.
fn status(run: &Transcript, is_go_tool: bool) -> u8 {
    let words: Vec<&str> = run.args.iter().map(String::as_str).collect();
    match words.as_slice() {
        // Half of a pair of credentials matters where credentials are needed.
        ["version"] => 0,
        ["slugid", _, "nope"] | ["from-now", "nope"] | ["task", "run", "ubuntu", "echo"] => 2,
        ["api", "queue", "status"] | ["api", "queue", "status", "nope"] | ["download", "artifact", "{COMPLETED}"] => 2,
        ["api", "auth", "expandScopes"] if run.stdin == "nope" => 2,
        ["api", "queue", "ping"] if !run.without.is_empty() => 2,
        ["api", "queue", "status" | "getLatestArtifact", ..] | ["download", ..] if run.exit != 0 => 5,
        // Without credentials nobody is signed in, whatever everybody may do.
        ["signin", "--check"] if !run.without.is_empty() => 4,
        _ => {
            assert_eq!(run.exit, 0, "{:?} as taskcluster: {is_go_tool}", run.args);
            0
        }
    }
}

/// What a run prints here; none where that differs from run to run.
fn stdout(run: &Transcript, is_go_tool: bool) -> Option<String> {
    let lines: String = run.lines.iter().map(|line| format!("{line}\n")).collect();
    Some(match (run.args[0].as_str(), run.args.get(1).map(String::as_str)) {
        ("version", Some("-s")) => format!("{}\n", env!("CARGO_PKG_VERSION")),
        ("version", _) if is_go_tool => format!("taskcluster version {}\n", env!("CARGO_PKG_VERSION")),
        ("version", _) => format!("tc {} (references of Taskcluster 106.0.0)\n", env!("CARGO_PKG_VERSION")),
        ("download", _) if !is_go_tool && run.exit != 0 => String::new(),
        ("download", _) if run.exit == 0 => return None,
        ("signin", _) if !is_go_tool => return None,
        ("from-now", _) | ("task", _) if run.exit == 0 => return None,
        // By its name nothing is added to what the server sent.
        ("api", _) if is_go_tool => lines.trim_end_matches('\n').to_owned(),
        _ => lines,
    })
}

/// Checks what differs from run to run.
fn look_at(run: &Transcript, ran: &Ran, is_go_tool: bool) {
    let text = ran.stdout.trim_end();
    let lines: Vec<&str> = text.lines().collect();
    match run.args[0].as_str() {
        "from-now" => assert!(DateTime::parse_from_rfc3339(text).is_ok() && text.len() == 20, "{ran}"),
        "task" => assert!(matches!(text.split(' ').collect::<Vec<_>>()[..], ["Task", id, "created"] if is_slugid(id))),
        "signin" if ran.status == 0 => assert!(text.starts_with("Signed in to "), "{ran}"),
        "signin" => assert_eq!(text, ""),
        "download" if is_go_tool => {
            assert_eq!(lines[0], run.lines[0].replace("{COMPLETED}", &ran.args[2]));
            let (before, behind) = ("Downloaded 18 bytes of type text/plain in ", "s (including API calls)");
            assert!(lines[1].starts_with(before) && lines[1].ends_with(behind) && lines.len() == 2, "{ran}");
        }
        "download" => assert!(text.ends_with("/out.txt") && lines.len() == 1, "{ran}"),
        other => panic!("{other}: {ran}"),
    }
}

fn replay(program: &str) {
    let is_go_tool = program == "taskcluster";
    let storage = FakeServer::start();
    storage.expect("GET /log", Answer::new(200, "line one\nline two\n").header("content-type", "text/plain"));
    let (group, mut names) = recorded(&storage);
    names.push(("{ROOT}".into(), group.sandbox.root_url().to_owned()));
    let (_, completed) = names.iter().find(|(name, _)| name == "{COMPLETED}").unwrap();
    // The run that has the artifacts is not the newest one any more.
    group.queue("rerunTask", &[completed], None);
    group.queue("claimTask", &[completed, "1"], Some(json!({"workerGroup": "g", "workerId": "w"})));
    group.queue("reportCompleted", &[completed, "1"], None);
    let fill = |text: &str| names.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
    let in_an_hour = (Utc::now() + TimeDelta::hours(1)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let is_other = |run: &Transcript| !matches!(run.args[0].as_str(), "task" | "group") || run.args[1] == "run";
    let runs: Vec<Transcript> = transcripts().into_iter().filter(is_other).collect();
    assert!(runs.len() > 30, "tests/data/transcripts.json is cut");
    for run in &runs {
        let tc = group.tc().called(program).stdin(run.stdin.replace("2026-11-23T12:55:13.724Z", &in_an_hour));
        let tc = run.without.iter().fold(tc, |tc, name| tc.env(name, ""));
        let args: Vec<String> = run.args.iter().map(|arg| fill(arg).replace("/dev/stdout", "out.json")).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut ran = tc.run(&args);
        if args.contains(&"out.json") {
            ran.stdout("");
            ran.stdout = std::fs::read_to_string(tc.directory().join("out.json")).unwrap();
        }
        ran.status(status(run, is_go_tool));
        match (&run.json, stdout(run, is_go_tool)) {
            (Some(theirs), _) => {
                let ours: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran}"));
                // The tasks of the group are others.
                let of_whole = run.args.iter().any(|arg| arg == "listTaskGroup");
                let (mut theirs, mut ours) = (theirs.clone(), shape(&ours));
                if of_whole {
                    (theirs["tasks"], ours["tasks"]) = (json!([]), json!([]));
                }
                assert_eq!(differ_shape("", &theirs, &ours, true), None, "{ran}");
                let is_laid_out = ran.stdout.starts_with("{\n  \"");
                assert!(!is_go_tool || is_laid_out, "{ran}");
            }
            (None, Some(expected)) => drop(ran.stdout(&fill(&expected))),
            (None, None) => look_at(run, &ran, is_go_tool),
        }
    }
}

#[test]
fn other_runs_of_the_go_tool_mean_the_same_here() {
    replay("tc");
}

#[test]
fn other_runs_of_the_go_tool_look_the_same_by_its_name() {
    replay("taskcluster");
}
