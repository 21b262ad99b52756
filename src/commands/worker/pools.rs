//! `tc worker pools`

use std::collections::HashMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use super::counts::{self, QueueCounts, Refusals};
use super::fields::{number, text};
use crate::client::Client;
use crate::commands::lists::{Cell, Column, ListArgs, Row, none};
use crate::commands::selection::collect;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::ui::Progress;

/// List worker pools: capacity, tasks that wait and run, and errors of the last hours
///
/// In a pipe: pool, provider, current capacity, running capacity, requested capacity, pending tasks, claimed tasks and
/// errors, with tabs between them. With `--json` what worker-manager answers, and `pendingTasks`, `claimedTasks` and
/// `recentErrors` of each pool.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only IDs that start with this
    #[arg(value_name = "PREFIX", default_value = "", hide_default_value = true)]
    prefix: String,
    /// Only pools with pending tasks
    #[arg(long)]
    pending: bool,
    /// Count the errors of this many hours
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u8).range(1..=24))]
    hours: u8,
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each pool.
const COLUMNS: [Column; 8] = [
    Column::new("pool").whole(),
    Column::new("provider").optional(1),
    Column::new("capacity").right().optional(2),
    Column::new("running").right(),
    Column::new("requested").right().optional(0),
    Column::new("pending").right(),
    Column::new("claimed").right(),
    Column::new("errors").right(),
];

/// Calls at once; these are cheap for the server.
const MAX_CONCURRENT_COUNTS: usize = 32;

/// A pool with what is counted elsewhere.
struct Counted {
    pool: Value,
    queue: Option<QueueCounts>,
    errors: Option<u64>,
}

/// Lists them.
///
/// # Errors
/// When a call fails; a caller who may not count tasks gets a note.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let header = format!("errors in {} h", args.hours);
    let listing = args.list.listing(&COLUMNS, context)?.headed("errors", header);
    let client = context.client()?;
    let (mut pools, stats) = tokio::try_join!(
        collect(client.call("worker-manager", "listWorkerPools"), "workerPools"),
        collect(client.call("worker-manager", "listWorkerPoolsStats"), "workerPoolsStats")
    )?;
    add_stats(&mut pools, stats);
    pools.retain(|pool| text(pool, "workerPoolId").starts_with(&args.prefix));
    if !args.pending {
        // What is not shown need not be counted.
        pools.truncate(listing.enough());
    }
    let refusals = Refusals::default();
    let stats = counts::error_stats(&client, None, &refusals).await?;
    let with_errors = stats.as_ref().map(counts::pools_with_errors);
    let progress = Progress::beside_output(&context.ui, "Counting", Some(pools.len() as u64));
    let counting =
        pools.into_iter().map(|pool| count(pool, &client, with_errors.as_deref(), args.hours, &refusals, context));
    let counting = stream::iter(counting).buffered(MAX_CONCURRENT_COUNTS).inspect(|_| progress.advance(1));
    let mut counted: Vec<Counted> = counting.try_collect().await?;
    progress.finish();
    if args.pending {
        counted.retain(|one| one.queue.is_none_or(|queue| queue.pending > 0));
    }
    refusals.tell(context);
    let row = |counted: Counted| {
        let Counted { pool, queue, errors } = &counted;
        let count = |what: fn(&QueueCounts) -> u64| queue.as_ref().map_or_else(String::new, |it| what(it).to_string());
        let cells: [Cell; COLUMNS.len()] = [
            text(pool, "workerPoolId").into(),
            text(pool, "providerId").into(),
            number(pool, "currentCapacity").to_string().into(),
            number(pool, "runningCapacity").to_string().into(),
            number(pool, "requestedCapacity").to_string().into(),
            count(|queue| queue.pending).into(),
            count(|queue| queue.claimed).into(),
            errors.map_or_else(String::new, |errors| errors.to_string()).into(),
        ];
        Row::new(counted, cells)
    };
    let rows = counted.into_iter().map(row).collect();
    let list = |pools: Vec<Counted>| pools.into_iter().map(json_of).collect::<Value>().to_string();
    let is_chosen = args.pending || !args.prefix.is_empty();
    listing.print(rows, none("worker pools", is_chosen), context, list).await
}

/// Puts the counts of workers into the pools: the list of pools itself has zeros in their place.
fn add_stats(pools: &mut [Value], stats: Vec<Value>) {
    let mut by_pool: HashMap<String, Value> =
        stats.into_iter().map(|stats| (text(&stats, "workerPoolId").to_owned(), stats)).collect();
    for pool in pools {
        if let Some(Value::Object(stats)) = by_pool.remove(text(pool, "workerPoolId"))
            && let Some(members) = pool.as_object_mut()
        {
            members.extend(stats);
        }
    }
}

async fn count(
    pool: Value,
    client: &Client,
    with_errors: Option<&[String]>,
    hours: u8,
    refusals: &Refusals,
    context: &Context,
) -> Result<Counted> {
    let id = text(&pool, "workerPoolId").to_owned();
    let queue = counts::queue_counts(client, &id, refusals).await?;
    let errors = match with_errors {
        Some(pools) if pools.contains(&id) => counts::error_stats(client, Some(&id), refusals)
            .await?
            .map(|stats| counts::recent_errors(&stats, hours, context.now())),
        known => known.map(|_| 0),
    };
    Ok(Counted { pool, queue, errors })
}

fn json_of(counted: Counted) -> Value {
    let Counted { mut pool, queue, errors } = counted;
    if let Some(members) = pool.as_object_mut() {
        members.insert("pendingTasks".into(), json!(queue.map(|queue| queue.pending)));
        members.insert("claimedTasks".into(), json!(queue.map(|queue| queue.claimed)));
        members.insert("recentErrors".into(), json!(errors));
    }
    pool
}
