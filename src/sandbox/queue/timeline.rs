//! When the runs of tasks waited and ran, and what their logs say.

use std::io::Read as _;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use super::QueueState;
use super::artifact::Content;
use super::id::TaskId;
use super::task::{Run, Task};
use crate::sandbox::storage::Place;

/// The most that is read of a log, in bytes.
const MAX_LOG_BYTES: u64 = 64 << 20;

/// A task and its runs.
#[derive(Debug, Clone)]
pub(crate) struct TaskTimes {
    /// The task.
    pub task_id: TaskId,
    /// `name` of its metadata.
    pub name: String,
    /// `taskQueueId`
    pub queue: Arc<str>,
    /// `created`
    pub created: DateTime<Utc>,
    /// All attempts so far.
    pub runs: Vec<RunTimes>,
}

/// One attempt.
#[derive(Debug, Clone)]
pub(crate) struct RunTimes {
    /// `state`
    pub state: String,
    /// Since when it waited.
    pub scheduled: DateTime<Utc>,
    /// Since when it ran.
    pub started: Option<DateTime<Utc>>,
    /// When it was over.
    pub resolved: Option<DateTime<Utc>>,
}

impl TaskTimes {
    fn of(task_id: TaskId, task: &Task) -> Self {
        let metadata: Value = serde_json::from_str(task.metadata.raw().get()).unwrap_or_default();
        let times = |run: &Run| RunTimes {
            state: run.state.to_string(),
            scheduled: run.scheduled,
            started: run.started,
            resolved: run.resolved,
        };
        Self {
            task_id,
            name: metadata["name"].as_str().unwrap_or_default().to_owned(),
            queue: Arc::clone(&task.queue),
            created: task.created,
            runs: task.runs.iter().map(times).collect(),
        }
    }
}

impl QueueState {
    /// The times of a task; none when there is no such task.
    pub(crate) fn times_of_task(&self, task_id: &str) -> Option<TaskTimes> {
        let id = TaskId::parse(task_id)?;
        Some(TaskTimes::of(id, self.tasks.get(&id)?))
    }

    /// The times of a group's tasks; none when there is no such group.
    pub(crate) fn times_of_group(&self, group_id: &str) -> Option<Vec<TaskTimes>> {
        let group = self.groups.get(&TaskId::parse(group_id)?)?;
        Some(group.tasks.iter().filter_map(|id| Some(TaskTimes::of(*id, self.tasks.get(id)?))).collect())
    }

    /// The log of a task's last run, as far as it is stored; `None` when there is none.
    pub(crate) fn log_of(&self, task_id: &str) -> Option<String> {
        let id = TaskId::parse(task_id)?;
        let runs = &self.tasks.get(&id)?.runs;
        let run_id = runs.len().checked_sub(1)?;
        let artifacts = &runs.get(run_id)?.artifacts;
        let mut name = "public/logs/live.log";
        if let Content::Link(target) = &artifacts.get(name)?.content {
            name = target;
        }
        let blob = self.storage.get(&Place::of_artifact(id.as_str(), run_id, name))?;
        let bytes: Vec<u8> = blob.chunks(0..blob.length().min(MAX_LOG_BYTES)).flatten().collect();
        let mut text = Vec::new();
        // What is not compressed, or not whole, is taken as it is.
        let is_whole = MultiGzDecoder::new(&*bytes).take(MAX_LOG_BYTES).read_to_end(&mut text).is_ok();
        Some(String::from_utf8_lossy(if is_whole { &text } else { &bytes }).into_owned())
    }
}
