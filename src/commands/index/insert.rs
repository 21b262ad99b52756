//! `tc index insert`

use std::io::Write as _;

use serde_json::{Number, Value, json};

use super::named;
use crate::commands::documents::inline;
use crate::commands::selection;
use crate::commands::transfers::expiry;
use crate::context::Context;
use crate::domain::time::to_iso;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Put a task into the index
///
/// Fails when the path has a task of a higher rank, which stays.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Index path
    #[arg(value_name = "PATH")]
    path: String,
    /// Task: an ID or the address of its page
    #[arg(value_name = "TASK", allow_hyphen_values = true)]
    task: String,
    /// Read TASK as an index path, too: the one of the task to insert
    #[arg(long)]
    index: bool,
    /// Rank: of two tasks for one path, the one of the higher rank stays
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    rank: i64,
    /// Expiry of the entry: a time, or one relative to now; by default that of the task
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    expires: Option<String>,
    /// Data of the entry: JSON or YAML, @FILE, or `-` for standard input
    #[arg(long, value_name = "JSON|@FILE|-")]
    data: Option<String>,
    /// Print what would be sent, and change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// # Errors
/// [`Kind::Conflict`] when another task stays.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let place = named::path(&args.path, context)?;
    let task = selection::indexed_task(&args.task, args.index, context).await?;
    if place.deployment != task.deployment {
        return Err(Error::usage("the index path and the task are on different deployments"));
    }
    let client = place.deployment.client(context)?;
    let data = match &args.data {
        Some(data) => inline(data, "the data", context).await?,
        None => json!({}),
    };
    if !data.is_object() {
        return Err(Error::usage("the data is not an object"));
    }
    let expires = match &args.expires {
        Some(text) => to_iso(expiry(text, context)?),
        None => {
            let definition: Value = client.call("queue", "task").arg(task.id.as_str()).send().await?.json()?;
            let expires = definition.get("expires").and_then(Value::as_str).map(str::to_owned);
            expires.ok_or_else(|| {
                Error::failed(format!("task {} has no expiry", task.id)).hint("Give one with --expires.")
            })?
        }
    };
    let body = json!({"taskId": task.id, "rank": Number::from(args.rank), "data": data, "expires": expires});
    if args.dry_run {
        context.print_json(json!({"namespace": place.id, "entry": body}).to_string()).await?;
        context.ui.note("Nothing was sent.");
        return Ok(Status::DONE);
    }
    let entry: Value = client.call("index", "insertTask").arg(place.id.as_str()).json(&body).send().await?.json()?;
    let kept = named::task_of(&entry)?;
    if kept != task.id {
        let rank = entry.get("rank").map(Value::to_string).unwrap_or_default();
        return Err(Error::new(Kind::Conflict, format!("`{}` keeps task {kept}, whose rank is {rank}", place.id))
            .hint("Give a --rank that is as high or higher."));
    }
    if context.wants_json() {
        context.print_done(&format!("inserted task {kept} at {}", place.id), entry.to_string()).await?;
    } else {
        writeln!(context.ui.out(), "{} is task {kept}", place.id)?;
    }
    Ok(Status::DONE)
}
