//! Logs of harnesses and toolchains, with the line that must be found in each, and lines that must not be.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

static PATTERNS: LazyLock<Arc<Patterns>> = LazyLock::new(|| Arc::new(Patterns::new(&[]).unwrap()));

fn errors(log: &[u8], piece: usize) -> LogErrors {
    let mut picker = Picker::new(Arc::clone(&PATTERNS));
    log.chunks(piece).for_each(|piece| picker.push(piece));
    picker.finish()
}

/// A log that a tool printed on a machine of ours, cut to what matters.
#[derive(Deserialize)]
struct HarnessLog {
    harness: String,
    kind: String,
    line: String,
    log: Vec<String>,
}

fn harness_logs() -> Vec<HarnessLog> {
    serde_json::from_str(include_str!("../../../tests/data/harness-logs.json")).unwrap()
}

fn harmless_lines() -> Vec<&'static str> {
    include_str!("../../../tests/data/harmless-lines.txt").lines().collect()
}

/// As a worker writes it: with its own lines around, a time before each line, and noise that is no failure.
fn within_a_task(log: &[String]) -> String {
    let stamp = "2026-11-22T12:00:00.000Z";
    let mut text = format!("[taskcluster {stamp}] Task ID: VESwp9JaRo-XkFN_bemBhw\n");
    for line in harmless_lines().iter().copied().chain(log.iter().map(String::as_str)) {
        text.push_str(&if line.starts_with("[taskcluster") {
            format!("{line}\n")
        } else {
            format!("[task {stamp}] {line}\n")
        });
    }
    text.push_str(&format!("[taskcluster {stamp}]   Exit Code: 1\n[taskcluster:error] exit status 1\n"));
    text
}

#[test]
fn the_line_that_tells_the_failure_is_found_in_each_log() {
    let logs = harness_logs();
    assert!(logs.len() >= 20);
    for HarnessLog { harness, kind, line, log } in logs {
        for text in [log.join("\n"), within_a_task(&log)] {
            let found = errors(text.as_bytes(), 1 << 16);
            let best = found.best().map(|best| (best.kind.as_str(), best.text.trim_start()));
            assert_eq!(best, Some((kind.as_str(), line.as_str())), "{harness}: {:#?}", found.lines);
        }
    }
}

#[test]
fn a_hundred_harmless_lines_are_not_found() {
    let lines = harmless_lines();
    assert!(lines.len() >= 100);
    let found: Vec<String> = lines
        .iter()
        .flat_map(|line| errors(line.as_bytes(), 1 << 16).lines)
        .map(|found| format!("{} ({}, {})", found.text, found.kind, found.rank))
        .collect();
    assert_eq!(found, [""; 0]);
}

#[test]
fn lines_of_a_worker_tell_what_it_could_not_do() {
    for (line, kind) in [
        (
            "[taskcluster:error] [mounts] Download /w/task of url http://localhost/f.txt has SHA256 91 but task definition explicitly requires 00",
            FailureKind::Worker,
        ),
        ("[taskcluster:error] Task timeout after 3600 seconds. Force killing container.", FailureKind::Timeout),
        ("[taskcluster:error] Task aborted - max run time exceeded", FailureKind::Timeout),
        ("[taskcluster:error] Pulling docker image has failed.", FailureKind::Worker),
        ("[taskcluster:error] exit status 3", FailureKind::Error),
        ("[taskcluster 2026-11-25T23:30:26.803Z]                           Result: FAILED", FailureKind::Error),
        (
            "[taskcluster 2026-11-25 23:30:26.803Z] Unsuccessful task run with exit code: 1 completed in 20.1 seconds",
            FailureKind::Error,
        ),
    ] {
        assert_eq!(errors(line.as_bytes(), 100).best().map(|best| best.kind), Some(kind), "{line}");
    }
}

#[test]
fn the_line_has_its_number_and_its_neighbours_however_the_log_is_cut() {
    let mut log = String::new();
    for number in 1..=500 {
        log.push_str(&if number == 321 { "error: the cart is empty\n".to_owned() } else { format!("line {number}\n") });
    }
    for piece in [1, 7, 100, 1 << 16] {
        let found = errors(log.as_bytes(), piece);
        let [line] = found.lines.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (line.number, line.before.as_slice(), line.after.as_slice()),
            (
                Some(321),
                &["line 319".to_owned(), "line 320".to_owned()][..],
                &["line 322".to_owned(), "line 323".to_owned()][..]
            ),
            "{piece}"
        );
        assert_eq!(found.last, "line 500");
    }
}

#[test]
fn the_exit_status_that_the_worker_saw_is_read() {
    let log =
        "[taskcluster 2026-11-25T23:30:26.803Z]      Exit Code: 3\nexit code: 7\n[taskcluster:error] exit status 3\n";
    assert_eq!(errors(log.as_bytes(), 10).exit_status, Some(3));
    assert_eq!(errors(b"exit code: 7\n", 10).exit_status, None);
}

#[test]
fn a_log_full_of_errors_keeps_the_most_telling_ones() {
    let mut log = String::from("ERROR: one of many\n").repeat(5000);
    log.push_str("TEST-UNEXPECTED-FAIL | a/b.html | got 1, expected 2\n");
    log.push_str(&"ERROR: one of many\n".repeat(5000));
    let found = errors(log.as_bytes(), 1000);
    assert_eq!((found.lines.len(), found.omitted), (100, 10_001 - 100));
    assert_eq!(found.best().and_then(|best| best.test.as_deref()), Some("a/b.html"));
}

#[test]
fn a_line_without_an_end_is_bounded() {
    let mut picker = Picker::new(Arc::clone(&PATTERNS));
    for _ in 0..400 {
        picker.push(&[b'x'; 1 << 16]);
        assert!(picker.held() < 1 << 20);
    }
    picker.push(b"\nerror: at last\n");
    assert_eq!(picker.finish().best().map(|best| best.text.clone()), Some("error: at last".into()));
}

proptest! {
    #[test]
    fn how_a_log_is_cut_into_pieces_does_not_matter(
        lines in proptest::collection::vec("(error: |Traceback \\(most recent call last\\):|  at |x: Error|)[a-z ]{0,12}", 0..40),
        piece in 1_usize..50,
    ) {
        let log = lines.join("\n");
        prop_assert_eq!(errors(log.as_bytes(), piece), errors(log.as_bytes(), 1 << 16));
    }

    #[test]
    fn no_log_makes_it_panic(log: Vec<u8>, piece in 1_usize..50) {
        drop(errors(&log, piece));
    }
}
