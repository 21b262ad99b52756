//! One task: its definition and its runs.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use super::artifact::Artifacts;
use super::id::TaskId;
use super::texts::Document;

/// Where a task stands, which is where its last run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Unscheduled,
    Pending,
    Running,
    Completed,
    Failed,
    Exception,
}

impl State {
    /// The state of this name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "unscheduled" => State::Unscheduled,
            "pending" => State::Pending,
            "running" => State::Running,
            "completed" => State::Completed,
            "failed" => State::Failed,
            "exception" => State::Exception,
            _ => return None,
        })
    }

    /// Whether nothing more happens to it by itself.
    pub(super) fn is_resolved(self) -> bool {
        matches!(self, State::Completed | State::Failed | State::Exception)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            State::Unscheduled => "unscheduled",
            State::Pending => "pending",
            State::Running => "running",
            State::Completed => "completed",
            State::Failed => "failed",
            State::Exception => "exception",
        })
    }
}

/// What a task waits for (`requires` of its definition).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Requires {
    /// All dependencies must complete.
    AllCompleted,
    /// All dependencies must be resolved, in whatever way.
    AllResolved,
}

impl Requires {
    /// Whether a dependency that was resolved like this is satisfied.
    pub(super) fn accepts(self, state: State) -> bool {
        state == State::Completed || (self == Requires::AllResolved && state.is_resolved())
    }
}

/// How urgent a task is; the most urgent comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Priority(u8);

impl Priority {
    /// All of them, from the highest to the lowest.
    pub(super) const NAMES: [&'static str; 7] = ["highest", "very-high", "high", "medium", "low", "very-low", "lowest"];

    /// The priority of this name; the lowest for names of old (`normal`).
    pub(super) fn parse(name: &str) -> Self {
        Self(Self::NAMES.iter().position(|at| *at == name).unwrap_or(Self::NAMES.len() - 1) as u8)
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        Self::NAMES.get(usize::from(self.0)).copied().unwrap_or("lowest")
    }

    /// Itself and all that are higher, from the highest down: who may create with one of these may create with it.
    pub(super) fn and_higher(self) -> &'static [&'static str] {
        Self::NAMES.get(..=usize::from(self.0)).unwrap_or(&Self::NAMES)
    }
}

impl Serialize for Priority {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Who runs a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Worker {
    /// `workerGroup`.
    pub group: Arc<str>,
    /// `workerId`.
    pub id: Arc<str>,
}

/// One attempt at a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// Where it stands; never unscheduled.
    pub state: State,
    /// Why it was made: `scheduled`, `rerun`, `retry`..
    pub reason_created: &'static str,
    /// Why it ended.
    pub reason_resolved: Option<&'static str>,
    /// Who claimed it.
    pub worker: Option<Worker>,
    /// When the claim ends unless it is renewed.
    pub taken_until: Option<DateTime<Utc>>,
    /// When it was made.
    pub scheduled: DateTime<Utc>,
    /// When it was claimed.
    pub started: Option<DateTime<Utc>>,
    /// When it ended.
    pub resolved: Option<DateTime<Utc>>,
    /// Its place in its queue's list of pending or claimed runs.
    pub ticket: u64,
    /// Whether it was claimed by `claimTask`, not by `claimWork`.
    pub direct: bool,
    /// What it left behind.
    pub artifacts: Artifacts,
}

impl Run {
    /// A run that waits for a worker.
    pub(super) fn pending(reason_created: &'static str, now: DateTime<Utc>, ticket: u64) -> Self {
        Self {
            state: State::Pending,
            reason_created,
            reason_resolved: None,
            worker: None,
            taken_until: None,
            scheduled: now,
            started: None,
            resolved: None,
            ticket,
            direct: false,
            artifacts: Artifacts::default(),
        }
    }
}

/// One task.
#[derive(Debug, Clone)]
pub(super) struct Task {
    /// `taskQueueId`: `<provisionerId>/<workerType>`.
    pub queue: Arc<str>,
    /// `schedulerId`.
    pub scheduler: Arc<str>,
    /// `projectId`.
    pub project: Arc<str>,
    /// `taskGroupId`.
    pub group: TaskId,
    /// The priority now.
    pub priority: Priority,
    /// Unresolved after this, it ends as an exception.
    pub deadline: DateTime<Utc>,
    /// After this it is forgotten.
    pub expires: DateTime<Utc>,
    /// `retries` of the definition.
    pub retries: u32,
    /// How often the queue will still retry by itself.
    pub retries_left: u32,
    /// What it waits for.
    pub requires: Requires,
    /// Its dependencies that are not satisfied yet.
    pub unsatisfied: Vec<TaskId>,
    /// All of its dependencies.
    pub dependencies: Box<[TaskId]>,
    /// All attempts so far.
    pub runs: Vec<Run>,
    /// Whether it has been resolved at least once, which its group has counted.
    pub ever_resolved: bool,
    /// Whether it has routes that the index listens to.
    pub indexed: bool,
    /// Whether it has routes that the notify service listens to.
    pub notified: bool,
    /// `created` of the definition.
    pub created: DateTime<Utc>,
    /// `routes` of the definition.
    pub routes: Arc<[String]>,
    /// `scopes` of the definition.
    pub scopes: Arc<[String]>,
    /// `payload` of the definition, as JSON text like all that nobody here looks into.
    pub payload: Document,
    /// `metadata` of the definition.
    pub metadata: Document,
    /// `tags` of the definition.
    pub tags: Document,
    /// `extra` of the definition.
    pub extra: Document,
}

/// The two halves of a `taskQueueId`.
pub(super) fn split_queue(queue: &str) -> (&str, &str) {
    queue.split_once('/').unwrap_or((queue, ""))
}

impl Task {
    /// Where it stands.
    pub(super) fn state(&self) -> State {
        self.runs.last().map_or(State::Unscheduled, |run| run.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn higher_priorities_include_the_wanted_one() {
        assert_eq!(Priority::parse("high").and_higher(), ["highest", "very-high", "high"]);
        assert_eq!(Priority::parse("normal"), Priority::parse("lowest"));
        assert_eq!(Priority::parse("lowest").and_higher().len(), 7);
        assert!(Priority::parse("highest") < Priority::parse("very-high"));
        for name in Priority::NAMES {
            assert_eq!(Priority::parse(name).name(), name);
        }
    }

    #[test]
    fn what_a_dependency_must_come_to() {
        for (state, completed, resolved) in [
            (State::Unscheduled, false, false),
            (State::Pending, false, false),
            (State::Running, false, false),
            (State::Completed, true, true),
            (State::Failed, false, true),
            (State::Exception, false, true),
        ] {
            assert_eq!(Requires::AllCompleted.accepts(state), completed, "{state}");
            assert_eq!(Requires::AllResolved.accepts(state), resolved, "{state}");
        }
    }
}
