//! When a task may run and how long things are kept.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::definition::finding::{Finding, Severity};
use crate::domain::time::parse_time;

/// The queue takes no deadline that lies further ahead.
const MAXIMUM_DEADLINE: TimeDelta = TimeDelta::days(5);
/// The queue takes no `created` that is further off its clock.
const MAXIMUM_CREATED_SKEW: TimeDelta = TimeDelta::minutes(15);

/// Against which clock times are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// None: only how they lie to each other counts.
    None,
    /// The task is about to be created at this time.
    Creating(DateTime<Utc>),
    /// The task may be created some day; it is this time now.
    Writing(DateTime<Utc>),
}

/// Checks the times of a definition that stands at `base`.
pub(super) fn check(definition: &Value, base: &str, clock: Clock, findings: &mut Vec<Finding>) {
    let time = |name: &str| definition.get(name).and_then(Value::as_str).and_then(read);
    let at = |name: &str| format!("{base}/{name}");
    let (created, deadline, expires) = (time("created"), time("deadline"), time("expires"));
    if let (Some(created), Some(deadline)) = (created, deadline) {
        if deadline < created {
            findings.push(Finding::error(at("deadline"), "the deadline is before `created`"));
        } else if deadline - created > MAXIMUM_DEADLINE {
            findings.push(
                Finding::error(at("deadline"), "the deadline is more than 5 days after `created`")
                    .help("use a deadline of at most 5 days"),
            );
        }
    }
    if let (Some(deadline), Some(expires)) = (deadline, expires)
        && expires < deadline
    {
        findings.push(Finding::error(at("expires"), "the task expires before its deadline"));
    }
    artifacts(definition, base, deadline, expires, findings);
    let (now, severity) = match clock {
        Clock::None => return,
        Clock::Creating(now) => (now, Severity::Error),
        Clock::Writing(now) => (now, Severity::Warning),
    };
    let mut add = |name: &str, message: &str| {
        findings.push(Finding { severity, ..Finding::error(at(name), message) });
    };
    if created.is_some_and(|created| (created - now).abs() > MAXIMUM_CREATED_SKEW) {
        add("created", "`created` is more than 15 minutes from now");
    }
    match deadline {
        Some(deadline) if deadline < now => add("deadline", "the deadline is in the past"),
        Some(deadline) if deadline - now > MAXIMUM_DEADLINE => {
            add("deadline", "the deadline is more than 5 days from now")
        }
        _ => {}
    }
}

/// Artifacts must not outlive the task, and should outlive its deadline.
fn artifacts(
    definition: &Value,
    base: &str,
    deadline: Option<DateTime<Utc>>,
    expires: Option<DateTime<Utc>>,
    findings: &mut Vec<Finding>,
) {
    let artifacts: Vec<(String, &Value)> = match definition.get("payload").and_then(|payload| payload.get("artifacts"))
    {
        Some(Value::Array(items)) => items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect(),
        Some(Value::Object(members)) => {
            members.iter().map(|(name, item)| (crate::schema::escape(name), item)).collect()
        }
        _ => return,
    };
    // Without `expires` the queue keeps a task for a year after its deadline.
    let limit = expires.or_else(|| deadline?.checked_add_months(chrono::Months::new(12)));
    for (step, artifact) in artifacts {
        let Some(own) = artifact.get("expires").and_then(Value::as_str).and_then(read) else { continue };
        let path = format!("{base}/payload/artifacts/{step}/expires");
        if limit.is_some_and(|limit| own > limit) {
            findings.push(Finding::error(path, "the artifact expires after the task"));
        } else if deadline.is_some_and(|deadline| own < deadline) {
            findings.push(Finding::warning(path, "the artifact expires before the task's deadline"));
        }
    }
}

/// A time as the services read it: white space may stand for the `T`.
fn read(text: &str) -> Option<DateTime<Utc>> {
    // Digits alone are seconds to the command line, but not to the services.
    text.contains('-').then(|| parse_time(&text.replacen(' ', "T", 1)).ok()).flatten()
}
