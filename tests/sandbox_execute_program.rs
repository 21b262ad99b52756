//! `tc sandbox --execute` as a program: its flags, its warning, its documentation's example, and its end.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use chrono::Utc;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::Tc;
use crate::support::execute::{script, wait_until, with};
use crate::support::task::definition;
use crate::support::wire::Wire;

const WARNING: &str = "the workers execute tasks: whatever is in a task is done on this machine, as you";

#[test]
fn execution_is_asked_for_with_workers_and_without_what_is_for_simulated_ones() {
    let tc = Tc::new();
    for args in [
        &["sandbox", "--execute"][..],
        &["sandbox", "--workers", "1", "--execute", "--speed", "2"],
        &["sandbox", "--workers", "1", "--execute", "--run-time", "1s"],
        &["sandbox", "--workers", "1", "--execute", "--fail-rate", "1%"],
    ] {
        tc.run(args).stdout("").status(2);
    }
}

#[test]
fn only_a_sandbox_that_executes_warns_of_it() {
    let warned = Tc::new().run(&["sandbox", "--workers", "1", "--execute", "--exec", "true"]);
    warned.stdout("").status(0);
    assert!(warned.stderr.contains(WARNING), "{warned}");
    assert!(warned.stderr.contains("Chains of trust are signed with the key "), "{warned}");
    Tc::new().run(&["sandbox", "--workers", "1", "--exec", "true"]).stdout("").stderr("").status(0);
}

/// The built program as `tc` on the path of a command, in a folder of its own.
fn program(folder: &Path) -> Command {
    let bin = folder.join("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_tc"), bin.join("tc")).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_tc"));
    command.current_dir(folder).env_clear().env("PATH", path).env("HOME", folder).env("TMPDIR", folder);
    command
}

#[test]
fn the_example_of_the_documentation_works() {
    let folder = tempfile::tempdir().unwrap();
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sandbox.md")).unwrap();
    let example = page.split("<!-- example -->").nth(1).and_then(|rest| rest.split("<!-- end of example -->").next());
    let lines: Vec<&str> = example.unwrap().lines().filter(|line| !line.starts_with("```")).collect();
    fs::write(folder.path().join("example.sh"), lines.join("\n")).unwrap();
    let output = program(folder.path())
        .args(["sandbox", "--workers", "1", "--execute", "--exec", "sh -eu example.sh"])
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{stdout}{stderr}");
    assert!(stdout.starts_with("pending\n"), "{stdout}");
    assert!(stdout.contains("=== Task Starting ===") && stdout.contains("Result: SUCCEEDED"), "{stdout}");
    // Once in the log, once as the artifact.
    assert_eq!(stdout.matches("\nhello from ").count(), 2, "{stdout}");
    assert!(stderr.contains(WARNING), "{stderr}");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("tc-sandbox-")), "{left:?}");
}

/// A sandbox that serves, and what it says first.
#[cfg(target_os = "linux")]
fn serving(folder: &Path) -> (Child, Value) {
    let program = program(folder);
    // Whoever runs the tests may have told them to outlive the terminal.
    let mut sandbox = Command::new("env");
    sandbox.arg("--default-signal=HUP").arg(program.get_program()).current_dir(folder).env_clear();
    let mut sandbox = sandbox
        .envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .args(["sandbox", "--workers", "1", "--execute", "--json", "--export", "tasks.json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(sandbox.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    (sandbox, serde_json::from_str(&line).unwrap())
}

#[test]
#[cfg(target_os = "linux")]
fn an_interrupt_a_termination_and_the_end_of_the_terminal_leave_nothing_behind_but_the_export() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let folder = tempfile::tempdir().unwrap();
        let (mut sandbox, access) = serving(folder.path());
        let text = |name: &str| access[name].as_str().unwrap().to_owned();
        assert_eq!(text("chainOfTrustKey").len(), 44);
        let (id, pids) = (slugid::nice(), folder.path().join("pid"));
        let endless = script(&format!("sleep 1000 & echo $! > {0}.new; mv {0}.new {0}; wait", pids.display()));
        let body = with(definition(Utc::now(), &id), serde_json::json!({"payload": endless}));
        Wire::to(&format!("{}/api/queue/v1/task/{id}", text("rootUrl")), "PUT")
            .signed_by(&text("clientId"), &text("accessToken"))
            .json(&body)
            .send()
            .is(200, "");
        wait_until("the task runs", || pids.exists());
        let process = format!("/proc/{}", fs::read_to_string(&pids).unwrap().trim());
        assert!(Path::new(&process).exists());
        kill_process(Pid::from_child(&sandbox), signal).unwrap();
        assert!(sandbox.wait().unwrap().success());
        let is_gone = || {
            fs::read_to_string(format!("{process}/stat")).is_ok_and(|stat| stat.contains(") Z "))
                || !Path::new(&process).exists()
        };
        wait_until("the process has ended", is_gone);
        let mut stderr = String::new();
        sandbox.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert!(stderr.contains(WARNING), "{stderr}");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        let is_rest = |name: &str| name.starts_with("tc-sandbox-") || name.ends_with(".part");
        assert!(!left.iter().any(|name| is_rest(&name.to_string_lossy())), "{left:?}");
        let exported = fs::read_to_string(folder.path().join("tasks.json")).unwrap();
        assert!(exported.contains(&id), "{exported}");
    }
}

#[test]
fn a_taskcluster_yml_runs_as_a_small_ci() {
    let folder = tempfile::tempdir().unwrap();
    let file = "version: 1\nreporting: checks-v1\npolicy: {pullRequests: public}\ntasks:\n  - $if: 'tasks_for == \"github-push\"'\n    \
                then:\n      taskQueueId: my/ci\n      created: {$fromNow: ''}\n      deadline: {$fromNow: '1 hour'}\n      \
                expires: {$fromNow: '1 day'}\n      payload:\n        command: [[/bin/sh, -c, 'echo tested ${event.after} > \
                out.txt']]\n        maxRunTime: 60\n        artifacts: [{type: file, path: out.txt, name: public/out.txt}]\n      \
                metadata: {name: test, description: t, owner: a@example.com, source: 'https://example.com'}\n";
    fs::write(folder.path().join(".taskcluster.yml"), file).unwrap();
    let commit = "b79ce60be819cdc482c9c6a84dc3c457959aa66f";
    let script = format!(
        "id=$(tc task create --render --event push --repo o/r --sha {commit} --json --jq '.[0].taskId')\n\
         tc task wait \"$id\" >&2\ntc artifact cat \"$id\" public/out.txt\n"
    );
    fs::write(folder.path().join("ci.sh"), script).unwrap();
    let output = program(folder.path())
        .args(["sandbox", "--workers", "1", "--execute", "--exec", "sh -eu ci.sh"])
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(stdout, format!("tested {commit}\n"), "{stderr}");
    assert!(output.status.success(), "{stderr}");
}
