//! The states of a task, in the order in which a task goes through them (spec, section 8).

use std::fmt;

use serde::Deserialize;

/// The state of a task or of one of its runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskState {
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
    /// A state that a newer Taskcluster knows and this program does not.
    #[serde(other)]
    Other,
}

impl TaskState {
    /// All states that there are, in the order in which counts and tables show them.
    pub const ALL: [TaskState; 6] =
        [Self::Unscheduled, Self::Pending, Self::Running, Self::Completed, Self::Failed, Self::Exception];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unscheduled => "unscheduled",
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Exception => "exception",
            Self::Other => "other",
        }
    }

    /// The state of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether nothing happens any more unless someone reruns the task.
    pub fn is_resolved(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Exception)
    }

    /// Whether it was resolved without success.
    pub fn is_unsuccessful(self) -> bool {
        matches!(self, Self::Failed | Self::Exception)
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How many tasks are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StateCounts([u64; 7]);

impl StateCounts {
    /// Counts one task.
    pub fn add(&mut self, state: TaskState) {
        if let Some(count) = self.0.get_mut(state as usize) {
            *count += 1;
        }
    }

    /// How many are in this state.
    pub fn of(&self, state: TaskState) -> u64 {
        self.0.get(state as usize).copied().unwrap_or(0)
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// How many are resolved, with or without success.
    pub fn resolved(&self) -> u64 {
        self.iter().filter(|(state, _)| state.is_resolved()).map(|(_, count)| count).sum()
    }

    /// How many were resolved without success.
    pub fn unsuccessful(&self) -> u64 {
        self.of(TaskState::Failed) + self.of(TaskState::Exception)
    }

    /// States that occur, in the fixed order, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (TaskState, u64)> + '_ {
        TaskState::ALL
            .into_iter()
            .chain([TaskState::Other])
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
            [TaskState::Failed, TaskState::Other, TaskState::Running, TaskState::Failed, TaskState::Unscheduled]
                .into_iter()
                .collect();
        let shown: Vec<String> = counts.iter().map(|(state, count)| format!("{state}: {count}")).collect();
        assert_eq!(shown, ["unscheduled: 1", "running: 1", "failed: 2", "other: 1"]);
        assert_eq!((counts.total(), counts.resolved(), counts.unsuccessful()), (5, 2, 2));
    }

    #[test]
    fn names_are_those_of_the_wire() {
        for state in TaskState::ALL {
            assert_eq!(TaskState::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::from_str::<TaskState>(&format!("\"{state}\"")).unwrap(), state);
        }
        assert_eq!(TaskState::parse("other"), None);
        assert_eq!(serde_json::from_str::<TaskState>("\"hibernating\"").unwrap(), TaskState::Other);
    }
}
