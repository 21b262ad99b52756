//! What is done to tasks, to which ones, and how; and what became of one.

use std::path::PathBuf;

use bytes::Bytes;

use super::Confirmation;
use crate::context::{Context, Deployment, Named};
use crate::domain::{TaskItem, TaskState};
use crate::error::Result;
use crate::ui::sanitize;

/// Tasks that are shown before the question.
const MAX_SHOWN_TASKS: usize = 10;
/// What to do where nobody can be asked.
const HINT: &str = "Use --yes to skip the question, or --dry-run to see the tasks that would be affected.";

/// How to act on many tasks.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct BulkArgs {
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub yes: bool,
    /// Only print the tasks that would be affected
    #[arg(short = 'n', long, visible_alias = "noop")]
    pub dry_run: bool,
    /// Maximum number of concurrent calls [default: the setting `jobs`, else chosen automatically]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Write the IDs of the tasks that failed or were not tried to this file, for another try
    #[arg(long, value_name = "FILE")]
    pub failures: Option<PathBuf>,
}

/// How a bulk action is carried out.
#[derive(Debug, Clone, Default)]
pub(crate) struct BulkOptions {
    /// Show the tasks and ask first.
    pub ask: bool,
    /// The question was asked for, so whatever standard input is, it has the answer.
    pub confirm: bool,
    /// Print a line for each task on a terminal, too.
    pub lines: bool,
    /// There is one task, so its failure is that of the command.
    pub alone: bool,
    /// Only print the tasks that would be affected.
    pub dry_run: bool,
    /// Maximum number of concurrent calls [default: the setting `jobs`, else chosen automatically].
    pub jobs: Option<u16>,
    /// Where to write the IDs of the tasks that failed or were not tried.
    pub failures: Option<PathBuf>,
    /// `--jq` chooses the tasks, so it neither filters the report nor asks for JSON.
    pub jq_selects: bool,
    /// The name of the action in JSON; by default that of the verb.
    pub name: Option<String>,
    /// What the items are called, for one; `task` by default.
    pub noun: Option<&'static str>,
}

impl BulkOptions {
    /// Whether the report is JSON.
    pub(super) fn wants_json(&self, context: &Context) -> bool {
        if self.jq_selects { context.globals.json } else { context.wants_json() }
    }

    /// Prints the report, filtered by `--jq` unless that has chosen the tasks.
    pub(super) async fn print_json(&self, document: impl Into<Bytes>, context: &Context) -> Result<()> {
        if self.jq_selects { context.print_unfiltered(document).await } else { context.print_json(document).await }
    }

    /// `1 task`, `2 tasks`.
    pub(super) fn count(&self, number: usize) -> String {
        let noun = self.nouns(number);
        format!("{number} {noun}")
    }

    /// `task` or `tasks`.
    pub(super) fn nouns(&self, number: usize) -> String {
        let noun = self.noun.unwrap_or("task");
        if number == 1 { noun.to_owned() } else { format!("{noun}s") }
    }
}

impl BulkArgs {
    /// The options of an action on the tasks of a group, which is asked about; `--jq` chooses among them.
    pub(crate) fn options(&self) -> BulkOptions {
        BulkOptions {
            ask: !self.yes,
            dry_run: self.dry_run,
            jobs: self.jobs,
            failures: self.failures.clone(),
            jq_selects: true,
            ..BulkOptions::default()
        }
    }
}

/// What is done to tasks, in the words that messages need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BulkAction {
    /// `cancel`.
    pub verb: &'static str,
    /// `Cancelling`.
    pub doing: &'static str,
    /// `cancelled`.
    pub done: &'static str,
    /// The verb as `tc signin --for` takes it.
    pub needs: &'static str,
}

impl BulkAction {
    /// Its name in JSON.
    pub(crate) fn name(&self) -> String {
        self.verb.replace('-', "")
    }

    /// Whether anybody can be asked about so many tasks.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] when not.
    pub(crate) fn check_terminal(&self, count: usize, context: &Context) -> Result<()> {
        let action = format!("{} {}", self.verb, tasks(count));
        let nobody = Confirmation { action: &action, hint: HINT, ..Confirmation::default() };
        nobody.check_terminal(context)
    }

    /// Asks whether to do it to these tasks, of which some are shown.
    pub(super) async fn confirm(&self, listed: &[BulkItem], options: &BulkOptions, context: &Context) -> Result<bool> {
        let count = listed.len();
        let action = format!("{} {}", self.verb, tasks(count));
        let mut notice = format!("About to {action}:");
        for item in listed.iter().take(MAX_SHOWN_TASKS) {
            notice.push_str(&format!("\n  {} {}", item.id, sanitize(&item.name)));
        }
        if count > MAX_SHOWN_TASKS {
            notice.push_str(&format!("\n  .. and {} more", count - MAX_SHOWN_TASKS));
        }
        let confirmation = Confirmation {
            action: &action,
            refusal: &did_nothing(self.done),
            notice: &notice,
            question: &format!("{} {}?", capitalized(self.verb), if count == 1 { "it" } else { "them" }),
            hint: HINT,
            was_requested: options.confirm,
        };
        confirmation.ask(context).await
    }
}

/// What a "no" comes to, by the participle of a verb: `cancelled nothing`.
pub(super) fn did_nothing(done: &str) -> String {
    // The one participle that is not the past as well.
    let past = done.strip_suffix("run").map(|stem| format!("{stem}ran"));
    format!("{} nothing", past.as_deref().unwrap_or(done))
}

/// What was done to one task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ItemOutcome {
    /// What to print about it.
    pub line: String,
    /// The server's answer, for `--json`.
    pub answer: Option<Bytes>,
    /// What else to say to people.
    pub note: Option<String>,
}

impl From<String> for ItemOutcome {
    fn from(line: String) -> Self {
        Self { line, ..Self::default() }
    }
}

/// A task that something is done to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BulkItem {
    /// Where it is.
    pub deployment: Deployment,
    /// Its ID.
    pub id: String,
    /// Its name, where it is known.
    pub name: String,
    /// Its state, where it is known.
    pub state: Option<TaskState>,
    /// It is a task group, and the ID that of the group.
    pub is_group: bool,
}

impl BulkItem {
    /// The key of its ID in JSON.
    pub(crate) fn id_key(&self) -> &'static str {
        if self.is_group { "taskGroupId" } else { "taskId" }
    }

    /// A task of which no more is known.
    pub(crate) fn of(deployment: Deployment, id: String) -> Self {
        Self { deployment, id, ..Self::default() }
    }

    /// A task of a group.
    pub(crate) fn in_group(group: &Named, item: &TaskItem<'_>) -> Self {
        let (id, name) = (item.id().to_owned(), item.name().to_owned());
        Self { deployment: group.deployment.clone(), id, name, state: Some(item.status.state), is_group: false }
    }
}

/// `1 task`, `2 tasks`.
fn tasks(count: usize) -> String {
    BulkOptions::default().count(count)
}

/// `cancel` as it starts a sentence.
pub(super) fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_is_told_in_the_past_of_each_verb() {
        for (done, told) in [
            ("cancelled", "cancelled nothing"),
            ("re-run", "re-ran nothing"),
            ("rerun", "reran nothing"),
            ("acted on", "acted on nothing"),
        ] {
            assert_eq!(did_nothing(done), told);
        }
    }
}
