//! `tc worker errors`

use std::io::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::counts;
use super::fields::{shown_time, text, time};
use super::grouped::{Group, grouped};
use crate::client::Client;
use crate::commands::selection::{or_nearest, pool, pool_ids};
use crate::commands::waiting::length;
use crate::context::{Context, Deployment};
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::ui::Table;

/// Show what went wrong with the workers of a pool, or of all pools
///
/// Errors of one kind, launch configuration and title are one line, with how many there were and when the last one was;
/// `--each` shows each of them with its description. In a pipe: count, last, pool, kind, launch configuration and title,
/// with tabs between them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Worker pool: its ID (provisioner/worker-type) or the address of its page; by default all
    #[arg(value_name = "POOL")]
    pool: Option<String>,
    /// How far back to look
    #[arg(long, value_name = "TIME", default_value = "24h")]
    since: String,
    /// Only errors of this launch configuration
    #[arg(long, value_name = "ID")]
    launch_config: Option<String>,
    /// Only errors of this kind
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Show each error by itself
    #[arg(long)]
    each: bool,
}

/// Shows them.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such pool.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let back = TimeDelta::from_std(length(&args.since, "--since")?).ok();
    let since = back.and_then(|back| context.now().checked_sub_signed(back));
    let since = since.ok_or_else(|| Error::usage(format!("--since is too long: `{}`", args.since)))?;
    let named = args.pool.as_deref().map(|text| pool(text, context)).transpose()?;
    let client = named.as_ref().map_or(&Deployment::InUse, |named| &named.deployment).client(context)?;
    let pools = match &named {
        Some(named) => {
            let exists = client.call("worker-manager", "workerPool").arg(&named.id).send().await;
            or_nearest(exists, ("worker pool", &named.id), pool_ids(&client)).await?;
            vec![named.id.clone()]
        }
        None => {
            let stats = client.call("worker-manager", "workerPoolErrorStats").send().await?.json()?;
            counts::pools_with_errors(&stats)
        }
    };
    let mut errors = Vec::new();
    for pool in &pools {
        fetch(&mut errors, &client, pool, since, args).await?;
    }
    if errors.is_empty() && !context.wants_json() {
        context.ui.note(format_args!("There are no such errors since {}.", since.format("%F %R UTC")));
        return Ok(Status::DONE);
    }
    if args.each {
        return print_each(errors, context).await;
    }
    print_groups(&grouped(&errors), context).await
}

/// Adds the errors of a pool since a time; the service lists the latest first.
async fn fetch(errors: &mut Vec<Value>, client: &Client, pool: &str, since: DateTime<Utc>, args: &Args) -> Result<()> {
    let call = client.call("worker-manager", "listWorkerPoolErrors").arg(pool);
    let call = match &args.launch_config {
        Some(config) => call.query("launchConfigId", config),
        None => call,
    };
    let mut pages = call.pages()?;
    while let Some(page) = pages.next().await? {
        let mut answer: Value = page.json()?;
        let Some(Value::Array(items)) = answer.get_mut("workerPoolErrors").map(Value::take) else { return Ok(()) };
        for error in items {
            if time(&error, "reported").is_some_and(|reported| reported < since) {
                return Ok(());
            }
            if args.kind.as_ref().is_none_or(|kind| text(&error, "kind") == kind) {
                errors.push(error);
            }
        }
    }
    Ok(())
}

async fn print_groups(groups: &[Group], context: &Context) -> Result<Status> {
    if context.wants_json() {
        let items: Value = groups.iter().map(Group::json).collect();
        context.print_json(items.to_string()).await?;
        return Ok(Status::DONE);
    }
    let header = ["count", "last", "pool", "kind", "launch config", "title"];
    let mut table = Table::new(header).right(0).whole(2).optional(&[4]);
    for group in groups {
        let key = |key| text(&group.example, key).to_owned();
        let last = shown_time(&json!({"last": group.last}), "last", context);
        let cells = [key("workerPoolId"), key("kind"), key("launchConfigId"), key("title")];
        table.row([group.count.to_string(), last].into_iter().chain(cells));
    }
    context.ui.table(&table)?;
    Ok(Status::DONE)
}

async fn print_each(errors: Vec<Value>, context: &Context) -> Result<Status> {
    if context.wants_json() {
        context.print_json(Value::Array(errors).to_string()).await?;
        return Ok(Status::DONE);
    }
    let mut out = context.ui.out();
    for error in &errors {
        let key = |key| context.ui.safe(text(error, key));
        let config = match text(error, "launchConfigId") {
            "" => String::new(),
            config => format!(" ({config})"),
        };
        let (pool, kind, title) = (key("workerPoolId"), key("kind"), key("title"));
        writeln!(out, "{} {pool}{} {kind}: {title}", key("reported"), context.ui.safe(&config))?;
        for line in text(error, "description").lines() {
            writeln!(out, "  {}", context.ui.safe(line))?;
        }
    }
    Ok(Status::DONE)
}
