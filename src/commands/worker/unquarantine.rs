//! `tc worker unquarantine`

use super::quarantine;
use crate::commands::bulk::{EachAction, EachArgs, each};
use crate::commands::selection::workers;
use crate::context::Context;
use crate::domain::time::to_iso;
use crate::error::Result;
use crate::exit::Status;

/// Lift the quarantine of workers
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Workers: provisioner/worker-type/group/id or addresses of pages; `-` reads them from standard input, one a line
    #[arg(value_name = "WORKER", required = true)]
    workers: Vec<String>,
    /// Reason, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    each: EachArgs,
}

const ACTION: EachAction =
    EachAction { verb: "unquarantine", done: "unquarantined", noun: "worker", asks_for_one: false };

/// Ends their quarantine now.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] for workers that the queue does not know.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = workers(&args.workers, context).await?;
    let now = to_iso(context.now());
    let (now, reason) = (now.as_str(), args.reason.as_deref());
    each(ACTION, &named, &args.each, context, |client, one| quarantine::set(client, &one.id, now, reason)).await
}
