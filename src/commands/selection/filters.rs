//! The filters that all commands on groups take.

use chrono::{DateTime, Utc};
use clap::builder::TypedValueParser as _;
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};
use regex::Regex;

use crate::domain::filter::TaskFilter;
use crate::domain::task_ref::TaskRef;
use crate::domain::task_state::TaskState;
use crate::domain::time::Offset;
use crate::error::{Error, Result};

/// Which tasks of the group are meant.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Which tasks")]
pub(crate) struct FilterArgs {
    /// Tasks in this state; repeatable, or separated by commas
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = state())]
    pub state: Vec<TaskState>,
    /// Running tasks
    #[arg(short, long)]
    pub running: bool,
    /// Failed tasks
    #[arg(short, long)]
    pub failed: bool,
    /// Tasks that ended as an exception
    #[arg(short, long)]
    pub exception: bool,
    /// Completed tasks
    // What the Go tool called it up to version 71.
    #[arg(short, long, alias = "complete")]
    pub completed: bool,
    /// Unscheduled tasks
    #[arg(short, long)]
    pub unscheduled: bool,
    /// Pending tasks
    #[arg(short, long)]
    pub pending: bool,
    /// Tasks in any state
    #[arg(short, long)]
    pub all: bool,
    /// Tasks whose name matches this regular expression
    #[arg(long, value_name = "REGEX")]
    pub name: Vec<String>,
    /// Tasks whose name does not match this regular expression
    #[arg(long, value_name = "REGEX")]
    pub not_name: Vec<String>,
    /// Tasks of this kind (their tag `kind`)
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub kind: Vec<String>,
    /// Tasks with this tag
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag)]
    pub tag: Vec<(String, String)>,
    /// Tasks of this worker pool: `provisioner/workerType`, or just the worker type
    // By the Go tool's name an empty one asks for nothing; here it is refused, as it is an unset variable of a script.
    #[arg(short, long, value_name = "POOL", alias = "worker-type", value_parser = NonEmptyStringValueParser::new())]
    pub worker_pool: Vec<String>,
    /// This task: an ID or the address of its page
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
    pub task: Vec<String>,
    /// Tasks whose newest run was resolved for this reason: `canceled`, `claim-expired`..
    #[arg(long, value_name = "REASON", value_delimiter = ',')]
    pub reason: Vec<String>,
    /// Tasks created longer ago than this: `2 hours`
    #[arg(long, value_name = "TIME")]
    pub older_than: Option<String>,
    /// Tasks created within this time: `30m`
    #[arg(long, value_name = "TIME")]
    pub newer_than: Option<String>,
}

fn state() -> impl clap::builder::TypedValueParser<Value = TaskState> {
    PossibleValuesParser::new(TaskState::ALL.map(TaskState::as_str))
        .try_map(|name| TaskState::parse(&name).ok_or("no such state"))
}

fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("it has no `=`")?;
    Ok((key.to_owned(), value.to_owned()))
}

impl FilterArgs {
    /// The filter; `usual` are the states that are meant when none is named.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] for what is no regular expression, no ID or no time.
    pub(crate) fn filter(&self, usual: &[TaskState], now: DateTime<Utc>) -> Result<TaskFilter> {
        let states = self.states();
        let mut ids = Vec::new();
        for text in &self.task {
            let found = TaskRef::parse_task(text).map_err(|fault| Error::usage(fault.to_string()))?;
            ids.push(found.id);
        }
        Ok(TaskFilter {
            states: if states.is_empty() { usual.to_vec() } else { states },
            names: regexes(&self.name, "--name")?,
            not_names: regexes(&self.not_name, "--not-name")?,
            kinds: self.kind.clone(),
            tags: self.tag.clone(),
            pools: self.worker_pool.iter().filter(|pool| !pool.is_empty()).cloned().collect(),
            ids,
            reasons: self.reason.clone(),
            before: self.older_than.as_deref().map(|text| ago(text, now)).transpose()?,
            after: self.newer_than.as_deref().map(|text| ago(text, now)).transpose()?,
        })
    }

    /// The states that were named, in the fixed order; all of them for `--all`.
    pub(crate) fn states(&self) -> Vec<TaskState> {
        let flag = |state| match state {
            TaskState::Unscheduled => self.unscheduled,
            TaskState::Pending => self.pending,
            TaskState::Running => self.running,
            TaskState::Completed => self.completed,
            TaskState::Failed => self.failed,
            TaskState::Exception => self.exception,
            TaskState::Other(_) => false,
        };
        TaskState::ALL.into_iter().filter(|state| self.all || flag(*state) || self.state.contains(state)).collect()
    }
}

fn regexes(texts: &[String], option: &str) -> Result<Vec<Regex>> {
    texts
        .iter()
        .map(|text| {
            Regex::new(text).map_err(|source| {
                Error::usage(format!("{option} `{text}` is not a regular expression")).caused_by(source.to_string())
            })
        })
        .collect()
}

/// The time that lies so long before `now`, whether or not the text says that it is the past.
fn ago(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let wrong = |source: crate::domain::time::TimeError| {
        Error::usage(format!("invalid duration `{text}`"))
            .caused_by(source)
            .hint("Give a number and a unit, such as 30m or 2 hours.")
    };
    let positive = text.trim_start().trim_start_matches(['-', '+']);
    let offset: Offset = format!("-{positive}").parse().map_err(wrong)?;
    offset.from(now).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_may_be_named_in_two_ways() {
        let named = FilterArgs { state: vec![TaskState::Failed], pending: true, ..FilterArgs::default() };
        assert_eq!(named.states(), [TaskState::Pending, TaskState::Failed]);
        assert_eq!(FilterArgs { all: true, ..FilterArgs::default() }.states(), TaskState::ALL);
        let filter = FilterArgs::default().filter(&[TaskState::Running], Utc::now()).unwrap();
        assert_eq!(filter.states, [TaskState::Running]);
    }

    #[test]
    fn a_length_of_time_lies_in_the_past() {
        let now: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
        let ten: DateTime<Utc> = "2026-11-22T10:00:00Z".parse().unwrap();
        for text in ["2 hours", "-2h", " 120m"] {
            assert_eq!(ago(text, now).unwrap(), ten, "{text}");
        }
        assert!(ago("soon", now).is_err());
    }
}
