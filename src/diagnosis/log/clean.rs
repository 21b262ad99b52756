//! A line of a log without colours, time stamps and what loggers put before the text. Pure.

use std::borrow::Cow;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use regex::Regex;

/// A line is cut after so many bytes; what matters stands before that.
const MAX_LINE_BYTES: usize = 2000;

/// What stands before the text: `[task 2026-11-22T12:00:00.000Z]`, `2026-11-22 12:00:00,123`, `12:00:00     INFO -`.
static PREFIX: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let time = r"\d{2}:\d{2}:\d{2}([.,]\d+)?";
    let date = r"\d{4}[-/]\d{2}[-/]\d{2}";
    Regex::new(&format!(
        r"^(\[(task|vcs|cache|fetches|setup|taskgraph|volume|fetch|mount)( {date}T{time}(Z|\+00:00)?)?\]\s?|\[?{date}[T ]{time}(Z|[+-]\d\d:?\d\d)?\]?:?\s+|\[?{time}\]?\s+|(INFO|WARNING|DEBUG)\s+-\s+|GECKO\(\d+\) \| )+"
    ))
    .ok()
});
/// A stamp within what workers put before their own lines.
static WORKER_STAMP: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\[taskcluster(:\w+)? \d{4}-\d{2}-\d{2}[T ][\d:.]+Z?\]").ok());

/// A point in time near the start of a line.
static TIME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?Z").ok());
/// How far into a line its time can stand, in bytes.
const MAX_TIME_OFFSET: usize = 60;

/// When a line was written, where its beginning says so.
pub(super) fn written_at(line: &[u8]) -> Option<DateTime<Utc>> {
    let start = String::from_utf8_lossy(line.get(..line.len().min(MAX_TIME_OFFSET))?);
    let found = TIME.as_ref()?.find(&start)?.as_str().replacen(' ', "T", 1);
    Some(DateTime::parse_from_rfc3339(&found).ok()?.to_utc())
}

/// A line as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CleanLine {
    /// The text.
    pub text: String,
    /// The logger that wrote it thought it of little weight: INFO, DEBUG, WARNING.
    pub is_minor: bool,
}

/// The text of a line.
pub(super) fn clean(line: &[u8]) -> String {
    clean_line(line).text
}

/// The text of a line, and its weight.
pub(super) fn clean_line(line: &[u8]) -> CleanLine {
    let end = line.len().min(MAX_LINE_BYTES);
    let text = String::from_utf8_lossy(line.get(..end).unwrap_or_default());
    // A carriage return draws a line anew: what is seen at last is what counts.
    let text = text.trim_end_matches(['\r', '\n']);
    let text = text.rsplit('\r').next().unwrap_or(text);
    let plain = without_controls(text);
    let plain = plain.trim_end();
    let plain = match WORKER_STAMP.as_ref().and_then(|stamp| stamp.find(plain)) {
        Some(found) => {
            let label = if plain.starts_with("[taskcluster:error") { "[taskcluster:error]" } else { "[taskcluster]" };
            Cow::Owned(format!("{label}{}", plain.get(found.end()..).unwrap_or_default()))
        }
        None => Cow::Borrowed(plain),
    };
    let start = PREFIX.as_ref().and_then(|prefix| prefix.find(&plain)).map_or(0, |found| found.end());
    let (before, text) = plain.split_at(start);
    let is_minor = ["INFO", "DEBUG", "WARNING"].iter().any(|level| before.contains(level));
    CleanLine { text: text.to_owned(), is_minor }
}

/// Without colours (ECMA-48 control sequences) and other control characters.
fn without_controls(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| c.is_control()) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            if letters.next_if_eq(&'[').is_some() {
                while letters.next_if(|c| !('@'..='~').contains(c)).is_some() {}
                letters.next();
            }
        } else if letter == '\t' {
            plain.push(' ');
        } else if !letter.is_control() {
            plain.push(letter);
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_colours_and_loggers_are_left_out() {
        for (line, expected) in [
            ("[task 2026-11-22T12:00:00.000Z] error: x", "error: x"),
            ("[task 2026-11-22T12:00:00.000Z] 12:00:00     INFO - TEST-PASS | a", "TEST-PASS | a"),
            ("2026-11-22 12:00:00,123 ERROR y\r\n", "ERROR y"),
            ("\u{1b}[0m\u{1b}[01;31merror\u{1b}[0m: z\u{1b}[K", "error: z"),
            ("[taskcluster 2026-11-25T23:33:03.667Z] Exit Code: 3", "[taskcluster] Exit Code: 3"),
            ("[taskcluster:error] exit status 3", "[taskcluster:error] exit status 3"),
            (" 10%\r 50%\r100% done", "100% done"),
            ("[vcs 2026-11-22T12:00:00.000Z] abort: q", "abort: q"),
            ("", ""),
        ] {
            assert_eq!(clean(line.as_bytes()), expected, "{line:?}");
        }
    }

    #[test]
    fn a_line_may_say_when_it_was_written() {
        let at = |line: &str| written_at(line.as_bytes()).map(|at| at.to_rfc3339());
        assert_eq!(at("[task 2026-11-22T12:00:00.000Z] x").as_deref(), Some("2026-11-22T12:00:00+00:00"));
        assert_eq!(at("[taskcluster 2026-11-22 12:00:00.5Z] x").as_deref(), Some("2026-11-22T12:00:00.500+00:00"));
        assert_eq!((at("x"), at("2026-13-22T12:00:00Z")), (None, None));
    }

    proptest::proptest! {
        #[test]
        fn no_line_makes_it_panic_and_nothing_drives_a_terminal(line: Vec<u8>) {
            proptest::prop_assert!(!clean(&line).contains(char::is_control));
        }
    }
}
