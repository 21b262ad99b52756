//! What the index learns of a task that completed.

use chrono::{DateTime, Utc};
use serde_json::{Map, Number, Value};

use super::QueueState;
use super::create::INDEX_ROUTE;
use super::id::TaskId;
use crate::sandbox::wire::parse_time;

/// A task that completed and has `index.` routes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Completed {
    /// The task.
    pub task_id: TaskId,
    /// Its `index.` routes without that prefix.
    pub paths: Vec<String>,
    /// `rank` of its `extra.index`, or 0.
    pub rank: Number,
    /// `data` of its `extra.index`, or an empty object.
    pub data: Value,
    /// `expires` of its `extra.index`, or when the task itself expires.
    pub expires: DateTime<Utc>,
}

impl QueueState {
    /// The tasks for the index that completed since this was asked last. Tasks whose `extra.index` has no number for
    /// a rank, or no object for data, are left out, as the index does.
    pub(crate) fn take_completed(&mut self) -> Vec<Completed> {
        let ids = std::mem::take(&mut self.completed);
        ids.into_iter().filter_map(|id| self.completed(id)).collect()
    }

    fn completed(&self, id: TaskId) -> Option<Completed> {
        let task = self.tasks.get(&id)?;
        let extra: Value = serde_json::from_str(task.extra.raw().get()).ok()?;
        let index = &extra["index"];
        let rank = match &index["rank"] {
            Value::Null => Number::from(0),
            Value::Number(rank) => rank.clone(),
            _ => return None,
        };
        let data = match &index["data"] {
            Value::Null => Value::Object(Map::new()),
            data @ Value::Object(_) => data.clone(),
            _ => return None,
        };
        let expires = index["expires"].as_str().and_then(parse_time).unwrap_or(task.expires);
        let paths = task.routes.iter().filter_map(|route| route.strip_prefix(INDEX_ROUTE));
        Some(Completed { task_id: id, paths: paths.map(str::to_owned).collect(), rank, data, expires })
    }
}
