//! The Go tool's own runs on tasks, replayed: same standard output, same exit status, apart from the
//! differences that docs/differences.md lists.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::fake_server::{Answer, FakeServer};
use crate::support::group::Group;
use crate::support::recorded::{Transcript, shape, transcripts_about, whole};

/// Tasks as they were when the transcripts were made, and what their placeholders stand for.
pub fn recorded(storage: &FakeServer) -> (Group, Vec<(String, String)>) {
    let group = Group::new();
    let mut names = vec![("{GROUP}".to_owned(), group.id.clone())];
    for state in ["exception", "failed", "pending", "completed", "unscheduled", "running"] {
        let id = if state == "completed" {
            let more = json!({
                "taskQueueId": "proj-go/linux", "scopes": [], "tags": {"kind": "test"},
                "payload": {"command": [["/bin/true"]], "maxRunTime": 60},
            });
            let id = group.define("build <linux> & co/opt", &more);
            group.queue("claimTask", &[&id, "0"], Some(json!({"workerGroup": "g", "workerId": "w"})));
            for (name, url) in [
                ("public/logs/live.log", format!("{}/log", storage.url())),
                ("public/build/ref.txt", "https://example.com/ref.txt".to_owned()),
            ] {
                let expires = (Utc::now() + TimeDelta::hours(1)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
                let body =
                    json!({"storageType": "reference", "url": url, "contentType": "text/plain", "expires": expires});
                group.queue("createArtifact", &[&id, "0", name], Some(body));
            }
            group.queue("reportCompleted", &[&id, "0"], None);
            id
        } else {
            group.task(&format!("test {state}"), state)
        };
        names.push((format!("{{{}}}", state.to_uppercase()), id));
    }
    (group, names)
}

/// What tc does otherwise on purpose: its standard output, where that differs, and its exit status.
fn difference(run: &Transcript) -> Option<(Option<&'static str>, u8)> {
    let words: Vec<&str> = run.args[1..].iter().map(String::as_str).collect();
    Some(match words.as_slice() {
        // The state can be said without a run.
        ["status", "{UNSCHEDULED}"] => (Some("unscheduled\n"), 0),
        // Failures have statuses of their own.
        ["status", "{COMPLETED}", "--run", "5"] => (None, 5),
        ["status", "{COMPLETED}", "-a", "-r", "0"] | ["status", "nope"] | ["status"] => (None, 2),
        ["status", "ETqH3LAyT4a0_KXu__IQcQ"] => (None, 5),
        ["log", "{PENDING}" | "{FAILED}"] => (None, 5),
        ["rerun", "{COMPLETED}" | "{PENDING}"] => (None, 6),
        // Questions go to standard error.
        ["rerun" | "cancel", "--confirm", "{FAILED}" | "{PENDING}"] => (Some(""), 0),
        ["rerun", "--confirm", "{EXCEPTION}"] => (Some("pending\n"), 0),
        _ => return None,
    })
}

/// A definition without what differs from run to run, and without the scheduler, which is the group's.
fn definition(text: &str) -> Value {
    let mut value: Value = serde_json::from_str(text).unwrap();
    for name in ["created", "deadline", "expires", "schedulerId"] {
        assert!(value[name].take().is_string());
    }
    value
}

/// The definition that the Go tool printed, where the whole transcripts are at hand.
fn whole_definition(args: &[String]) -> Option<String> {
    let all: Vec<Value> = whole("go-cli-transcripts.json")?;
    let run = all.iter().find(|run| run["args"] == json!(args)).unwrap();
    Some(run["stdout"].as_str().unwrap().to_owned())
}

#[test]
fn runs_of_the_go_tool_mean_the_same_here() {
    replay("tc");
}

#[test]
fn runs_of_the_go_tool_mean_the_same_by_its_name() {
    replay("taskcluster");
}

fn replay(program: &str) {
    let storage = FakeServer::start();
    let (group, names) = recorded(&storage);
    // `task run` makes a task, and is replayed where tasks are made.
    let runs: Vec<Transcript> = transcripts_about("task").into_iter().filter(|run| run.args[1] != "run").collect();
    storage.expect("GET /log", Answer::new(200, "line one\nline two\n"));
    for run in &runs {
        let fill = |text: &str| names.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
        let args: Vec<String> = run.args.iter().map(|arg| fill(arg)).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ran = group.tc().called(program).stdin(run.stdin.clone()).run(&args);
        let (stdout, status) = difference(run).unwrap_or((None, run.exit));
        let lines: String = run.lines.iter().map(|line| format!("{line}\n")).collect();
        let stdout = stdout.map_or_else(|| fill(&lines), ToOwned::to_owned);
        match (run.args[1].as_str(), &run.json) {
            ("retrigger", _) => {
                let words: Vec<&str> = ran.stdout.split_whitespace().collect();
                assert!(matches!(words.as_slice(), ["Task", id, "created"] if crate::support::is_slugid(id)), "{ran}");
            }
            (_, Some(theirs)) => {
                assert_eq!(&shape(&ran.json()), theirs, "{ran}");
                if let Some(whole) = whole_definition(&run.args) {
                    assert_eq!(definition(&ran.stdout), definition(&fill(&whole)), "{ran}");
                }
            }
            _ => drop(ran.stdout(&stdout)),
        }
        ran.status(status);
    }
    println!("{} runs of the Go tool on tasks mean the same", runs.len());
    assert!(runs.len() > 30, "tests/data/transcripts.json is cut");
}
