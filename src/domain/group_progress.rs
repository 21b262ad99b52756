//! How far a group has come, and whether anything can still happen in it. Pure.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::task::{TaskItem, time};
use super::task_state::{StateCounts, TaskState};

/// A task that is running, or was resolved without success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Noted {
    /// Its ID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: TaskState,
    /// Why it is in that state, where the newest run says so.
    pub reason: String,
    /// When its newest run started, while it runs; when it was resolved, after that.
    pub since: Option<DateTime<Utc>>,
}

/// A task that waits for others.
#[derive(Debug, Clone)]
struct WaitingTask {
    id: String,
    dependencies: Vec<String>,
    requires_success: bool,
}

/// What the tasks of a group, taken together, say.
#[derive(Debug, Clone, Default)]
pub(crate) struct GroupProgress {
    /// How many there are in each state.
    pub counts: StateCounts,
    /// The same for each part of the group, where parts were asked for.
    pub parts: BTreeMap<String, StateCounts>,
    /// When the first task was created.
    pub started: Option<DateTime<Utc>>,
    /// When the last task was resolved.
    pub last_resolved: Option<DateTime<Utc>>,
    /// The running tasks.
    pub running: Vec<Noted>,
    /// The tasks that failed or ended as an exception.
    pub unsuccessful: Vec<Noted>,
    waiting: Vec<WaitingTask>,
}

impl GroupProgress {
    /// Takes a task into account, as one of `part` where that is asked for.
    pub(crate) fn add(&mut self, item: &TaskItem<'_>, part: Option<&str>) {
        let state = item.status.state;
        self.counts.add(state);
        if let Some(part) = part {
            self.parts.entry(part.to_owned()).or_default().add(state);
        }
        let created = time(item.task.created.as_deref());
        self.started = earliest(self.started, created);
        let run = item.status.last_run();
        if state.is_resolved() {
            self.last_resolved = self.last_resolved.max(run.and_then(|run| run.resolved_at()));
        }
        match state {
            TaskState::Running => {
                let since = run.and_then(|run| run.started_at());
                self.running.push(noted(item, since));
            }
            TaskState::Failed | TaskState::Exception => {
                let since = run.and_then(|run| run.resolved_at());
                self.unsuccessful.push(noted(item, since));
            }
            TaskState::Unscheduled => self.waiting.push(WaitingTask {
                id: item.id().to_owned(),
                dependencies: item.task.dependencies.iter().map(|id| id.to_string()).collect(),
                requires_success: item.task.requires.as_deref() != Some("all-resolved"),
            }),
            _ => {}
        }
    }

    /// Whether all tasks are resolved.
    pub(crate) fn is_resolved(&self) -> bool {
        self.counts.resolved() == self.counts.total()
    }

    /// Whether nothing will happen any more without someone's doing: all tasks are resolved, or what
    /// is not waits for tasks that will never resolve as it needs.
    pub(crate) fn is_over(&self) -> bool {
        self.is_resolved()
            || (self.counts.resolved() + self.counts.of(TaskState::Unscheduled) == self.counts.total()
                && self.blocked() == self.waiting.len())
    }

    /// Whether every task completed.
    pub(crate) fn is_success(&self) -> bool {
        self.counts.of(TaskState::Completed) == self.counts.total()
    }

    /// Tasks that wait for what will never be: a task that was resolved without success, a task that
    /// itself waits for ever, or themselves.
    pub(crate) fn blocked(&self) -> usize {
        let unsuccessful: HashSet<&str> = self.unsuccessful.iter().map(|task| task.id.as_str()).collect();
        let mut blocked: HashSet<&str> = HashSet::new();
        loop {
            let before = blocked.len();
            for task in &self.waiting {
                let never = |id: &String| {
                    *id == task.id
                        || blocked.contains(id.as_str())
                        || (task.requires_success && unsuccessful.contains(id.as_str()))
                };
                if task.dependencies.iter().any(never) {
                    blocked.insert(&task.id);
                }
            }
            if blocked.len() == before {
                return before;
            }
        }
    }

    /// How long it has been going on, or how long it took.
    pub(crate) fn duration(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let end = if self.is_over() { self.last_resolved? } else { now };
        Some((end - self.started?).max(TimeDelta::zero()))
    }
}

fn earliest(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn noted(item: &TaskItem<'_>, since: Option<DateTime<Utc>>) -> Noted {
    Noted {
        id: item.id().to_owned(),
        name: item.name().to_owned(),
        state: item.status.state,
        reason: item.status.reason().unwrap_or_default().to_owned(),
        since,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tasks as `id state [dependencies]`.
    fn progress(tasks: &[&str]) -> GroupProgress {
        let mut progress = GroupProgress::default();
        for task in tasks {
            let mut words = task.split(' ');
            let (id, state) = (words.next().unwrap(), words.next().unwrap());
            let dependencies: Vec<&str> = words.clone().filter(|word| *word != "all-resolved").collect();
            let requires = words.find(|word| *word == "all-resolved").unwrap_or("all-completed");
            let json = serde_json::json!({
                "status": {"taskId": id, "state": state, "taskQueueId": "p/w", "runs": [{"runId": 0, "state": "pending",
                    "started": "2026-11-22T12:01:00.000Z", "resolved": "2026-11-22T12:30:00.000Z"}]},
                "task": {"dependencies": dependencies, "requires": requires, "created": "2026-11-22T12:00:00.000Z"},
            })
            .to_string();
            progress.add(&TaskItem::parse(json.as_bytes()).unwrap(), Some("part"));
        }
        progress
    }

    #[test]
    fn a_group_goes_on_while_something_can_happen() {
        for tasks in [
            &["a pending"][..],
            &["a completed", "b unscheduled a"],
            &["a failed", "b unscheduled a", "c running"],
            &["a failed", "b unscheduled a all-resolved"],
            &["a failed", "b unscheduled elsewhere"],
        ] {
            assert!(!progress(tasks).is_over(), "{tasks:?}");
        }
    }

    #[test]
    fn a_group_is_over_when_the_rest_waits_in_vain() {
        for tasks in [
            &[][..],
            &["a completed", "b failed"],
            &["c unscheduled b", "a failed", "b unscheduled a"],
            &["a exception", "b unscheduled a", "c unscheduled b all-resolved"],
            &["a completed", "b unscheduled b"],
        ] {
            assert!(progress(tasks).is_over(), "{tasks:?}");
        }
    }

    #[test]
    fn only_completed_tasks_are_success() {
        assert!(progress(&["a completed", "b completed"]).is_success());
        assert!(!progress(&["a completed", "b failed"]).is_success());
    }

    #[test]
    fn time_runs_until_the_group_is_over() {
        let now = "2026-11-22T14:00:00Z".parse().unwrap();
        assert_eq!(progress(&["a running"]).duration(now), Some(TimeDelta::minutes(120)));
        assert_eq!(progress(&["a failed", "b unscheduled a"]).duration(now), Some(TimeDelta::minutes(30)));
        assert_eq!(progress(&[]).duration(now), None);
    }
}
