//! What became of many actions: how many succeeded, which failed and why. Pure.

use std::collections::BTreeMap;

use crate::client::ApiError;
use crate::domain::slugid::is_slugid;
use crate::error::{Error, Kind};

/// One item that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The item's ID.
    pub id: String,
    /// What people call it; may be empty.
    pub name: String,
    /// Why, in a word that many failures share; see [`reason`].
    pub reason: String,
    /// The whole message.
    pub message: String,
}

/// What became of all items.
#[derive(Debug, Clone, Default)]
pub(crate) struct Report {
    /// What failed, in the order in which it did.
    pub failures: Vec<Failure>,
    /// Hints of the first failure of each kind of trouble, once each.
    pub hints: Vec<String>,
}

impl Report {
    /// Adds a failure.
    pub(crate) fn fail(&mut self, id: impl Into<String>, name: impl Into<String>, error: &Error) {
        for hint in error.hints().iter().take(4) {
            if self.hints.len() < 4 && !self.hints.contains(hint) {
                self.hints.push(hint.clone());
            }
        }
        self.failures.push(Failure {
            id: id.into(),
            name: name.into(),
            reason: reason(error),
            message: error.message().to_owned(),
        });
    }

    /// Reasons with how often they occurred and one whole message, the most frequent first.
    pub(crate) fn by_reason(&self) -> Vec<(&str, usize, &str)> {
        let mut reasons: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
        for failure in &self.failures {
            reasons.entry(&failure.reason).or_insert((0, &failure.message)).0 += 1;
        }
        let mut table: Vec<(&str, usize, &str)> =
            reasons.into_iter().map(|(reason, (count, message))| (reason, count, message)).collect();
        table.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
        table
    }
}

/// Why an action failed, in a word: the server's code, its status, or what happened to the network.
pub(crate) fn reason(error: &Error) -> String {
    match ApiError::of(error) {
        Some(ApiError { code: Some(code), .. }) => code.clone(),
        Some(refusal) => format!("HTTP {}", refusal.status),
        None if error.kind() == Kind::Unavailable => "no answer".to_owned(),
        None => alike(error.message()),
    }
}

/// A message with `ID` for each ID of a task or a group in it: two that differ only in these are alike.
pub(crate) fn alike(message: &str) -> String {
    let is_of_id = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let mut text = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(start) = rest.find(is_of_id) {
        let (before, word) = rest.split_at(start);
        let (word, after) = word.split_at(word.find(|letter| !is_of_id(letter)).unwrap_or(word.len()));
        text.push_str(before);
        text.push_str(if is_slugid(word) { "ID" } else { word });
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reference::Verb;

    fn refused(status: u16, body: &'static str) -> Error {
        ApiError::parse("queue.cancelTask", Verb::Post, "u".into(), status, body.into()).into_error(1)
    }

    #[test]
    fn failures_are_counted_by_reason() {
        let mut report = Report::default();
        report.fail("a", "", &refused(502, "<html>"));
        for id in ["b", "c"] {
            report.fail(id, "", &refused(409, r#"{"code": "RequestConflict", "message": "m"}"#));
        }
        report.fail("d", "", &Error::new(Kind::Unavailable, "queue.cancelTask failed: cannot connect"));
        let table: Vec<(&str, usize)> =
            report.by_reason().into_iter().map(|(reason, count, _)| (reason, count)).collect();
        assert_eq!(table, [("RequestConflict", 2), ("HTTP 502", 1), ("no answer", 1)]);
    }

    #[test]
    fn messages_that_differ_in_an_id_are_one_reason() {
        let (one, two) = ("VESwp9JaRo-XkFN_bemBhw", "AAAAAAAAQAGAAAAAAAAAAA");
        let mut report = Report::default();
        for id in [one, two] {
            report.fail(id, "", &Error::new(Kind::Conflict, format!("task {id} is pending, not `{id}`")));
        }
        report.fail("c", "", &Error::new(Kind::Conflict, "task c is pending"));
        let rows: Vec<(&str, usize)> =
            report.by_reason().into_iter().map(|(reason, count, _)| (reason, count)).collect();
        assert_eq!(rows, [("task ID is pending, not `ID`", 2), ("task c is pending", 1)]);
        assert_eq!(
            alike("größe: x, 22 letters: aaaaaaaaaaaaaaaaaaaaaa."),
            "größe: x, 22 letters: aaaaaaaaaaaaaaaaaaaaaa."
        );
    }

    proptest! {
        #[test]
        fn any_message_is_like_itself_with_another_id(before in ".{0,20}[^A-Za-z0-9_-]", after in "[^A-Za-z0-9_-].{0,20}") {
            let message = |id: &str| format!("{before}{id}{after}");
            let (one, two) = (message("VESwp9JaRo-XkFN_bemBhw"), message("AAAAAAAAQAGAAAAAAAAAAA"));
            prop_assert_eq!(alike(&one), alike(&two));
            prop_assert_eq!(alike(&alike(&one)), alike(&one));
        }
    }

    #[test]
    fn a_hint_that_ten_thousand_share_is_kept_once() {
        let mut report = Report::default();
        for _ in 0..10 {
            report.fail("a", "", &refused(407, ""));
        }
        assert_eq!(report.hints, ["A proxy answered; its URL needs a user and password that the proxy accepts."]);
    }
}
