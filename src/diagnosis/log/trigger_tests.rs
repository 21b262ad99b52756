//! Whether a log is searched for triggers or line by line, the same is found: for lines that are made up from the regular
//! expressions of the table and from some of users' own.

use std::sync::{Arc, LazyLock};

use fastrand::Rng;
use proptest::prelude::*;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::table::ROWS;
use super::*;

static OWN: LazyLock<Vec<OwnPattern>> = LazyLock::new(|| {
    let regexes = [
        r"flux capacitor \d+ lost",
        r"(?i)autograph: upstream (connect|request) error",
        r"^FLUX-FAIL \| (?P<test>\S+)",
        r"\bgone (alpha|beta)wards$",
    ];
    regexes.iter().map(|regex| OwnPattern { kind: FailureKind::Test, regex: (*regex).to_owned() }).collect()
});

/// Each with its counterpart that looks at every line: the table alone, and with patterns of the user's own.
static BOTH: LazyLock<[(Arc<Patterns>, Arc<Patterns>); 2]> = LazyLock::new(|| {
    [&[][..], OWN.as_slice()]
        .map(|own| (Arc::new(Patterns::new(own).unwrap()), Arc::new(Patterns::of_every_line(own).unwrap())))
});

/// A text that a regular expression matches, but for what it says of the neighbourhood.
fn sample(hir: &Hir, rng: &mut Rng, text: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).unwrap()),
        HirKind::Class(Class::Unicode(class)) => {
            let ranges: Vec<(char, char)> = class.iter().map(|range| (range.start(), range.end())).collect();
            let plain: Vec<char> =
                (' '..='~').filter(|c| ranges.iter().any(|(from, to)| (from..=to).contains(&c))).collect();
            text.push(rng.choice(plain).unwrap_or(ranges[0].0));
        }
        HirKind::Class(Class::Bytes(class)) => text.push(char::from(class.ranges()[0].start())),
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX).min(repetition.min + 6);
            for _ in 0..rng.u32(repetition.min..=most) {
                sample(&repetition.sub, rng, text);
            }
        }
        HirKind::Capture(capture) => sample(&capture.sub, rng, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| sample(part, rng, text)),
        HirKind::Alternation(ways) => sample(rng.choice(ways).unwrap(), rng, text),
    }
}

fn line(regex: &str, rng: &mut Rng) -> String {
    let before =
        ["", "", "[task 2026-11-22T12:00:00.000Z] ", "12:00:00     INFO - ", "\u{1b}[31m", "2026-11-22 12:00:00 "];
    let after = ["", "", " ", " and more", "\u{1b}[0m", "\r"];
    let mut text = rng.choice(before).unwrap().to_owned();
    sample(&regex_syntax::parse(regex).unwrap(), rng, &mut text);
    text + rng.choice(after).unwrap()
}

fn errors(patterns: &Arc<Patterns>, log: &str) -> LogErrors {
    let mut picker = Picker::new(Arc::clone(patterns));
    picker.push(log.as_bytes());
    picker.finish()
}

#[test]
fn every_line_that_a_pattern_matches_has_a_trigger() {
    for (index, regex) in ROWS.iter().map(|row| row.2).chain(OWN.iter().map(|own| own.regex.as_str())).enumerate() {
        let mut rng = Rng::with_seed(index as u64);
        let lines: Vec<String> = (0..20).map(|_| line(regex, &mut rng)).collect();
        // Each far from the next one, so that none is found for the sake of another.
        let log = lines.iter().map(|line| format!("one\ntwo\n{line}\nthree\nfour\n")).collect::<String>();
        for (searched, every) in BOTH.iter() {
            let told = |patterns| errors(patterns, &log).lines.into_iter().map(|line| line.text).collect::<Vec<_>>();
            assert_eq!(told(searched), told(every), "no trigger is in some lines of {regex}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn triggers_leave_out_nothing_that_every_line_tells(
        seed: u64,
        rows in proptest::collection::vec((0..ROWS.len() + 4, 0..5_usize), 0..12),
    ) {
        let mut rng = Rng::with_seed(seed);
        let mut log = String::new();
        for (row, plain) in rows {
            let regex = ROWS.get(row).map_or_else(|| OWN[row - ROWS.len()].regex.as_str(), |row| row.2);
            log.push_str(&"TEST-PASS | a/b.html | took 7ms\n".repeat(plain));
            log.push_str(&line(regex, &mut rng));
            log.push('\n');
        }
        for (searched, every) in BOTH.iter() {
            prop_assert_eq!(errors(searched, &log), errors(every, &log));
        }
    }
}
