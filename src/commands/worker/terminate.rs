//! `tc worker terminate`

use crate::client::Client;
use crate::commands::bulk::{EachAction, EachArgs, each};
use crate::commands::selection::{WorkerName, workers};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Terminate workers
///
/// Worker-manager ends their machines, and what they run with them: the queue resolves those runs as exceptions when
/// the claims end. Standalone workers are only marked as stopped.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Workers: provisioner/worker-type/group/id or addresses of pages; `-` reads them from standard input, one a line
    #[arg(value_name = "WORKER", required = true)]
    workers: Vec<String>,
    #[command(flatten)]
    each: EachArgs,
}

const ACTION: EachAction = EachAction { verb: "terminate", done: "terminated", noun: "worker", asks_for_one: true };

/// Terminates them.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] for workers that worker-manager has not started.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = workers(&args.workers, context).await?;
    each(ACTION, &named, &args.each, context, |client, one| remove(client, &one.id)).await
}

async fn remove(client: Client, worker: &str) -> Result<()> {
    let name = WorkerName::parse(worker)?;
    let call = client.call("worker-manager", "removeWorker").arg(name.pool()).arg(name.group).arg(name.id);
    call.send().await.map(drop)
}
