//! What a task is and where it stands, as the queue says it.

use crate::client::{Client, Response};
use crate::commands::bulk::{BulkItem, status_of};
use crate::commands::selection;
use crate::context::Deployment;
use crate::domain::task::{Definition, Status};
use crate::error::{Error, Result};

/// A task's status and, where it was asked for, its definition; views borrow from the answers.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    id: String,
    status: Response,
    definition: Option<Response>,
}

/// The definition that an answer of `queue.task` is.
///
/// # Errors
/// When it is not valid.
pub(super) fn definition_in(answer: &[u8]) -> Result<Definition<'_>> {
    serde_json::from_slice(answer)
        .map_err(|source| Error::failed("the queue sent something that is not a task's definition").caused_by(source))
}

/// Asks where a task stands.
pub(super) async fn status(client: &Client, id: &str) -> Result<Lookup> {
    let status = client.call("queue", "status").arg(id).send().await?;
    Ok(Lookup { id: id.to_owned(), status, definition: None })
}

/// Asks where a task stands and what it is.
pub(super) async fn status_and_definition(client: &Client, id: &str) -> Result<Lookup> {
    let (status, definition) = selection::status_and_definition(client, id).await?;
    Ok(Lookup { id: id.to_owned(), status, definition: Some(definition) })
}

impl Lookup {
    /// The answer of `queue.status`, as it came.
    pub(super) fn raw(&self) -> &[u8] {
        &self.status.body
    }

    fn raw_definition(&self) -> &[u8] {
        self.definition.as_ref().map(|answer| &*answer.body).unwrap_or_default()
    }

    /// Where the task stands.
    ///
    /// # Errors
    /// When the answer has no status, or the status of another task.
    pub(super) fn status(&self) -> Result<Status<'_>> {
        status_of(&self.status, &self.id)
    }

    /// What the task is.
    ///
    /// # Errors
    /// When the answer is no definition, or it was not asked for.
    pub(super) fn definition(&self) -> Result<Definition<'_>> {
        definition_in(self.raw_definition())
    }

    /// All of the definition.
    pub(super) fn definition_value(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(self.raw_definition()).map_err(|source| {
            Error::failed("the queue sent something that is not a task's definition").caused_by(source)
        })
    }

    /// The task as something to act on.
    pub(super) fn item(&self, deployment: Deployment) -> Result<BulkItem> {
        let status = self.status()?;
        let name = self.definition()?.metadata.name.into_owned();
        Ok(BulkItem { deployment, id: status.task_id.into_owned(), name, state: Some(status.state), is_group: false })
    }
}
