//! Which lines of a log are worth a look: a whole log is searched for a few words at once, many bytes at a time. Pure.

use aho_corasick::{AhoCorasick, packed};
use memchr::{memchr_iter, memchr2, memmem};
use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Hir, HirKind};

/// No line tells a failure without one of these, or what is rare, see [`rare`]. None is shorter than four bytes, and they
/// are few: both make the search faster. `askcluster` leaves out the bracket that begins each line that run-task writes.
const TRIGGERS: &[&str] = &[
    "ERRO",
    "ERR!",
    "rror",
    "FAIL",
    "ailed",
    "ailure",
    "atal",
    "FATAL",
    "CRIT",
    "UNEXPECTED",
    "CRASH",
    "Traceback",
    "xception",
    "XCEPTION",
    "panic",
    "ssertion",
    "not ok",
    "askcluster",
    "Killed",
    "emory",
    "bad_alloc",
    "space left",
    "enough",
    "quota",
    "imed",
    "imeout",
    "onnection",
    "ECONN",
    "ETIME",
    "EAI_",
    "esolve",
    "nterrupt",
    "not known",
    "unreachable",
    "No r",
    "handshake",
    "disconnect",
    "remote end",
    "early EOF",
    "Sanitizer",
    "ation fault",
    "Fault",
    "Illegal",
    "dumped",
    "undefined ref",
    "multiple def",
    "not found",
    "Cannot ",
    "cannot ex",
    "denied",
    "could not",
    "No such",
    "E   ",
    "throw",
    "Uncaught",
    "Unhandled",
    "curl: (",
    "Gateway",
    "Service Un",
    "SSL_",
    "oom-kill",
    "*** ",
    "SIGS",
    "SIGA",
    "SIGK",
    "ENOS",
    "ENOE",
    "ENOT",
    "LNK1",
    "LNK2",
    "SEGFAULT",
    "HTTP 5",
    "route to host",
    "Caused by",
    "limit exceeded",
    "build stopped",
];

/// Marks of failed tests. They begin with the same byte, which is rare.
const MARKS: [&str; 5] = ["✖", "✗", "✕", "✘", "●"];
/// The first byte of each mark.
const MARK_START: u8 = 0xe2;

/// A literal of a pattern of the user's own is of use from this length on, in bytes.
const MIN_LITERAL_BYTES: usize = 4;
/// Most literals that stand for one pattern.
const MAX_LITERALS: usize = 32;

/// How lines are found that are worth a look.
pub(super) enum Triggers {
    /// Words that lines must have.
    Words {
        search: Search,
        /// Patterns of the user's own can be about any text, which colours may cut in two.
        has_own: bool,
    },
    /// A pattern of the user's own names no word that lines must have.
    EveryLine,
}

/// A search for several words at once.
pub(super) enum Search {
    /// Many bytes at a time, where the processor can do that; more than four times as fast as the automaton.
    Packed(packed::Searcher),
    Automaton(AhoCorasick),
}

impl Search {
    fn new<'a>(words: impl Iterator<Item = &'a str> + Clone) -> Result<Self, regex::Error> {
        // The library's limits are those of sets for which this is always worth it; here it was measured.
        let packed = packed::Config::new().heuristic_pattern_limits(false).builder().extend(words.clone()).build();
        match packed {
            Some(packed) => Ok(Self::Packed(packed)),
            None => {
                let automaton = AhoCorasick::new(words).map_err(|fault| regex::Error::Syntax(fault.to_string()))?;
                Ok(Self::Automaton(automaton))
            }
        }
    }

    fn find(&self, text: &[u8]) -> Option<usize> {
        match self {
            Self::Packed(packed) => packed.find(text).map(|found| found.start()),
            Self::Automaton(automaton) => automaton.find(text).map(|found| found.start()),
        }
    }
}

impl Triggers {
    /// For the table, and these patterns of the user's own.
    ///
    /// # Errors
    /// When there are too many words for a search.
    pub(super) fn new<'a>(own: impl Iterator<Item = &'a str>) -> Result<Self, regex::Error> {
        let Some(own) = own.map(words_of).collect::<Option<Vec<_>>>() else { return Ok(Self::EveryLine) };
        let own: Vec<String> = own.into_iter().flatten().collect();
        let words = TRIGGERS.iter().copied().chain(own.iter().map(String::as_str));
        Ok(Self::Words { search: Search::new(words)?, has_own: !own.is_empty() })
    }

    /// Where the next byte is whose line is worth a look; the text begins where a line does.
    pub(super) fn next(&self, text: &[u8]) -> Option<usize> {
        let Self::Words { search, has_own } = self else { return (!text.is_empty()).then_some(0) };
        let found = search.find(text);
        let before = text.get(..found.unwrap_or(text.len())).unwrap_or_default();
        let cut = if *has_own { memchr2(b'\x1b', b'\x08', before) } else { None };
        rare(before).into_iter().chain(cut).min().or(found)
    }
}

/// Where something is that is rare, and too short for a word: `E: ` at the start of a line, which is how apt begins errors,
/// and marks of failed tests.
fn rare(text: &[u8]) -> Option<usize> {
    // Colours end with an `m`.
    let starts = |at: &usize| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        before.is_none_or(|before| !before.is_ascii_alphanumeric() || *before == b'm')
    };
    let apt = memmem::find_iter(text, "E: ").find(starts);
    let is_mark =
        |at: &usize| text.get(*at..).is_some_and(|rest| MARKS.iter().any(|mark| rest.starts_with(mark.as_bytes())));
    let mark = memchr_iter(MARK_START, text).find(is_mark);
    apt.into_iter().chain(mark).min()
}

/// Words of which each text has one that a regular expression matches; none where there are no such words.
fn words_of(regex: &str) -> Option<Vec<String>> {
    let parsed = regex_syntax::parse(regex).ok()?;
    let parts: Vec<Hir> = match parsed.kind() {
        HirKind::Concat(parts) => parts.clone(),
        _ => vec![parsed],
    };
    let candidates = (0..parts.len()).filter_map(|first| {
        let rest = Hir::concat(parts.get(first..)?.to_vec());
        let found = Extractor::new().limit_total(MAX_LITERALS).extract(&rest);
        let words: Vec<String> = found.literals()?.iter().map(|literal| longest_word(literal.as_bytes())).collect();
        let shortest = words.iter().map(String::len).min()?;
        (shortest >= MIN_LITERAL_BYTES).then_some((shortest, words))
    });
    candidates.max_by_key(|(shortest, words)| (*shortest, std::cmp::Reverse(words.len()))).map(|(_, words)| words)
}

/// The longest part that stands in the log as it does in a line that was cleaned, where a tab has become a space.
fn longest_word(literal: &[u8]) -> String {
    let text = String::from_utf8_lossy(literal);
    let parts = text.split(|c: char| c == ' ' || c.is_control() || c == char::REPLACEMENT_CHARACTER);
    parts.max_by_key(|part| part.len()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_find_the_same_triggers() {
        let automaton = AhoCorasick::new(TRIGGERS).unwrap();
        let triggers = Triggers::new(std::iter::empty()).unwrap();
        for (index, trigger) in TRIGGERS.iter().enumerate() {
            let text = format!("{}{trigger} and more", "some of the log\n".repeat(index));
            let expected = automaton.find(&text).map(|found| found.start());
            assert!(expected.is_some());
            assert_eq!(triggers.next(text.as_bytes()), expected, "{trigger}");
        }
        assert_eq!(triggers.next("all is well\nNOTE: \u{2713} fine\n".repeat(1000).as_bytes()), None);
        for (text, expected) in [
            ("E: x", Some(0)),
            ("a\nE: x", Some(2)),
            ("\u{1b}[31mE: x", Some(5)),
            ("\u{2713} a\n \u{2716} b", Some(7)),
            ("MORE: x", None),
        ] {
            assert_eq!(triggers.next(text.as_bytes()), expected, "{text}");
        }
        assert!(TRIGGERS.iter().all(|trigger| trigger.len() >= 4));
    }

    #[test]
    fn words_of_a_pattern_are_what_every_match_has() {
        for (regex, expected) in [
            (r"flux capacitor \d+ lost", Some(vec!["capacitor"])),
            (r"^FLUX-FAIL \| (?P<test>\S+)", Some(vec!["FLUX-FAIL"])),
            (r"autograph: upstream (connect|request) error", Some(vec!["autograph:"; 2])),
            (r"\d+ (alpha|beta) \d", Some(vec!["alpha", "beta"])),
            (r"\d+", None),
            ("a|b", None),
            ("(flux)?", None),
            ("", None),
        ] {
            let mut found = words_of(regex);
            if let Some(found) = &mut found {
                found.sort();
            }
            assert_eq!(
                found.as_deref().map(|it| it.iter().map(String::as_str).collect::<Vec<_>>()),
                expected,
                "{regex}"
            );
        }
        let any_case = words_of("(?i)flux").unwrap();
        assert!(any_case.len() <= MAX_LITERALS && any_case.contains(&"fLuX".to_owned()), "{any_case:?}");
    }
}
