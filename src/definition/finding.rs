//! What checking found, and how it is shown: in its line, as a compiler does.

use std::fmt::Write as _;

use serde::Serialize;

use super::places::{Place, Places};
use crate::schema::Mismatch;

/// Whether something must be mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// The queue or the worker would refuse it.
    Error,
    /// It may be wrong.
    Warning,
}

impl Severity {
    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// Whether it must be mended.
    pub severity: Severity,
    /// Where, as a JSON pointer (RFC 6901).
    pub path: String,
    /// What.
    pub message: String,
    /// What should stand there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Finding {
    /// An error without more to say.
    pub(crate) fn error(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            path: path.into(),
            message: message.into(),
            expected: None,
            found: None,
            help: None,
        }
    }

    /// A warning without more to say.
    pub(crate) fn warning(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(path, message) }
    }

    /// The same with advice.
    #[must_use]
    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// What a schema found, at `base` within the file.
    pub(crate) fn of(mismatch: Mismatch, base: &str) -> Self {
        Self {
            path: format!("{base}{}", mismatch.path),
            expected: mismatch.expected,
            found: mismatch.found,
            help: mismatch.suggestion.map(|name| format!("did you mean `{name}`?")),
            ..Self::error("", mismatch.message)
        }
    }

    /// Whether it is about a name, so that the name is what to point at.
    fn is_about_key(&self) -> bool {
        self.found.is_none() && self.message.starts_with("unknown property")
    }
}

/// A finding as text. `file` is the name and the content of the file that it is in, if it is in one.
pub(crate) fn show(finding: &Finding, file: Option<(&str, &str, &Places)>) -> String {
    let mut shown = format!("{}: {}", finding.severity.word(), finding.message);
    let path = if finding.path.is_empty() { "/" } else { &finding.path };
    let label = match (&finding.expected, &finding.found) {
        (Some(expected), Some(found)) => format!("expected {expected}, found {found}"),
        (Some(expected), None) => format!("expected {expected}"),
        (None, Some(found)) => format!("found {found}"),
        (None, None) => String::new(),
    };
    let place =
        file.and_then(
            |(_, _, places)| {
                if finding.is_about_key() { places.key(&finding.path) } else { places.value(&finding.path) }
            },
        );
    match (file, place) {
        (Some((name, text, _)), Some(place)) => snippet(&mut shown, name, path, text, place, &label),
        _ => {
            let name = file.map(|(name, ..)| format!("{name}, ")).unwrap_or_default();
            let _ = write!(shown, "\n  --> {name}at {path}");
            if !label.is_empty() {
                let _ = write!(shown, "\n   = note: {label}");
            }
        }
    }
    if let Some(help) = &finding.help {
        let _ = write!(shown, "\n   = help: {help}");
    }
    shown
}

/// The line, with what is meant underlined. Long lines are shown in part.
fn snippet(shown: &mut String, name: &str, path: &str, text: &str, place: Place, label: &str) {
    /// What is shown of a line at most, in characters.
    const MAXIMUM_SHOWN_WIDTH: usize = 100;
    let line = text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
    // A tab is as wide as a terminal likes, and would move the marks.
    let characters: Vec<char> = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let column = place.column.saturating_sub(1);
    let from = if column + place.length.min(40) > MAXIMUM_SHOWN_WIDTH { column.saturating_sub(30) } else { 0 };
    let part: String = characters.iter().skip(from).take(MAXIMUM_SHOWN_WIDTH).collect();
    let width = part.chars().count();
    let lead = if from > 0 { ".. " } else { "" };
    let start = column - from + lead.len();
    let marks = place.length.min((width + lead.len()).saturating_sub(start)).max(1);
    let number = place.line.to_string();
    let gutter = " ".repeat(number.len());
    let _ = write!(
        shown,
        "\n{gutter}--> {name}:{}:{} ({path})\n{gutter} |\n{number} | {lead}{}\n{gutter} | {}{}",
        place.line,
        place.column,
        part.trim_end(),
        " ".repeat(start),
        "^".repeat(marks)
    );
    if !label.is_empty() {
        let _ = write!(shown, " {label}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_shown_in_its_line() {
        let text = "payload:\n\tmaxRunTime: 0\n";
        let text = text.replace('\t', "  ");
        let places = Places::of(&text);
        let finding = Finding {
            expected: Some("at least 1".into()),
            found: Some("0".into()),
            help: Some("did you mean `1`?".into()),
            ..Finding::error("/payload/maxRunTime", "invalid value")
        };
        let expected = "error: invalid value\n --> task.yml:2:15 (/payload/maxRunTime)\n  |\n2 |   maxRunTime: 0\n  |               ^ expected at least 1, found 0\n   = help: did you mean `1`?";
        assert_eq!(show(&finding, Some(("task.yml", &text, &places))), expected);
        assert_eq!(
            show(&finding, None),
            "error: invalid value\n  --> at /payload/maxRunTime\n   = note: expected at least 1, found 0\n   = help: did you mean `1`?"
        );
    }

    #[test]
    fn an_unknown_property_is_marked_at_its_name_and_a_long_line_is_cut() {
        let text = format!("{{\"a\": \"{}\", \"dind\": true}}", "x".repeat(300));
        let places = Places::of(&text);
        let shown = show(&Finding::warning("/dind", "unknown property `dind`"), Some(("t.json", &text, &places)));
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1], " --> t.json:1:311 (/dind)");
        let at = lines[4].find('^').unwrap();
        assert_eq!(&lines[3][at..at + 6], "\"dind\"");
        assert_eq!(lines[4].matches('^').count(), 6);
    }
}
