//! Why a task failed or ended as an exception.

use chrono::{DateTime, Utc};

use super::facts::{RunFacts, TaskFacts};
use super::finding::{Finding, Remedy};
use super::waiting::count;
use crate::diagnosis::log::{ErrorLine, FailureKind, VERDICT_RANK};
use crate::ui::duration;

/// Reasons after which the queue tries again by itself, while it has retries left.
const RETRIED: [&str; 3] = ["claim-expired", "worker-shutdown", "intermittent-task"];
/// Lines of a log, and faults of a payload, that a finding repeats.
const MAX_LINES: usize = 5;

/// Why a failed task failed.
pub(super) fn failed(facts: &TaskFacts) -> Finding {
    let run = facts.status.runs.last();
    let number = run.map_or(0, |run| run.number);
    let log = facts.log.as_ref();
    let best = log.and_then(|log| log.best());
    let read = Remedy::ReadLog(facts.id.clone(), number);
    let again = Remedy::Rerun(vec![facts.id.clone()]);
    let finding = match (log, best) {
        (None, _) => Finding::new("failed-without-log", "it failed, and has no log that could be read").next(again),
        // The worker's own last word says only that it failed.
        (Some(log), best) if best.is_none_or(|best| best.rank <= VERDICT_RANK) => {
            let status = log
                .exit_status
                .map_or("it failed".to_owned(), |status| format!("its command ended with exit status {status}"));
            Finding::new("failed-unexplained", format!("{status}, and no line of its log tells why"))
                .facts((!log.last.is_empty()).then(|| format!("the last line of its log: {}", log.last)))
                .next(read)
                .next(again)
        }
        (Some(_), Some(best)) if best.kind.is_infrastructure() => Finding::new(
            "failed-by-infrastructure",
            format!("it failed for want of what it runs on ({}): {}", best.kind, best.text),
        )
        .fact("inferred: that is not the code's doing, so another run may do")
        .next(again)
        .next(read),
        (Some(_), Some(best)) => Finding::new("failed", format!("it failed ({}): {}", best.kind, best.text))
            .next(Remedy::ReadErrors(facts.id.clone()))
            .next(read)
            .next(again),
        (Some(_), None) => Finding::new("failed-unexplained", "it failed, and no line of its log tells why").next(read),
    };
    let root = best.map(|best| best.text.clone()).unwrap_or_default();
    let finding = finding.root(root).since(run.and_then(|run| run.resolved)).facts(lines(best, facts)).facts(ran(run));
    let finding = finding.facts(log.and_then(|log| log.exit_status).map(|status| exit_status(status, facts)));
    finding.facts(earlier(facts))
}

/// The lines that tell the failure, with their numbers.
fn lines(best: Option<&ErrorLine>, facts: &TaskFacts) -> Vec<String> {
    let log = facts.log.iter().flat_map(|log| &log.lines);
    let mut telling: Vec<&ErrorLine> =
        log.filter(|line| best.is_some_and(|best| line.rank + 10 >= best.rank && line.rank > VERDICT_RANK)).collect();
    let more = telling.len().saturating_sub(MAX_LINES);
    telling.truncate(MAX_LINES);
    let mut lines: Vec<String> = telling.iter().map(|line| told(line)).collect();
    if more > 0 {
        lines.push(format!("and {} more", count(more, "line")));
    }
    lines
}

fn told(line: &ErrorLine) -> String {
    match line.number {
        Some(number) => format!("line {number}: {}", line.text),
        None => format!("near the end of its log: {}", line.text),
    }
}

fn ran(run: Option<&RunFacts>) -> Option<String> {
    let run = run?;
    let took = run.took().map(|took| format!(" after {}", duration(took))).unwrap_or_default();
    let worker = if run.worker.is_empty() { String::new() } else { format!(" on worker {}", run.worker) };
    Some(format!("run {} ended{took}{worker}", run.number))
}

fn exit_status(status: i64, facts: &TaskFacts) -> String {
    if facts.retry_statuses.contains(&status) {
        let left = facts.status.retries_left.unwrap_or(0);
        return format!(
            "its command ended with exit status {status}, after which the task asks for a retry; {left} are left"
        );
    }
    format!("its command ended with exit status {status}")
}

/// How the runs before ended.
fn earlier(facts: &TaskFacts) -> Option<String> {
    let before = facts.status.runs.len().checked_sub(1).filter(|count| *count > 0)?;
    let reasons: Vec<String> = facts
        .status
        .runs
        .iter()
        .take(before)
        .map(|run| format!("run {} {}", run.number, run.resolved_because))
        .collect();
    Some(format!("{}: {}", count(before, "earlier run"), reasons.join(", ")))
}

/// Why a task ended as an exception.
pub(super) fn exception(facts: &TaskFacts, now: DateTime<Utc>) -> Finding {
    let run = facts.status.runs.last();
    let reason = run.map_or("", |run| run.resolved_because.as_str());
    let finding = of_reason(reason, facts, now).since(run.and_then(|run| run.resolved)).facts(ran(run));
    let finding = if RETRIED.contains(&reason) { finding.fact(retries(reason, facts)) } else { finding };
    finding.facts(earlier(facts))
}

fn of_reason(reason: &str, facts: &TaskFacts, now: DateTime<Utc>) -> Finding {
    let run = facts.status.runs.last();
    let worker = run.map(|run| run.worker.clone()).unwrap_or_default();
    let again = Remedy::Rerun(vec![facts.id.clone()]);
    let read = Remedy::ReadLog(facts.id.clone(), run.map_or(0, |run| run.number));
    match reason {
        "deadline-exceeded" => deadline(facts, now),
        "claim-expired" => {
            Finding::new("claim-expired", format!("worker {worker} stopped renewing its claim: it is gone, or hangs"))
                .root(worker.as_str())
                .facts(others_of_worker(facts))
                .next(again)
                .next(Remedy::ShowWorker(facts.pool.clone(), worker))
        }
        "worker-shutdown" => {
            Finding::new("worker-shutdown", format!("worker {worker} was shut down while the task ran"))
                .root(facts.pool.as_str())
                .fact("inferred: spot instances are taken away, and pools shrink")
                .next(again)
                .next(Remedy::ShowWorker(facts.pool.clone(), worker))
        }
        "malformed-payload" => malformed(facts),
        "resource-unavailable" => {
            Finding::new("resource-unavailable", "the worker could not get something that the task needs")
                .facts(log_lines(facts))
                .next(read)
                .next(again)
        }
        "internal-error" => Finding::new("internal-error", "something in the worker itself went wrong")
            .root(worker.as_str())
            .facts(log_lines(facts))
            .next(again)
            .next(read)
            .next(Remedy::ShowWorker(facts.pool.clone(), worker)),
        "canceled" => canceled(facts),
        "superseded" => Finding::new("superseded", "a newer task took its place").next(again),
        "intermittent-task" => {
            Finding::new("intermittent-task", "the task itself asked for another try, by its exit status")
                .facts(log_lines(facts))
                .facts(facts.log.as_ref().and_then(|log| log.exit_status).map(|status| exit_status(status, facts)))
                .next(Remedy::ReadErrors(facts.id.clone()))
                .next(again)
        }
        "" => Finding::new("exception", "it ended as an exception, and the queue does not say why").next(again),
        other => Finding::new("exception", format!("it ended as an exception: {other}"))
            .facts(log_lines(facts))
            .next(read)
            .next(again),
    }
}

fn log_lines(facts: &TaskFacts) -> Vec<String> {
    lines(facts.log.as_ref().and_then(|log| log.best()), facts)
}

fn others_of_worker(facts: &TaskFacts) -> Option<String> {
    let others = &facts.other_tasks_of_worker;
    let shown: Vec<&str> = others.iter().take(MAX_LINES).map(String::as_str).collect();
    (!others.is_empty())
        .then(|| format!("the worker had {} before: {}", count(others.len(), "other task"), shown.join(", ")))
}

/// Whether there will be another run by itself.
fn retries(reason: &str, facts: &TaskFacts) -> String {
    match facts.status.retries_left {
        Some(0) => format!("no retries are left, so that {reason} ended the task"),
        Some(left) => format!(
            "{} left, of which the queue made no use",
            if left == 1 { "1 retry is".into() } else { format!("{left} retries are") }
        ),
        None => "how many retries are left is not known".into(),
    }
}

/// Time ran out: before it could run, before a worker took it, or while it ran.
fn deadline(facts: &TaskFacts, now: DateTime<Utc>) -> Finding {
    let run = facts.status.runs.last();
    let started = run.and_then(|run| run.started);
    let scheduled = run.and_then(|run| run.scheduled);
    let again = Remedy::Retrigger(facts.id.clone());
    let finding = match (started, scheduled) {
        (Some(started), _) => {
            let ran = run.and_then(|run| run.resolved).map(|end| end - started);
            let ran = ran.map(|ran| format!(" for {}", duration(ran))).unwrap_or_default();
            Finding::new("deadline-while-running", format!("its deadline came while it ran: it had been running{ran}"))
                .next(Remedy::ReadLog(facts.id.clone(), run.map_or(0, |run| run.number)))
        }
        // The queue adds a run to a task that never ran, which is resolved as soon as it is there.
        (None, Some(scheduled)) if run.and_then(|run| run.resolved) != Some(scheduled) => {
            let waited = run.and_then(|run| run.resolved).map(|end| end - scheduled);
            let waited = waited.map(|waited| format!(" for {}", duration(waited))).unwrap_or_default();
            Finding::new(
                "deadline-while-pending",
                format!("its deadline came before a worker took it: it had been pending{waited}"),
            )
            .root(facts.pool.as_str())
            .next(Remedy::ShowPool(facts.pool.clone()))
            .next(Remedy::ShowPending(facts.pool.clone()))
        }
        _ => Finding::new("deadline-while-unscheduled", "its deadline came while it waited for other tasks")
            .next(Remedy::ShowDependencies(facts.id.clone())),
    };
    let finding = match (facts.created, facts.deadline) {
        (Some(created), Some(deadline)) => finding.fact(format!(
            "it had {} from its creation on, until {} ago",
            duration(deadline - created),
            duration(now - deadline)
        )),
        _ => finding,
    };
    finding.fact("a task past its deadline cannot be rerun; a new one like it can be made").next(again)
}

fn malformed(facts: &TaskFacts) -> Finding {
    let mut faults = facts.payload_faults.clone();
    let more = faults.len().saturating_sub(MAX_LINES);
    faults.truncate(MAX_LINES);
    let log = log_lines(facts);
    let cause = match (faults.first(), log.is_empty()) {
        (Some(fault), _) => format!("the worker refused the payload: {fault}"),
        (None, false) => "the worker refused the payload, and its log says why".to_owned(),
        (None, true) => "the worker refused the payload; nothing that is known here is wrong with it".to_owned(),
    };
    let root = faults.first().cloned().unwrap_or_default();
    Finding::new("malformed-payload", cause)
        .root(root)
        .facts(faults.into_iter().map(|fault| format!("payload: {fault}")))
        .facts((more > 0).then(|| format!("and {} more", count(more, "fault"))))
        .facts(log)
        .fact("another run of the same definition would end the same way")
        .next(Remedy::Validate(facts.id.clone()))
        .next(Remedy::Edit(facts.id.clone()))
}

fn canceled(facts: &TaskFacts) -> Finding {
    let run = facts.status.runs.last();
    let was_scheduled = facts.status.runs.len() > 1 || run.is_some_and(|run| run.scheduled != run.resolved);
    let when = match run.and_then(|run| run.started) {
        Some(_) => "while it ran",
        None if was_scheduled => "before a worker took it",
        None => "before it was scheduled",
    };
    let finding = Finding::new("canceled", format!("somebody cancelled it {when}"))
        .fact("neither the API nor Pulse tells who it was");
    if run.is_some_and(|run| run.started.is_some()) || was_scheduled {
        return finding.next(Remedy::Rerun(vec![facts.id.clone()]));
    }
    // What it waited for may still be on its way, and another run does not wait.
    finding.next(Remedy::ShowDependencies(facts.id.clone())).next(Remedy::RerunAnyway(facts.id.clone()))
}

/// How a completed task came to that.
pub(super) fn completed(facts: &TaskFacts) -> Finding {
    let run = facts.status.runs.last();
    let since = run.and_then(|run| run.resolved);
    let before = facts.status.runs.len().saturating_sub(1);
    let finding = if before == 0 {
        Finding::new("completed", "it completed")
    } else {
        Finding::new(
            "completed-after-retries",
            format!("it completed after {}", count(before, "run")) + " that did not",
        )
    };
    finding.since(since).facts(ran(run)).facts(earlier(facts))
}

/// The kind of failure that an exception of this reason is, for those who compare failures.
pub(crate) fn kind_of_reason(reason: &str) -> FailureKind {
    match reason {
        "deadline-exceeded" => FailureKind::Timeout,
        "malformed-payload" => FailureKind::Setup,
        "intermittent-task" => FailureKind::Error,
        _ => FailureKind::Worker,
    }
}
