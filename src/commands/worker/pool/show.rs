//! `tc worker pool show`

use std::io::Write as _;

use serde_json::{Value, json};

use super::super::counts::{self, Refusals};
use super::super::fields::{number, shown_time, text};
use super::definition::definition;
use crate::commands::selection::{or_nearest, pool, pool_ids};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::ui::Table;

/// Show a worker pool: its settings, capacity, launch configurations and errors
///
/// With `--json` what worker-manager answers, and `pendingTasks`, `claimedTasks`, `recentErrors` (of 24 hours) and
/// `launchConfigStats`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Worker pool: its ID (provisioner/worker-type) or the address of its page
    #[arg(value_name = "POOL")]
    pool: String,
    /// Only print the definition, as `tc worker pool update` takes it
    #[arg(long)]
    definition: bool,
}

/// Shows it.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such pool.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = pool(&args.pool, context)?;
    let client = named.deployment.client(context)?;
    let answer = client.call("worker-manager", "workerPool").arg(&named.id).send().await;
    let mut pool: Value = or_nearest(answer, ("worker pool", &named.id), pool_ids(&client)).await?.json()?;
    if args.definition {
        context.print_json(definition(&pool).to_string()).await?;
        return Ok(Status::DONE);
    }
    let refusals = Refusals::default();
    let stats = async { client.call("worker-manager", "workerPoolStats").arg(&named.id).send().await?.json::<Value>() };
    let (queue, errors, stats) = tokio::try_join!(
        counts::queue_counts(&client, &named.id, &refusals),
        counts::error_stats(&client, Some(&named.id), &refusals),
        stats
    )?;
    refusals.tell(context);
    let errors = errors.map(|stats| counts::recent_errors(&stats, 24, context.now()));
    let configs = stats.get("launchConfigStats").cloned().unwrap_or_default();
    if let Some(members) = pool.as_object_mut() {
        members.insert("pendingTasks".into(), json!(queue.map(|queue| queue.pending)));
        members.insert("claimedTasks".into(), json!(queue.map(|queue| queue.claimed)));
        members.insert("recentErrors".into(), json!(errors));
        members.insert("launchConfigStats".into(), configs.clone());
    }
    if context.wants_json() {
        context.print_json(pool.to_string()).await?;
        return Ok(Status::DONE);
    }
    print(&pool, &configs, context)?;
    Ok(Status::DONE)
}

fn print(pool: &Value, configs: &Value, context: &Context) -> Result<()> {
    let mut out = context.ui.out();
    let texts = [
        ("worker pool", "workerPoolId"),
        ("provider", "providerId"),
        ("owner", "owner"),
        ("description", "description"),
    ];
    for (title, key) in texts {
        writeln!(out, "{title}: {}", context.ui.safe(text(pool, key)))?;
    }
    for (title, key) in [("created", "created"), ("last modified", "lastModified")] {
        writeln!(out, "{title}: {}", context.ui.safe(&shown_time(pool, key, context)))?;
    }
    writeln!(out, "capacity: {}", number(pool, "currentCapacity"))?;
    for state in ["requested", "running", "stopping", "stopped"] {
        let (count, capacity) = (number(pool, &format!("{state}Count")), number(pool, &format!("{state}Capacity")));
        writeln!(out, "{state}: {count} (capacity {capacity})")?;
    }
    let counts =
        [("pending tasks", "pendingTasks"), ("claimed tasks", "claimedTasks"), ("errors in 24 hours", "recentErrors")];
    for (title, key) in counts {
        if let Some(count) = pool.get(key).and_then(Value::as_u64) {
            writeln!(out, "{title}: {count}")?;
        }
    }
    let mut table =
        (1..5).fold(Table::new(["launch config", "capacity", "running", "requested", "stopping"]), Table::right);
    for config in configs.as_array().into_iter().flatten() {
        let count = |key: &str| number(config, key).to_string();
        let counts = ["currentCapacity", "runningCount", "requestedCount", "stoppingCount"].map(count);
        table.row([text(config, "launchConfigId").to_owned()].into_iter().chain(counts));
    }
    drop(out);
    if !table.is_empty() {
        context.ui.table(&table)?;
    }
    Ok(())
}
