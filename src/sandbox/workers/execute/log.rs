//! A task's log: what its processes print, and the worker's own lines in the forms of generic-worker.

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::SharedClock;
use crate::sandbox::storage::LiveLog;
use crate::sandbox::wire::stamp;

/// How much a task may print, in bytes: the sandbox keeps logs in memory.
pub(super) const LOG_LIMIT_BYTES: usize = 512 << 20;

/// A log that is being written.
pub(super) struct TaskLog {
    live: Arc<LiveLog>,
    clock: SharedClock,
    written: Mutex<LogProgress>,
}

#[derive(Default)]
struct LogProgress {
    bytes: usize,
    /// Whether the last line has no end yet.
    in_line: bool,
}

impl TaskLog {
    pub(super) fn new(live: Arc<LiveLog>, clock: SharedClock) -> Self {
        Self { live, clock, written: Mutex::default() }
    }

    fn written(&self) -> MutexGuard<'_, LogProgress> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what a process has printed; false, and nothing is added, when that would be more than a task may print.
    pub(super) fn print(&self, bytes: &[u8]) -> bool {
        let mut written = self.written();
        if written.bytes + bytes.len() > LOG_LIMIT_BYTES {
            return false;
        }
        written.bytes += bytes.len();
        written.in_line = bytes.last().map_or(written.in_line, |last| *last != b'\n');
        self.live.write(bytes);
        true
    }

    /// `[taskcluster 2026-11-22T12:54:12.000Z] ..`
    pub(super) fn info(&self, text: impl Display) {
        self.line(&format!("[taskcluster {}] ", stamp(self.clock.now())), &text.to_string());
    }

    /// `[taskcluster:warn 2026-11-22T12:54:12.000Z] ..`
    pub(super) fn warn(&self, text: impl Display) {
        self.line(&format!("[taskcluster:warn {}] ", stamp(self.clock.now())), &text.to_string());
    }

    /// `[taskcluster:error] ..`
    pub(super) fn error(&self, text: impl Display) {
        self.line("[taskcluster:error] ", &text.to_string());
    }

    /// Each line of the text with the prefix before it, on lines of their own.
    fn line(&self, prefix: &str, text: &str) {
        let mut lines: String = text.lines().map(|line| format!("{prefix}{line}\n")).collect();
        let mut written = self.written();
        if std::mem::take(&mut written.in_line) {
            lines.insert(0, '\n');
        }
        self.live.write(lines.as_bytes());
    }

    /// All that was written so far.
    pub(super) fn text(&self) -> Vec<u8> {
        self.live.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn log() -> TaskLog {
        TaskLog::new(LiveLog::new(), Arc::new(SystemClock))
    }

    #[test]
    fn a_line_of_the_worker_never_stands_behind_one_of_the_task() {
        let log = log();
        log.error("one\ntwo");
        log.print(b"no end");
        log.error("three");
        log.print(b"ended\n");
        log.error("four");
        let text = String::from_utf8(log.text()).unwrap();
        assert_eq!(
            text,
            "[taskcluster:error] one\n[taskcluster:error] two\nno end\n[taskcluster:error] three\nended\n\
             [taskcluster:error] four\n"
        );
    }

    #[test]
    fn a_task_that_has_printed_enough_can_print_no_more() {
        let log = log();
        log.written().bytes = LOG_LIMIT_BYTES - 2;
        assert!(log.print(b"a\n"));
        assert!(!log.print(b"b"));
        log.info("the worker can");
        assert!(String::from_utf8(log.text()).unwrap().ends_with("] the worker can\n"));
    }
}
