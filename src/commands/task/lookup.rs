//! What a task is and where it stands, as the queue says it.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::client::Client;
use crate::commands::bulk::BulkItem;
use crate::context::Deployment;
use crate::domain::task::{Definition, Status};
use crate::error::{Error, Result};

/// A task's status and, where it was asked for, its definition; views borrow from the answers.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    status: Bytes,
    definition: Option<Bytes>,
}

/// The answer of `queue.status` and of all calls that change a task.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    status: &'a RawValue,
}

/// The status in an answer that has one.
///
/// # Errors
/// When it has none.
pub(super) fn status_in(answer: &[u8]) -> Result<Status<'_>> {
    let Answer { status } = serde_json::from_slice(answer).map_err(|source| unexpected(&source))?;
    let mut deserializer = serde_json::Deserializer::from_str(status.get());
    Status::deserialize(&mut deserializer).map_err(|source| unexpected(&source))
}

fn unexpected(source: &serde_json::Error) -> Error {
    Error::failed("the queue sent something that is not a task's status").caused_by(source.to_string())
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
    let answer = client.call("queue", "status").arg(id).send().await?;
    Ok(Lookup { status: answer.body, definition: None })
}

/// Asks where a task stands and what it is, both at once. Of two failures the first call's is returned, whichever came
/// first: advice on scopes takes what is called before a refused call for allowed.
pub(super) async fn status_and_definition(client: &Client, id: &str) -> Result<Lookup> {
    let status = client.call("queue", "status").arg(id).send();
    let definition = client.call("queue", "task").arg(id).send();
    let (status, definition) = futures::future::join(status, definition).await;
    Ok(Lookup { status: status?.body, definition: Some(definition?.body) })
}

impl Lookup {
    /// The answer of `queue.status`, as it came.
    pub(super) fn raw(&self) -> &[u8] {
        &self.status
    }

    /// Where the task stands.
    ///
    /// # Errors
    /// When the answer is no status.
    pub(super) fn status(&self) -> Result<Status<'_>> {
        status_in(&self.status)
    }

    /// What the task is.
    ///
    /// # Errors
    /// When the answer is no definition, or it was not asked for.
    pub(super) fn definition(&self) -> Result<Definition<'_>> {
        definition_in(self.definition.as_deref().unwrap_or_default())
    }

    /// All of the definition.
    pub(super) fn definition_value(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(self.definition.as_deref().unwrap_or_default()).map_err(|source| {
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
