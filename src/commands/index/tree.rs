//! What is below a namespace.

use chrono::{DateTime, Utc};
use futures::future::{BoxFuture, FutureExt as _, try_join};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::client::Client;
use crate::domain::time::parse_time;
use crate::error::{Error, Result};

/// Calls at once.
const MAX_CONCURRENT_CALLS: usize = 16;
/// Tasks that are asked about in one call.
const TASKS_PER_CALL: usize = 100;
/// Namespaces are not followed deeper than this: no path is that long.
const MAX_NAMESPACE_DEPTH: usize = 100;

/// A namespace or a task.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// How many namespaces below the one that is listed.
    pub(super) depth: usize,
    /// The task's entry has a `taskId`; a namespace has none.
    pub(super) entry: Value,
}

impl Row {
    /// A text of the entry; empty where it has none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.entry.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The whole path.
    pub(super) fn path(&self) -> &str {
        self.text("namespace")
    }

    /// The last word of the path.
    pub(super) fn name(&self) -> &str {
        self.path().rsplit('.').next().unwrap_or_default()
    }

    /// Whether it is a task.
    pub(super) fn is_task(&self) -> bool {
        self.entry.get("taskId").is_some()
    }
}

/// Reads namespaces.
pub(super) struct Lister<'a> {
    client: &'a Client,
    /// Go down into the namespaces.
    recursive: bool,
    calls: Semaphore,
    /// Is told how many more entries were read.
    looked_at: &'a (dyn Fn(u64) + Sync),
}

impl<'a> Lister<'a> {
    pub(super) fn new(client: &'a Client, recursive: bool, looked_at: &'a (dyn Fn(u64) + Sync)) -> Self {
        Self { client, recursive, calls: Semaphore::new(MAX_CONCURRENT_CALLS), looked_at }
    }

    /// All rows below a namespace, each namespace followed by what is in it.
    pub(super) async fn rows(&self, namespace: &str) -> Result<Vec<Row>> {
        self.below(namespace.to_owned(), 0).await
    }

    fn below(&self, namespace: String, depth: usize) -> BoxFuture<'_, Result<Vec<Row>>> {
        async move {
            let (tasks, namespaces) = try_join(
                self.list("listTasks", "tasks", &namespace),
                self.list("listNamespaces", "namespaces", &namespace),
            )
            .await?;
            let mut rows: Vec<Row> = tasks.into_iter().map(|entry| Row { depth, entry }).collect();
            let mut below = stream::iter(namespaces)
                .map(|entry| async move {
                    let row = Row { depth, entry };
                    let inner = if self.recursive && depth < MAX_NAMESPACE_DEPTH && is_below(row.path(), &row) {
                        self.below(row.path().to_owned(), depth + 1).await?
                    } else {
                        Vec::new()
                    };
                    Ok::<_, Error>((row, inner))
                })
                .buffered(MAX_CONCURRENT_CALLS);
            while let Some((row, inner)) = below.try_next().await? {
                rows.push(row);
                rows.extend(inner);
            }
            Ok(rows)
        }
        .boxed()
    }

    async fn list(&self, method: &str, key: &str, namespace: &str) -> Result<Vec<Value>> {
        let _permit =
            self.calls.acquire().await.map_err(|source| Error::failed("listing broke off").caused_by(source))?;
        let mut pages = self.client.call("index", method).arg(namespace).pages()?;
        let mut all = Vec::new();
        while let Some(page) = pages.next().await? {
            let mut page: Value = page.json()?;
            let Some(Value::Array(items)) = page.get_mut(key).map(Value::take) else {
                return Err(Error::failed(format!("the index sent something that is not a list of {key}")));
            };
            (self.looked_at)(items.len() as u64);
            all.extend(items);
        }
        Ok(all)
    }
}

/// Whether there is anywhere to go: an empty path would be the root again.
fn is_below(path: &str, row: &Row) -> bool {
    !path.is_empty() && !row.is_task()
}

/// The tasks that were created at this time or later, and the namespaces that have some.
pub(super) async fn created_since(rows: Vec<Row>, since: DateTime<Utc>, client: &Client) -> Result<Vec<Row>> {
    let ids: Vec<&str> = rows.iter().filter(|row| row.is_task()).map(|row| row.text("taskId")).collect();
    let mut recent = std::collections::HashSet::new();
    for ids in ids.chunks(TASKS_PER_CALL) {
        let mut pages = client.call("queue", "tasks").json(&json!({"taskIds": ids})).pages()?;
        while let Some(page) = pages.next().await? {
            let page: Value = page.json()?;
            for task in page.get("tasks").and_then(Value::as_array).into_iter().flatten() {
                let created = task.pointer("/task/created").and_then(Value::as_str).map(parse_time);
                if let (Some(id), Some(Ok(created))) = (task.get("taskId").and_then(Value::as_str), created)
                    && created >= since
                {
                    recent.insert(id.to_owned());
                }
            }
        }
    }
    let mut kept = rows;
    kept.retain(|row| !row.is_task() || recent.contains(row.text("taskId")));
    Ok(without_empty(kept))
}

/// The rows without namespaces that have no task.
fn without_empty(rows: Vec<Row>) -> Vec<Row> {
    let mut kept: Vec<Row> = Vec::with_capacity(rows.len());
    // From the end: a namespace stays when what comes after it is deeper and stays.
    for row in rows.into_iter().rev() {
        let has_more = kept.last().is_some_and(|below| below.depth > row.depth);
        if row.is_task() || has_more {
            kept.push(row);
        }
    }
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(depth: usize, path: &str, is_task: bool) -> Row {
        let entry = if is_task { json!({"namespace": path, "taskId": "T"}) } else { json!({"namespace": path}) };
        Row { depth, entry }
    }

    #[test]
    fn namespaces_without_tasks_are_left_out() {
        let rows = vec![
            row(0, "a", false),
            row(1, "a.b", false),
            row(2, "a.b.t", true),
            row(1, "a.c", false),
            row(0, "d", false),
            row(1, "d.e", false),
            row(0, "t", true),
        ];
        let kept: Vec<String> = without_empty(rows).iter().map(|row| row.path().to_owned()).collect();
        assert_eq!(kept, ["a", "a.b", "a.b.t", "t"]);
    }

    #[test]
    fn a_row_is_called_by_the_last_word_of_its_path() {
        assert_eq!(row(0, "a.b.c", true).name(), "c");
        assert_eq!(row(0, "a", false).name(), "a");
    }
}
