//! `tc worker quarantine`

use serde_json::json;

use crate::client::Client;
use crate::commands::bulk::{EachAction, EachArgs, each};
use crate::commands::selection::{WorkerName, workers};
use crate::commands::waiting::future_time;
use crate::context::Context;
use crate::domain::time::to_iso;
use crate::error::Result;
use crate::exit::Status;

/// Quarantine workers: they get no more tasks
///
/// They finish what they run, and keep running so that they can be inspected.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Workers: provisioner/worker-type/group/id or addresses of pages; `-` reads them from standard input, one a line
    #[arg(value_name = "WORKER", required = true)]
    workers: Vec<String>,
    /// Reason, shown with the worker
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// End of the quarantine: a time, or one relative to now
    #[arg(long, value_name = "TIME", default_value = "1000 years", allow_hyphen_values = true)]
    until: String,
    #[command(flatten)]
    each: EachArgs,
}

const ACTION: EachAction = EachAction { verb: "quarantine", done: "quarantined", noun: "worker", asks_for_one: false };

/// Quarantines them.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] for workers that the queue does not know.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = workers(&args.workers, context).await?;
    let until = to_iso(future_time("--until", &args.until, context.now())?);
    let (until, reason) = (until.as_str(), args.reason.as_str());
    each(ACTION, &named, &args.each, context, |client, one| set(client, &one.id, until, Some(reason))).await
}

/// Sets until when a worker is in quarantine.
pub(super) async fn set(client: Client, worker: &str, until: &str, reason: Option<&str>) -> Result<()> {
    let name = WorkerName::parse(worker)?;
    let call = client
        .call("queue", "quarantineWorker")
        .arg(name.provisioner)
        .arg(name.worker_type)
        .arg(name.group)
        .arg(name.id);
    let mut body = json!({"quarantineUntil": until});
    if let Some(reason) = reason {
        body["quarantineInfo"] = json!(reason);
    }
    call.json(&body).send().await.map(drop)
}
