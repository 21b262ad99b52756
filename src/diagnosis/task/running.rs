//! What a running task is doing.

use chrono::{DateTime, TimeDelta, Utc};

use super::facts::TaskFacts;
use super::finding::{Finding, Remedy};
use crate::ui::duration;

/// A log that has been silent for longer is worth a look.
const SILENT_AFTER: TimeDelta = TimeDelta::minutes(15);
/// A run that has used more of its time is about to be stopped.
const NEAR_THE_END: f64 = 0.9;
/// How many times the usual run time is unusual.
const SLOW_FACTOR: f64 = 1.5;

/// What a running task is doing.
pub(super) fn explain(facts: &TaskFacts, now: DateTime<Utc>) -> Finding {
    let run = facts.status.runs.last();
    let started = run.and_then(|run| run.started);
    let passed = started.map_or(TimeDelta::zero(), |started| now - started);
    let worker = run.map(|run| run.worker.clone()).unwrap_or_default();
    let mut finding = of_times(facts, passed, now).since(started);
    if !worker.is_empty() {
        finding = finding.fact(format!("worker {worker} of {} has it", facts.pool));
    }
    if let Some(until) = run.and_then(|run| run.taken_until) {
        finding = finding.fact(match until > now {
            true => format!("the worker's claim ends in {}, and is renewed until then", duration(until - now)),
            false => format!("the worker's claim ended {} ago", duration(now - until)),
        });
    }
    if let Some(most) = facts.max_run_time {
        let share = 100.0 * passed.num_milliseconds() as f64 / most.num_milliseconds().max(1) as f64;
        finding =
            finding.fact(format!("{} of at most {} have passed ({share:.0} %)", duration(passed), duration(most)));
    }
    if let Some(log) = facts.log.as_ref().filter(|log| !log.last.is_empty()) {
        let when = log.last_at.map(|at| format!(", {} ago", duration(now - at))).unwrap_or_default();
        finding = finding.fact(format!("the last line of its log{when}: {}", log.last));
    }
    if let Some(usual) = median(&facts.usual_run_times) {
        let count = facts.usual_run_times.len();
        finding = finding.fact(format!("the same task took {} elsewhere (median of {count})", duration(usual)));
    }
    finding.next(Remedy::FollowLog(facts.id.clone())).next(Remedy::Wait(facts.id.clone()))
}

fn of_times(facts: &TaskFacts, passed: TimeDelta, now: DateTime<Utc>) -> Finding {
    let run = facts.status.runs.last();
    let found = |kind, cause: String| Finding::new(kind, cause).root(facts.id.as_str());
    let taken_until = run.and_then(|run| run.taken_until);
    let silent =
        facts.log.as_ref().and_then(|log| log.last_at).map(|at| now - at).filter(|silent| *silent >= SILENT_AFTER);
    let share = |of: TimeDelta| passed.num_milliseconds() as f64 / of.num_milliseconds().max(1) as f64;
    if taken_until.is_some_and(|until| until <= now) {
        return found("claim-overdue", "its worker has not renewed the claim: it seems to be gone".into())
            .root(run.map(|run| run.worker.clone()).unwrap_or_default())
            .fact("inferred: the queue ends the run as claim-expired within minutes");
    }
    if let Some(most) = facts.max_run_time.filter(|most| share(*most) >= NEAR_THE_END) {
        return found(
            "near-max-run-time",
            format!("it has nearly used up its {}, after which the worker stops it", duration(most)),
        );
    }
    if let Some(silent) = silent {
        return found("silent", format!("it runs, and its log has been silent for {}", duration(silent)))
            .fact("inferred: it may hang");
    }
    match median(&facts.usual_run_times) {
        Some(usual) if share(usual) >= SLOW_FACTOR => {
            found("slower-than-usual", format!("it runs for {}, longer than usual", duration(passed)))
        }
        _ => found("running", format!("it has been running for {}", duration(passed))),
    }
}

/// The one in the middle; none of none.
pub(super) fn median(times: &[TimeDelta]) -> Option<TimeDelta> {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).copied()
}
