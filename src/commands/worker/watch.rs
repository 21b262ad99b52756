//! `tc worker watch`

use std::io::Write as _;
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use serde_json::Value;

use super::counts::{self, QueueCounts, Refusals};
use super::fields::{number, text, time};
use super::list;
use crate::client::Client;
use crate::commands::selection::{or_nearest, pool, pool_ids};
use crate::commands::waiting::{Limit, Outage, length};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::ui::{Frame, duration, sanitize};

/// Watch a worker pool
///
/// On a terminal a view that is redrawn in place: capacity, tasks that wait, workers by state, the errors of the last
/// hour, and the workers that were active last. In a pipe a line whenever a count changes. Goes on until it is
/// interrupted, or with `--until-idle` until no task is pending or claimed; ends with status 8 when the time limit came first.
/// Retries for up to ten minutes while the deployment is unreachable, except with `--retries 0`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Worker pool: its ID (provisioner/worker-type) or the address of its page
    #[arg(value_name = "POOL")]
    pool: String,
    /// End when no task is pending or claimed
    #[arg(long)]
    until_idle: bool,
    /// Give up after this time: `2 hours`
    // It takes the place of the global option of this name, which is about single calls.
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// How often to look
    #[arg(long, value_name = "TIME", default_value = "10s")]
    interval: String,
}

/// Workers of a list in the view.
const MAX_LISTED_WORKERS: usize = 5;

/// What is seen of a pool at a time.
struct Snapshot {
    pool: Value,
    queue: Option<QueueCounts>,
    workers: Vec<Value>,
    errors: Option<u64>,
}

/// # Errors
/// [`Kind::NotFound`] when there is no such pool; [`Kind::Pending`] at the time limit.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let late = || Error::new(Kind::Pending, format!("the time limit for worker pool {} was reached", args.pool));
    Limit::read(args.timeout.as_deref())?.hold(watch(args, context), late).await
}

async fn watch(args: &Args, context: &Context) -> Result<Status> {
    let named = pool(&args.pool, context)?;
    let interval = length(&args.interval, "--interval")?.max(Duration::from_secs(1));
    let client = named.deployment.client(context)?;
    let redraws = context.ui.redraws();
    let mut outage = Outage::new(redraws, context)?;
    let (mut frame, mut told, refusals) = (Frame::default(), String::new(), Refusals::default());
    let mut is_first = true;
    loop {
        let looked = outage.bridge(look(&client, &named.id, &refusals, context).await)?;
        if let Some(seen) = looked {
            if std::mem::take(&mut is_first) {
                refusals.tell(context);
            }
            if redraws {
                let text = view(&named.id, &seen, context);
                frame.draw(&context.ui, &outage.line().map_or(text.clone(), |line| format!("{text}\n{line}")))?;
            } else {
                tell(&seen, &mut told, context)?;
            }
            if args.until_idle && seen.queue.is_some_and(|queue| queue.pending == 0 && queue.claimed == 0) {
                return Ok(Status::DONE);
            }
        }
        context.env.clock.sleep(interval).await;
    }
}

async fn look(client: &Client, id: &str, refusals: &Refusals, context: &Context) -> Result<Snapshot> {
    let answer = client.call("worker-manager", "workerPool").arg(id).send().await;
    let pool = or_nearest(answer, ("worker pool", id), pool_ids(client)).await?.json()?;
    let counting = counts::queue_counts(client, id, refusals);
    let (queue, workers, stats) =
        tokio::try_join!(counting, list::fetch(client, id, || ()), counts::error_stats(client, Some(id), refusals))?;
    let errors = stats.map(|stats| counts::recent_errors(&stats, 1, context.now()));
    Ok(Snapshot { pool, queue, workers, errors })
}

/// The counts in one line.
fn in_words(seen: &Snapshot) -> String {
    let pool = &seen.pool;
    let mut words = vec![
        format!("capacity: {}", number(pool, "currentCapacity")),
        format!("requested: {}", number(pool, "requestedCount")),
        format!("running: {}", number(pool, "runningCount")),
        format!("stopping: {}", number(pool, "stoppingCount")),
    ];
    if let Some(queue) = seen.queue {
        words.extend([format!("pending: {}", queue.pending), format!("claimed: {}", queue.claimed)]);
    }
    words.extend(seen.errors.map(|errors| format!("errors in the last hour: {errors}")));
    words.join(", ")
}

/// Says what changed.
fn tell(seen: &Snapshot, told: &mut String, context: &Context) -> Result<()> {
    let line = in_words(seen);
    if *told == line {
        return Ok(());
    }
    let now = context.now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut out = context.ui.out();
    writeln!(out, "{now} {line}")?;
    *told = line;
    Ok(out.flush()?)
}

/// The text of the view.
fn view(id: &str, seen: &Snapshot, context: &Context) -> String {
    let now = context.now();
    let mut lines = vec![format!("{id} ({})", text(&seen.pool, "providerId"))];
    lines.extend(in_words(seen).split(", ").map(|count| format!("  {count}")));
    let quarantined = seen.workers.iter().filter(|worker| time(worker, "quarantineUntil").is_some_and(|at| at > now));
    let quarantined = quarantined.count();
    if quarantined > 0 {
        lines.push(format!("  quarantined: {quarantined}"));
    }
    let mut active: Vec<(chrono::DateTime<Utc>, &Value)> =
        seen.workers.iter().filter_map(|worker| Some((time(worker, "lastDateActive")?, worker))).collect();
    active.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    if !active.is_empty() {
        lines.push("Active last:".to_owned());
    }
    for (at, worker) in active.iter().take(MAX_LISTED_WORKERS) {
        let task = worker.get("latestTask").map_or("", |run| text(run, "taskId"));
        let name = format!("{}/{}", text(worker, "workerGroup"), text(worker, "workerId"));
        lines.push(
            sanitize(&format!("  {} ago  {name} {} {task}", duration(now - *at), text(worker, "state"))).into_owned(),
        );
    }
    lines.join("\n")
}
