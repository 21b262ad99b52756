//! Pulse in daily work: failures are rerun as they are told of, and waiting is told when to look.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use tc::Clock as _;

use crate::support::group::Group;
use crate::support::hand_clock::HandClock;
use crate::support::publisher::Publisher;
use crate::support::pulse;
use crate::support::rabbit::Rabbit;

/// How long a change may take until it is seen, by the clock of the program: what the machine takes is not in it.
const SEEN_WITHIN: TimeDelta = TimeDelta::seconds(1);

/// How long a busy machine may take for all of it.
const ENOUGH: Duration = Duration::from_secs(120);

fn message(group: &Group, task: &str) -> (String, String, Vec<u8>) {
    let status = group.queue("status", &[task], None);
    let state = status["status"]["state"].as_str().unwrap().to_owned();
    let run = status["status"]["runs"].as_array().map_or(0, |runs| runs.len().saturating_sub(1));
    let exchange = format!("exchange/taskcluster-queue/v1/task-{state}");
    let key = format!("primary.{task}.{run}._._.proj-x.linux.s.{}._", group.id);
    (exchange, key, json!({"status": status["status"], "runId": run, "version": 1}).to_string().into_bytes())
}

fn tell(publisher: &Publisher, group: &Group, task: &str) {
    let (exchange, key, body) = message(group, task);
    publisher.publish_when_bound(&exchange, &key, &[], &body);
}

fn with_pulse(group: &Group, rabbit: &Rabbit) -> crate::support::Tc {
    group
        .tc()
        .env("PULSE_USERNAME", pulse::USER)
        .env("PULSE_PASSWORD", pulse::PASSWORD)
        .env("PULSE_URL", &format!("amqp://127.0.0.1:{}", rabbit.port))
}

#[test]
fn failures_of_a_push_are_rerun_as_they_are_told_of() {
    let Some(rabbit) = pulse::shared() else { return };
    let group = Group::new();
    let tasks: Vec<String> = (0..3).map(|number| group.task(&format!("test-{number}"), "failed")).collect();
    let folder = tempfile::tempdir().unwrap();
    let binding = format!("queue.taskFailed?taskGroupId={}", group.id);
    let command = "exec \"$TC\" task rerun \"$TC_PULSE_TASK_ID\" --quiet";
    let child = Command::new(env!("CARGO_BIN_EXE_tc"))
        .args(["pulse", "listen", &binding, "--exec", command, "--jobs", "2", "--count", "3"])
        .env_clear()
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("TC", env!("CARGO_BIN_EXE_tc"))
        .env("TASKCLUSTER_ROOT_URL", group.sandbox.root_url())
        .env("TASKCLUSTER_CLIENT_ID", group.sandbox.client_id())
        .env("TASKCLUSTER_ACCESS_TOKEN", group.sandbox.access_token().reveal())
        .env("PULSE_URL", format!("amqp://{}:{}@127.0.0.1:{}", pulse::USER, pulse::PASSWORD, rabbit.port))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let publisher = Publisher::connect(&rabbit.url());
    for task in &tasks {
        tell(&publisher, &group, task);
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {said}", output.status);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "pending\n".repeat(3), "{said}");
    for task in &tasks {
        let status: Value = group.queue("status", &[task], None);
        assert_eq!(status["status"]["runs"][1]["reasonCreated"], "rerun");
    }
}

#[test]
fn what_runs_in_a_sandbox_with_a_broker_hears_of_its_failures() {
    let Some(rabbit) = pulse::shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let task = "taskQueueId: proj/pool\npayload: {command: [[sh, -c, 'exit 1']], maxRunTime: 60}\n\
                metadata: {name: n, description: d, owner: o@example.com, source: 'https://example.com'}\n";
    std::fs::write(folder.path().join("task.yml"), task).unwrap();
    // The listener is at work when it says where it listens.
    let script = r#"
        set -e
        "$TC" pulse listen queue.taskFailed --count 1 -v --exec '"$TC" task rerun "$TC_PULSE_TASK_ID"' >heard 2>err &
        trap 'kill $! 2>/dev/null || true' EXIT
        until grep -q '^Listening on ' err; do kill -0 $! && sleep 0.1; done
        "$TC" task create task.yml --json --jq ".[0].taskId" >id
        wait $!
        "$TC" task wait "$(cat id)" >&2 || true
        "$TC" api queue status "$(cat id)" --jq '.status.runs | map(.reasonCreated) | join(" ")'
    "#;
    let output = Command::new(env!("CARGO_BIN_EXE_tc"))
        .args(["sandbox", "--workers", "1", "--execute", "--pulse", &rabbit.url(), "--exec", script])
        .env_clear()
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("TC", env!("CARGO_BIN_EXE_tc"))
        .env("PULSE_USERNAME", "somebody")
        .env("PULSE_PASSWORD", "else")
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = std::fs::read_to_string(folder.path().join("err")).unwrap_or_default()
        + &String::from_utf8_lossy(&output.stderr);
    let heard = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{} {heard} {said}", output.status);
    assert_eq!(heard, "scheduled rerun\n", "{said}");
}

/// Lets time pass for short sleeps alone, until it is over by their number and by whether somebody sleeps longer: who
/// sleeps until it is time to look anyway is not woken.
fn pass_short_sleeps(clock: &HandClock, is_over: impl Fn(u32, bool) -> bool) {
    let (started, mut passed) = (Instant::now(), 0);
    loop {
        assert!(started.elapsed() < ENOUGH, "it never came to be");
        let next = clock.next_wake();
        let sleeps_long = next.is_some_and(|left| left > SEEN_WITHIN);
        if is_over(passed, sleeps_long) {
            return;
        }
        match next.filter(|_| !sleeps_long) {
            Some(left) => {
                clock.pass(left);
                passed += 1;
            }
            None => thread::sleep(Duration::from_millis(1)),
        }
    }
}

#[test]
fn waiting_sees_a_change_within_a_second_of_being_told() {
    let Some(rabbit) = pulse::shared() else { return };
    for (noun, verb) in [("group", "wait"), ("group", "watch"), ("task", "wait"), ("task", "watch")] {
        let group = Group::new();
        let task = group.task("build", "running");
        let clock = HandClock::at(&Utc::now().to_rfc3339());
        let tc = with_pulse(&group, &rabbit).environment(|environment| environment.with_clock(clock.clone()));
        let publisher = Publisher::connect(&rabbit.url());
        let wanted = if noun == "group" { group.id.clone() } else { task.clone() };
        let ran = thread::scope(|scope| {
            let running = scope.spawn(|| tc.run(&[noun, verb, &wanted, "--events"]));
            // Bound, and has looked at a task that runs.
            tell(&publisher, &group, &task);
            pass_short_sleeps(&clock, |passed, sleeps_long| passed > 0 && sleeps_long);
            group.queue("cancelTask", &[&task], None);
            let changed = clock.now();
            tell(&publisher, &group, &task);
            pass_short_sleeps(&clock, |_, _| running.is_finished());
            let took = clock.now() - changed;
            assert!(took <= SEEN_WITHIN, "{noun} {verb} took {took}");
            running.join().unwrap()
        });
        ran.status(3);
        assert!(ran.stderr.starts_with("Looking whenever Pulse announces a change.\n"), "{ran}");
    }
}

#[test]
fn events_need_a_pulse_user() {
    let group = Group::new();
    let task = group.task("build", "completed");
    let ran = group.tc().run(&["task", "wait", &task, "--events"]);
    ran.status(4).stdout("");
    assert!(ran.stderr.starts_with("error: no Pulse user: PULSE_USERNAME is not set\n"), "{ran}");
}
