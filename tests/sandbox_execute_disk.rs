//! A disk that is full, for real, while the sandbox runs tasks: the task says so, and the sandbox lives on.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

/// What the disk of the tasks holds, and what one of them wants to put there.
const DISK: &str = "size=40k";
const TOO_MUCH_BYTES: usize = 60_000;

/// Creates the tasks one after the other; of each its state, why it is so, and its log.
const SCRIPT: &str = r#"
    set -e
    for name in command mount after; do
        id=$("$TC" task create $name.json --json --jq '.[0].taskId')
        "$TC" task wait "$id" >/dev/null 2>&1 || true
        "$TC" api queue status "$id" --jq '.status | "\(.state) \(.runs[-1].reasonResolved)"'
        "$TC" task log "$id" >$name.log
    done
"#;

/// Runs the script in a sandbox whose folder of tasks is on a small disk; none where nobody may mount one.
fn on_a_small_disk(folder: &Path) -> Option<Output> {
    let full = folder.join("full");
    fs::create_dir(&full).unwrap();
    let mount = format!("mount -t tmpfs -o {DISK} none full");
    let unshare = |flags: &str, script: &str| {
        Command::new("sh")
            .args(["-c", &format!("exec unshare --mount {flags} sh -c '{script}'")])
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap())
            .env("HOME", folder)
            .env("TMPDIR", &full)
            .env("TC", env!("CARGO_BIN_EXE_tc"))
            .env("SCRIPT", SCRIPT)
            .current_dir(folder)
            .output()
            .unwrap()
    };
    let ways = ["", "--user --map-root-user"];
    let Some(flags) = ways.into_iter().find(|flags| unshare(flags, &mount).status.success()) else {
        // Not by `eprintln!`, which a test that passes keeps to itself.
        std::io::stderr().write_all(b"\nNOT TESTED: a full disk, because nobody may mount one here.\n").unwrap();
        return None;
    };
    let run = format!("{mount} && exec \"$TC\" sandbox --workers 1 --execute --exec \"$SCRIPT\"");
    Some(unshare(flags, &run))
}

fn task(payload: &Value) -> String {
    json!({
        "taskQueueId": "proj/pool", "payload": payload,
        "metadata": {"name": "n", "description": "d", "owner": "a@example.com", "source": "https://example.com"},
    })
    .to_string()
}

#[test]
fn tasks_that_fill_the_disk_say_so_and_the_sandbox_runs_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let command = |line: &str| json!({"command": [["sh", "-c", line]], "maxRunTime": 600});
    let mut mount = command("true");
    mount["mounts"] = json!([{"file": "big", "content": {"raw": "x".repeat(TOO_MUCH_BYTES)}}]);
    for (name, payload) in [
        ("command", command(&format!("head -c {TOO_MUCH_BYTES} /dev/zero >big"))),
        ("mount", mount),
        ("after", command("head -c 20000 /dev/zero >fits")),
    ] {
        fs::write(folder.path().join(format!("{name}.json")), task(&payload)).unwrap();
    }
    let Some(output) = on_a_small_disk(folder.path()) else { return };
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    assert_eq!(stdout, "failed failed\nexception resource-unavailable\ncompleted completed\n", "{stderr}");
    let log = |name: &str| fs::read_to_string(folder.path().join(format!("{name}.log"))).unwrap();
    assert!(log("command").contains("No space left on device"), "{}", log("command"));
    let said = log("mount");
    let line =
        said.lines().find(|line| line.starts_with("[taskcluster:error] [mounts] cannot write ")).unwrap_or_default();
    assert!(line.contains("No space left on device"), "{said}");
}
