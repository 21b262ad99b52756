//! The table of situations: facts, the finding, what to do.

mod pending;
mod resolved;
mod waiting;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::diagnosis::log::{ErrorLine, FailureKind, LogErrors};

const TASK: &str = "T";

fn now() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn ago(minutes: i64) -> Option<DateTime<Utc>> {
    Some(now() - TimeDelta::minutes(minutes))
}

/// A task in this state, created two hours ago, to be done in an hour.
fn task(state: TaskState) -> TaskFacts {
    TaskFacts {
        id: TASK.into(),
        name: "test-linux".into(),
        pool: "proj/linux".into(),
        status: StatusFacts { state, retries_left: Some(5), runs: Vec::new() },
        created: ago(120),
        deadline: ago(-60),
        priority: "low".into(),
        requires_success: true,
        ..TaskFacts::default()
    }
}

/// A task that waits for others, given as `id state [dependencies]`; the last of them are those of the task itself.
fn waiting(upstream: &[&str], own: &[&str]) -> TaskFacts {
    let mut known = BTreeMap::new();
    for line in upstream {
        let mut words = line.split(' ');
        let (id, state) = (words.next().unwrap(), words.next().unwrap());
        let (state, reason) = state.split_once('/').unwrap_or((state, ""));
        let dependencies: Vec<String> = words.map(str::to_owned).collect();
        let state = Some(TaskState::of(state)).filter(|_| state != "gone");
        let since = ago(if id.len() == 1 { i64::from(id.as_bytes()[0] - b'A') + 1 } else { 30 });
        let task = Upstream {
            name: format!("name-{id}"),
            state,
            reason: reason.into(),
            since,
            dependencies,
            requires_success: true,
        };
        known.insert(id.to_owned(), task);
    }
    let dependencies = own.iter().map(|id| (*id).to_owned()).collect();
    TaskFacts { upstream: Arc::new(known), dependencies, ..task(TaskState::Unscheduled) }
}

fn run(created: &str, resolved: &str, times: [Option<i64>; 3]) -> RunFacts {
    let [scheduled, started, over] = times.map(|minutes| minutes.and_then(ago));
    RunFacts {
        number: 0,
        created_because: created.into(),
        resolved_because: resolved.into(),
        worker: if started.is_some() { "g/w".into() } else { String::new() },
        scheduled,
        started,
        resolved: over,
        taken_until: started.filter(|_| over.is_none()).map(|_| now() + TimeDelta::minutes(10)),
    }
}

fn with_runs(mut facts: TaskFacts, runs: Vec<RunFacts>) -> TaskFacts {
    facts.status.runs = runs
        .into_iter()
        .enumerate()
        .map(|(number, run)| RunFacts { number: u32::try_from(number).unwrap(), ..run })
        .collect();
    facts
}

fn pending(minutes: i64, pool: PoolState) -> TaskFacts {
    let facts = with_runs(task(TaskState::Pending), vec![run("scheduled", "", [Some(minutes), None, None])]);
    TaskFacts { workers: PoolFacts { pool, ..PoolFacts::default() }, ..facts }
}

fn capacity(running: u64, most: Option<u64>) -> Capacity {
    Capacity { provider: "gcp".into(), most, running, ..Capacity::default() }
}

fn behind(facts: TaskFacts, by_priority: u64, by_age: u64, claimed: u64) -> TaskFacts {
    let ahead = Some(Ahead { by_priority, by_age, is_least: false });
    let pending = Some(by_priority + by_age + 1);
    TaskFacts { queue: QueueFacts { pending, claimed: Some(claimed), ahead, ..QueueFacts::default() }, ..facts }
}

fn workers(facts: TaskFacts, seen: &[(i64, bool)]) -> TaskFacts {
    let worker = |(hours, is_quarantined): &(i64, bool)| SeenWorker {
        name: "g/w".into(),
        active: ago(hours * 60),
        is_quarantined: *is_quarantined,
    };
    let pool = facts.workers.pool.clone();
    let errors = facts.workers.errors.clone();
    TaskFacts { workers: PoolFacts { pool, errors, seen: Some(seen.iter().map(worker).collect()) }, ..facts }
}

fn running(minutes: i64) -> TaskFacts {
    with_runs(task(TaskState::Running), vec![run("scheduled", "", [Some(minutes + 5), Some(minutes), None])])
}

fn log(lines: &[(FailureKind, u8, &str)], exit_status: Option<i64>) -> Option<LogErrors> {
    let line = |(index, (kind, rank, text)): (usize, &(FailureKind, u8, &str))| ErrorLine {
        number: Some(index as u64 + 10),
        text: (*text).to_owned(),
        kind: *kind,
        rank: *rank,
        test: None,
        before: Vec::new(),
        after: Vec::new(),
    };
    let lines = lines.iter().enumerate().map(line).collect();
    Some(LogErrors { lines, omitted: 0, last: "the end".into(), last_at: ago(1), exit_status })
}

fn failed(log: Option<LogErrors>) -> TaskFacts {
    let facts = with_runs(task(TaskState::Failed), vec![run("scheduled", "failed", [Some(30), Some(25), Some(5)])]);
    TaskFacts { log, ..facts }
}

fn exception(reason: &str, times: [Option<i64>; 3]) -> TaskFacts {
    with_runs(task(TaskState::Exception), vec![run("scheduled", reason, times)])
}

fn ran(reason: &str) -> TaskFacts {
    exception(reason, [Some(30), Some(25), Some(5)])
}

/// What a situation must lead to: the kind, words of the cause and the evidence, and the first thing to do.
fn check(situation: &str, facts: &TaskFacts, kind: &str, words: &[&str], next: Option<Remedy>) {
    let finding = explain(facts, now());
    assert_eq!(finding.kind, kind, "{situation}: {finding:#?}");
    let text = format!("{}\n{}", finding.cause, finding.evidence.join("\n"));
    for word in words {
        assert!(text.contains(word), "{situation}: `{word}` is not in\n{text}");
    }
    assert_eq!(finding.next.first(), next.as_ref(), "{situation}: {finding:#?}");
    for line in text.lines() {
        assert!(!line.ends_with('.') && !line.is_empty(), "{situation}: {line}");
    }
}

fn rerun(ids: &[&str]) -> Option<Remedy> {
    Some(Remedy::Rerun(ids.iter().map(|id| (*id).to_owned()).collect()))
}

fn why(id: &str) -> Option<Remedy> {
    Some(Remedy::Why(id.into()))
}

#[test]
fn running_tasks() {
    let follow = Some(Remedy::FollowLog(TASK.into()));
    let mut usual = running(20);
    usual.log = log(&[], None);
    usual.usual_run_times = vec![TimeDelta::minutes(19), TimeDelta::minutes(21)];
    usual.max_run_time = Some(TimeDelta::hours(1));
    check(
        "all is as usual",
        &usual,
        "running",
        &[
            "running for 20 min 0 s",
            "worker g/w",
            "claim ends in 10 min 0 s",
            "of at most 1 h 0 min have passed (33 %)",
            "1 min 0 s ago: the end",
        ],
        follow.clone(),
    );
    let slow = TaskFacts { usual_run_times: vec![TimeDelta::minutes(5)], ..usual.clone() };
    check("slower than elsewhere", &slow, "slower-than-usual", &["took 5 min 0 s elsewhere"], follow.clone());
    let near = TaskFacts { max_run_time: Some(TimeDelta::minutes(21)), ..usual.clone() };
    check("its time is nearly up", &near, "near-max-run-time", &["used up its 21 min 0 s"], follow.clone());
    let mut silent = usual.clone();
    silent.log = silent.log.map(|log| LogErrors { last_at: ago(16), ..log });
    check("its log is silent", &silent, "silent", &["silent for 16 min 0 s", "inferred: it may hang"], follow.clone());
    let mut gone = usual;
    gone.status.runs[0].taken_until = ago(2);
    check("its worker is gone", &gone, "claim-overdue", &["claim ended 2 min 0 s ago"], follow);
}

#[test]
fn completed_tasks_and_unknown_states() {
    let done = run("scheduled", "completed", [Some(30), Some(25), Some(5)]);
    check(
        "completed",
        &with_runs(task(TaskState::Completed), vec![done.clone()]),
        "completed",
        &["it completed"],
        None,
    );
    let failed = run("scheduled", "failed", [Some(90), Some(80), Some(60)]);
    let flaky = with_runs(task(TaskState::Completed), vec![failed, done]);
    check("completed at last", &flaky, "completed-after-retries", &["after 1 run that did not", "run 0 failed"], None);
    check("a state of the future", &task(TaskState::of("dreaming")), "unknown-state", &["dreaming"], None);
}
