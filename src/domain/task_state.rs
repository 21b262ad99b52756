//! The states of a task, in the order in which a task goes through them.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Deserializer};

/// The state of a task or of one of its runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum TaskState {
    /// Waits for its dependencies.
    Unscheduled,
    /// Waits for a worker.
    Pending,
    /// A worker has it.
    Running,
    /// Resolved: it succeeded.
    Completed,
    /// Resolved: it ran and did not succeed.
    Failed,
    /// Resolved: it was cancelled, ran out of time, or something went wrong around it.
    Exception,
    /// A state that a newer Taskcluster knows and this program does not, in the server's word; `other` for several.
    Other(&'static str),
}

impl TaskState {
    /// All states that there are, in the order in which counts and tables show them.
    pub(crate) const ALL: [TaskState; 6] =
        [Self::Unscheduled, Self::Pending, Self::Running, Self::Completed, Self::Failed, Self::Exception];

    /// The name on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unscheduled => "unscheduled",
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Exception => "exception",
            Self::Other(word) => word,
        }
    }

    /// The state of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// The state of this name, which may be one that this program does not know.
    pub(crate) fn of(name: &str) -> Self {
        Self::parse(name).unwrap_or_else(|| Self::Other(unknown_word(name)))
    }

    /// The position in counts.
    fn index(self) -> usize {
        Self::ALL.iter().position(|state| *state == self).unwrap_or(Self::ALL.len())
    }

    /// Whether nothing happens any more unless someone reruns the task.
    pub(crate) fn is_resolved(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Exception)
    }

    /// Whether it was resolved without success.
    pub(crate) fn is_unsuccessful(self) -> bool {
        matches!(self, Self::Failed | Self::Exception)
    }
}

/// What several unknown states are called together, and one whose name is no word.
const OTHER: &str = "other";

/// Keeps the name of an unknown state for the life of the process. They are few: servers know a handful of states.
fn unknown_word(name: &str) -> &'static str {
    const MAX_WORDS: usize = 32;
    const MAX_BYTES: usize = 40;
    static WORDS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let is_word = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_ ".contains(&byte));
    if !is_word || name.len() > MAX_BYTES {
        return OTHER;
    }
    let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(word) = words.get(name) {
        return word;
    }
    if words.len() >= MAX_WORDS {
        return OTHER;
    }
    let word: &'static str = String::leak(name.to_owned());
    words.insert(word);
    word
}

impl<'de> Deserialize<'de> for TaskState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::of(&std::borrow::Cow::<str>::deserialize(deserializer)?))
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How many tasks are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StateCounts {
    counts: [u64; 7],
    /// The unknown state that was counted; [`OTHER`] once there were two.
    unknown: Option<&'static str>,
}

impl StateCounts {
    /// Counts one task.
    pub(crate) fn add(&mut self, state: TaskState) {
        if let Some(count) = self.counts.get_mut(state.index()) {
            *count += 1;
        }
        if let TaskState::Other(word) = state {
            self.unknown = Some(self.unknown.filter(|known| *known != word).map_or(word, |_| OTHER));
        }
    }

    /// How many are in this state. Those that this program does not know count together.
    pub(crate) fn of(&self, state: TaskState) -> u64 {
        self.counts.get(state.index()).copied().unwrap_or(0)
    }

    /// How many there are.
    pub(crate) fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many are resolved, with or without success.
    pub(crate) fn resolved(&self) -> u64 {
        self.iter().filter(|(state, _)| state.is_resolved()).map(|(_, count)| count).sum()
    }

    /// How many were resolved without success.
    pub(crate) fn unsuccessful(&self) -> u64 {
        self.of(TaskState::Failed) + self.of(TaskState::Exception)
    }

    /// States that occur, in the fixed order, with their counts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (TaskState, u64)> + '_ {
        TaskState::ALL
            .into_iter()
            .chain([TaskState::Other(self.unknown.unwrap_or(OTHER))])
            .map(|state| (state, self.of(state)))
            .filter(|(_, count)| *count > 0)
    }
}

impl FromIterator<TaskState> for StateCounts {
    fn from_iter<I: IntoIterator<Item = TaskState>>(states: I) -> Self {
        let mut counts = Self::default();
        states.into_iter().for_each(|state| counts.add(state));
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_come_in_the_order_of_a_task_s_life() {
        let counts: StateCounts =
            [TaskState::Failed, TaskState::of("frozen"), TaskState::Running, TaskState::Failed, TaskState::Unscheduled]
                .into_iter()
                .collect();
        let shown: Vec<String> = counts.iter().map(|(state, count)| format!("{state}: {count}")).collect();
        assert_eq!(shown, ["unscheduled: 1", "running: 1", "failed: 2", "frozen: 1"]);
        assert_eq!((counts.total(), counts.resolved(), counts.unsuccessful()), (5, 2, 2));
    }

    #[test]
    fn names_are_those_of_the_wire() {
        for state in TaskState::ALL {
            assert_eq!(TaskState::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::from_str::<TaskState>(&format!("\"{state}\"")).unwrap(), state);
        }
        assert_eq!(TaskState::parse("other"), None);
    }

    #[test]
    fn an_unknown_state_keeps_the_server_s_word() {
        let state: TaskState = serde_json::from_str("\"hibernating\"").unwrap();
        assert_eq!((state, state.to_string()), (TaskState::Other("hibernating"), "hibernating".into()));
        assert!(!state.is_resolved() && state == TaskState::of("hibernating"));
        // Nothing that could drive a terminal or fill the memory.
        for name in ["", "\u{1b}[31m", &"x".repeat(1_000)] {
            assert_eq!(TaskState::of(name).as_str(), "other");
        }
        let counts: StateCounts = ["melting", "frozen", "melting"].into_iter().map(TaskState::of).collect();
        assert_eq!(counts.iter().map(|(state, count)| format!("{state}: {count}")).collect::<Vec<_>>(), ["other: 3"]);
    }
}
