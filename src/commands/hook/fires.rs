//! `tc hook fires`

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::named::{NamedHook, failure, text};
use crate::client::Client;
use crate::commands::lists::{Cell, Column, ListArgs, Row};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// List the last fires of a hook, the newest first
///
/// In a pipe: time, what fired it, result, taskId, state of the task and error, with tabs in between.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Hook: GROUP/HOOK, or the address of its page
    #[arg(value_name = "HOOK")]
    hook: String,
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each fire.
const COLUMNS: [Column; 6] = [
    Column::new("fired"),
    Column::new("by").optional(1),
    Column::new("result"),
    Column::new("task").whole().naming(),
    Column::new("state"),
    Column::new("error").optional(0),
];

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(&COLUMNS, context)?;
    let hook = NamedHook::parse(&args.hook, context)?;
    let client = hook.deployment.client(context)?;
    let fires = match fires(&hook, &client, listing.enough()).await {
        // The service says the same of a hook that never fired and of one that does not exist.
        Err(error) if error.kind() == Kind::NotFound => {
            hook.definition(&client).await?;
            Vec::new()
        }
        found => found?,
    };
    let rows = fires.into_iter().map(|fire| {
        let cells = cells(&fire, context);
        Row::new(fire, cells)
    });
    let nothing = format!("Hook {hook} has never fired.");
    listing.print(rows.collect(), nothing, context, |fires| Value::from(fires).to_string()).await
}

fn cells(fire: &Value, context: &Context) -> [Cell; COLUMNS.len()] {
    let cell = |pointer| Cell::from(text(fire, pointer));
    let style = if text(fire, "/result") == "error" { AnsiColor::Red.on_default() } else { Style::new() };
    [
        Cell::time(text(fire, "/taskCreateTime"), context.now()),
        cell("/firedBy"),
        cell("/result").styled(style),
        cell("/taskId"),
        cell("/taskState"),
        failure(fire.get("error").unwrap_or(&Value::Null)).into(),
    ]
}

async fn fires(hook: &NamedHook, client: &Client, limit: usize) -> Result<Vec<Value>> {
    let pages = hook.call(client, "listLastFires").pages()?;
    let mut pages = if limit == usize::MAX { pages } else { pages.one_by_one() };
    let mut all = Vec::new();
    while let Some(page) = pages.next().await? {
        let Value::Object(mut members) = page.json()? else { return Err(unexpected()) };
        let Some(Value::Array(fires)) = members.remove("lastFires") else { return Err(unexpected()) };
        all.extend(fires);
        if all.len() >= limit {
            all.truncate(limit);
            break;
        }
    }
    Ok(all)
}

fn unexpected() -> Error {
    Error::failed("the hooks service sent something that is not a list of fires")
}
