//! Lines of JSON as Mozilla's harnesses write them (mozlog: structured logging).

use std::borrow::Cow;

use memchr::memchr;
use serde::Deserialize;

use super::{FailureKind, LogErrors, keep, one_line};

/// A line is never kept longer than this, in bytes; a longer one is passed over.
const MAX_LINE_BYTES: usize = 4 << 20;

/// Reads lines of JSON in pieces.
#[derive(Default)]
pub(crate) struct Mozlog {
    /// The start of a line whose end has not come yet.
    partial: Vec<u8>,
    /// That line is longer than any that counts.
    is_too_long: bool,
    number: u64,
    found: LogErrors,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(borrow, default)]
    test: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    subtest: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    status: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    expected: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    message: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    level: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    signature: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    known_intermittent: Vec<Cow<'a, str>>,
}

impl Mozlog {
    pub(super) fn push(&mut self, mut piece: &[u8]) {
        while let Some(end) = memchr(b'\n', piece) {
            let (line, rest) = piece.split_at(end);
            piece = rest.get(1..).unwrap_or_default();
            if self.partial.is_empty() && !self.is_too_long {
                self.line(line);
            } else {
                self.partial.extend_from_slice(line);
                self.take_partial();
            }
        }
        if self.partial.len() + piece.len() > MAX_LINE_BYTES {
            self.is_too_long = true;
            self.partial.clear();
        } else if !self.is_too_long {
            self.partial.extend_from_slice(piece);
        }
    }

    pub(super) fn finish(mut self) -> LogErrors {
        self.take_partial();
        self.found
    }

    fn take_partial(&mut self) {
        let whole = std::mem::take(&mut self.partial);
        if std::mem::take(&mut self.is_too_long) {
            self.number += 1;
        } else {
            self.line(&whole);
        }
    }

    fn line(&mut self, line: &[u8]) {
        self.number += 1;
        let Ok(entry) = serde_json::from_slice::<Entry<'_>>(line) else { return };
        let Some((kind, text)) = failure(&entry) else { return };
        let test = entry.test.as_deref().map(one_line);
        keep(&mut self.found, self.number, kind, test, text);
    }
}

/// What an entry says that was not expected.
fn failure(entry: &Entry<'_>) -> Option<(FailureKind, String)> {
    let message = one_line(entry.message.as_deref().unwrap_or_default());
    let test = one_line(entry.test.as_deref().unwrap_or_default());
    match &*entry.action {
        "test_result" | "test_status" | "test_end" => {
            let (status, expected) = (entry.status.as_deref()?, entry.expected.as_deref()?);
            if status == expected || entry.known_intermittent.iter().any(|known| known == status) {
                return None;
            }
            let what = if message.is_empty() { format!("expected {expected}") } else { message };
            let subtest =
                entry.subtest.as_deref().map(|subtest| format!(" | {}", one_line(subtest))).unwrap_or_default();
            Some((FailureKind::Test, format!("TEST-UNEXPECTED-{status} | {test}{subtest} | {what}")))
        }
        "crash" => {
            let signature = one_line(entry.signature.as_deref().unwrap_or_default());
            let signature = if signature.is_empty() { String::new() } else { format!(" {signature}") };
            Some((FailureKind::Crash, format!("PROCESS-CRASH | {test} | application crashed{signature}")))
        }
        "log" => {
            let level = entry.level.as_deref().filter(|level| matches!(*level, "ERROR" | "CRITICAL"))?;
            Some((FailureKind::Error, format!("{level} - {message}")))
        }
        _ => None,
    }
}
