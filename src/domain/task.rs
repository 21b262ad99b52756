//! Typed views on what the queue says about a task: its status, its runs, its definition.
//!
//! Everything that can be is borrowed from the answer's text, so a view of one task of a page of a
//! thousand costs next to nothing, and what a view does not name is skipped.

use std::borrow::Cow;
use std::ops::Deref;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::task_state::TaskState;

/// A text that is borrowed where it has no escapes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// One task of a group: an item of `queue.listTaskGroup`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TaskItem<'a> {
    /// Where it stands.
    #[serde(borrow)]
    pub status: Status<'a>,
    /// What it is.
    #[serde(borrow)]
    pub task: Definition<'a>,
}

/// Where a task stands; `queue.status` wraps it in `{status}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status<'a> {
    /// The ID.
    #[serde(borrow)]
    pub task_id: Cow<'a, str>,
    /// The state.
    pub state: TaskState,
    /// The group it belongs to.
    #[serde(borrow, default)]
    pub task_group_id: Cow<'a, str>,
    /// The worker pool, as `provisioner/workerType`; absent in the services of 2018.
    #[serde(borrow)]
    pub task_queue_id: Option<Text<'a>>,
    /// The first half of the worker pool.
    #[serde(borrow)]
    pub provisioner_id: Option<Text<'a>>,
    /// The second half of the worker pool.
    #[serde(borrow)]
    pub worker_type: Option<Text<'a>>,
    /// When it is given up.
    #[serde(borrow)]
    pub deadline: Option<Text<'a>>,
    /// Its runs, from run 0 on; none before it is scheduled.
    #[serde(borrow, default)]
    pub runs: Vec<Run<'a>>,
}

/// One attempt to run a task.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run<'a> {
    /// Its number, from 0.
    pub run_id: u32,
    /// Its state; never unscheduled.
    pub state: TaskState,
    /// Why there is this run: `scheduled`, `rerun`, `task-retry`..
    #[serde(borrow)]
    pub reason_created: Option<Text<'a>>,
    /// Why it is over: `completed`, `canceled`, `claim-expired`..
    #[serde(borrow)]
    pub reason_resolved: Option<Text<'a>>,
    /// Which group of workers has it: a region or a data centre.
    #[serde(borrow)]
    pub worker_group: Option<Text<'a>>,
    /// Which worker has it.
    #[serde(borrow)]
    pub worker_id: Option<Text<'a>>,
    /// When it became pending.
    #[serde(borrow)]
    pub scheduled: Option<Text<'a>>,
    /// When a worker claimed it.
    #[serde(borrow)]
    pub started: Option<Text<'a>>,
    /// When it was over.
    #[serde(borrow)]
    pub resolved: Option<Text<'a>>,
}

/// What a task is; scopes, routes, payload and extra data are left out.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Definition<'a> {
    /// The tasks that it waits for.
    #[serde(borrow, default)]
    pub dependencies: Vec<Text<'a>>,
    /// Whether these must be `all-completed` (when absent) or just `all-resolved`.
    #[serde(borrow)]
    pub requires: Option<Text<'a>>,
    /// When it was defined.
    #[serde(borrow)]
    pub created: Option<Text<'a>>,
    /// Labels, such as `kind`, in the order of the definition.
    #[serde(default, borrow)]
    pub tags: Tags<'a>,
    /// Name and owner.
    #[serde(borrow, default)]
    pub metadata: Metadata<'a>,
}

/// What people call a task.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Metadata<'a> {
    /// The name.
    #[serde(borrow, default)]
    pub name: Cow<'a, str>,
}

/// A task's labels.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tags<'a>(Vec<(Text<'a>, Text<'a>)>);

impl<'a> Tags<'a> {
    /// The value of a tag.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// All tags.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Tags<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<'a>(std::marker::PhantomData<&'a ()>);
        impl<'de: 'a, 'a> serde::de::Visitor<'de> for Visitor<'a> {
            type Value = Tags<'a>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of strings")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut tags = Vec::new();
                while let Some(tag) = map.next_entry()? {
                    tags.push(tag);
                }
                Ok(Tags(tags))
            }
        }
        deserializer.deserialize_map(Visitor(std::marker::PhantomData))
    }
}

impl<'a> TaskItem<'a> {
    /// Reads one item of a page.
    ///
    /// # Errors
    /// When it is no task of a group; says where it goes wrong.
    pub(crate) fn parse(json: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// The ID.
    pub(crate) fn id(&self) -> &str {
        &self.status.task_id
    }

    /// The name, as it stands in the definition: it may hold any character.
    pub(crate) fn name(&self) -> &str {
        &self.task.metadata.name
    }

    /// The kind of task, by its tag; empty for tasks without one.
    pub(crate) fn kind(&self) -> &str {
        self.task.tags.get("kind").unwrap_or_default()
    }

    /// The worker pool.
    pub(crate) fn worker_pool(&self) -> Cow<'_, str> {
        self.status.worker_pool()
    }
}

impl<'a> Status<'a> {
    /// The worker pool, as `provisioner/workerType`.
    pub(crate) fn worker_pool(&self) -> Cow<'_, str> {
        match &self.task_queue_id {
            Some(queue) => Cow::Borrowed(queue),
            None => {
                let half = |part: &Option<Text<'_>>| part.as_deref().unwrap_or_default().to_owned();
                Cow::Owned(format!("{}/{}", half(&self.provisioner_id), half(&self.worker_type)))
            }
        }
    }

    /// The newest run.
    pub(crate) fn last_run(&self) -> Option<&Run<'a>> {
        self.runs.last()
    }

    /// Why it is in its state, where the newest run says so.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.last_run()?.reason_resolved.as_deref()
    }

    /// How long it has been running, or ran the last time; none for a run that nobody has claimed.
    pub(crate) fn run_time(&self, now: DateTime<Utc>) -> Option<chrono::TimeDelta> {
        self.last_run()?.run_time(now)
    }
}

impl Run<'_> {
    /// When a worker claimed it.
    pub(crate) fn started_at(&self) -> Option<DateTime<Utc>> {
        time(self.started.as_deref())
    }

    /// When it became pending.
    pub(crate) fn scheduled_at(&self) -> Option<DateTime<Utc>> {
        time(self.scheduled.as_deref())
    }

    /// When it was over.
    pub(crate) fn resolved_at(&self) -> Option<DateTime<Utc>> {
        time(self.resolved.as_deref())
    }

    /// How long it has been running, or ran.
    pub(crate) fn run_time(&self, now: DateTime<Utc>) -> Option<chrono::TimeDelta> {
        let end = match self.state {
            TaskState::Running => now,
            _ => self.resolved_at()?,
        };
        Some((end - self.started_at()?).max(chrono::TimeDelta::zero()))
    }
}

/// A time on the wire; `None` where there is none or it is not a time.
pub(crate) fn time(text: Option<&str>) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(text?).ok()?.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = r#"{"status": {"taskId": "VESwp9JaRo-XkFN_bemBhw", "provisionerId": "p", "workerType": "w",
        "taskQueueId": "p/w", "state": "running", "retriesLeft": 5, "runs": [
            {"runId": 0, "state": "exception", "reasonCreated": "scheduled", "reasonResolved": "claim-expired",
             "scheduled": "2026-11-22T12:00:00.000Z"},
            {"runId": 1, "state": "running", "reasonCreated": "retry", "scheduled": "2026-11-22T12:20:00.000Z",
             "started": "2026-11-22T12:21:00.000Z", "workerGroup": "g", "workerId": "i"}]},
        "task": {"payload": {"x": [1e400]}, "tags": {"kind": "test", "os\u0021": "linux"},
            "metadata": {"name": "a \"b\"", "description": "d"}, "dependencies": ["x"], "unknown": null}}"#;

    #[test]
    fn an_item_is_read_without_what_nobody_asks_for() {
        let item = TaskItem::parse(ITEM.as_bytes()).unwrap();
        assert_eq!((item.id(), item.name(), item.kind()), ("VESwp9JaRo-XkFN_bemBhw", "a \"b\"", "test"));
        assert!(matches!(item.status.task_id, Cow::Borrowed(_)));
        assert_eq!(item.worker_pool(), "p/w");
        assert_eq!(item.task.tags.get("os!"), Some("linux"));
        assert_eq!(item.status.reason(), None);
        let now = "2026-11-22T12:31:30Z".parse().unwrap();
        assert_eq!(item.status.run_time(now).unwrap().num_seconds(), 630);
        assert_eq!(item.status.runs[0].run_time(now), None);
    }

    #[test]
    fn a_task_without_runs_has_no_reason_and_no_time() {
        let json = r#"{"status": {"taskId": "t", "state": "unscheduled", "provisionerId": "p", "workerType": "w"},
            "task": {}}"#;
        let item = TaskItem::parse(json.as_bytes()).unwrap();
        assert_eq!((item.status.reason(), item.status.run_time(Utc::now())), (None, None));
        assert_eq!((item.worker_pool().as_ref(), item.name(), item.kind()), ("p/w", "", ""));
    }
}
