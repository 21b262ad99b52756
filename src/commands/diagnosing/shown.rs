//! Findings for people and for programs, with the commands for what can be done.

use std::io::Write as _;

use anstyle::Style;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::context::Context;
use crate::diagnosis::task::{Finding, Remedy, TaskFacts};
use crate::domain::TaskState;
use crate::domain::time::to_iso;
use crate::error::Result;
use crate::ui::{duration, sanitize};

/// Tasks of one cause that are named for people.
const MAX_NAMED_TASKS: usize = 10;
/// IDs that stand on a command line; more come through a pipe.
const MAX_IDS_ON_A_LINE: usize = 20;

/// A task with what was found out about it.
pub(crate) struct Explained {
    /// What is known of it.
    pub(crate) facts: TaskFacts,
    /// Why it stands where it does.
    pub(crate) finding: Finding,
}

/// The command for something that can be done, and what it does.
fn step(remedy: &Remedy) -> (String, String) {
    let is = |command: String, effect: &str| (command, effect.to_owned());
    match remedy {
        Remedy::Rerun(ids) if ids.len() > MAX_IDS_ON_A_LINE => {
            let first: Vec<&str> = ids.iter().take(MAX_IDS_ON_A_LINE).map(String::as_str).collect();
            let effect = format!("gives the first {MAX_IDS_ON_A_LINE} of {} tasks another run", ids.len());
            (format!("tc task rerun {} --yes", first.join(" ")), effect)
        }
        Remedy::Rerun(ids) if ids.len() == 1 => is(
            format!("tc task rerun {}", ids.join(" ")),
            "gives it another run; what waits for it is scheduled when that completes",
        ),
        Remedy::Rerun(ids) => is(
            format!("tc task rerun {} --yes", ids.join(" ")),
            "gives each another run; what waits for them is scheduled when these complete",
        ),
        Remedy::RerunAnyway(id) => is(
            format!("tc task rerun {id} --force"),
            "gives it a run at once, whether or not what it waits for is completed",
        ),
        Remedy::Schedule(id) => is(format!("tc task schedule {id}"), "makes it pending, whatever it waits for"),
        Remedy::Wait(id) => is(format!("tc task wait {id}"), "ends when the task is resolved"),
        Remedy::WaitForRun(id) => is(format!("tc task wait {id} --for running"), "ends when a worker has it"),
        Remedy::ReadLog(id, run) => is(format!("tc task log {id} --run {run} --tail 50"), "prints the end of its log"),
        Remedy::FollowLog(id) => is(format!("tc task log {id} --tail 20"), "prints the end of its log and follows it"),
        Remedy::ReadErrors(id) => is(format!("tc task errors {id}"), "prints all lines that tell errors"),
        Remedy::Why(id) => is(format!("tc task why {id}"), "tells why that one stands where it does"),
        Remedy::ShowDependencies(id) => is(format!("tc task deps {id} --up"), "shows all that it waits for"),
        Remedy::Validate(id) => is(format!("tc task validate {id}"), "shows what is wrong with its definition"),
        Remedy::Edit(id) => is(format!("tc task edit {id}"), "makes a new task from its definition, after changes"),
        Remedy::Retrigger(id) => is(format!("tc task retrigger {id}"), "makes a new task like it, with new times"),
        Remedy::RaisePriority(id) => {
            is(format!("tc task priority high {id}"), "lets it come before tasks of lower priority")
        }
        Remedy::ShowPool(pool) => is(format!("tc worker pool show {pool}"), "shows the worker pool"),
        Remedy::ShowPoolErrors(pool) => {
            is(format!("tc worker errors {pool}"), "shows what went wrong with its workers")
        }
        Remedy::ShowQuarantined(pool) => {
            is(format!("tc worker list {pool} --quarantined"), "shows the workers in quarantine")
        }
        Remedy::ListPools => is("tc worker pools".into(), "lists all worker pools"),
        Remedy::ShowPending(pool) => is(
            format!(
                "tc api queue listPendingTasks {pool} --jq '.tasks[] | [.taskId, .task.priority, .inserted] | @tsv'"
            ),
            "lists what waits in the queue, the oldest first",
        ),
        Remedy::ShowWorker(pool, worker) => {
            is(format!("tc worker show {pool}/{worker}"), "shows the worker and its recent tasks")
        }
        Remedy::GetScopes(scopes) => {
            let scopes: Vec<String> = scopes.iter().map(|scope| format!("-s {scope}")).collect();
            is(format!("tc signin --add {}", scopes.join(" ")), "asks for the scopes that are missing here")
        }
    }
}

fn next(finding: &Finding) -> Value {
    let steps = finding.next.iter().map(step);
    steps.map(|(command, effect)| json!({"command": command, "effect": effect})).collect()
}

/// A task with why it stands where it does, as JSON.
pub(crate) fn finding_json(explained: &Explained) -> Value {
    let Explained { facts, finding } = explained;
    json!({
        "taskId": facts.id, "name": facts.name, "state": facts.status.state.as_str(), "kind": finding.kind,
        "since": finding.since.map(to_iso), "cause": finding.cause, "evidence": finding.evidence, "next": next(finding),
    })
}

/// Tasks that stand where they do for the same cause, as JSON.
pub(crate) fn cause_json(explained: &[Explained]) -> Value {
    let Some(first) = explained.first() else { return Value::Null };
    let tasks: Vec<&str> = explained.iter().map(|task| task.facts.id.as_str()).collect();
    let since = explained.iter().filter_map(|task| task.finding.since).min();
    json!({
        "state": first.facts.status.state.as_str(), "kind": first.finding.kind, "cause": first.finding.cause,
        "since": since.map(to_iso), "count": tasks.len(), "tasks": tasks, "evidence": first.finding.evidence,
        "next": next(&first.finding),
    })
}

fn ago(since: Option<DateTime<Utc>>, is_over: bool, context: &Context) -> String {
    match since {
        None => String::new(),
        Some(since) if is_over => format!(" {} ago", duration(context.now() - since)),
        Some(since) => format!(" for {}", duration(context.now() - since)),
    }
}

/// What stands before the second and later lines of a sentence on a terminal.
const NEXT_LINES: &str = "  ";

/// Prints why a task stands where it does.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn print_finding(explained: &Explained, style: Style, context: &Context) -> Result<()> {
    let Explained { facts, finding } = explained;
    let ui = &context.ui;
    let state = ui.paint(style, facts.status.state);
    let when = ago(finding.since, facts.status.state.is_resolved(), context);
    let name = ui.paint(Style::new().bold(), ui.safe(&facts.name));
    let mut out = ui.out();
    writeln!(out, "{name} {}", facts.id)?;
    writeln!(out, "{}", ui.wrapped(&format!("{state}{when}: {}", safe(&finding.cause)), NEXT_LINES))?;
    drop(out);
    print_rest(finding, context)
}

/// Prints tasks that stand where they do for the same cause.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn print_cause(explained: &[Explained], style: Style, context: &Context) -> Result<()> {
    let Some(Explained { facts, finding }) = explained.first() else { return Ok(()) };
    let ui = &context.ui;
    let mut out = ui.out();
    let state = ui.paint(style, facts.status.state);
    let tasks = if explained.len() == 1 { "1 task".into() } else { format!("{} tasks", explained.len()) };
    // Tasks that run have no cause in common; they are told from that which has run for longest.
    let is_first = explained.len() > 1 && facts.status.state == TaskState::Running;
    let of = if is_first { ", of the first" } else { "" };
    writeln!(out, "{}", ui.wrapped(&format!("{tasks} {state}{of}: {}", safe(&finding.cause)), NEXT_LINES))?;
    for task in explained.iter().take(MAX_NAMED_TASKS) {
        writeln!(out, "  {} {}", task.facts.id, safe(&task.facts.name))?;
    }
    if explained.len() > MAX_NAMED_TASKS {
        writeln!(out, "  .. and {} more", explained.len() - MAX_NAMED_TASKS)?;
    }
    drop(out);
    print_rest(finding, context)
}

fn print_rest(finding: &Finding, context: &Context) -> Result<()> {
    let ui = &context.ui;
    let mut out = ui.out();
    for fact in &finding.evidence {
        writeln!(out, "{}", ui.wrapped(&format!("  - {}", safe(fact)), NEXT_LINES))?;
    }
    for (command, effect) in finding.next.iter().map(step) {
        // A command is copied, so that it stays one line.
        writeln!(out, "  $ {}", ui.paint(Style::new().bold(), safe(&command)))?;
        writeln!(out, "{}", ui.wrapped(&format!("      {effect}"), ""))?;
    }
    Ok(())
}

/// A line of a log is foreign text, and a line.
fn safe(text: &str) -> String {
    sanitize(text).replace('\n', " ")
}
