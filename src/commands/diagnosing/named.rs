//! Groups that are named by an index path.

use serde_json::Value;

use super::wire::text;
use crate::client::Client;
use crate::commands::selection;
use crate::context::{Context, Deployment, Named};
use crate::error::{Error, Kind, Result};

/// Whether a word is an index path and not an ID or an address.
pub(super) fn is_index_path(word: &str) -> bool {
    word.contains('.') && !word.contains("://")
}

/// The task that is at an index path.
///
/// # Errors
/// [`Kind::NotFound`] when the index has no task at this path; the errors of the call.
pub(super) async fn indexed_task(client: &Client, path: &str) -> Result<String> {
    let found: Value = match client.call("index", "findTask").arg(path).send().await {
        Ok(answer) => answer.json()?,
        Err(error) if error.kind() == Kind::NotFound => {
            let error = Error::new(Kind::NotFound, format!("no task is at the index path {path}"));
            return Err(error.hint(selection::neighbours(path)));
        }
        Err(error) => return Err(error),
    };
    Ok(text(&found["taskId"]))
}

/// The group of this ID or address, or of the task at this index path.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when it names none; those of the look-ups.
pub(crate) async fn named_group(word: &str, context: &Context) -> Result<Named> {
    if !is_index_path(word) {
        return selection::group(word, context);
    }
    let client = context.client()?;
    let task = indexed_task(&client, word).await?;
    let definition: Value = client.call("queue", "task").arg(task).send().await?.json()?;
    Ok(Named { deployment: Deployment::InUse, id: text(&definition["taskGroupId"]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_path_has_dots_and_is_no_address() {
        assert!(is_index_path("gecko.v2.mozilla-central.latest.taskgraph.decision"));
        assert!(!is_index_path("VESwp9JaRo-XkFN_bemBhw"));
        assert!(!is_index_path("https://tc.example.com/tasks/groups/VESwp9JaRo-XkFN_bemBhw"));
    }
}
