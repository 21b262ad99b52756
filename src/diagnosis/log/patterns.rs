//! What logs are searched for, ready for use: the table, and patterns of the user's own.

use regex::{Regex, RegexSet};

use super::FailureKind;
use super::table::{HARMLESS, ROWS};
use super::triggers::Triggers;

/// What all logs are searched for.
pub(crate) struct Patterns {
    triggers: Triggers,
    harmless: RegexSet,
    set: RegexSet,
    rows: Vec<CompiledRow>,
}

struct CompiledRow {
    rank: u8,
    kind: FailureKind,
    /// Only for rows that name a test.
    regex: Option<Regex>,
}

/// What a pattern says of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judgement {
    pub rank: u8,
    pub kind: FailureKind,
    pub test: Option<String>,
}

/// A pattern of the user's own: lines that match are failures of this kind, and tell more than any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnPattern {
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// A regular expression.
    pub regex: String,
}

/// The rank of the user's own patterns.
const OWN_RANK: u8 = 99;

impl Patterns {
    /// The table, preceded by patterns of the user's own.
    ///
    /// # Errors
    /// When one of these is not a regular expression.
    pub(crate) fn new(own: &[OwnPattern]) -> Result<Self, regex::Error> {
        let mine = own.iter().map(|own| (OWN_RANK, own.kind, own.regex.as_str()));
        let all: Vec<(u8, FailureKind, &str)> = mine.chain(ROWS.iter().copied()).collect();
        let rows = all.iter().map(|(rank, kind, regex)| {
            let regex = if regex.contains("(?P<test>") { Some(Regex::new(regex)?) } else { None };
            Ok(CompiledRow { rank: *rank, kind: *kind, regex })
        });
        Ok(Self {
            triggers: Triggers::new(own.iter().map(|own| own.regex.as_str()))?,
            harmless: RegexSet::new(HARMLESS)?,
            set: RegexSet::new(all.iter().map(|(_, _, regex)| *regex))?,
            rows: rows.collect::<Result<_, regex::Error>>()?,
        })
    }

    /// The same, of which every line is looked at, whatever it holds.
    #[cfg(test)]
    pub(super) fn of_every_line(own: &[OwnPattern]) -> Result<Self, regex::Error> {
        Ok(Self { triggers: Triggers::EveryLine, ..Self::new(own)? })
    }

    /// Where the next byte is whose line is worth a look; see [`Triggers::next`].
    pub(super) fn next_trigger(&self, text: &[u8]) -> Option<usize> {
        self.triggers.next(text)
    }

    /// What a line is that was cleaned; none for one that tells of no failure.
    pub(super) fn judge(&self, line: &str) -> Option<Judgement> {
        let found = self.set.matches(line);
        let row = found.iter().filter_map(|index| self.rows.get(index)).max_by_key(|row| row.rank)?;
        if row.rank < OWN_RANK && self.harmless.is_match(line) {
            return None;
        }
        let test = row.regex.as_ref().and_then(|regex| {
            let named = regex.captures(line)?.name("test")?.as_str().trim().to_owned();
            (!named.is_empty()).then_some(named)
        });
        Some(Judgement { rank: row.rank, kind: row.kind, test })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::log::FailureKind::Worker;

    #[test]
    fn every_pattern_compiles_and_the_telling_ones_stand_first() {
        assert!(Patterns::new(&[]).is_ok());
        assert!(ROWS.is_sorted_by(|one, other| one.0 >= other.0));
    }

    #[test]
    fn patterns_of_ones_own_come_before_all_others() {
        let own = [OwnPattern { kind: Worker, regex: "^flux capacitor".into() }];
        let patterns = Patterns::new(&own).unwrap();
        assert_eq!(patterns.judge("flux capacitor: 0 errors").unwrap().kind, Worker);
        let broken = [OwnPattern { kind: Worker, regex: "(".into() }];
        assert!(Patterns::new(&broken).is_err());
    }
}
