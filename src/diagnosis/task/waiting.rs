//! Why a task is unscheduled: the tasks that hold it, followed to their roots.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::facts::{TaskFacts, Upstream};
use super::finding::{Finding, Remedy};
use crate::domain::TaskState;
use crate::ui::duration;

/// Tasks that a finding names.
const MAX_NAMED_TASKS: usize = 5;

/// What holds a task, by where the chain of tasks begins.
#[derive(Default)]
struct Roots<'a> {
    /// Resolved in a way that does not do.
    failed: BTreeSet<&'a str>,
    /// Not there any more.
    gone: BTreeSet<&'a str>,
    /// Wait for themselves: someone must schedule them.
    own: BTreeSet<&'a str>,
    /// Have a worker.
    running: BTreeSet<&'a str>,
    /// Wait for a worker.
    pending: BTreeSet<&'a str>,
    /// Are unscheduled for no reason that is known here.
    open: BTreeSet<&'a str>,
}

/// Why an unscheduled task is unscheduled.
pub(super) fn explain(facts: &TaskFacts, now: DateTime<Utc>) -> Finding {
    let roots = follow(facts);
    let finding = of_roots(facts, &roots, now);
    let direct = holding(facts);
    let total = facts.dependencies.len();
    let finding = finding.since(facts.created).fact(match (direct.len(), total) {
        (0, 0) => "it has no dependencies".to_owned(),
        (held, total) => format!("{held} of {total} dependencies {} not {} yet", are(held), ended(facts)),
    });
    with_deadline(finding, facts, now)
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

fn ended(facts: &TaskFacts) -> &'static str {
    if facts.requires_success { "completed" } else { "resolved" }
}

/// The dependencies that are not as they must be.
fn holding(facts: &TaskFacts) -> Vec<&String> {
    facts.dependencies.iter().filter(|id| !is_met(facts.upstream.get(*id), facts.requires_success)).collect()
}

fn is_met(upstream: Option<&Upstream>, requires_success: bool) -> bool {
    match upstream.and_then(|task| task.state) {
        Some(TaskState::Completed) => true,
        Some(state) => !requires_success && state.is_resolved(),
        None => false,
    }
}

/// Goes from task to task until nothing is left that holds it.
fn follow(facts: &TaskFacts) -> Roots<'_> {
    let (mut roots, mut seen) = (Roots::default(), BTreeSet::new());
    let mut open = vec![(facts.id.as_str(), facts.dependencies.as_slice(), facts.requires_success)];
    while let Some((id, dependencies, requires_success)) = open.pop() {
        for dependency in dependencies {
            if dependency == id {
                roots.own.insert(dependency);
                continue;
            }
            let upstream = facts.upstream.get(dependency);
            if is_met(upstream, requires_success) || !seen.insert(dependency.as_str()) {
                continue;
            }
            let Some((upstream, state)) = upstream.and_then(|task| Some((task, task.state?))) else {
                roots.gone.insert(dependency);
                continue;
            };
            match state {
                TaskState::Running => drop(roots.running.insert(dependency)),
                TaskState::Pending => drop(roots.pending.insert(dependency)),
                state if state.is_unsuccessful() => drop(roots.failed.insert(dependency)),
                _ if upstream.dependencies.is_empty() => drop(roots.open.insert(dependency)),
                _ => open.push((dependency, &upstream.dependencies, upstream.requires_success)),
            }
        }
    }
    roots
}

fn of_roots(facts: &TaskFacts, roots: &Roots<'_>, now: DateTime<Utc>) -> Finding {
    let waits_for_others = || roots.running.iter().chain(&roots.pending).chain(&roots.open);
    if !roots.failed.is_empty() {
        return blocked(facts, roots, now);
    }
    if let Some(gone) = roots.gone.first() {
        let through = through(facts, &roots.gone);
        return Finding::new(
            "dependency-gone",
            format!(
                "it waits for {} that {} not exist any more{through}",
                count(roots.gone.len(), "task"),
                do_not(roots.gone.len())
            ),
        )
        .root(*gone)
        .facts(named(facts, &roots.gone, now))
        .fact("inferred: a task that is gone has expired, and cannot complete any more")
        .next(Remedy::Schedule(facts.id.clone()));
    }
    if let Some(own) = roots.own.first() {
        return own_dependency(facts, own, waits_for_others().count());
    }
    if waits_for_others().next().is_none() {
        return Finding::new(
            "about-to-be-scheduled",
            "all that it waits for is done, and the queue has not scheduled it yet",
        )
        .root(facts.id.as_str())
        .fact("inferred: the queue schedules what is ready within seconds")
        .next(Remedy::WaitForRun(facts.id.clone()));
    }
    let held: BTreeSet<&str> = waits_for_others().copied().collect();
    let slowest = roots.running.iter().filter_map(|id| Some((facts.upstream.get(*id)?.since?, *id))).min();
    let first = slowest.map(|(_, id)| id).or_else(|| held.first().copied()).unwrap_or_default();
    let what = match (roots.running.len(), roots.pending.len()) {
        (0, 0) => format!("it waits for {} that {} unscheduled", count(held.len(), "task"), are(held.len())),
        (running, 0) => format!("it waits for {} that {} running", count(running, "task"), are(running)),
        (0, pending) => format!("it waits for {} that {} no worker yet", count(pending, "task"), has(pending)),
        (running, pending) => format!("it waits for {running} running and {pending} pending tasks"),
    };
    let through = through(facts, &held);
    let finding =
        Finding::new("dependency-unfinished", format!("{what}{through}")).root(first).facts(named(facts, &held, now));
    let finding = match slowest {
        Some((since, id)) if roots.running.len() > 1 => {
            finding.fact(format!("{id} has been running for longest, for {}", duration(now - since)))
        }
        _ => finding,
    };
    finding.next(Remedy::Why(first.to_owned())).next(Remedy::Wait(first.to_owned()))
}

fn also_waits_for(running: usize) -> String {
    format!("it also waits for {} that {} running", count(running, "task"), are(running))
}

/// It will never run by itself.
fn blocked(facts: &TaskFacts, roots: &Roots<'_>, now: DateTime<Utc>) -> Finding {
    let failed: Vec<String> = roots.failed.iter().map(|id| (*id).to_owned()).collect();
    let what = format!("{} did not complete", count(failed.len(), "task"));
    let through = through(facts, &roots.failed);
    Finding::new("dependency-failed", format!("it will never run unless it is helped: {what}{through}"))
        .root(failed.first().cloned().unwrap_or_default())
        .facts(named(facts, &roots.failed, now))
        .facts((!roots.running.is_empty()).then(|| also_waits_for(roots.running.len())))
        .next(Remedy::Rerun(failed.clone()))
        .next(Remedy::Why(failed.into_iter().next().unwrap_or_default()))
        .next(Remedy::ShowDependencies(facts.id.clone()))
}

/// A task whose dependencies include itself runs when someone schedules it.
fn own_dependency(facts: &TaskFacts, own: &str, others: usize) -> Finding {
    let whose = if own == facts.id { "itself".to_owned() } else { format!("{own}, which waits for itself") };
    let others = if others > 0 { format!(", and for {}", count(others, "other task")) } else { String::new() };
    Finding::new("waits-for-itself", format!("it waits for {whose}{others}: it runs when someone schedules it"))
        .root(own)
        .fact(format!("{own} is among its own dependencies, which only scheduling it by hand resolves"))
        .next(Remedy::Schedule(own.to_owned()))
}

/// Says through which tasks the chain goes, where the roots are not dependencies of the task itself.
fn through(facts: &TaskFacts, roots: &BTreeSet<&str>) -> String {
    if roots.iter().any(|root| facts.dependencies.iter().any(|id| id == root)) {
        return String::new();
    }
    match holding(facts).as_slice() {
        [] => String::new(),
        [one] => format!(", by way of {one}"),
        many => format!(", by way of {} of its dependencies", many.len()),
    }
}

fn named(facts: &TaskFacts, ids: &BTreeSet<&str>, now: DateTime<Utc>) -> Vec<String> {
    let mut lines: Vec<String> = ids.iter().take(MAX_NAMED_TASKS).map(|id| one(facts, id, now)).collect();
    if ids.len() > MAX_NAMED_TASKS {
        lines.push(format!("and {} more", ids.len() - MAX_NAMED_TASKS));
    }
    lines
}

fn one(facts: &TaskFacts, id: &str, now: DateTime<Utc>) -> String {
    let Some(upstream) = facts.upstream.get(id) else { return format!("{id} does not exist any more") };
    let Some(state) = upstream.state else { return format!("{id} does not exist any more") };
    let reason = match upstream.reason.as_str() {
        "" => String::new(),
        reason if reason == state.as_str() => String::new(),
        reason => format!(" ({reason})"),
    };
    let when = match (upstream.since, state.is_resolved()) {
        (Some(since), true) => format!(" {} ago", duration(now - since)),
        (Some(since), false) => format!(" for {}", duration(now - since)),
        (None, _) => String::new(),
    };
    let name = if upstream.name.is_empty() { String::new() } else { format!(" {}", upstream.name) };
    format!("{id}{name}: {state}{reason}{when}")
}

/// How long there is until the task is given up.
fn with_deadline(finding: Finding, facts: &TaskFacts, now: DateTime<Utc>) -> Finding {
    match facts.deadline {
        Some(deadline) if deadline <= now => finding.fact("its deadline has passed: the queue is about to give it up"),
        Some(deadline) => finding.fact(format!("its deadline is in {}", duration(deadline - now))),
        None => finding,
    }
}

pub(super) fn count(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn do_not(count: usize) -> &'static str {
    if count == 1 { "does" } else { "do" }
}

fn has(count: usize) -> &'static str {
    if count == 1 { "has" } else { "have" }
}
