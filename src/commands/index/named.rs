//! The places in the index that a command line names.

use serde_json::Value;

use crate::client::Client;
use crate::commands::selection::{first_words, neighbours};
use crate::context::{Context, Named};
use crate::domain::index_path::{IndexPath, IndexPathError};
use crate::error::{Error, Kind, Result};

fn refused(error: &IndexPathError) -> Error {
    Error::usage(error.to_string())
}

fn located(found: IndexPath, context: &Context) -> Result<Named> {
    Ok(Named { deployment: context.deployment_of(found.root.as_ref())?, id: found.path })
}

/// The path of a task that `text` names.
///
/// # Errors
/// [`Kind::Usage`] when it names none, or one on another deployment than the one that was chosen.
pub(super) fn path(text: &str, context: &Context) -> Result<Named> {
    located(IndexPath::parse(text).map_err(|error| refused(&error))?, context)
}

/// The namespace that `text` names; empty for the root of the index.
///
/// # Errors
/// As [`path`].
pub(super) fn namespace(text: &str, context: &Context) -> Result<Named> {
    located(IndexPath::parse_namespace(text).map_err(|error| refused(&error))?, context)
}

/// The paths that `words` name; `-` reads more from standard input, the first word of each line.
///
/// # Errors
/// As [`path`]; [`Kind::Usage`] when there are none.
pub(super) async fn paths(words: &[String], context: &Context) -> Result<Vec<Named>> {
    let mut found: Vec<Named> = Vec::new();
    for word in first_words(words, context).await? {
        let named = path(&word, context)?;
        if !found.contains(&named) {
            found.push(named);
        }
    }
    if found.is_empty() {
        return Err(Error::usage("no index path is named").hint("`-` reads paths from standard input."));
    }
    Ok(found)
}

/// What the index has at a path.
///
/// # Errors
/// Those of the call; [`Kind::NotFound`] when it has nothing there.
pub(super) async fn find(client: &Client, path: &str) -> Result<Value> {
    let entry: Value = match client.call("index", "findTask").arg(path).send().await {
        Ok(answer) => answer.json()?,
        Err(error) if error.kind() == Kind::NotFound => return Err(error.hint(neighbours(path))),
        Err(error) => return Err(error),
    };
    task_of(&entry).map(|_| entry.clone())
}

/// The task of an entry.
///
/// # Errors
/// When it has none.
pub(super) fn task_of(entry: &Value) -> Result<&str> {
    let task = entry.get("taskId").and_then(Value::as_str);
    task.ok_or_else(|| Error::failed("the index answered without a task ID"))
}
