//! The real binary: exit statuses, pipes, signals, full disks.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Output, Stdio};

use crate::support::fake_server::{Answer, FakeServer};

/// The binary with nothing in its environment but a HOME that is gone with the guard.
fn tc() -> (Command, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tc"));
    command.env_clear().env("HOME", home.path()).current_dir(home.path()).stdin(Stdio::null());
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
