//! What became of a deed: lines as it goes, a summary at the end.

use std::io::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::act::{Deed, Done, How, Target, tasks};
use crate::bulk::{Ended, Report};
use crate::context::Context;
use crate::domain::TaskState;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::ui::{Progress, Sink, Table, sanitize};

/// What has become of the tasks so far.
pub(super) struct Outcome<'a> {
    deed: Deed,
    context: &'a Context,
    report: Report,
    /// IDs for `--json`.
    done: Vec<String>,
    /// What the server said about these, where it is of interest.
    answers: Vec<Value>,
    /// Print a line for each task on a terminal, too.
    lines: bool,
    /// There is one task, so its failure is that of the command.
    alone: bool,
    /// The one kind of failure, while there is only one.
    kinds: Vec<Kind>,
    first_error: Option<Error>,
    /// A deed goes on when nobody reads about it, so this waits for the end.
    unwritten: Option<std::io::Error>,
}

impl<'a> Outcome<'a> {
    pub(super) fn new(deed: Deed, how: &How, context: &'a Context) -> Self {
        Self {
            deed,
            context,
            report: Report::default(),
            done: Vec::new(),
            answers: Vec::new(),
            lines: how.lines,
            alone: how.alone,
            kinds: Vec::new(),
            first_error: None,
            unwritten: None,
        }
    }

    /// Takes note of one result.
    pub(super) fn add(&mut self, target: &Target, result: Result<Done>, progress: &Progress) {
        let (json, terminal) = (self.context.globals.json, self.context.ui.terminal.stdout);
        match result {
            Ok(Done { line, answer }) => {
                self.report.done += 1;
                if json {
                    self.done.push(target.id.clone());
                    self.answers.extend(answer.and_then(|answer| serde_json::from_slice(&answer).ok()));
                } else if (!terminal || self.lines) && self.unwritten.is_none() {
                    let mut write = || {
                        let mut out = self.context.ui.out();
                        self.unwritten = writeln!(out, "{line}").and_then(|()| out.flush()).err();
                    };
                    // In a pipe a line is not in the way of the bar.
                    if terminal { progress.above(write) } else { write() }
                }
            }
            Err(error) => {
                self.report.fail(&target.id, &target.name, &error);
                let name =
                    if target.name.is_empty() { String::new() } else { format!(" ({})", sanitize(&target.name)) };
                let message = sanitize(error.message());
                progress.above(|| {
                    if self.alone {
                        return;
                    }
                    self.context.ui.warn(format_args!("could not {} {}{name}: {message}", self.deed.verb, target.id));
                });
                if !self.kinds.contains(&error.kind()) {
                    self.kinds.push(error.kind());
                }
                self.first_error.get_or_insert(error);
            }
        }
    }

    /// Says how it went, and with which status to end.
    pub(super) fn finish(
        mut self,
        ended: &Ended<Target>,
        total: Option<usize>,
        elapsed: Duration,
        how: &How,
    ) -> Result<Status> {
        self.summary_table();
        if let Some(path) = &how.failures {
            self.write_failures(path, ended)?;
        }
        if self.context.globals.json {
            self.print_json(ended)?;
        }
        let (done, failed) = (self.report.done, self.report.failures.len());
        let mut so_far = format!("{} {}", tasks(done), self.deed.done);
        if failed > 0 {
            so_far.push_str(&format!(", {failed} failed"));
        }
        if let Some(cause) = &ended.source_failed {
            let error = Error::new(cause.kind(), format!("the list of tasks broke off: {}", cause.message()));
            let error = cause.hints().iter().fold(error, |error, hint| error.hint(hint));
            return Err(if done + failed > 0 { error.hint(format!("Until then: {so_far}.")) } else { error });
        }
        if ended.stopped {
            return Err(self.interrupted(&so_far, ended.unanswered.len(), total));
        }
        if let Some(source) = self.unwritten.take() {
            return Err(source.into());
        }
        let Some(first) = self.first_error.take() else {
            self.success(elapsed);
            return Ok(Status::DONE);
        };
        if self.alone {
            return Err(first);
        }
        let all = done + failed;
        if let (0, [kind], true) = (done, self.kinds.as_slice(), all == 1) {
            // The task was named in the warning; what is left to say is what to do.
            let error = Error::new(*kind, format!("nothing was {}", self.deed.done));
            return Err(first.hints().iter().fold(error, |error, hint| error.hint(hint)));
        }
        let kind = if done == 0 && self.kinds.len() == 1 { first.kind() } else { Kind::Unsuccessful };
        let error = Error::new(kind, format!("{failed} of {} could not be {}", tasks(all), self.deed.done));
        Err(self.hints().iter().fold(error, |error, hint| error.hint(hint)))
    }

    /// What to do. A scope for each of ten thousand tasks is no advice; the one for all of them is.
    fn hints(&self) -> Vec<String> {
        let failures = &self.report.failures;
        if failures.len() < 2 || failures.iter().any(|failure| failure.reason != "InsufficientScopes") {
            return self.report.hints.clone();
        }
        let first = self.report.hints.iter().take(1).cloned();
        first.chain([format!("For all of them: tc signin --for {}", self.deed.needs)]).collect()
    }

    fn success(&self, elapsed: Duration) {
        let ui = &self.context.ui;
        if self.report.done == 0 {
            ui.note(format_args!("There are no tasks to {}.", self.deed.verb));
        } else if ui.terminal.stderr {
            let seconds = elapsed.as_secs_f64();
            ui.note(format_args!("{} {} in {seconds:.1} s.", tasks(self.report.done), self.deed.done));
        }
    }

    fn interrupted(&self, so_far: &str, unanswered: usize, total: Option<usize>) -> Error {
        let mut message = format!("interrupted: {so_far}");
        if unanswered > 0 {
            message.push_str(&format!(", {unanswered} without an answer"));
        }
        match total {
            Some(total) => {
                let left = total.saturating_sub(self.report.done + self.report.failures.len() + unanswered);
                message.push_str(&format!(", {left} left as they were"));
            }
            None => message.push_str("; the rest was left as it was"),
        }
        Error::new(Kind::Interrupted, message).hint("The same command goes on with what is left.")
    }

    /// Reasons with their counts, where there is more than one failure.
    fn summary_table(&self) {
        let reasons = self.report.by_reason();
        if self.report.failures.len() < 2 {
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

    fn write_failures(&self, path: &std::path::Path, ended: &Ended<Target>) -> Result<()> {
        let failed = |source| Error::io("write", format_args!("`{}`", path.display()), source);
        let mut sink = Sink::file(&self.context.env.resolve(path)).map_err(failed)?;
        let ids = self.report.failures.iter().map(|failure| &failure.id);
        for id in ids.chain(ended.unanswered.iter().map(|target| &target.id)) {
            writeln!(sink, "{id}").map_err(failed)?;
        }
        sink.finish().map_err(failed)
    }

    fn print_json(&self, ended: &Ended<Target>) -> Result<()> {
        let failed: Vec<_> = self
            .report
            .failures
            .iter()
            .map(|failure| {
                json!({"taskId": failure.id, "name": failure.name, "reason": failure.reason, "message": failure.message})
            })
            .collect();
        let unanswered: Vec<&str> = ended.unanswered.iter().map(|target| target.id.as_str()).collect();
        let action = action(self.deed);
        let mut document = json!({"action": action, "done": self.done, "failed": failed, "unanswered": unanswered});
        if !self.answers.is_empty() {
            document["answers"] = json!(self.answers);
        }
        let mut out = self.context.ui.out();
        crate::ui::json::Layout::indented(self.context.ui.color(), self.context.ui.terminal.stdout)
            .write(document.to_string().as_bytes(), &mut out)?;
        Ok(writeln!(out)?)
    }
}

/// The deed's name in JSON.
fn action(deed: Deed) -> String {
    deed.verb.replace('-', "")
}

/// `--dry-run`: the tasks that it would be done to.
pub(super) fn print_plan(deed: Deed, listed: &[Target], context: &Context) -> Result<Status> {
    let ui = &context.ui;
    if context.globals.json {
        let plan: Vec<_> = listed
            .iter()
            .map(|target| {
                json!({"taskId": target.id, "name": target.name, "state": target.state.map(TaskState::as_str)})
            })
            .collect();
        let document = json!({"action": action(deed), "would": plan});
        let mut out = ui.out();
        crate::ui::json::Layout::indented(ui.color(), ui.terminal.stdout)
            .write(document.to_string().as_bytes(), &mut out)?;
        writeln!(out)?;
        return Ok(Status::DONE);
    }
    let mut out = ui.out();
    for target in listed {
        let state = target.state.map(|state| format!(" (state: {state})")).unwrap_or_default();
        writeln!(out, "Would {} {} taskid: {}{state}", deed.verb, ui.safe(&target.name), target.id)?;
    }
    // On a terminal the sum comes last, as it is meant.
    out.flush()?;
    drop(out);
    ui.note(format_args!("{} would be {}; nothing was sent.", tasks(listed.len()), deed.done));
    Ok(Status::DONE)
}
