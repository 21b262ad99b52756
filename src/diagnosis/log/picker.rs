//! Goes through a log in pieces and keeps the lines that tell a failure, in bounded memory. Pure.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use memchr::{memchr, memchr_iter, memrchr};

use super::FailureKind;
use super::clean::{CleanLine, clean, clean_line, written_at};
use super::patterns::{Judgement, Patterns};

/// Lines around one that tells a failure.
const CONTEXT_LINES: usize = 2;
/// Lines that are kept at most; the most telling ones stay.
const MAX_KEPT_LINES: usize = 100;
/// A line is never kept longer than this, in bytes; a longer one counts as several.
const MAX_LINE_BYTES: usize = 1 << 16;
/// Lines of this rank and below say that a task failed, and not why.
pub(crate) const VERDICT_RANK: u8 = 10;
/// Lines that were logged as information or a warning count from this rank on.
const LEAST_MINOR_RANK: u8 = 60;
/// A traceback is followed for so many lines to its last one.
const MAX_TRACEBACK_LINES: u32 = 400;

/// A line that tells a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorLine {
    /// Its number in the log, from 1; none where only the end of the log was read.
    pub number: Option<u64>,
    /// What it says, without colours and time stamps.
    pub text: String,
    /// What kind of failure it tells.
    pub kind: FailureKind,
    /// How telling it is: of two lines the one of higher rank is the failure.
    pub rank: u8,
    /// The test that it names.
    pub test: Option<String>,
    /// The lines before it.
    pub before: Vec<String>,
    /// The lines after it.
    pub after: Vec<String>,
}

/// What a log says about a failure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LogErrors {
    /// The lines that tell failures, in the order of the log.
    pub lines: Vec<ErrorLine>,
    /// Further such lines, which were not kept.
    pub omitted: u64,
    /// The last line that says something.
    pub last: String,
    /// When that line was written, where it says so.
    pub last_at: Option<DateTime<Utc>>,
    /// The exit status that the worker saw last.
    pub exit_status: Option<i64>,
}

impl LogErrors {
    /// The line that tells the failure best: of those of the highest rank the first.
    pub(crate) fn best(&self) -> Option<&ErrorLine> {
        self.lines.iter().rev().max_by_key(|line| line.rank)
    }

    /// The same, where it says more than that the task failed.
    pub(crate) fn telling(&self) -> Option<&ErrorLine> {
        self.best().filter(|best| best.rank > VERDICT_RANK)
    }
}

/// Takes a log in pieces.
pub(crate) struct Picker {
    patterns: Arc<Patterns>,
    /// What has not been given up of the log: some lines that were searched, and what comes after.
    kept: Vec<u8>,
    /// How much of that was searched.
    searched: usize,
    /// Lines that were given up.
    lines_before: u64,
    /// Lines that a traceback may still have.
    traceback: u32,
    /// The rest of a line comes first, whose beginning is not known.
    is_within_line: bool,
    /// What comes before it is not known, so that lines have no numbers.
    is_end: bool,
    found: LogErrors,
}

impl Picker {
    /// Searches for these patterns.
    pub(crate) fn new(patterns: Arc<Patterns>) -> Self {
        let (kept, found) = (Vec::new(), LogErrors::default());
        Self { patterns, kept, searched: 0, lines_before: 0, traceback: 0, is_within_line: false, is_end: false, found }
    }

    /// The same, for the end of a log: it starts within a line, of which the rest is left out.
    pub(crate) fn of_end(patterns: Arc<Patterns>) -> Self {
        Self { is_within_line: true, is_end: true, ..Self::new(patterns) }
    }

    /// The next piece of the log.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn push(&mut self, piece: &[u8]) {
        for part in piece.chunks(MAX_LINE_BYTES) {
            let added: Result<usize, std::convert::Infallible> = self.push_with(|kept| {
                kept.extend_from_slice(part);
                Ok(())
            });
            debug_assert_eq!(added, Ok(part.len()));
        }
    }

    /// Lets the next piece be added to what is kept of the log, and searches it; returns how long it is, in bytes.
    pub(crate) fn push_with<E>(&mut self, add: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<usize, E> {
        let length = self.kept.len();
        add(&mut self.kept)?;
        let added = self.kept.len() - length;
        if self.is_within_line {
            let end = memchr(b'\n', &self.kept);
            self.is_within_line = end.is_none();
            self.kept.drain(..end.map_or(self.kept.len(), |end| end + 1));
        }
        // The lines after one that is found are needed, too.
        let mut limit = self.kept.len();
        for _ in 0..=CONTEXT_LINES {
            limit = self.kept.get(..limit).and_then(|kept| memrchr(b'\n', kept)).unwrap_or(0);
        }
        let limit = if limit == 0 { 0 } else { limit + 1 };
        if limit > self.searched {
            self.search(limit);
        } else if self.kept.len() - self.searched > 4 * MAX_LINE_BYTES {
            self.search(self.kept.len());
        }
        self.give_up();
        Ok(added)
    }

    /// Keeps what it keeps in this room, and returns the other that it was in.
    pub(crate) fn exchange_kept(&mut self, mut room: Vec<u8>) -> Vec<u8> {
        room.clear();
        room.extend_from_slice(&self.kept);
        std::mem::replace(&mut self.kept, room)
    }

    /// Bytes that are held in memory.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.kept.capacity()
    }

    /// The log is over.
    pub(crate) fn finish(mut self) -> LogErrors {
        self.search(self.kept.len());
        let mut end = self.kept.len();
        while end > 0 && self.found.last.is_empty() {
            let start =
                self.kept.get(..end.saturating_sub(1)).and_then(|kept| memrchr(b'\n', kept)).map_or(0, |at| at + 1);
            let line = self.kept.get(start..end).unwrap_or_default();
            (self.found.last, self.found.last_at) = (clean(line), written_at(line));
            end = start;
        }
        self.found
    }

    /// Searches the lines up to there.
    fn search(&mut self, limit: usize) {
        let mut at = self.searched;
        while at < limit {
            if self.traceback == 0 {
                let rest = self.kept.get(at..limit).unwrap_or_default();
                match self.patterns.next_trigger(rest) {
                    Some(offset) => at += offset,
                    None => break,
                }
            }
            let start = self.kept.get(..at).and_then(|kept| memrchr(b'\n', kept)).map_or(0, |at| at + 1);
            let end = self.kept.get(at..).and_then(|rest| memchr(b'\n', rest)).map_or(self.kept.len(), |to| at + to);
            self.line(start, end);
            at = end + 1;
        }
        self.searched = limit;
    }

    fn line(&mut self, start: usize, end: usize) {
        let CleanLine { text, is_minor } = clean_line(self.kept.get(start..end).unwrap_or_default());
        if text.starts_with("[taskcluster") {
            self.found.exit_status = exit_status(&text).or(self.found.exit_status);
        }
        // Harnesses write the results of tests at any level; what else calls itself an error there is none.
        let mut judged = self.patterns.judge(&text).filter(|it| !is_minor || it.rank >= LEAST_MINOR_RANK);
        if text.contains("Traceback (most recent call last)") {
            self.traceback = MAX_TRACEBACK_LINES;
            return;
        }
        if self.traceback > 0 {
            self.traceback -= 1;
            // The frames are indented; the line after them says what was raised.
            if !text.is_empty() && !text.starts_with(' ') {
                self.traceback = 0;
                let raised = Judgement { rank: 64, kind: FailureKind::Exception, test: None };
                judged = judged.filter(|it| it.rank > raised.rank).or(Some(raised));
            } else {
                return;
            }
        }
        let Some(Judgement { rank, kind, test }) = judged else { return };
        let number = self.lines_before + count_lines(self.kept.get(..start).unwrap_or_default()) + 1;
        let number = (!self.is_end).then_some(number);
        let (before, after) = (self.before(start), self.after(end));
        self.keep(ErrorLine { number, text, kind, rank, test, before, after });
    }

    fn keep(&mut self, line: ErrorLine) {
        let lines = &mut self.found.lines;
        if lines.len() < MAX_KEPT_LINES {
            lines.push(line);
            return;
        }
        self.found.omitted += 1;
        let least = lines.iter().enumerate().rev().min_by_key(|(_, kept)| kept.rank);
        if let Some((index, _)) = least.filter(|(_, least)| least.rank < line.rank) {
            lines.remove(index);
            lines.push(line);
        }
    }

    fn before(&self, start: usize) -> Vec<String> {
        let (mut end, mut lines) = (start, Vec::new());
        while end > 0 && lines.len() < CONTEXT_LINES {
            let from = self.kept.get(..end - 1).and_then(|kept| memrchr(b'\n', kept)).map_or(0, |at| at + 1);
            lines.push(clean(self.kept.get(from..end - 1).unwrap_or_default()));
            end = from;
        }
        lines.reverse();
        lines
    }

    fn after(&self, end: usize) -> Vec<String> {
        let (mut from, mut lines) = (end + 1, Vec::new());
        while from < self.kept.len() && lines.len() < CONTEXT_LINES {
            let rest = self.kept.get(from..).unwrap_or_default();
            let length = memchr(b'\n', rest).unwrap_or(rest.len());
            lines.push(clean(rest.get(..length).unwrap_or_default()));
            from += length + 1;
        }
        lines
    }

    /// Drops what was searched, but for the lines that may stand before the next one that is found.
    fn give_up(&mut self) {
        let mut from = self.searched;
        for _ in 0..=CONTEXT_LINES {
            from = self.kept.get(..from).and_then(|kept| memrchr(b'\n', kept)).unwrap_or(0);
        }
        let from = if from == 0 { 0 } else { from + 1 };
        // Long lines are no context.
        let from = if self.searched - from > MAX_LINE_BYTES { self.searched } else { from };
        self.lines_before += count_lines(self.kept.get(..from).unwrap_or_default());
        self.kept.drain(..from);
        self.searched -= from;
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

/// The number in a worker's `Exit Code: 3`, `exit status 3`, `exit code: 1`.
fn exit_status(line: &str) -> Option<i64> {
    let lower = line.to_ascii_lowercase();
    let after = ["exit code", "exit status"].iter().find_map(|word| Some(lower.split_once(word)?.1))?;
    let number = after.trim_start_matches([':', ' ']);
    let end = number.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(number.len());
    number.get(..end)?.parse().ok()
}
