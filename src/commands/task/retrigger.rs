//! `tc task retrigger`

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream;
use serde_json::{Value, json};

use super::action::{self, ActionArgs};
use crate::client::Client;
use crate::commands::bulk::{BulkAction, ItemOutcome, raw_status, status_of};
use crate::context::Context;
use crate::domain::retrigger::retrigger;
use crate::domain::slugid;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Make new tasks that do what these tasks did
///
/// The new task has a new ID, stays in the group, and has the times of the old one counted from now. It has no routes
/// and no dependencies, unless --exact. Its chain of trust cannot be verified: it is not what the decision task made.
/// With more than one, the tasks are shown and confirmed first. Where the group has an action `retrigger` (`tc action
/// list TASK`), prefer `tc action retrigger`: what it creates can be verified, it follows the project's own rules,
/// and it needs the scopes of its hook alone.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    action: ActionArgs,
    /// Keep routes and dependencies
    #[arg(short, long)]
    exact: bool,
    /// Number of new tasks for each
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    times: u16,
}

const ACTION: BulkAction =
    BulkAction { verb: "retrigger", doing: "Retriggering", done: "retriggered", needs: "task.retrigger" };
/// Copies of one task that are made at once.
const MAX_CONCURRENT_COPIES: usize = 8;

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let flags = &args.action;
    if !flags.bulk.dry_run && context.ui.terminal.stderr {
        context.ui.warn("the chain of trust of a retriggered task cannot be verified; a rerun's can.");
    }
    action::perform(ACTION, flags, context, action::look, |client, id| async move {
        let definition: Value = client.call("queue", "task").arg(id.as_str()).send().await?.json()?;
        let copy = retrigger(&definition, context.now(), args.exact)
            .map_err(|source| Error::failed(format!("cannot retrigger {id}")).caused_by(source))?;
        let mut made = stream::iter(0..args.times).map(|_| create(&client, &copy)).buffered(MAX_CONCURRENT_COPIES);
        let (mut lines, mut tasks) = (Vec::new(), Vec::new());
        while let Some(created) = made.next().await {
            // What was made before a failure exists, and must be reported.
            let (new, status) = created.map_err(|error| match lines.as_slice() {
                [] => error,
                made => error.hint(format!("Before that: {}", <[String]>::join(made, ", "))),
            })?;
            lines.push(format!("Task {new} created"));
            tasks.push(status);
        }
        let answer = json!({"taskId": id, "created": tasks}).to_string();
        Ok(ItemOutcome { line: lines.join("\n"), answer: Some(Bytes::from(answer)), note: None })
    })
    .await
}

/// Makes one task and returns its ID and status. The ID is decided here, so trying again is safe.
async fn create(client: &Client, definition: &Value) -> Result<(String, Value)> {
    let id = slugid::nice();
    let answer = client.call("queue", "createTask").arg(id.as_str()).json(definition).send().await?;
    status_of(&answer, &id)?;
    let status = serde_json::from_str(raw_status(&answer)?).unwrap_or_default();
    Ok((id, status))
}
