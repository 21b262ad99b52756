//! Why a task has no worker yet: the task queue and the worker pool.

use chrono::{DateTime, TimeDelta, Utc};

use super::facts::{Ahead, Capacity, PoolState, SeenWorker, TaskFacts};
use super::finding::{Finding, Remedy};
use super::waiting::count;
use crate::ui::duration;

/// A worker that has not asked for work for so long is not there any more. The queue notes it every six hours.
const WORKER_GONE_AFTER: TimeDelta = TimeDelta::hours(12);
/// A task that waits for less has done nothing unusual.
const USUAL_WAIT: TimeDelta = TimeDelta::minutes(2);
/// Runs that a length must be known of, for an estimate.
const MIN_RUNS_FOR_ESTIMATE: usize = 3;

/// Why a pending task is pending.
pub(super) fn explain(facts: &TaskFacts, now: DateTime<Utc>) -> Finding {
    let run = facts.status.runs.last();
    let since = run.and_then(|run| run.scheduled);
    let mut finding = of_pool(facts, since, now).since(since).facts(numbers(facts, now));
    if let Some(before) = facts.status.runs.iter().rev().nth(1) {
        let reason = &before.resolved_because;
        finding = finding.fact(format!("run {} ended as {reason}, and this one follows it", before.number));
    }
    if let Some(deadline) = facts.deadline {
        finding = finding.fact(format!("its deadline is in {}", duration(deadline - now)));
    }
    finding
}

fn of_pool(facts: &TaskFacts, since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Finding {
    let pool = facts.pool.clone();
    let waited = since.map_or(TimeDelta::zero(), |since| now - since);
    let seen = facts.workers.seen.as_deref();
    let quarantined = seen.map_or(0, |seen| seen.iter().filter(|worker| worker.is_quarantined).count());
    let present = seen.map(|seen| seen.iter().filter(|worker| is_present(worker, now)).count());
    let show = Remedy::ShowPool(pool.clone());
    let found = |kind, cause: String| Finding::new(kind, cause).root(pool.as_str());
    match &facts.workers.pool {
        PoolState::Missing(_) if present.is_some_and(|present| present > 0) => {
            let workers = present.unwrap_or_default();
            busy(facts, found)
                .fact(format!("{} came by themselves: worker-manager has no such pool", count(workers, "worker")))
        }
        PoolState::Missing(near) => {
            let finding = found("no-such-pool", format!("there is no worker pool {pool}"));
            let finding = match near.as_slice() {
                [] => finding,
                near => finding.fact(format!("there is {}", near.join(", "))),
            };
            let never = "no worker of it has ever asked for work, as far as the queue remembers";
            finding
                .facts(present.map(|_| never.to_owned()))
                .next(Remedy::ListPools)
                .next(Remedy::Edit(facts.id.clone()))
        }
        PoolState::Known(capacity) if capacity.provider == "null-provider" => found(
            "pool-is-going-away",
            format!("the worker pool {pool} is being deleted, so that it starts no workers"),
        )
        .next(show),
        PoolState::Known(capacity) if capacity.most == Some(0) => {
            found("pool-is-off", format!("the worker pool {pool} may have no workers: its maximum capacity is 0"))
                .next(show)
        }
        PoolState::Known(_) if quarantined > 0 && present == Some(0) => quarantine(found, quarantined, &pool),
        PoolState::Known(capacity) if capacity.running == 0 && !facts.workers.errors.is_empty() => {
            found("launch-errors", format!("no worker of {pool} runs, and starting some fails"))
                .next(Remedy::ShowPoolErrors(pool.clone()))
                .next(show)
        }
        PoolState::Known(capacity) if capacity.running == 0 && capacity.requested > 0 => {
            found("workers-starting", format!("workers of {pool} were asked for and do not run yet"))
                .next(Remedy::WaitForRun(facts.id.clone()))
                .next(show)
        }
        PoolState::Known(capacity) if is_full(facts, capacity) => full(facts, capacity, found),
        PoolState::Known(_) | PoolState::Unknown if quarantined > 0 && present == Some(0) => {
            quarantine(found, quarantined, &pool)
        }
        PoolState::Known(capacity) if capacity.running == 0 && present == Some(0) => {
            no_worker(found, seen.unwrap_or_default(), &pool, now).next(show)
        }
        PoolState::Unknown if present == Some(0) => no_worker(found, seen.unwrap_or_default(), &pool, now),
        _ if waited < USUAL_WAIT && facts.queue.ahead.is_none_or(|ahead| ahead.by_priority + ahead.by_age == 0) => {
            found("just-pending", "it became pending just now".into()).next(Remedy::WaitForRun(facts.id.clone()))
        }
        _ => busy(facts, found),
    }
}

fn is_present(worker: &SeenWorker, now: DateTime<Utc>) -> bool {
    !worker.is_quarantined && worker.active.is_none_or(|active| now - active < WORKER_GONE_AFTER)
}

fn is_full(facts: &TaskFacts, capacity: &Capacity) -> bool {
    let busy = facts.queue.claimed.is_none_or(|claimed| claimed >= capacity.running);
    capacity.running > 0 && busy && capacity.most.is_some_and(|most| capacity.running + capacity.stopping >= most)
}

/// The pool has as many workers as it may, and all are busy.
fn full(facts: &TaskFacts, capacity: &Capacity, found: impl Fn(&'static str, String) -> Finding) -> Finding {
    let most = capacity.most.unwrap_or(capacity.running);
    let finding =
        found("pool-is-full", format!("all workers of {} are busy, and it may have no more than {most}", facts.pool));
    after_others(finding, facts)
}

/// Others come first, or nothing is known but that it waits.
fn busy(facts: &TaskFacts, found: impl Fn(&'static str, String) -> Finding) -> Finding {
    let Ahead { by_priority, by_age, .. } = facts.queue.ahead.unwrap_or_default();
    let finding = match (by_priority, by_age) {
        (0, 0) if facts.queue.ahead.is_some() => {
            found("next-in-queue", "no other task comes before it: it waits for a worker".into())
        }
        (0, 0) => found("waits-for-worker", format!("it waits for a worker of {}", facts.pool)),
        (0, age) => found("behind-others", format!("{} of its priority waited longer", count(amount(age), "task"))),
        (priority, _) => found(
            "behind-others",
            format!(
                "{} of a higher priority {} first",
                count(amount(priority), "task"),
                if priority == 1 { "comes" } else { "come" }
            ),
        ),
    };
    after_others(finding, facts)
}

fn amount(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn after_others(finding: Finding, facts: &TaskFacts) -> Finding {
    let finding = if facts.queue.ahead.is_some_and(|ahead| ahead.by_priority + ahead.by_age > 0) {
        finding.next(Remedy::RaisePriority(facts.id.clone())).next(Remedy::ShowPending(facts.pool.clone()))
    } else {
        finding
    };
    let wait = Remedy::WaitForRun(facts.id.clone());
    match facts.workers.pool {
        PoolState::Missing(_) => finding.next(wait),
        _ => finding.next(Remedy::ShowPool(facts.pool.clone())).next(wait),
    }
}

fn quarantine(found: impl Fn(&'static str, String) -> Finding, quarantined: usize, pool: &str) -> Finding {
    found("workers-quarantined", format!("every worker of {pool} that is there is in quarantine: {quarantined}"))
        .next(Remedy::ShowQuarantined(pool.to_owned()))
}

fn no_worker(
    found: impl Fn(&'static str, String) -> Finding,
    seen: &[SeenWorker],
    pool: &str,
    now: DateTime<Utc>,
) -> Finding {
    let last = seen.iter().filter_map(|worker| worker.active).max();
    let finding = found("no-worker-seen", format!("no worker of {pool} asks for work"));
    match last {
        Some(last) => finding.fact(format!("the last one did about {} ago", duration(now - last))),
        None => finding.fact("none has ever done so, as far as the queue remembers"),
    }
}

/// What the queue and the pool count.
fn numbers(facts: &TaskFacts, now: DateTime<Utc>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(pending) = facts.queue.pending {
        let claimed = facts.queue.claimed.map(|claimed| format!(", {claimed} are claimed")).unwrap_or_default();
        lines.push(format!("{} pending in {}{claimed}", are_tasks(pending), facts.pool));
    }
    if let Some(ahead) = facts.queue.ahead {
        let least = if ahead.is_least { "at least " } else { "" };
        let place = ahead.by_priority + ahead.by_age + 1;
        lines.push(format!(
            "it is {least}number {place} in the queue: {} of a higher priority, {} older ones of priority {}",
            ahead.by_priority, ahead.by_age, facts.priority
        ));
    }
    if let PoolState::Known(capacity) = &facts.workers.pool {
        let most = capacity.most.map(|most| format!(" of at most {most}")).unwrap_or_default();
        lines.push(format!(
            "capacity of the pool ({}): {} running{most}, {} requested, {} stopping",
            capacity.provider, capacity.running, capacity.requested, capacity.stopping
        ));
    }
    for error in &facts.workers.errors {
        let last = error.last.map(|last| format!(", last {} ago", duration(now - last))).unwrap_or_default();
        lines.push(format!("error of the pool, {} times{last}: {}", error.count, error.title));
    }
    let quarantined = facts.workers.seen.iter().flatten().filter(|worker| worker.is_quarantined).count();
    if quarantined > 0 {
        lines.push(format!("{} in quarantine", count(quarantined, "worker")));
    }
    lines.extend(estimate(facts));
    lines
}

fn are_tasks(number: u64) -> String {
    if number == 1 { "1 task is".into() } else { format!("{number} tasks are") }
}

/// How long it will still wait, where the numbers carry it.
fn estimate(facts: &TaskFacts) -> Option<String> {
    let (ahead, times) = (facts.queue.ahead.filter(|ahead| !ahead.is_least)?, &facts.queue.recent_run_times);
    let claimed = facts.queue.claimed.filter(|claimed| *claimed > 0)?;
    if times.len() < MIN_RUNS_FOR_ESTIMATE {
        return None;
    }
    let mut sorted = times.clone();
    sorted.sort();
    let median = *sorted.get(sorted.len() / 2)?;
    let place = ahead.by_priority + ahead.by_age + 1;
    let wait = TimeDelta::milliseconds((median.num_milliseconds() as f64 * place as f64 / claimed as f64) as i64);
    Some(format!(
        "inferred: about {} to go, if {claimed} tasks go on at once and each takes the {} that is the median of {} recent runs",
        duration(wait),
        duration(median),
        times.len()
    ))
}
