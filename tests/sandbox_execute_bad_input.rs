//! Tasks that no worker can be proud of: nothing of them reaches beyond their own run.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::execute::{ENOUGH, artifacts, create, done, run, run_with, sandbox, script, with};

#[test]
fn a_payload_with_faults_is_malformed_and_each_is_named() {
    let sandbox = sandbox(1);
    for (payload, fault) in [
        (json!({}), "required property 'command'"),
        (json!({"command": [["true"]], "maxRunTime": 60, "zork": 1}), "zork"),
        (
            json!({"command": [["true"]], "maxRunTime": 60, "features": {"interactive": true}}),
            "does not have this feature",
        ),
        (json!({"command": [["true"]], "maxRunTime": 60, "env": {"A": 1}}), "payload/env/A: must be string"),
        (
            with(script(":"), json!({"mounts": [{"directory": "d", "content": {"raw": ""}, "format": "tar.xz"}]})),
            "cannot unpack tar.xz, only tar.gz and zip",
        ),
        (json!({"image": "ubuntu", "command": ["true"], "maxRunTime": 60}), "docker-worker"),
    ] {
        let done = run(&sandbox, payload);
        done.is("exception", "malformed-payload");
        assert!(done.errors().iter().any(|error| error.contains(fault)), "{:?} lacks {fault}", done.errors());
        assert!(!done.log.contains("Executing"), "{}", done.log);
    }
}

#[test]
fn a_payload_for_docker_worker_leads_to_d2g() {
    let sandbox = sandbox(1);
    let done = run(&sandbox, json!({"image": "ubuntu", "maxRunTime": 60}));
    assert!(done.errors().iter().any(|error| error.contains("with d2g")), "{:?}", done.errors());
}

#[test]
fn a_command_that_does_not_exist_fails_the_task() {
    let sandbox = sandbox(1);
    for program in ["no-such-program", "/no/such/program", "./none", "/"] {
        let done = run(&sandbox, json!({"command": [[program]], "maxRunTime": 60}));
        done.is("failed", "failed");
        assert!(done.errors()[0].starts_with(&format!("cannot start `{program}`: ")), "{:?}", done.errors());
    }
}

#[test]
fn a_line_of_100_megabytes_is_kept_whole() {
    let sandbox = sandbox(1);
    let done = run(&sandbox, script("head -c 100000000 /dev/zero | tr '\\0' x; echo; echo after"));
    done.is("completed", "completed");
    assert!(done.log.lines().any(|line| line.len() == 100_000_000));
    assert!(done.log.contains("\nafter\n"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_task_that_forks_and_leaves_is_over_at_once_and_takes_nothing_with_it() {
    let (sandbox, folder) = (sandbox(1), tempfile::tempdir().unwrap());
    let mark = folder.path().join("alive");
    // One in the background with the log in its hands, and one that has left the group, the session and the folder.
    let text = format!(
        "(while :; do date > {0}.1; sleep 0.05; done) & (cd / && setsid sh -c 'while :; do date > {0}.2; sleep 0.05; done') & \
         until test -e {0}.1 && test -e {0}.2; do sleep 0.02; done; echo left",
        mark.display()
    );
    let done = run(&sandbox, script(&text));
    done.is("completed", "completed");
    assert_eq!(done.output(), "left\n");
    for number in [1, 2] {
        let file = mark.with_extension(number.to_string());
        assert!(file.exists());
        fs::remove_file(file).unwrap();
    }
    // Whoever still lived would write again at once; another task gives it the time.
    run(&sandbox, script("sleep 0.5")).is("completed", "completed");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_runs_in_the_background_serves_the_commands_that_follow() {
    let sandbox = sandbox(1);
    let command = json!([
        [
            "/bin/sh",
            "-c",
            "(until test -e asked; do sleep 0.02; done; echo answered > answer; echo from behind) & echo begun"
        ],
        ["/bin/sh", "-c", "touch asked; until test -e answer; do sleep 0.02; done; cat answer"],
    ]);
    let done = run(&sandbox, json!({"command": command, "maxRunTime": 60}));
    done.is("completed", "completed");
    let output = done.output();
    assert!(output.starts_with("begun\n") && output.contains("answered\n"), "{output}");
}

#[test]
fn links_out_of_the_folder_are_no_artifacts() {
    let (sandbox, folder) = (sandbox(1), tempfile::tempdir().unwrap());
    let secret = folder.path().join("secret");
    fs::write(&secret, "secret").unwrap();
    let payload = with(
        script(&format!(
            "ln -s {0} link; mkdir d; ln -s {0} d/link; ln -s {1} up; echo own > d/own",
            secret.display(),
            folder.path().display()
        )),
        json!({"artifacts": [
            {"type": "file", "path": "link", "name": "public/link"},
            {"type": "file", "path": "up/secret", "name": "public/up"},
            {"type": "directory", "path": "d", "name": "public/d"},
        ]}),
    );
    let done = run(&sandbox, payload);
    done.is("failed", "failed");
    assert_eq!(
        artifacts(&sandbox, &done.id),
        ["error public/d/link", "s3 public/d/own", "error public/link", "error public/up"]
    );
    assert!(done.errors()[0].starts_with("invalid-resource-on-worker: "), "{:?}", done.errors());
}

#[test]
fn archives_that_lead_out_of_their_folder_are_refused() {
    let sandbox = sandbox(1);
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..7].copy_from_slice(b"../evil");
    header.set_size(0);
    header.set_cksum();
    builder.append(&header, &b""[..]).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, &builder.into_inner().unwrap()).unwrap();
    let packed = STANDARD.encode(encoder.finish().unwrap());
    for (content, fault) in [
        (packed, "the entry `../evil` leads out of the folder"),
        (STANDARD.encode("no archive"), "invalid gzip header"),
    ] {
        let mounts = json!([{"directory": "d", "format": "tar.gz", "content": {"base64": content}}]);
        let done = run(&sandbox, with(script("ls -a"), json!({"mounts": mounts})));
        done.is("failed", "failed");
        assert!(done.errors()[0].contains(fault), "{:?}", done.errors());
        assert_eq!(done.output(), "");
    }
}

#[test]
fn two_tasks_at_once_have_a_cache_each_and_one_task_cannot_have_it_twice() {
    let (sandbox, folder) = (sandbox(2), tempfile::tempdir().unwrap());
    let scopes = json!({"scopes": ["generic-worker:cache:*"]});
    let mounts =
        |paths: &[&str]| -> Value { paths.iter().map(|path| json!({"directory": path, "cacheName": "one"})).collect() };
    // Each waits for the other, so that both have the cache at the same time.
    let ids = [("a", "b"), ("b", "a")].map(|(own, other)| {
        let text = format!(
            "touch {0}/{own} c/{own}; until test -e {0}/{other}; do sleep 0.02; done; ls c",
            folder.path().display()
        );
        create(&sandbox, with(script(&text), json!({"mounts": mounts(&["c"])})), scopes.clone())
    });
    assert!(sandbox.wait_until_idle(ENOUGH));
    let mut outputs = ids.map(|id| done(&sandbox, &id).is("completed", "completed").output());
    outputs.sort_unstable();
    assert_eq!(outputs, ["a\n", "b\n"]);
    let twice = run_with(&sandbox, with(script(":"), json!({"mounts": mounts(&["c", "d"])})), scopes);
    twice.is("exception", "malformed-payload");
}

#[test]
fn what_nobody_can_download_is_a_lack_of_resources() {
    let sandbox = sandbox(1);
    // A port that was free a moment ago and where nobody listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mounts = json!([{"file": "f", "content": {"url": format!("http://127.0.0.1:{port}/x")}}]);
    let done = run_with(&sandbox, with(script(":"), json!({"mounts": mounts})), json!({"retries": 0}));
    done.is("exception", "resource-unavailable");
    assert!(done.errors()[0].contains("in 4 tries"), "{:?}", done.errors());
}

#[test]
fn a_task_that_locks_its_folder_and_spoils_its_caches_spoils_only_its_own() {
    let sandbox = sandbox(1);
    let scopes = json!({"scopes": ["generic-worker:cache:*"]});
    let mounts = json!([{"directory": "c", "cacheName": "one"}]);
    let spoiled = with(script("rm -r c; ln -s / c; mkdir -p x/y; chmod 0 x/y x"), json!({"mounts": mounts}));
    run_with(&sandbox, spoiled, scopes.clone()).is("completed", "completed");
    let next = run_with(&sandbox, with(script("ls c"), json!({"mounts": mounts})), scopes);
    assert_eq!(next.is("completed", "completed").output(), "");
}

#[test]
fn artifacts_that_contradict_each_other_fail_the_task() {
    let sandbox = sandbox(1);
    let payload = with(
        script("echo a > a; echo b > b.json"),
        json!({"artifacts": [
            {"type": "file", "path": "a", "name": "public/x"}, {"type": "file", "path": "b.json", "name": "public/x"},
            {"type": "file", "path": "a", "name": "public/logs/live.log"},
        ]}),
    );
    let done = run(&sandbox, payload);
    done.is("failed", "failed");
    let refused = done.errors().iter().filter(|error| error.contains("status 409")).count();
    assert_eq!(refused, 2, "{:?}", done.errors());
}
