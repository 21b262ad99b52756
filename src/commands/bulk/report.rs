//! What became of a bulk action: lines as it goes, a summary at the end.

use std::io::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::action::{BulkAction, BulkItem, BulkOptions, ItemOutcome};
use super::{Failures, done_to};
use crate::bulk::{Ended, Futility};
use crate::commands::hints;
use crate::context::Context;
use crate::domain::TaskState;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::ui::{Progress, Sink, Table, wrap};

/// What has become of the tasks so far.
pub(super) struct Outcome<'a> {
    action: BulkAction,
    options: &'a BulkOptions,
    context: &'a Context,
    /// How many succeeded.
    count: usize,
    failures: Failures,
    /// Why no more is tried.
    futility: Option<Futility>,
    /// IDs for `--json`.
    done: Vec<String>,
    /// What the server said about these, where it is of interest.
    answers: Vec<Value>,
    /// The task groups among what failed.
    failed_groups: Vec<String>,
    /// The IDs of what fails are written down: to a file, or as JSON.
    has_ids: bool,
    /// The action goes on when nobody reads about it, so this waits for the end.
    unwritten: Option<std::io::Error>,
}

impl<'a> Outcome<'a> {
    pub(super) fn new(action: BulkAction, options: &'a BulkOptions, context: &'a Context) -> Self {
        Self {
            action,
            options,
            context,
            count: 0,
            failures: Failures::told_once(),
            futility: None,
            done: Vec::new(),
            answers: Vec::new(),
            failed_groups: Vec::new(),
            has_ids: options.failures.is_some() || options.wants_json(context),
            unwritten: None,
        }
    }

    /// Takes note of one result.
    pub(super) fn add(&mut self, item: &BulkItem, result: Result<ItemOutcome>, progress: &Progress) {
        let (json, terminal) = (self.options.wants_json(self.context), self.context.ui.terminal.stdout);
        match result {
            Ok(ItemOutcome { line, answer, note }) => {
                self.context.remember_name(&item.id, &item.name);
                self.count += 1;
                if let Some(note) = note {
                    progress.above(|| self.context.ui.note(note));
                }
                if json {
                    self.done.push(item.id.clone());
                    self.answers.extend(answer.and_then(|answer| serde_json::from_slice(&answer).ok()));
                } else if (!terminal || self.options.lines) && self.unwritten.is_none() {
                    let mut write = || {
                        let mut out = self.context.ui.out();
                        self.unwritten = writeln!(out, "{line}").and_then(|()| out.flush()).err();
                    };
                    // In a pipe a line is not in the way of the bar.
                    if terminal { progress.above(write) } else { write() }
                }
            }
            Err(error) => {
                let name = if item.name.is_empty() { String::new() } else { format!(" ({})", item.name) };
                if item.is_group {
                    self.failed_groups.push(item.id.clone());
                }
                let label = format!("could not {} {}{name}", self.action.verb, item.id);
                let (failures, context, alone) = (&mut self.failures, self.context, self.options.alone);
                progress.above(|| failures.add(&item.id, &item.name, &label, alone, error, context));
                progress.failed(failures.count());
            }
        }
    }

    /// Takes note that no more is to be tried.
    pub(super) fn stop(&mut self, futility: Futility) {
        self.futility.get_or_insert(futility);
    }

    /// Says how it went, and with which status to end.
    pub(super) async fn finish(
        mut self,
        mut ended: Ended<BulkItem>,
        total: Option<usize>,
        elapsed: Duration,
    ) -> Result<Status> {
        let options = self.options;
        // Where nothing was left to do, nothing was stopped.
        let is_all = ended.untried.is_empty() && ended.unanswered.is_empty() && ended.source_failed.is_none();
        let futility = self.futility.filter(|_| !is_all);
        if let Some(futility) = futility {
            self.context.ui.warn(format_args!("stopped: {}", reason(futility)));
        }
        self.summary_table();
        if let Some(path) = &options.failures {
            self.write_failures(path, &ended)?;
        }
        if options.wants_json(self.context) {
            self.print_json(&ended).await?;
        }
        let (done, failed) = (self.count, self.failures.count());
        let mut so_far = format!("{} {}", options.count(done), self.action.done);
        if failed > 0 {
            so_far.push_str(&format!(", {failed} failed"));
        }
        if let Some(cause) = ended.source_failed.take_if(|_| !ended.stopped) {
            if cause.kind() == Kind::NotFound && done + failed == 0 {
                // There is no such list.
                return Err(cause);
            }
            let cause = hints::worded(cause);
            let error = Error::new(cause.kind(), format!("the list of tasks broke off: {}", cause.message()));
            let error = cause.hints().iter().cloned().fold(error, Error::hint);
            return Err(if done + failed > 0 { error.hint(format!("Until then: {so_far}.")) } else { error });
        }
        if futility.is_some() {
            return Err(self.in_vain(&ended));
        }
        if ended.stopped && self.futility.is_none() {
            return Err(self.interrupted(&so_far, ended.unanswered.len(), total));
        }
        if let Some(source) = self.unwritten.take() {
            return Err(source.into());
        }
        if failed == 0 {
            self.success(elapsed);
            return Ok(Status::DONE);
        }
        let what = format!("{} could not be {}", options.nouns(0), self.action.done);
        let hints = self.hints();
        self.failures.finish(done, &what, &hints, self.context)?;
        Ok(Status::DONE)
    }

    /// What to do. A scope for each of ten thousand tasks is no advice; the one for all of them is.
    fn hints(&self) -> Vec<String> {
        let report = self.failures.report();
        let failures = &report.failures;
        let mut hints = report.hints.clone();
        if failures.len() > 1 && failures.iter().all(|failure| failure.reason == "InsufficientScopes") {
            hints.truncate(1);
            hints.push(format!("For all of them: tc signin --for {}", self.action.needs));
        }
        if self.failures.are_summed_up() && !self.has_ids {
            hints.push("Use --failures FILE to have the IDs of what is left written down.".to_owned());
        }
        hints
    }

    /// The end of an action that stopped by itself.
    fn in_vain(self, ended: &Ended<BulkItem>) -> Error {
        let (done, failed, left) = (self.count, self.failures.count(), ended.untried.len());
        let all = done + failed + ended.unanswered.len() + left;
        let mut message = format!("{failed} of {all} {} could not be {}", self.options.nouns(0), self.action.done);
        if !ended.unanswered.is_empty() {
            message.push_str(&format!(", {} are without an answer", ended.unanswered.len()));
        }
        message.push_str(&format!(", {left} were not tried"));
        if ended.source_failed.is_some() {
            message.push_str(", and the rest of the list could not be read");
        }
        self.hints().into_iter().fold(Error::new(self.failures.kind(done), message), Error::hint)
    }

    fn success(&self, elapsed: Duration) {
        let ui = &self.context.ui;
        if self.count == 0 {
            ui.note(format_args!("There are no {} to {}.", self.options.nouns(0), self.action.verb));
        } else if ui.terminal.stderr {
            let seconds = elapsed.as_secs_f64();
            ui.note(format_args!("{} {} in {seconds:.1} s.", self.options.count(self.count), self.action.done));
        }
    }

    fn interrupted(&self, so_far: &str, unanswered: usize, total: Option<usize>) -> Error {
        let mut message = format!("interrupted: {so_far}");
        if unanswered > 0 {
            message.push_str(&format!(", {unanswered} without an answer"));
        }
        match total {
            Some(total) => {
                let left = total.saturating_sub(self.count + self.failures.count() + unanswered);
                message.push_str(&format!(", {left} left as they were"));
            }
            None => message.push_str("; the rest was left as it was"),
        }
        Error::new(Kind::Interrupted, message).hint("The same command goes on with what is left.")
    }

    /// Reasons with their counts, where there is more than one failure.
    fn summary_table(&self) {
        let reasons = self.failures.report().by_reason();
        if self.failures.count() < 2 {
            return;
        }
        let mut table = Table::new(["failed", "reason", "for instance"]).right(0);
        for (reason, count, message) in reasons {
            table.row([count.to_string().as_str(), reason, message]);
        }
        let ui = &self.context.ui;
        let width = if ui.terminal.stderr { ui.terminal.width } else { None };
        ui.write_stderr(table.render(width, ui.color_stderr()).as_bytes());
    }

    fn write_failures(&self, path: &std::path::Path, ended: &Ended<BulkItem>) -> Result<()> {
        let failed = |source| Error::io("write", format_args!("`{}`", path.display()), source);
        let mut sink = Sink::file(&self.context.env.resolve(path)).map_err(failed)?;
        let ids = self.failures.report().failures.iter().map(|failure| &failure.id);
        let left = ended.unanswered.iter().chain(&ended.untried);
        for id in ids.chain(left.map(|item| &item.id)) {
            writeln!(sink, "{id}").map_err(failed)?;
        }
        sink.finish().map_err(failed)
    }

    async fn print_json(&self, ended: &Ended<BulkItem>) -> Result<()> {
        let failed = self.failures.report().failures.iter().map(|failure| {
            let key = if self.failed_groups.contains(&failure.id) { "taskGroupId" } else { "taskId" };
            json!({key: failure.id, "name": failure.name, "reason": failure.reason, "message": failure.message})
        });
        let document = Document {
            action: self.options.name.clone().unwrap_or_else(|| self.action.name()),
            done: &self.done,
            failed: failed.collect(),
            unanswered: ended.unanswered.iter().map(|item| item.id.as_str()).collect(),
            untried: ended.untried.iter().map(|item| item.id.as_str()).collect(),
            answers: &self.answers,
        };
        let text = serde_json::to_vec(&document)
            .map_err(|source| Error::failed("cannot print what was done").caused_by(source))?;
        let printed = self.options.print_json(text, self.context).await;
        printed.map_err(|error| if self.done.is_empty() { error } else { error.after(&self.what_was_done()) })
    }

    /// What was done to which tasks, or which ones were created.
    fn what_was_done(&self) -> String {
        let created = self.answers.iter().filter_map(|answer| answer.get("created"));
        let created: Vec<&str> = created
            .flat_map(|created| created.as_array().map_or_else(|| std::slice::from_ref(created), Vec::as_slice))
            // Actions tell the ID, and retriggering the status that the task has.
            .filter_map(|task| task.as_str().or_else(|| task.get("taskId")?.as_str()))
            .collect();
        match created.as_slice() {
            [] => done_to(self.action.done, &self.options.nouns(1), &self.done),
            created => done_to("created", "task", created),
        }
    }
}

/// Why no more is tried, in words.
fn reason(futility: Futility) -> String {
    match futility {
        Futility::RefusedAlike(count) => format!("{count} tasks in a row failed in the same way"),
        Futility::Unanswered(_) => "the deployment has not answered for as long as retries take".to_owned(),
    }
}

/// What `--json` tells of a bulk action.
#[derive(serde::Serialize)]
struct Document<'a> {
    action: String,
    done: &'a [String],
    failed: Vec<Value>,
    unanswered: Vec<&'a str>,
    untried: Vec<&'a str>,
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    answers: &'a [Value],
}

/// `--dry-run`: the tasks that would be affected.
pub(super) async fn print_plan(
    action: BulkAction,
    listed: &[BulkItem],
    options: &BulkOptions,
    context: &Context,
) -> Result<Status> {
    let ui = &context.ui;
    if options.wants_json(context) {
        let item = |item: &BulkItem| json!({item.id_key(): item.id, "name": item.name, "state": item.state.map(TaskState::as_str)});
        let plan: Vec<Value> = listed.iter().map(item).collect();
        options.print_json(json!({"action": action.name(), "would": plan}).to_string(), context).await?;
        return Ok(Status::DONE);
    }
    let mut out = ui.out();
    for item in listed {
        let state = item.state.map(|state| format!(" (state: {state})")).unwrap_or_default();
        let line = format!("Would {} {} taskid: {}{state}", action.verb, ui.safe(&item.name), item.id);
        writeln!(out, "{}", wrap(&line, ui.stdout_columns(), "  "))?;
    }
    // On a terminal the sum comes last, as it is meant.
    out.flush()?;
    drop(out);
    ui.note(format_args!("{} would be {}; nothing was sent.", options.count(listed.len()), action.done));
    Ok(Status::DONE)
}
