//! Options as scripts for the Go tool write them: empty, with values of every spelling, in any place; by both names.

use serde_json::Value;

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer};

const NAMES: [&str; 2] = ["tc", "taskcluster"];
const TASK: &str = "VESwp9JaRo-XkFN_bemBhw";

fn nowhere() -> Tc {
    Tc::new().at("https://tc.invalid")
}

/// A loop over pages starts with an empty token, which came out as `continuationToken=` and was refused.
#[test]
fn an_empty_query_argument_is_not_sent() {
    for name in NAMES {
        let url = "https://tc.invalid/api/queue/v1/task-group/VESwp9JaRo-XkFN_bemBhw/list";
        let words = ["queue", "listTaskGroup", TASK, "--continuationToken", ""];
        let line = [&["api"][..], &words, &["--limit=", "--dry-run"]].concat();
        nowhere().run_as(name, &line).stdout(&format!("GET {url}\n")).stderr("").status(0);
        let line = [&["url"][..], &words, &["--limit", "3"]].concat();
        nowhere().run_as(name, &line).stdout(&format!("{url}?limit=3\n")).stderr("").status(0);
    }
}

/// The Go tool calls service and method alike. The name was added twice, and the tree of commands was refused.
#[test]
fn a_service_and_a_method_of_one_name_can_be_called() {
    for words in [["purgeCache", "purgeCache"], ["purge-cache", "purgeCache"], ["PurgeCache", "purgecache"]] {
        for name in NAMES {
            let line = ["api", words[0], words[1], "a/b", "--dry-run", "-d", "{\"cacheName\": \"x\"}"];
            let ran = nowhere().run_as(name, &line);
            ran.stderr("").status(0);
            assert!(ran.stdout.starts_with("POST https://tc.invalid/api/purge-cache/v1/purge-cache/a%2Fb\n"), "{ran}");
        }
        nowhere().run(&["api", words[0], words[1], "--help"]).stderr("").status(0);
    }
    let line = ["api", "workerManager", "listWorkerPools", "--limit", "workerManager", "--dry-run"];
    nowhere().run(&line).stderr("").status(0);
}

/// The first word that resembled the method's name was taken for it, and its arguments were lost.
#[test]
fn a_method_in_capitals_keeps_its_arguments_whatever_else_is_spelled_like_it() {
    for line in [&["api", "object", "Object", "x"][..], &["api", "OBJECT", "oBJECT", "x"]] {
        let line = [line, &["--dry-run"]].concat();
        let ran = nowhere().run(&line);
        assert!(ran.stdout.starts_with("GET https://tc.invalid/api/object/v1/metadata/x\n"), "{ran}");
    }
}

/// `-1` is what the option has by default in the Go tool, and what a script passes that has no run.
#[test]
fn run_minus_one_is_the_newest_run() {
    let status = format!(
        r#"{{"status": {{"taskId": "{TASK}", "provisionerId": "p", "workerType": "w", "taskQueueId": "p/w", "schedulerId": "s",
            "projectId": "none", "taskGroupId": "{TASK}", "priority": "lowest", "deadline": "2030-01-01T00:00:00.000Z",
            "expires": "2031-01-01T00:00:00.000Z", "retriesLeft": 5, "state": "completed", "runs": [
            {{"runId": 0, "state": "failed", "reasonCreated": "scheduled", "reasonResolved": "failed",
              "scheduled": "2026-01-01T00:00:00.000Z"}},
            {{"runId": 1, "state": "completed", "reasonCreated": "rerun", "reasonResolved": "completed",
              "scheduled": "2026-01-01T00:00:00.000Z"}}]}}}}"#
    );
    let server = FakeServer::start();
    let path = |path: &str| format!("GET /api/queue/v1/task/{TASK}/{path}");
    server.always(&path("status"), Answer::json(200, status));
    server.always(&path("artifacts"), Answer::json(200, r#"{"artifacts": []}"#));
    server.always(&path("runs/1/artifacts"), Answer::json(200, r#"{"artifacts": []}"#));
    let tc = Tc::new().at(server.url());
    for run in [&["--run", "-1"][..], &["--run=-1"], &["-r", "-1"], &["-r-1"], &["-r", "1"]] {
        for name in NAMES {
            let line = [&["task", "status"][..], run, &[TASK]].concat();
            tc.run_as(name, &line).stdout("completed 'completed'\n").stderr("").status(0);
            tc.run_as(name, &[&["task", "artifacts"][..], run, &[TASK]].concat()).stdout("").status(0);
        }
        tc.run(&[&["artifact", "list", TASK][..], run].concat()).stdout("").status(0);
    }
    tc.run(&["task", "status", "--run", "-2", TASK]).stdout("").status(2);
    tc.run(&["task", "status", "--run=x", TASK])
        .stdout("")
        .status(2)
        .stderr("error: invalid value `x` for `--run <N>`: runs are numbered from 0, and -1 is the newest\n");
}

#[test]
fn switches_take_every_spelling_of_true_and_false() {
    let scopes =
        |words: &[&str]| nowhere().run_as("taskcluster", &[&["slugid", "generate"][..], words].concat()).status;
    for spelling in ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"] {
        assert_eq!(scopes(&[&format!("-n={spelling}")]), 0, "{spelling}");
        assert_eq!(scopes(&[&format!("--verbose={spelling}")]), 0, "{spelling}");
        assert_eq!(scopes(&[&format!("-v={spelling}")]), 0, "{spelling}");
    }
    assert_eq!(scopes(&["-n=yes"]), 2);
}

fn environment_of(words: &[&str]) -> Value {
    let line =
        [&["task", "run", "--provisioner", "p", "--worker-type", "w", "--dry-run"][..], words, &["image", "command"]];
    let ran = nowhere().run(&line.concat());
    ran.stderr("").status(0);
    serde_json::from_str::<Value>(&ran.stdout).unwrap()[0]["task"]["payload"]["env"].clone()
}

/// `"A=x` and `y"` were two variables.
#[test]
pub fn a_variable_in_quotes_keeps_its_commas() {
    let env =
        environment_of(&["-e", "", "--dependency", "", "-e", "A=1,B=2", "-e", "\"C=x,y\",D", "--env", "E={\"f\":1}"]);
    assert_eq!(env, serde_json::json!({"A": "1", "B": "2", "C": "x,y", "D": "", "E": "{\"f\":1}"}));
    let line = ["task", "run", "--provisioner", "p", "--worker-type", "w", "-e", "A=1,=x", "image", "command"];
    nowhere().run(&line).stdout("").stderr("error: --env has a value without a name: `A=1,=x`\n").status(2);
    let line = ["task", "run", "--provisioner", "p", "--worker-type", "w", "-e", "C=\"x,y\"", "image", "command"];
    nowhere().run(&line).stdout("").status(2).stderr(
        "error: --env has commas and quotes that are not around a whole NAME=VALUE: `C=\"x,y\"`\n\
         hint: Put name and value into double quotes, with quotes in them doubled: -e '\"NAME=a,b\"'\n",
    );
}

#[test]
pub fn options_behind_the_image_count_by_the_go_tools_name() {
    let line =
        ["task", "run", "image", "echo", "--provisioner", "p", "hi", "--worker-type", "w", "--dry-run", "--", "-n"];
    let ran = nowhere().run_as("taskcluster", &line);
    ran.stderr("").status(0);
    let task = &serde_json::from_str::<Value>(&ran.stdout).unwrap()[0]["task"];
    assert_eq!(task["payload"]["command"], serde_json::json!(["echo", "hi", "-n"]));
    assert_eq!((&task["provisionerId"], &task["workerType"]), (&"p".into(), &"w".into()));
    let line = ["task", "run", "--provisioner", "p", "--worker-type", "w", "--dry-run", "image", "echo", "--name", "x"];
    let command = |name: &str| {
        let ran = nowhere().run_as(name, &line);
        serde_json::from_str::<Value>(&ran.stdout).unwrap()[0]["task"]["payload"]["command"].clone()
    };
    assert_eq!(command("taskcluster"), serde_json::json!(["echo"]));
    assert_eq!(command("tc"), serde_json::json!(["echo", "--name", "x"]));
}

/// An unset variable in a script chose no task at all, and said that there was nothing to do.
#[test]
pub fn an_empty_worker_type_chooses_nothing_by_the_go_tools_name_and_is_refused_here() {
    let page = format!(
        r#"{{"taskGroupId": "{TASK}", "schedulerId": "s", "expires": "2030-01-01T00:00:00.000Z", "tasks": []}}"#
    );
    let server = FakeServer::start();
    server.otherwise(Answer::json(200, page));
    let tc = Tc::new().at(server.url());
    tc.run_as("taskcluster", &["group", "cancel", "-f", "-w", "", TASK])
        .stdout("")
        .stderr("There are no tasks to cancel.\n")
        .status(0);
    tc.run(&["group", "cancel", "--yes", "-w", "", TASK])
        .stdout("")
        .status(2)
        .stderr("error: `--worker-pool <POOL>` needs a value\n");
}

/// An artifact got the name of its file, and an object was asked for at the address of the list.
#[test]
fn an_empty_name_of_an_artifact_or_object_is_refused() {
    for line in [
        &["artifact", "upload", "x", "--task", TASK, "--name", ""][..],
        &["object", "upload", "", "x", "--project", "p"],
        &["object", "download", ""],
        &["download", "object", "", "x"],
        &["pulse", "key", ""],
    ] {
        let ran = nowhere().run(line);
        ran.stdout("").status(2);
        assert!(ran.stderr.contains(" needs a value\n"), "{ran}");
    }
}

#[test]
fn what_the_services_of_2018_had_is_led_to() {
    nowhere()
        .run(&["api", "awsProvisioner", "listWorkerTypes"])
        .stdout("")
        .stderr("error: unknown service `awsProvisioner`\nhint: The services of 2018 had it: --legacy\n")
        .status(2);
    let ran = nowhere().run(&["api", "notify", "irc"]);
    ran.stdout("").status(2);
    assert!(ran.stderr.contains("hint: The services of 2018 had it: --legacy\n"), "{ran}");
}

#[test]
fn a_file_that_cannot_be_written_is_told_without_the_temporary_one() {
    let ran = nowhere().run(&["config", "-o", "none/x"]);
    ran.stdout("").status(1);
    assert!(!ran.stderr.contains(".part") && !ran.stderr.contains(" at path "), "{ran}");
}
