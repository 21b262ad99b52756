//! The lines of a log: which are shown, and how. Pure but for the writer that is handed in.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::LazyLock;

use regex::bytes::{Regex, RegexSet};
use serde_json::json;

use crate::ui::sanitize;

/// The lines that people look for when a task has failed.
pub(super) const ERRORS: [&str; 14] = [
    r"\bTEST-UNEXPECTED-",
    r"\bPROCESS-CRASH\b",
    r"\b(ERROR|FATAL|CRITICAL)\b",
    r"^(\[[^\]]*\]\s*)*Traceback \(most recent call last\)",
    r"^(\[[^\]]*\]\s*)*([A-Za-z_]\w*\.)*[A-Z]\w*(Error|Exception)\b",
    r"(?i)\[taskcluster:error\]",
    r"\[taskcluster [^\]]*\].*([Uu]nsuccessful|[Ee]rror|[Ff]ailed)",
    r"\b(fatal )?error(\[E\d+\])?:",
    r"\bpanicked at\b",
    r"(?i)\bassertion fail(ed|ure)",
    r"\b(Segmentation fault|core dumped|Out of memory)\b",
    r"SUMMARY: \w*Sanitizer",
    r"^make(\[\d+\])?: \*\*\*",
    r": command not found$",
];

/// A line is never kept longer than this, in bytes; a longer one counts as several.
const MAX_LINE_LENGTH: usize = 1 << 20;

/// What must be in a line for it to be shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter(Option<RegexSet>);

impl Filter {
    /// One of these patterns.
    pub(super) fn new(patterns: RegexSet) -> Self {
        Self(Some(patterns))
    }

    /// Whether every line is shown.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn takes(&self, line: &[u8]) -> bool {
        self.0.as_ref().is_none_or(|patterns| patterns.is_match(line))
    }
}

/// How lines are shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Style {
    /// Which.
    pub(super) filter: Filter,
    /// Only so many at the end.
    pub(super) tail: Option<usize>,
    /// Without what would drive a terminal.
    pub(super) clean: bool,
    /// Each as a JSON document with its number.
    pub(super) json: bool,
}

/// Takes a log in pieces and writes the lines that are to be shown.
#[derive(Debug, Default)]
pub(super) struct Lines {
    style: Style,
    /// The start of a line whose end has not come yet.
    partial: Vec<u8>,
    /// The last lines, while only these are to be shown.
    kept: VecDeque<Vec<u8>>,
    /// Lines so far, shown or not.
    number: u64,
    shown: u64,
}

impl Lines {
    pub(super) fn new(style: Style) -> Self {
        Self { style, ..Self::default() }
    }

    /// Lines that were shown; unknown, and 0, for a log that is passed on as it is.
    pub(super) fn shown(&self) -> u64 {
        self.shown
    }

    /// Whether only the last lines of what there is so far are request, and that is not all read yet.
    pub(super) fn is_catching_up(&self) -> bool {
        self.style.tail.is_some()
    }

    fn passes_on(&self) -> bool {
        let Style { filter, tail, clean, json } = &self.style;
        filter.is_empty() && tail.is_none() && !clean && !json
    }

    /// The next piece of the log.
    pub(super) fn push(&mut self, mut piece: &[u8], out: &mut dyn Write) -> io::Result<()> {
        if self.passes_on() && self.partial.is_empty() {
            return out.write_all(piece);
        }
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = piece.split_at(end + 1);
            piece = rest;
            if self.partial.is_empty() {
                self.line(line, out)?;
            } else {
                let mut whole = std::mem::take(&mut self.partial);
                whole.extend_from_slice(line);
                self.line(&whole, out)?;
            }
        }
        self.partial.extend_from_slice(piece);
        if self.partial.len() > MAX_LINE_LENGTH {
            let long = std::mem::take(&mut self.partial);
            self.line(&long, out)?;
        }
        Ok(())
    }

    /// All that there is so far has been read: from here on every line counts.
    pub(super) fn caught_up(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.style.tail = None;
        for line in std::mem::take(&mut self.kept) {
            out.write_all(&line)?;
        }
        Ok(())
    }

    /// The log is over.
    pub(super) fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let last = std::mem::take(&mut self.partial);
        if !last.is_empty() {
            self.line(&last, out)?;
        }
        self.caught_up(out)
    }

    fn line(&mut self, line: &[u8], out: &mut dyn Write) -> io::Result<()> {
        self.number += 1;
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
        // People filter what they see, and colours are not part of that.
        let visible = if self.style.filter.is_empty() { Cow::Borrowed(bare) } else { without_sequences(bare) };
        if !self.style.filter.takes(&visible) {
            return Ok(());
        }
        self.shown += 1;
        let shown = self.render(line, bare);
        match self.style.tail {
            None => out.write_all(&shown),
            Some(tail) => {
                self.kept.push_back(shown.into_owned());
                if self.kept.len() > tail {
                    self.kept.pop_front();
                }
                Ok(())
            }
        }
    }

    fn render<'l>(&self, line: &'l [u8], bare: &[u8]) -> Cow<'l, [u8]> {
        if self.style.json {
            let text = String::from_utf8_lossy(bare);
            return Cow::Owned(format!("{}\n", json!({"line": self.number, "text": text})).into_bytes());
        }
        if !self.style.clean {
            return Cow::Borrowed(line);
        }
        let text = without_sequences(bare);
        let mut clean = sanitize(&String::from_utf8_lossy(&text)).into_owned().into_bytes();
        clean.push(b'\n');
        Cow::Owned(clean)
    }
}

/// The text without terminal control sequences (ECMA-48): colours, cursor moves, titles.
fn without_sequences(text: &[u8]) -> Cow<'_, [u8]> {
    static SEQUENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?-u)\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-Z\\^-~])")
            .ok()
    });
    match SEQUENCE.as_ref() {
        Some(regex) if text.contains(&0x1b) => regex.replace_all(text, &b""[..]),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(style: Style, pieces: &[&[u8]]) -> String {
        let (mut lines, mut out) = (Lines::new(style), Vec::new());
        for piece in pieces {
            lines.push(piece, &mut out).unwrap();
        }
        lines.finish(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn filter(patterns: &[&str]) -> Style {
        Style { filter: Filter::new(RegexSet::new(patterns).unwrap()), ..Style::default() }
    }

    #[test]
    fn lines_are_whole_wherever_the_pieces_end() {
        let pieces: [&[u8]; 4] = [b"one\ntw", b"o", b"\nthr", b"ee"];
        assert_eq!(shown(filter(&["t"]), &pieces), "two\nthree");
    }

    #[test]
    fn only_the_last_lines_are_kept() {
        let style = Style { tail: Some(2), ..Style::default() };
        assert_eq!(shown(style.clone(), &[b"1\n2\n3\n4"]), "3\n4");
        assert_eq!(shown(style, &[b"1\n"]), "1\n");
        assert_eq!(shown(Style { tail: Some(0), ..Style::default() }, &[b"1\n2\n"]), "");
    }

    #[test]
    fn what_follows_the_last_lines_is_all_shown() {
        let (mut lines, mut out) = (Lines::new(Style { tail: Some(1), ..Style::default() }), Vec::new());
        lines.push(b"1\n2\nha", &mut out).unwrap();
        lines.caught_up(&mut out).unwrap();
        lines.push(b"lf\n3\n", &mut out).unwrap();
        lines.finish(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "2\nhalf\n3\n");
    }

    #[test]
    fn a_terminal_gets_text_and_nothing_else() {
        let style = Style { clean: true, ..Style::default() };
        let log = b"\x1b[31mred\x1b[0m \x1b]0;title\x07x\x07\r\n\xff \xe2\x80\xaeb\n";
        assert_eq!(shown(style, &[log]), "red x\n\u{fffd} b\n");
    }

    #[test]
    fn colours_do_not_hide_a_line_from_a_filter() {
        assert_eq!(shown(filter(&["^red line$"]), &[b"\x1b[31mred\x1b[0m line\r\n"]), "\x1b[31mred\x1b[0m line\r\n");
    }

    #[test]
    fn json_lines_are_numbered_as_in_the_log() {
        let style = Style { json: true, ..filter(&["b"]) };
        assert_eq!(shown(style, &[b"a\nb \"q\"\n"]), "{\"line\":2,\"text\":\"b \\\"q\\\"\"}\n");
    }

    #[test]
    fn the_lines_that_say_what_went_wrong_are_known() {
        let errors = RegexSet::new(ERRORS).unwrap();
        for line in [
            "[task 2026-11-22T12:00:00.000Z] 12:00:00     INFO - TEST-UNEXPECTED-FAIL | a.js | x",
            "[task 2026-11-22T12:00:00.000Z] 12:00:00    ERROR - Return code: 1",
            "PROCESS-CRASH | x | application crashed",
            "[taskcluster:error] Task timeout after 60 seconds.",
            "[taskcluster 2026-11-22T12:00:00.000Z] === Task Finished ===; Unsuccessful task run with exit code: 1",
            "Traceback (most recent call last):",
            "[task 2026-11-22T12:00:00.000Z] Traceback (most recent call last):",
            "ValueError: x",
            "subprocess.CalledProcessError: x",
            "error[E0308]: mismatched types",
            "src/a.c:1:2: fatal error: 'x.h' file not found",
            "thread 'main' panicked at src/main.rs:1:1:",
            "make[2]: *** [Makefile:1: x] Error 1",
            "SUMMARY: AddressSanitizer: heap-use-after-free",
            "bash: foo: command not found",
        ] {
            assert!(errors.is_match(line.as_bytes()), "{line}");
        }
        for line in [
            "TEST-PASS | a.js | no error",
            "[taskcluster 2026-11-22T12:00:00.000Z] === Task Starting ===",
            "0 errors, 0 warnings",
            "handles errors well",
            "TEST-KNOWN-FAIL | a.js",
        ] {
            assert!(!errors.is_match(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn a_line_without_an_end_takes_bounded_memory() {
        let (mut lines, mut out) = (Lines::new(Style { clean: true, ..Style::default() }), Vec::new());
        for _ in 0..40 {
            lines.push(&[b'x'; 100_000], &mut out).unwrap();
            assert!(lines.partial.len() <= MAX_LINE_LENGTH);
        }
        lines.finish(&mut out).unwrap();
        assert_eq!(out.iter().filter(|byte| **byte == b'x').count(), 4_000_000);
    }

    proptest! {
        /// However a log is cut into pieces, the same comes out.
        #[test]
        fn pieces_make_no_difference(log: Vec<u8>, cuts in proptest::collection::vec(0_usize..64, 0..8), tail in proptest::option::of(0_usize..5)) {
            let style = Style { tail, clean: true, ..Style::default() };
            let whole = shown(style.clone(), &[&log]);
            let mut rest = log.as_slice();
            let mut pieces = Vec::new();
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            pieces.push(rest);
            prop_assert_eq!(shown(style, &pieces), whole);
        }
    }
}
