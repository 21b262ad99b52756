//! `tc worker show`

use std::io::Write as _;

use serde_json::Value;

use super::fields::{number, shown_time, text, time};
use crate::client::Client;
use crate::commands::selection::{WorkerName, check_pool, no_such, worker};
use crate::context::Context;
use crate::error::{Kind, Result};
use crate::exit::Status;

/// Show a worker: its state, its quarantine and its recent tasks
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Worker: provisioner/worker-type/group/id or the address of its page
    #[arg(value_name = "WORKER")]
    worker: String,
}

/// Shows it.
///
/// # Errors
/// [`Kind::NotFound`] when there is no such worker.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = worker(&args.worker, context)?;
    let name = WorkerName::parse(&named.id)?;
    let client = named.deployment.client(context)?;
    let found = fetch(&client, name).await?;
    let Some(found) = found else {
        check_pool(&client, &name.pool()).await?;
        let known = super::list::fetch(&client, &name.pool(), || ()).await.unwrap_or_default();
        let known: Vec<String> = known
            .iter()
            .map(|worker| format!("{}/{}/{}", name.pool(), text(worker, "workerGroup"), text(worker, "workerId")))
            .collect();
        return Err(no_such("worker", &named.id, &known));
    };
    if context.wants_json() {
        context.print_json(found.to_string()).await?;
        return Ok(Status::DONE);
    }
    print(&found, &named.id, context)?;
    Ok(Status::DONE)
}

/// What the queue has seen of a worker and what worker-manager knows of it; none when neither knows it.
async fn fetch(client: &Client, name: WorkerName<'_>) -> Result<Option<Value>> {
    let seen = client
        .call("worker-manager", "getWorker")
        .arg(name.provisioner)
        .arg(name.worker_type)
        .arg(name.group)
        .arg(name.id)
        .send();
    let started = client.call("worker-manager", "worker").arg(name.pool()).arg(name.group).arg(name.id).send();
    let (seen, started) = tokio::join!(seen, started);
    let mut found: Option<Value> = None;
    for answer in [seen, started] {
        match (answer, found.as_mut().and_then(Value::as_object_mut)) {
            (Err(error), _) if error.kind() == Kind::NotFound => {}
            (Err(error), _) => return Err(error),
            (Ok(answer), None) => found = Some(answer.json()?),
            (Ok(answer), Some(known)) => {
                let more: serde_json::Map<String, Value> = answer.json()?;
                for (key, value) in more {
                    known.entry(key).or_insert(value);
                }
            }
        }
    }
    Ok(found)
}

fn print(worker: &Value, name: &str, context: &Context) -> Result<()> {
    let mut out = context.ui.out();
    writeln!(out, "worker: {}", context.ui.safe(name))?;
    for (title, key) in [("state", "state"), ("provider", "providerId"), ("launch config", "launchConfigId")] {
        let value = text(worker, key);
        if !value.is_empty() {
            writeln!(out, "{title}: {}", context.ui.safe(value))?;
        }
    }
    if worker.get("capacity").is_some() {
        writeln!(out, "capacity: {}", number(worker, "capacity"))?;
    }
    let times =
        [("created", "created"), ("first claim", "firstClaim"), ("active", "lastDateActive"), ("expires", "expires")];
    for (title, key) in times {
        let shown = shown_time(worker, key, context);
        if !shown.is_empty() {
            writeln!(out, "{title}: {}", context.ui.safe(&shown))?;
        }
    }
    if time(worker, "quarantineUntil").is_some_and(|until| until > context.now()) {
        writeln!(out, "quarantine: until {}", context.ui.safe(text(worker, "quarantineUntil")))?;
    }
    let list = |key: &str| worker.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    for decision in list("quarantineDetails") {
        writeln!(
            out,
            "  {} by {}, until {}: {}",
            text(&decision, "updatedAt"),
            context.ui.safe(text(&decision, "clientId")),
            text(&decision, "quarantineUntil"),
            context.ui.safe(text(&decision, "quarantineInfo")),
        )?;
    }
    let recent = list("recentTasks");
    if !recent.is_empty() {
        writeln!(out, "recent tasks, the latest first:")?;
        for run in recent.iter().rev() {
            writeln!(out, "  {} run {}", context.ui.safe(text(run, "taskId")), number(run, "runId"))?;
        }
    }
    Ok(())
}
