//! Rerunning what fails while a group is waited for.

use std::collections::{HashMap, HashSet};

use futures::stream::{self, StreamExt as _};
use serde_json::Value;

use super::failures::{FailedTask, MAX_CONCURRENT_TASKS, failure_of};
use super::log::{LogRequest, Logs, PatternArgs};
use super::only::OnlyArgs;
use super::upstream::both;
use super::wire::text;
use crate::client::Client;
use crate::context::Context;
use crate::diagnosis::log::TaskFailure;
use crate::domain::group_progress::Noted;
use crate::error::{Error, Kind, Result};
use crate::ui::sanitize;

/// Ends that another run does not mend: somebody's wish, a deadline that has passed, a payload that stays as it is.
const FINAL: [&str; 4] = ["canceled", "superseded", "deadline-exceeded", "malformed-payload"];
/// Reruns of a group that are made at most, unless another budget is given.
const DEFAULT_BUDGET: u32 = 50;
/// Tasks whose logs are read before the first of them is rerun.
const MAX_READ_AHEAD: usize = 64;

/// Whether and how to rerun what fails.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Reruns")]
pub(crate) struct RerunArgs {
    /// Rerun tasks that fail, each up to so many times
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    rerun_failed: Option<u32>,
    /// Reruns at most, of all tasks together [default: 50]
    #[arg(long, value_name = "N", requires = "rerun_failed")]
    rerun_budget: Option<u32>,
    #[command(flatten)]
    only: OnlyArgs,
}

/// Reruns what fails, and keeps count.
pub(crate) struct Reruns<'a> {
    args: &'a RerunArgs,
    client: Client,
    logs: Logs,
    /// How often each task was rerun.
    counts: HashMap<String, u32>,
    /// Tasks that are left as they are, and were told of.
    left: HashSet<String>,
    budget: u32,
}

impl RerunArgs {
    /// What reruns, where that is asked for.
    ///
    /// # Errors
    /// Kinds of failure without reruns are a usage error; those of [`Logs::new`].
    pub(crate) fn reruns(&self, client: &Client, context: &Context) -> Result<Option<Reruns<'_>>> {
        if self.rerun_failed.is_none() {
            return if self.only.is_empty() {
                Ok(None)
            } else {
                Err(Error::usage("--only says which failures to rerun, and needs --rerun-failed"))
            };
        }
        Ok(Some(Reruns {
            args: self,
            client: client.clone(),
            logs: Logs::new(&PatternArgs::default(), context)?,
            counts: HashMap::new(),
            left: HashSet::new(),
            budget: self.rerun_budget.unwrap_or(DEFAULT_BUDGET),
        }))
    }
}

impl Reruns<'_> {
    /// Reruns those of the tasks that may be; tells `say` of each, and returns the IDs of those that were rerun.
    ///
    /// Their logs are read side by side, of no more tasks at once than the budget has reruns left.
    ///
    /// # Errors
    /// When reruns are refused for want of scopes. A single task that cannot be rerun is told of.
    pub(crate) async fn look(&mut self, unsuccessful: &[Noted], say: impl Fn(String)) -> Result<Vec<String>> {
        let candidates: Vec<&Noted> = unsuccessful.iter().filter(|task| self.may_rerun(task, &say)).collect();
        let mut left = candidates.as_slice();
        let mut done = Vec::new();
        while !left.is_empty() && self.budget > 0 {
            let count = left.len().min(self.budget as usize).min(MAX_READ_AHEAD);
            let (tasks, rest) = left.split_at(count);
            left = rest;
            let failures: Vec<Result<Option<TaskFailure>>> =
                stream::iter(tasks).map(|task| self.failure(task)).buffered(MAX_CONCURRENT_TASKS).collect().await;
            for (task, failure) in tasks.iter().zip(failures) {
                if self.rerun(task, failure?, &say).await? {
                    done.push(task.id.clone());
                }
            }
        }
        for task in left {
            let name = sanitize(&task.name);
            self.leave(
                task,
                format!("{} {name}: left as it is, because the budget of reruns is used up", task.id),
                &say,
            );
        }
        Ok(done)
    }

    /// Whether a task is to be looked at; tells of one that was rerun often enough.
    fn may_rerun(&mut self, task: &Noted, say: impl Fn(String)) -> bool {
        if self.left.contains(&task.id) || FINAL.contains(&task.reason.as_str()) {
            return false;
        }
        let count = self.counts.get(&task.id).copied().unwrap_or(0);
        if count >= self.args.rerun_failed.unwrap_or(0) {
            self.leave(task, say_used_up(&task.id, &sanitize(&task.name), count), say);
            return false;
        }
        true
    }

    /// Reruns a task if its failure is of a kind that is meant; whether it was.
    async fn rerun(&mut self, task: &Noted, failure: Option<TaskFailure>, say: impl Fn(String)) -> Result<bool> {
        let name = sanitize(&task.name);
        let kind = failure.as_ref().map(|failure| failure.kind);
        if !self.args.only.is_empty() && !kind.is_some_and(|kind| self.args.only.takes(kind)) {
            let why = kind.map_or("unexplained".to_owned(), |kind| kind.to_string());
            let message = format!("{} {name}: left as it is, because its failure is of another kind: {why}", task.id);
            self.leave(task, message, say);
            return Ok(false);
        }
        match self.client.call("queue", "rerunTask").arg(task.id.as_str()).send().await {
            Ok(_) => {
                self.budget = self.budget.saturating_sub(1);
                let count = self.counts.entry(task.id.clone()).or_default();
                *count += 1;
                let most = self.args.rerun_failed.unwrap_or(0);
                let line = failure.map(|failure| format!(" ({}: {})", failure.kind, sanitize(&failure.line)));
                say(format!("{} {name}: rerun {count} of {most}{}", task.id, line.unwrap_or_default()));
                Ok(true)
            }
            Err(error) if matches!(error.kind(), Kind::Conflict | Kind::Failed | Kind::NotFound) => {
                self.leave(task, format!("{} {name}: not rerun: {}", task.id, error.message()), say);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn leave(&mut self, task: &Noted, message: String, say: impl Fn(String)) {
        if self.left.insert(task.id.clone()) {
            say(message);
        }
    }

    /// Why it failed, as far as that can be seen.
    async fn failure(&self, task: &Noted) -> Result<Option<TaskFailure>> {
        let (status, definition) = both(&self.client, &task.id).await?;
        let run = status["runs"].as_array().and_then(|runs| runs.last()).map_or(0, run_number);
        let reason = if task.reason == "failed" { String::new() } else { task.reason.clone() };
        let name = text(&definition["metadata"]["name"]);
        let failed =
            FailedTask { name, platform: String::new(), reason, request: LogRequest::of(&task.id, run, &definition) };
        match failure_of(&failed, &self.client, &self.logs).await {
            Err(error) if error.kind() != Kind::Interrupted => Ok(None),
            found => found,
        }
    }
}

fn run_number(run: &Value) -> u32 {
    run["runId"].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

fn say_used_up(id: &str, name: &str, count: u32) -> String {
    let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
    format!("{id} {name}: left as it is, after it was rerun {times}")
}
