//! Transfers that end by force: kill -9, a full disk. What has the final name is always right.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::storage::{Content, Storage, TASK, noise};

fn command(storage: &Storage, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tc"));
    command
        .args(["artifact", "download", TASK, "public/x", "-o", "out"])
        .env_clear()
        .env("HOME", folder)
        .env("TMPDIR", folder)
        .env("TASKCLUSTER_ROOT_URL", storage.url())
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

#[test]
fn a_hundred_kills_leave_the_right_bytes_or_none() {
    let bytes = noise(8_000_000);
    for storage_type in ["object", "s3"] {
        let storage = Storage::start(storage_type, Content::new(bytes.clone()).rate(8_000_000));
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let (mut kills, mut wholes, mut random) = (0, 0, fastrand::Rng::with_seed(7));
        while kills < 50 {
            let mut child = command(&storage, folder.path()).spawn().unwrap();
            let deadline = Instant::now() + Duration::from_millis(random.u64(5..400));
            let mut ended = None;
            while ended.is_none() && Instant::now() < deadline {
                ended = child.try_wait().unwrap();
                std::thread::yield_now();
            }
            match ended {
                Some(status) => {
                    assert!(status.success(), "{status}");
                    wholes += 1;
                }
                None => {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    kills += 1;
                }
            }
            if let Ok(found) = fs::read(&out) {
                assert!(found == bytes, "wrong bytes under the final name");
                fs::remove_file(&out).unwrap();
            }
        }
        storage.sent();
        assert!(command(&storage, folder.path()).status().unwrap().success());
        assert!(fs::read(&out).unwrap() == bytes);
        // On a busy machine no call may live long enough to finish; the last one then gets on with what is there.
        assert!(wholes > 0 || storage.sent() < bytes.len(), "no call ever got on with what an earlier one left");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_full_disk_keeps_what_is_here() {
    let bytes = noise(3_000_000);
    let storage = Storage::start("object", Content::new(bytes.clone()));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    fs::write(&out, "old").unwrap();
    // A limit for files stands in for a full disk: the write fails alike. 512-byte blocks.
    let script = "trap '' XFSZ; ulimit -f 2000; exec \"$@\"";
    let limited = |args: &[&str]| {
        Command::new("sh")
            .args(["-c", script, "sh", env!("CARGO_BIN_EXE_tc")])
            .args(args)
            .env_clear()
            .env("HOME", folder.path())
            .env("TMPDIR", folder.path())
            .env("TASKCLUSTER_ROOT_URL", storage.url())
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let ran = limited(&["artifact", "download", TASK, "public/x", "-o", "out"]);
    let stderr = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("cannot write") && stderr.contains("goes on from there"), "{stderr}");
    assert_eq!(fs::read(&out).unwrap(), b"old");
    storage.sent();
    assert!(command(&storage, folder.path()).status().unwrap().success());
    assert!(fs::read(&out).unwrap() == bytes);
    assert!(storage.sent() < bytes.len(), "what was written is not fetched again");
}
