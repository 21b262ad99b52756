//! Which artifact is the log, by the list of artifacts.

use futures::future::join;
use serde::Deserialize;
use serde_json::Value;

use crate::client::Client;
use crate::commands::logs::{PayloadLogs, choose};
use crate::commands::transfers::{self, ListedArtifact};
use crate::error::{Error, Kind, Result};

/// Artifacts that a failure names.
const MAX_NAMED_ARTIFACTS: usize = 10;

/// The log that is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogRequest<'a> {
    /// The name of the artifact, where one was given.
    pub(super) name: Option<&'a str>,
    /// The task.
    pub(super) task: &'a str,
    /// Its run.
    pub(super) run: u32,
}

#[derive(Deserialize)]
struct Definition(Value);

/// Finds the log by the list of artifacts.
///
/// # Errors
/// [`Kind::NotFound`] when there is none, with the names that there are.
pub(super) async fn find(client: &Client, request: LogRequest<'_>, over: bool) -> Result<String> {
    let listing = transfers::list(client, request.task, Some(request.run));
    let definition = async {
        let Definition(definition) = client.call("queue", "task").arg(request.task).send().await?.json()?;
        Ok(PayloadLogs::of(&definition))
    };
    let (listed, logs): (_, Result<PayloadLogs>) = join(listing, definition).await;
    // Of two failures the first call's is returned.
    let (listed, logs) = (listed?, logs?);
    let chosen = match request.name {
        Some(name) => listed.iter().find(|artifact| artifact.name == name).map(|artifact| artifact.name.as_str()),
        None => choose(&listed, &logs, over),
    };
    chosen.map(str::to_owned).ok_or_else(|| missing(request, &listed, over))
}

fn missing(request: LogRequest<'_>, listed: &[ListedArtifact], over: bool) -> Error {
    let LogRequest { task, run, name } = request;
    let what = name.map_or("log".to_owned(), |name| format!("artifact `{name}`"));
    let error = Error::new(Kind::NotFound, format!("run {run} of task {task} has no {what}"));
    if listed.is_empty() {
        return error.hint(if over {
            "It has no artifacts at all."
        } else {
            "It has no artifacts yet; try again soon."
        });
    }
    let mut names: Vec<&str> = listed.iter().map(|artifact| artifact.name.as_str()).collect();
    names.sort_by_key(|name| !name.ends_with(".log"));
    let more = names.len().saturating_sub(MAX_NAMED_ARTIFACTS);
    names.truncate(MAX_NAMED_ARTIFACTS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    error.hint(format!("It has {}{more}. --artifact names one of them.", names.join(", ")))
}
