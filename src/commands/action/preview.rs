//! What people see before they say yes. Pure.

use super::request::Request;
use super::subject::Subject;
use crate::definition::actions::Action;
use crate::ui::{one_line, sanitize};

/// Tasks that are named before the question.
const MAX_SHOWN_SUBJECTS: usize = 10;
/// Lines of a body that are shown before the question.
const MAX_SHOWN_LINES: usize = 60;

/// The action, what it is run on, and what is sent: of several the first, as the others differ in the task alone.
pub(super) fn preview(action: &Action, requests: &[(Subject, Request)]) -> String {
    let title = one_line(&action.title);
    let title = if title == action.name { String::new() } else { format!(" ({title})") };
    let name = one_line(&action.name);
    let mut text = match requests {
        [(subject, _)] => format!("About to run the action `{name}`{title} on {}", subject.label()),
        requests => format!("About to run the action `{name}`{title} on {} tasks:", requests.len()),
    };
    if let [(subject, _)] = requests {
        let name = one_line(subject.name());
        text.push_str(&if name.is_empty() { ".".to_owned() } else { format!(" ({name}).") });
    } else {
        for (subject, _) in requests.iter().take(MAX_SHOWN_SUBJECTS) {
            text.push_str(&format!("\n  {} {}", subject.id(), one_line(subject.name())));
        }
        if requests.len() > MAX_SHOWN_SUBJECTS {
            text.push_str(&format!("\n  .. and {} more", requests.len() - MAX_SHOWN_SUBJECTS));
        }
    }
    if let Some((_, request)) = requests.first() {
        let body = format!("{:#}", request.body);
        let count = body.lines().count();
        text.push_str(&format!("\n{}", request.label()));
        for line in body.lines().take(MAX_SHOWN_LINES) {
            text.push_str(&format!("\n  {}", sanitize(line)));
        }
        if count > MAX_SHOWN_LINES {
            text.push_str(&format!("\n  .. and {} more lines", count - MAX_SHOWN_LINES));
        }
        if requests.len() > 1 {
            text.push_str("\nand the like for each of the others; --dry-run shows all.");
        }
    }
    text
}
