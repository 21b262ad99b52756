//! Changing the priority of one task.

use bytes::Bytes;
use clap_complete::CompletionCandidate;
use serde::Deserialize;
use serde_json::json;

use super::answers::{raw_status, status_of};
use crate::client::{Client, Response};
use crate::domain::task_ref::TaskRef;
use crate::error::{Error, Kind, Result};

/// The priorities, highest first.
const PRIORITIES: [&str; 7] = ["highest", "very-high", "high", "medium", "low", "very-low", "lowest"];

/// What a shell offers where a priority may stand.
pub(crate) fn priority_candidates() -> Vec<CompletionCandidate> {
    PRIORITIES.into_iter().map(CompletionCandidate::new).collect()
}

/// Whether a word of a command line is a priority.
pub(crate) fn is_priority(word: &str) -> bool {
    PRIORITIES.contains(&word)
}

/// Checks the word that is left for the priority, where `other` was taken for the ID.
///
/// # Errors
/// [`Kind::Usage`] when it is not valid.
pub(crate) fn check_priority(word: &str, other: Option<&String>) -> Result<()> {
    if is_priority(word) {
        return Ok(());
    }
    // Of two words that are no priority, the one that looks least like an ID was meant to be one.
    let meant = other.filter(|other| TaskRef::parse_task(word).is_ok() && TaskRef::parse_task(other).is_err());
    let error = Error::usage(format!("invalid priority `{}`", meant.map_or(word, String::as_str)));
    Err(error.hint(format!("Possible values: {}.", PRIORITIES.map(|name| format!("`{name}`")).join(", "))))
}

/// Gives the task `id` this priority, and returns an answer with its status.
///
/// The queue refuses to set the priority that a task has, as it does after an answer that was lost and the retry for
/// it. What was asked for is so then, and that is no failure.
///
/// # Errors
/// Those of the calls; [`Kind::Failed`] when the answer does not say that it was done.
pub(crate) async fn change_priority(client: &Client, id: &str, priority: &str) -> Result<Bytes> {
    let call = client.call("queue", "changeTaskPriority").arg(id).json(&json!({"newPriority": priority}));
    match call.send().await {
        Ok(response) => {
            status_of(&response, id)?;
            match priority_in(&response) {
                // The field is optional.
                Some(other) if other != priority => {
                    Err(Error::failed(format!("{} answered that the priority is {other}", response.what)))
                }
                _ => Ok(response.body),
            }
        }
        Err(refused) if refused.kind() == Kind::Conflict => {
            let Ok(response) = client.call("queue", "status").arg(id).send().await else { return Err(refused) };
            let can_be_changed = status_of(&response, id).is_ok_and(|status| !status.state.is_resolved());
            if can_be_changed && priority_in(&response).is_some_and(|current| current == priority) {
                return Ok(response.body);
            }
            Err(refused)
        }
        Err(error) => Err(error),
    }
}

/// The priority in an answer that has a task's status.
fn priority_in(response: &Response) -> Option<String> {
    #[derive(Deserialize)]
    struct Status {
        priority: Option<String>,
    }
    let Status { priority } = serde_json::from_str(raw_status(response).ok()?).ok()?;
    priority
}
