//! The tasks that others wait for, each asked about once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{self, StreamExt as _};
use serde_json::Value;

use super::wire::upstream_of;
use crate::client::Client;
use crate::commands::bulk::{lacks, raw_status, status_of};
use crate::commands::selection::status_and_definition;
use crate::diagnosis::task::Upstream;
use crate::error::{Kind, Result};

/// Tasks that are asked about at once.
const MAX_CONCURRENT_LOOKUPS: usize = 32;
/// Tasks that are asked about at most, in the whole run.
const MAX_LOOKUPS: usize = 5000;

/// Tasks that are known already, such as those of a group that was listed.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<HashMap<String, Upstream>>);

impl Known {
    /// Takes note of a task.
    pub(crate) fn add(&self, id: String, task: Upstream) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, task);
    }

    fn get(&self, id: &str) -> Option<Upstream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// All tasks that hold back the dependencies that are not done, as far as they go.
    ///
    /// # Errors
    /// Those of the calls; a task that does not exist is one of the answers.
    pub(super) async fn above(
        &self,
        client: &Client,
        dependencies: &[String],
    ) -> Result<Arc<BTreeMap<String, Upstream>>> {
        let mut found = BTreeMap::new();
        let mut edge: Vec<String> = dependencies.to_vec();
        let mut seen: HashSet<String> = HashSet::new();
        while !edge.is_empty() && seen.len() < MAX_LOOKUPS {
            edge.retain(|id| seen.insert(id.clone()));
            let mut answers = stream::iter(edge)
                .map(|id| async move { (self.look_up(client, &id).await, id) })
                .buffered(MAX_CONCURRENT_LOOKUPS);
            let mut next = Vec::new();
            while let Some((task, id)) = answers.next().await {
                let task = task?;
                // What is resolved has had its dependencies.
                if task.state.is_some_and(|state| !state.is_resolved()) {
                    next.extend(task.dependencies.iter().cloned());
                }
                found.insert(id, task);
            }
            edge = next;
        }
        Ok(Arc::new(found))
    }

    async fn look_up(&self, client: &Client, id: &str) -> Result<Upstream> {
        if let Some(known) = self.get(id) {
            return Ok(known);
        }
        let task = match both(client, id).await {
            Ok((status, definition)) => upstream_of(&status, &definition),
            Err(error) if error.kind() == Kind::NotFound => Upstream::default(),
            Err(error) => return Err(error),
        };
        self.add(id.to_owned(), task.clone());
        Ok(task)
    }
}

/// The status and the definition of a task.
///
/// # Errors
/// Those of the calls; [`Kind::Failed`] when the answer is about another task.
pub(super) async fn both(client: &Client, id: &str) -> Result<(Value, Value)> {
    let (status, definition) = status_and_definition(client, id).await?;
    status_of(&status, id)?;
    let status =
        serde_json::from_str(raw_status(&status)?).map_err(|source| lacks(&status, "status").caused_by(source))?;
    Ok((status, definition.json()?))
}
