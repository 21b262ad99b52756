//! What transfers leave on the disk: modes, and what becomes of a disk that is full.

#![cfg(unix)]

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::gzip;
use crate::support::storage::{Content, Fault, Storage, TASK, noise};

const LARGE: usize = 600_000;

/// Runs a script of the shell, in which `$TC` is the program and `$GET` what downloads to `out`.
fn shell(storage: &Storage, folder: &Path, script: &str) -> Output {
    let command = format!("\"$TC\" artifact download {TASK} public/x -o out --retries 0 --connections 1");
    Command::new("sh")
        .args(["-c", script])
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("HOME", folder)
        .env("TMPDIR", folder)
        .env("TC", env!("CARGO_BIN_EXE_tc"))
        .env("GET", command)
        .env("TASKCLUSTER_ROOT_URL", storage.url())
        .current_dir(folder)
        .output()
        .unwrap()
}

fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

/// Content that goes to the disk in each of the ways there are: in one go, by a part, and decoded from either.
fn ways() -> [(&'static str, Content); 4] {
    let packed = |length| Content::new(gzip(&noise(length))).header("Content-Encoding", "gzip");
    [
        ("small", Content::new(noise(1000))),
        ("large", Content::new(noise(LARGE))),
        ("small and compressed", packed(1000)),
        ("large and compressed", packed(LARGE)),
    ]
}

#[test]
fn a_new_file_has_the_mode_that_the_umask_leaves() {
    for (name, content) in ways() {
        let storage = Storage::start("reference", content);
        for (umask, expected) in [("022", 0o644), ("027", 0o640), ("077", 0o600), ("000", 0o666)] {
            let folder = tempfile::tempdir().unwrap();
            succeeds(&shell(&storage, folder.path(), &format!("umask {umask}; eval \"$GET\"")));
            assert_eq!(mode(&folder.path().join("out")), expected, "{name}, umask {umask}");
        }
    }
}

#[test]
fn a_file_that_is_replaced_keeps_its_mode() {
    for (name, content) in ways() {
        let storage = Storage::start("reference", content);
        for kept in [0o600, 0o755, 0o444] {
            let folder = tempfile::tempdir().unwrap();
            let out = folder.path().join("out");
            fs::write(&out, "old").unwrap();
            fs::set_permissions(&out, Permissions::from_mode(kept)).unwrap();
            succeeds(&shell(&storage, folder.path(), "umask 022; eval \"$GET\""));
            assert_eq!(mode(&out), kept, "{name}");
            assert_ne!(fs::read(&out).unwrap(), b"old");
        }
    }
}

#[test]
fn an_unfinished_file_can_be_gone_on_with_although_the_old_one_is_read_only() {
    let storage = Storage::start("s3", Content::new(noise(LARGE)));
    storage.faults(&[Fault::CutAfter(LARGE / 2)]);
    let folder = tempfile::tempdir().unwrap();
    let (out, part) = (folder.path().join("out"), folder.path().join("out.tc.part"));
    fs::write(&out, "old").unwrap();
    fs::set_permissions(&out, Permissions::from_mode(0o400)).unwrap();
    assert_eq!(shell(&storage, folder.path(), "eval \"$GET\"").status.code(), Some(7));
    assert_eq!(mode(&part), 0o600, "others see no more of it than of the file that it is to replace");
    succeeds(&shell(&storage, folder.path(), "eval \"$GET\""));
    assert_eq!((mode(&out), fs::read(&out).unwrap() == noise(LARGE)), (0o400, true));
}

#[test]
fn a_link_stays_a_link_to_the_new_content() {
    for (_, content) in ways() {
        let storage = Storage::start("reference", content);
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("there")).unwrap();
        fs::write(folder.path().join("there/file"), "old").unwrap();
        std::os::unix::fs::symlink("there/file", folder.path().join("out")).unwrap();
        succeeds(&shell(&storage, folder.path(), "eval \"$GET\""));
        assert!(folder.path().join("out").symlink_metadata().unwrap().is_symlink());
        assert_ne!(fs::read(folder.path().join("there/file")).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}

#[test]
fn a_device_that_is_full_is_an_error() {
    let storage = Storage::start("s3", Content::new(noise(LARGE)));
    let folder = tempfile::tempdir().unwrap();
    for script in [
        format!("\"$TC\" artifact download {TASK} public/x -o /dev/full"),
        format!("\"$TC\" artifact cat {TASK} public/x >/dev/full"),
        format!("\"$TC\" artifact download {TASK} public/x -o - >/dev/full"),
    ] {
        let output = shell(&storage, folder.path(), &script);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{script}: {stderr}");
        assert!(stderr.contains("No space left on device"), "{script}: {stderr}");
    }
}

/// A script in which `full` is a small disk; none where nobody may have one.
fn on_a_small_disk(storage: &Storage, folder: &Path, script: &str) -> Option<Output> {
    fs::create_dir(folder.join("full")).unwrap();
    let mount = "mount -t tmpfs -o size=400k none full";
    let ways = [String::new(), "--user --map-root-user".to_owned()];
    let way = ways
        .iter()
        .find(|flags| shell(storage, folder, &format!("unshare --mount {flags} sh -c '{mount}'")).status.success());
    let Some(flags) = way else {
        // Not by `eprintln!`, which a test that passes keeps to itself.
        let said = b"\nNOT TESTED: a full disk, because nobody may mount one here.\n";
        std::io::stderr().write_all(said).unwrap();
        return None;
    };
    let script = format!("unshare --mount {flags} sh -c '{mount} && cd full && {script}'");
    Some(shell(storage, folder, &script))
}

#[test]
fn a_disk_that_is_full_keeps_the_old_file_and_what_is_here() {
    for (name, content) in ways() {
        let length = content.bytes.len();
        let storage = Storage::start("reference", content);
        let folder = tempfile::tempdir().unwrap();
        // Something takes the room that is left, then goes away.
        let fill = if length < LARGE { "dd if=/dev/zero of=big bs=4k 2>/dev/null; " } else { "" };
        let script = format!(
            "echo old >out; {fill}eval \"$GET\"; echo $?; cat out; ls -A; \
             rm -f big; mount -o remount,size=8m none .; eval \"$GET\" >/dev/null; echo $?; ls -A; wc -c <out"
        );
        let Some(output) = on_a_small_disk(&storage, folder.path(), &script) else { return };
        let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        let big = if fill.is_empty() { "" } else { "big\n" };
        let part = if fill.is_empty() { "out.tc.part\nout.tc.part.json\n" } else { "" };
        let plain = if name.starts_with("small") { 1000 } else { LARGE };
        assert_eq!(stdout, format!("1\nold\n{big}out\n{part}0\nout\n{plain}\n"), "{name}: {stderr}");
        assert!(stderr.contains("No space left on device"), "{name}: {stderr}");
        if name == "large" {
            assert!(stderr.contains("goes on from there") && stderr.contains("was resumed"), "{stderr}");
            let fetched: usize = storage.seen().last().unwrap().sent;
            assert!(fetched < LARGE * 3 / 4, "{fetched} bytes were fetched again");
        }
    }
}

#[test]
fn two_processes_at_one_place_leave_the_right_bytes() {
    let zeros = vec![0; 9 << 20];
    let content = |packed: &[u8]| Content::new(packed.to_vec()).header("Content-Encoding", "gzip");
    for (content, expected) in [
        (Content::new(noise(LARGE)).rate(2_000_000), noise(LARGE)),
        // What is little on the wire and a lot on the disk has a way of its own.
        (content(&gzip(&zeros)), zeros),
    ] {
        let storage = Storage::start("reference", content);
        for _ in 0..5 {
            let folder = tempfile::tempdir().unwrap();
            let script = "eval \"$GET --force\" & one=$!; eval \"$GET --force\" & two=$!; \
                          wait $one; echo $?; wait $two; echo $?";
            let output = shell(&storage, folder.path(), script);
            let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            let statuses: Vec<&str> = stdout.lines().filter(|line| line.len() == 1).collect();
            assert!(statuses.len() == 2 && statuses.contains(&"0"), "{stdout}{stderr}");
            assert!(statuses.iter().all(|status| ["0", "6"].contains(status)), "{stdout}{stderr}");
            assert!(!statuses.contains(&"6") || stderr.contains("another process is writing "), "{stderr}");
            assert!(fs::read(folder.path().join("out")).unwrap() == expected);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }
}
