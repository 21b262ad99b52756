//! What people see before they say yes. Pure.

use super::request::Request;
use super::subject::Subject;
use crate::definition::actions::Action;
use crate::ui::{one_line, sanitize};

/// Tasks that are named before the question.
const MAX_SHOWN_SUBJECTS: usize = 10;
/// Calls of different hooks that are shown before the question.
const MAX_SHOWN_CALLS: usize = 3;
/// Lines of a body that are shown before the question.
const MAX_SHOWN_LINES: usize = 60;

/// The first request of each hook, and how many there are of it: they differ in the task alone.
fn distinct(requests: &[(Subject, Request)]) -> Vec<(&Request, usize)> {
    let mut calls: Vec<(&Request, usize)> = Vec::new();
    for (_, request) in requests {
        match calls.iter_mut().find(|(known, _)| known.is_like(request)) {
            Some((_, count)) => *count += 1,
            None => calls.push((request, 1)),
        }
    }
    calls
}

/// What is acted on, for one.
pub(super) fn noun(requests: &[(Subject, Request)]) -> &'static str {
    let groups = requests.iter().filter(|(subject, _)| subject.task.is_none()).count();
    match groups {
        0 => "task",
        count if count == requests.len() => "task group",
        _ => "target",
    }
}

/// The action, what it is run on, and what is sent.
pub(super) fn preview(action: &Action, requests: &[(Subject, Request)]) -> String {
    let title = one_line(&action.title);
    let title = if title == action.name { String::new() } else { format!(" ({title})") };
    let name = one_line(&action.name);
    let mut text = match requests {
        [(subject, _)] => format!("About to run the action `{name}`{title} on {}", subject.label()),
        requests => format!("About to run the action `{name}`{title} on {} {}s:", requests.len(), noun(requests)),
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
    let calls = distinct(requests);
    for (request, count) in calls.iter().take(MAX_SHOWN_CALLS) {
        let body = format!("{:#}", request.body);
        let lines = body.lines().count();
        text.push_str(&format!("\n{}", request.label()));
        for line in body.lines().take(MAX_SHOWN_LINES) {
            text.push_str(&format!("\n  {}", sanitize(line)));
        }
        if lines > MAX_SHOWN_LINES {
            text.push_str(&format!("\n  .. and {} more lines", lines - MAX_SHOWN_LINES));
        }
        match count {
            1 => {}
            2 => text.push_str("\nand the like for 1 more task."),
            count => text.push_str(&format!("\nand the like for {} more tasks.", count - 1)),
        }
    }
    if calls.len() > MAX_SHOWN_CALLS {
        text.push_str(&format!("\n.. and {} other calls.", calls.len() - MAX_SHOWN_CALLS));
    }
    if requests.len() > 1 {
        text.push_str("\n--dry-run shows all that is sent.");
    }
    text
}
