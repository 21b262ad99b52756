//! `tc purge-cache`

use serde_json::json;

use super::bulk::{EachAction, EachArgs, each};
use super::selection::{check_pool, pool};
use crate::client::Client;
use crate::context::{Context, Named};
use crate::error::Result;
use crate::exit::Status;

/// Make the workers of a pool drop caches
///
/// Workers ask before a task which of their caches they must not use any more; a cache that a task is using is dropped
/// after it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Worker pool: its ID (provisioner/worker-type) or the address of its page
    #[arg(value_name = "POOL")]
    pool: String,
    /// Names of caches
    #[arg(value_name = "CACHE", required = true)]
    caches: Vec<String>,
    #[command(flatten)]
    each: EachArgs,
}

const ACTION: EachAction = EachAction { verb: "purge", done: "purged", noun: "cache", asks_for_one: false };

/// Asks for it.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such pool.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = pool(&args.pool, context)?;
    check_pool(&named.deployment.client(context)?, &named.id).await?;
    let cache = |cache: &String| Named { deployment: named.deployment.clone(), id: cache.clone() };
    let caches: Vec<Named> = args.caches.iter().map(cache).collect();
    let pool = named.id.as_str();
    each(ACTION, &caches, &args.each, context, |client, one| purge(client, pool, &one.id)).await
}

async fn purge(client: Client, pool: &str, cache: &str) -> Result<()> {
    let call = client.call("purge-cache", "purgeCache").arg(pool).json(&json!({"cacheName": cache}));
    call.send().await.map(drop)
}
