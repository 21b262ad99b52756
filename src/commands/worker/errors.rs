//! `tc worker errors`

use std::io::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::counts;
use super::fields::{text, time};
use super::grouped::{Group, grouped};
use crate::client::Client;
use crate::commands::lists::{Cell, Column, ListArgs, Listing, Row};
use crate::commands::selection::{or_nearest, pool, pool_ids};
use crate::commands::waiting::length;
use crate::context::{Context, Deployment};
use crate::error::{Error, Result};
use crate::exit::Status;

/// Show the errors of the workers of a pool, or of all pools
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
    #[arg(long, value_name = "TIME", default_value = "24h", allow_hyphen_values = true)]
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
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of errors of one kind.
const COLUMNS: [Column; 6] = [
    Column::new("count").right(),
    Column::new("last"),
    Column::new("pool").whole().naming(),
    Column::new("kind"),
    Column::new("launch config").optional(0),
    Column::new("title"),
];
/// What is said of each error by itself.
const EACH_COLUMNS: [Column; 6] = [
    Column::new("reported"),
    Column::new("pool").whole().naming(),
    Column::new("kind"),
    Column::new("launch config").optional(0),
    Column::new("title"),
    Column::new("description").extra(),
];

/// Shows them.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such pool.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(if args.each { &EACH_COLUMNS } else { &COLUMNS }, context)?;
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
        let such = if args.kind.is_some() || args.launch_config.is_some() { "such " } else { "" };
        context.ui.note(format_args!("No {such}errors since {}.", since.format("%F %R UTC")));
        return Ok(Status::DONE);
    }
    if args.each {
        return print_each(errors, &listing, context).await;
    }
    print_groups(grouped(&errors), &listing, context).await
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

async fn print_groups(groups: Vec<Group>, listing: &Listing, context: &Context) -> Result<Status> {
    let row = |group: Group| {
        let key = |key| Cell::from(text(&group.example, key));
        let cells: [Cell; COLUMNS.len()] = [
            group.count.to_string().into(),
            Cell::time(&group.last, context.now()),
            key("workerPoolId"),
            key("kind"),
            key("launchConfigId"),
            key("title"),
        ];
        Row::new(group, cells)
    };
    let rows = groups.into_iter().map(row).collect();
    let list = |groups: Vec<Group>| groups.iter().map(Group::json).collect::<Value>().to_string();
    listing.print(rows, "No such errors.", context, list).await
}

async fn print_each(errors: Vec<Value>, listing: &Listing, context: &Context) -> Result<Status> {
    let row = |error: Value| {
        let key = |key| Cell::from(text(&error, key));
        let cells: [Cell; EACH_COLUMNS.len()] = [
            Cell::time(text(&error, "reported"), context.now()),
            key("workerPoolId"),
            key("kind"),
            key("launchConfigId"),
            key("title"),
            key("description"),
        ];
        Row::new(error, cells)
    };
    let rows = errors.into_iter().map(row).collect();
    if context.wants_json() || listing.is_shaped() {
        let list = |errors| Value::Array(errors).to_string();
        return listing.print(rows, "No such errors.", context, list).await;
    }
    let errors: Vec<Value> = listing.ordered(rows).into_iter().map(|row| row.item).collect();
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
