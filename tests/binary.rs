//! The real binary: exit statuses, pipes, signals, full disks.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Output, Stdio};

use crate::support::fake_server::{Answer, FakeServer};

/// The binary with nothing in its environment but a HOME that is gone with the guard.
fn tc() -> (Command, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tc"));
    command
        .env_clear()
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .current_dir(home.path())
        .stdin(Stdio::null());
    (command, home)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(root_url: &str, args: &[&str], stdout: Stdio) -> Output {
    let (mut command, _home) = tc();
    command.env("TASKCLUSTER_ROOT_URL", root_url).args(args).stdout(stdout).stderr(Stdio::piped());
    command.spawn().unwrap().wait_with_output().unwrap()
}

#[test]
fn exit_statuses_reach_the_shell() {
    for (args, status) in [(&["version"][..], 0), (&["nope"], 2), (&["api", "queue", "ping"], 2)] {
        let (mut command, _home) = tc();
        assert_eq!(command.args(args).output().unwrap().status.code(), Some(status), "{args:?}");
    }
    let server = FakeServer::start();
    let refusal = Answer::json(404, r#"{"code":"ResourceNotFound","message":"no\n---\n\n* method: x"}"#);
    server.expect("GET /api/queue/v1/ping", refusal);
    let output = run(server.url(), &["api", "queue", "ping"], Stdio::piped());
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
}

/// Only builds with debug assertions can be made to panic.
#[cfg(debug_assertions)]
#[test]
fn a_bug_says_where_it_is_and_how_to_report_it_and_no_secret() {
    for backtrace in ["0", "1"] {
        let (mut command, _home) = tc();
        command.env("TC_TEST_PANIC", "hunter2").env("RUST_BACKTRACE", backtrace);
        command.env("TASKCLUSTER_ACCESS_TOKEN", "hunter2").env("TASKCLUSTER_CLIENT_ID", "me");
        let output = command.args(["task", "status", "hunter2"]).output().unwrap();
        let stderr = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(101), String::new()), "{stderr}");
        let lines: Vec<&str> = stderr.lines().collect();
        let bug = format!("error: this is a bug in tc {}, at src/run/bug.rs:", env!("CARGO_PKG_VERSION"));
        assert!(lines[0].starts_with(&bug), "{stderr}");
        assert!(lines[1].starts_with("hint: Report it with this line, "), "{stderr}");
        assert_eq!(lines.len() > 2, backtrace == "1", "{stderr}");
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
}

#[test]
fn two_v_show_headers_without_secrets() {
    let server = FakeServer::start();
    let ping = Answer::json(200, "{}").header("set-cookie", "hunter2=1").header("x-for-request-id", "abc");
    server.expect("GET /api/queue/v1/ping", ping);
    let (mut command, _home) = tc();
    command.env("TASKCLUSTER_ROOT_URL", server.url());
    command.env("TASKCLUSTER_CLIENT_ID", "me").env("TASKCLUSTER_ACCESS_TOKEN", "hunter2");
    let output = command.args(["-vv", "api", "queue", "ping"]).output().unwrap();
    let stderr = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "{}\n".to_owned()), "{stderr}");
    for line in ["> authorization: (redacted)", "< x-for-request-id: abc", "< set-cookie: (redacted)"] {
        assert!(stderr.contains(line), "{line}\n{stderr}");
    }
    assert!(!stderr.contains("hunter2") && !stderr.contains("mac="), "{stderr}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let server = FakeServer::start();
    server.expect_times(2, "GET /api/queue/v1/ping", Answer::json(200, r#"{"a":1}"#));
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = run(server.url(), &["api", "queue", "ping"], full.into());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("No space left on device"), "{}", text(&output.stderr));
    let output = run(server.url(), &["api", "queue", "ping", "-o", "/dev/full"], Stdio::piped());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("cannot write `/dev/full`"), "{}", text(&output.stderr));
}

/// Pages are fetched by another thread than the one that the log was set up for. In a process of its own,
/// because threads of other tests that log nothing may be the first at a place that logs.
#[test]
fn every_try_is_logged_whichever_thread_makes_it() {
    let server = FakeServer::start();
    let page = |token: &str| Answer::json(200, format!(r#"{{"clients": [{{"clientId": "a"}}]{token}}}"#));
    server.expect("GET /api/auth/v1/clients/", page(r#", "continuationToken": "b""#));
    server.expect("GET /api/auth/v1/clients/?continuationToken=b", page(""));
    let (mut command, _home) = tc();
    command.env("TASKCLUSTER_ROOT_URL", server.url());
    command.env("TASKCLUSTER_CLIENT_ID", "me").env("TASKCLUSTER_ACCESS_TOKEN", "hunter2");
    let output = command.args(["-v", "api", "auth", "listClients", "--jsonl"]).output().unwrap();
    let stderr = text(&output.stderr);
    assert_eq!((output.status.code(), text(&output.stdout).lines().count()), (Some(0), 2), "{stderr}");
    let answered: Vec<&str> = stderr.lines().filter(|line| line.contains("answered verb=GET")).collect();
    assert_eq!(answered.len(), 2, "{stderr}");
    assert!(answered.iter().all(|line| line.contains("status=200") && line.contains("signed=true")), "{stderr}");
    assert!(!stderr.contains("hunter2"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_quietly() {
    let server = FakeServer::start();
    let item = format!(r#"{{"clientId":"{}"}}"#, "x".repeat(1000));
    let items = vec![item; 500].join(",");
    let call = "GET /api/auth/v1/clients/";
    server.expect(call, Answer::json(200, format!(r#"{{"clients":[{items}],"continuationToken":"a"}}"#)));
    // Whether the second page is asked for depends on who is faster.
    server.allow(&format!("{call}?continuationToken=a"), Answer::json(200, format!(r#"{{"clients":[{items}]}}"#)));
    let (mut command, _home) = tc();
    command.env("TASKCLUSTER_ROOT_URL", server.url()).args(["api", "auth", "listClients", "--jsonl"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let status = child.wait().unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""));
}

#[cfg(unix)]
#[test]
fn a_low_limit_of_open_files_is_kept_by_bulk_actions() {
    use crate::support::group::Group;
    let group = Group::new();
    let ids: Vec<String> = (0..200).map(|number| group.task(&number.to_string(), "pending")).collect();
    let home = tempfile::tempdir().unwrap();
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 40; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_tc"), "group", "cancel", "-y", &group.id])
        .env_clear()
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .env("TASKCLUSTER_ROOT_URL", group.sandbox.root_url())
        .env("TASKCLUSTER_CLIENT_ID", group.sandbox.client_id())
        .env("TASKCLUSTER_ACCESS_TOKEN", group.sandbox.access_token().reveal())
        .output()
        .unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    assert_eq!(text(&output.stdout).lines().count(), 200);
    assert!(ids.iter().all(|id| group.state(id) == "exception"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_call_with_130() {
    let server = FakeServer::start();
    server.expect("GET /api/queue/v1/ping", Answer::hang());
    let (mut command, _home) = tc();
    command.env("TASKCLUSTER_ROOT_URL", server.url()).args(["api", "queue", "ping", "-o", "x.json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    server.wait_for_requests(1);
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(130), "error: interrupted\n"));
}

/// What a verb computes keeps nobody from ending it: jq gets a document and never comes back from it.
#[cfg(unix)]
#[test]
fn a_program_without_end_is_ended_by_ctrl_c_and_by_sigterm() {
    use std::time::{Duration, Instant};
    for (signal, program) in [("-INT", "repeat(1)"), ("-TERM", "repeat(1)"), ("-INT", "last(range(1e12))")] {
        let server = FakeServer::start();
        server.expect("GET /api/queue/v1/ping", Answer::json(200, "{}"));
        let (mut command, _home) = tc();
        command.env("TASKCLUSTER_ROOT_URL", server.url());
        // More than is buffered, so that the first line comes; nobody reads on.
        command.args(["--jq", &format!("range(20000), ({program})"), "api", "queue", "ping"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "0\n");
        let killed = Instant::now();
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let status = child.wait().unwrap();
        let took = killed.elapsed();
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((status.code(), stderr.as_str()), (Some(130), "error: interrupted\n"), "{signal} {program}");
        // It takes milliseconds; other tests may have the processors.
        assert!(took < Duration::from_secs(5), "{signal} {program}: {took:?}");
    }
}

/// Neither a template, nor the layout of a large document, nor the filter of a log keeps anyone from ending a verb.
#[cfg(unix)]
#[test]
fn a_template_a_layout_and_a_filter_without_end_are_ended_by_signals() {
    use serde_json::json;
    use std::time::{Duration, Instant};
    const ID: &str = "VESwp9JaRo-XkFN_bemBhw";
    let task = |dependencies: &[&str], extra: &str| {
        json!({"status": {"taskId": ID, "taskGroupId": ID, "state": "failed", "runs": []},
            "task": {"metadata": {"name": "n"}, "dependencies": dependencies, "extra": extra}})
    };
    let group = format!("GET /api/queue/v1/task-group/{ID}/list");
    let page = |tasks: &[serde_json::Value], more: &str| {
        Answer::json(200, format!(r#"{{"taskGroupId": "{ID}", "tasks": {}{more}}}"#, json!(tasks)))
    };

    let template = FakeServer::start();
    let mut tasks = vec![task(&[], ""); 3000];
    tasks.push(task(&[ID; 4000], ""));
    template.expect(&group, page(&tasks, ""));
    let nested =
        "{{range .task.dependencies}}".to_owned() + &"{{range $.task.dependencies}}".repeat(3) + &"{{end}}".repeat(4);
    let template_args =
        ["group", "list", ID, "--format-string", &format!("{{{{.status.taskId}}}}{nested}")].map(String::from);

    let layout = FakeServer::start();
    let large = vec![task(&[], &"x".repeat(1000)); 20_000];
    layout.expect(&group, page(&large, r#", "continuationToken": "more""#));
    layout.allow(&format!("{group}?continuationToken=more"), Answer::hang());
    let layout_args = ["group", "list", ID, "--json"].map(String::from);

    let log = |grep: &str| {
        let log = FakeServer::start();
        let status = json!({"status": {"taskId": ID, "state": "failed", "runs": [{"runId": 0, "state": "failed"}]}});
        let name = "public/logs/live_backing.log";
        let run = format!("GET /api/queue/v1/task/{ID}/runs/0");
        log.expect(&format!("GET /api/queue/v1/task/{ID}/status"), Answer::json(200, status.to_string()))
            .expect(
                &format!("GET /api/queue/v1/task/{ID}"),
                Answer::json(200, json!({"payload": {}, "metadata": {}}).to_string()),
            )
            .expect(
                &format!("{run}/artifacts"),
                Answer::json(200, json!({"artifacts": [{"storageType": "s3", "name": name}]}).to_string()),
            )
            .expect(
                &format!("{run}/artifact-content/public%2Flogs%2Flive_backing.log"),
                Answer::json(200, json!({"storageType": "s3", "url": format!("{}/log", log.url())}).to_string()),
            )
            .expect("GET /log", Answer::new(200, "x\n".repeat(40_000) + &"ab".repeat(1 << 19)));
        (log, ["task", "log", ID, "--grep", "^x$", "--grep", grep].map(String::from))
    };
    // The first is without end; the second has ended, and nobody reads what it has found.
    let (filter, filter_args) = log("([a-y]{1,40}[a-z]{1,40}){1,40}[c-z]$");
    let (unread, unread_args) = log("!$");

    for (server, args, signal, has_line) in [
        (template, template_args.as_slice(), "-INT", true),
        (layout, &layout_args, "-TERM", false),
        (filter, &filter_args, "-INT", true),
        (unread, &unread_args, "-INT", true),
    ] {
        let (mut command, _home) = tc();
        let mut child = command
            .env("TASKCLUSTER_ROOT_URL", server.url())
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        if has_line {
            // It comes with the first 64 KiB, and what follows never ends.
            BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut String::new()).unwrap();
        } else {
            server.wait_for_requests(2);
        }
        let killed = Instant::now();
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let status = child.wait().unwrap();
        let took = killed.elapsed();
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((status.code(), stderr.as_str()), (Some(130), "error: interrupted\n"), "{args:?}");
        // It takes milliseconds; other tests may have the processors.
        assert!(took < Duration::from_secs(5), "{args:?}: {took:?}");
    }
}

/// The binary, which the end of the terminal reaches or does not, whoever runs the tests.
#[cfg(target_os = "linux")]
fn tc_by_env(hangup: &str) -> (Command, tempfile::TempDir) {
    let (tc, home) = tc();
    let mut command = Command::new("env");
    command.env_clear().envs([("HOME", home.path()), ("TMPDIR", home.path())]).current_dir(home.path());
    command.arg(format!("--{hangup}-signal=HUP")).arg(tc.get_program());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    (command, home)
}

#[cfg(target_os = "linux")]
fn kill(child: &std::process::Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

/// Of the end of the terminal both the system and the shell tell, which is no second Ctrl-C.
#[cfg(target_os = "linux")]
#[test]
fn a_command_that_tc_runs_is_told_to_end_when_tc_alone_is() {
    for signals in [&["-TERM"][..], &["-HUP", "-HUP"]] {
        let (mut command, home) = tc_by_env("default");
        let script = "trap 'sleep 0.8; echo told; exit 3' TERM; echo ready; while :; do sleep 0.02; done";
        command.args(["sandbox", "--export", "tasks.json", "--exec", script]);
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        signals.iter().for_each(|signal| kill(&child, signal));
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!((child.wait().unwrap().code(), rest.as_str()), (Some(3), "told\n"), "{signals:?}");
        assert!(home.path().join("tasks.json").exists(), "{signals:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_end_of_the_terminal_ends_a_call_except_under_nohup() {
    for (hangup, expected) in [("default", (Some(130), "error: interrupted\n")), ("ignore", (Some(0), ""))] {
        let server = FakeServer::start();
        let (first, second) = (Answer::hang(), Answer::json(200, "{}"));
        server.expect("GET /api/queue/v1/ping", first).allow("GET /api/queue/v1/ping", second);
        let (mut command, _home) = tc_by_env(hangup);
        command.env("TASKCLUSTER_ROOT_URL", server.url());
        command.args(["api", "queue", "ping", "--timeout", "2s", "--retries", "1", "-o", "x.json"]);
        let child = command.spawn().unwrap();
        server.wait_for_requests(1);
        kill(&child, "-HUP");
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), expected, "{hangup}");
    }
}

/// The next line of a running task's log may be minutes away.
#[cfg(target_os = "linux")]
#[test]
fn a_log_that_nobody_reads_any_more_is_not_followed() {
    use std::time::{Duration, Instant};
    let group = crate::support::group::Group::new();
    let task = group.task("a", "running");
    let (mut command, _home) = tc();
    command.env("TASKCLUSTER_ROOT_URL", group.sandbox.root_url()).args(["task", "log", &task]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It has no log yet, which is waited for.
    let left = Instant::now();
    drop(child.stdout.take());
    while child.try_wait().unwrap().is_none() {
        assert!(left.elapsed() < Duration::from_secs(60), "it goes on");
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}
