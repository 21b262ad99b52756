//! `tc worker pool rm`

use crate::commands::bulk::{EachAction, EachArgs, each};
use crate::commands::selection::{or_nearest, pool, pool_ids};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Remove worker pools
///
/// Worker-manager stops their workers, and forgets the pools when they are gone.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Worker pools: IDs (provisioner/worker-type) or addresses of pages
    #[arg(value_name = "POOL", required = true)]
    pools: Vec<String>,
    #[command(flatten)]
    each: EachArgs,
}

const ACTION: EachAction = EachAction { verb: "remove", done: "removed", noun: "worker pool", asks_for_one: true };

/// Removes them.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such pool.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = args.pools.iter().map(|text| pool(text, context)).collect::<Result<Vec<_>>>()?;
    each(ACTION, &named, &args.each, context, |client, one| async move {
        let answer = client.call("worker-manager", "deleteWorkerPool").arg(&one.id).send().await;
        or_nearest(answer, ("worker pool", &one.id), pool_ids(&client)).await.map(drop)
    })
    .await
}
