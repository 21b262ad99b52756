//! `tc worker list`

use indexmap::IndexMap;
use serde_json::Value;

use super::fields::{number, text, time};
use crate::client::Client;
use crate::commands::lists::{Cell, Column, ListArgs, Row, none};
use crate::commands::selection::{check_pool, collect_some, pool};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::ui::Progress;

/// List the workers of a pool
///
/// Those that worker-manager has started or expects, and those that the queue has seen; workers that have stopped only
/// with `--stopped` or `--state stopped`. In a pipe: worker, state, capacity, launch configuration, when it was last
/// active, its latest task, and until when it is in quarantine, with tabs between them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Worker pool: its ID (provisioner/worker-type) or the address of its page
    #[arg(value_name = "POOL")]
    pool: String,
    /// Only workers in this state; repeatable
    #[arg(long, value_name = "STATE", value_parser = ["requested", "running", "stopping", "stopped", "standalone"])]
    state: Vec<String>,
    /// Stopped workers, too
    #[arg(long, conflicts_with = "state")]
    stopped: bool,
    /// Only workers in quarantine
    #[arg(long)]
    quarantined: bool,
    /// Only workers of this launch configuration
    #[arg(long, value_name = "ID")]
    launch_config: Option<String>,
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each worker.
const COLUMNS: [Column; 7] = [
    Column::new("worker").whole(),
    Column::new("state"),
    Column::new("capacity").right().optional(2),
    Column::new("launch config").optional(1),
    Column::new("active").optional(3),
    Column::new("latest task").whole(),
    Column::new("quarantine").optional(0),
];

/// Lists them.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such pool.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(&COLUMNS, context)?;
    let named = pool(&args.pool, context)?;
    let client = named.deployment.client(context)?;
    let progress = Progress::beside_output(&context.ui, "Listing", None);
    let mut workers = fetch(&client, &named.id, || progress.advance(1)).await?;
    progress.finish();
    if workers.is_empty() {
        check_pool(&client, &named.id).await?;
    }
    let now = context.now();
    let has_some = !workers.is_empty();
    workers.retain(|worker| {
        let state = text(worker, "state");
        let in_state = args.state.iter().any(|wanted| wanted == state)
            || args.state.is_empty() && (args.stopped || state != "stopped");
        let in_quarantine = time(worker, "quarantineUntil").is_some_and(|until| until > now);
        let of_config = args.launch_config.as_ref().is_none_or(|config| text(worker, "launchConfigId") == config);
        in_state && of_config && (in_quarantine || !args.quarantined)
    });
    let row = |worker: Value| {
        let latest = worker.get("latestTask").map(|run| format!("{}/{}", text(run, "taskId"), number(run, "runId")));
        let until = time(&worker, "quarantineUntil").filter(|until| *until > now);
        let cells: [Cell; COLUMNS.len()] = [
            format!("{}/{}/{}", named.id, text(&worker, "workerGroup"), text(&worker, "workerId")).into(),
            text(&worker, "state").into(),
            number(&worker, "capacity").to_string().into(),
            text(&worker, "launchConfigId").into(),
            Cell::time(text(&worker, "lastDateActive"), now),
            latest.unwrap_or_default().into(),
            until.map(|_| Cell::time(text(&worker, "quarantineUntil"), now)).unwrap_or_default(),
        ];
        Row::new(worker, cells)
    };
    let rows = workers.into_iter().map(row).collect();
    listing.print(rows, none("workers", has_some), context, |workers| Value::Array(workers).to_string()).await
}

/// The workers of a pool as worker-manager knows them, with what the queue has seen of them; `looked_at` is called for each
/// entry that was read.
pub(super) async fn fetch(client: &Client, pool: &str, looked_at: impl Fn()) -> Result<Vec<Value>> {
    let all = |_: &Value| {
        looked_at();
        true
    };
    let (provisioner, worker_type) = pool.split_once('/').unwrap_or((pool, ""));
    let started = client.call("worker-manager", "listWorkersForWorkerPool").arg(pool);
    let started = collect_some(started, "workers", usize::MAX, all);
    let seen = client.call("worker-manager", "listWorkers").arg(provisioner).arg(worker_type);
    let (started, seen) = tokio::try_join!(started, collect_some(seen, "workers", usize::MAX, all))?;
    Ok(joined(started, seen))
}

/// One entry a worker, with the members of both lists; what worker-manager says of one that it has started comes first.
fn joined(started: Vec<Value>, seen: Vec<Value>) -> Vec<Value> {
    let mut all: IndexMap<(String, String), Value> = IndexMap::new();
    for worker in started.into_iter().chain(seen) {
        let key = (text(&worker, "workerGroup").to_owned(), text(&worker, "workerId").to_owned());
        match (all.get_mut(&key).and_then(Value::as_object_mut), worker) {
            (Some(known), Value::Object(more)) => {
                for (name, value) in more {
                    known.entry(name).or_insert(value);
                }
            }
            (_, worker) => drop(all.insert(key, worker)),
        }
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_both_lists_say_of_a_worker_is_joined() {
        let started = vec![json!({"workerGroup": "g", "workerId": "a", "state": "running", "capacity": 2})];
        let seen = vec![
            json!({"workerGroup": "g", "workerId": "a", "state": "stopped", "latestTask": 1}),
            json!({"workerGroup": "h", "workerId": "a", "state": "standalone"}),
        ];
        assert_eq!(
            joined(started, seen),
            [
                json!({"workerGroup": "g", "workerId": "a", "state": "running", "capacity": 2, "latestTask": 1}),
                json!({"workerGroup": "h", "workerId": "a", "state": "standalone"}),
            ]
        );
    }
}
