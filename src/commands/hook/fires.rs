//! `tc hook fires`

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::named::{NamedHook, text};
use crate::client::Client;
use crate::context::Context;
use crate::domain::time::parse_time;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::ui::{Table, ago, one_line};

/// List the last fires of a hook, the newest first
///
/// In a pipe: time, what fired it, result, taskId, state of the task and error, with tabs in between.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Hook: GROUP/HOOK, or the address of its page
    #[arg(value_name = "HOOK")]
    hook: String,
    /// Only so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
}

/// Lists.
///
/// # Errors
/// Those of the calls.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let hook = NamedHook::parse(&args.hook, context)?;
    let client = hook.deployment.client(context)?;
    let limit = args.limit.map_or(usize::MAX, |limit| limit as usize);
    let fires = match fires(&hook, &client, limit).await {
        // The service says the same of a hook that never fired and of one that does not exist.
        Err(error) if error.kind() == Kind::NotFound => {
            hook.definition(&client).await?;
            Vec::new()
        }
        found => found?,
    };
    if context.wants_json() {
        context.print_json(Value::from(fires).to_string()).await?;
        return Ok(Status::DONE);
    }
    if fires.is_empty() {
        context.ui.note(format_args!("Hook {hook} has never fired."));
        return Ok(Status::DONE);
    }
    let mut out = context.ui.out();
    if !context.ui.terminal.stdout {
        for fire in &fires {
            writeln!(out, "{}", cells(fire, text(fire, "/taskCreateTime")).join("\t"))?;
        }
        return Ok(Status::DONE);
    }
    let mut table = Table::new(["fired", "by", "result", "task", "state", "error"]).whole(3).optional(&[5, 1]);
    for fire in &fires {
        let time = text(fire, "/taskCreateTime");
        let shown = parse_time(time).map_or_else(|_| time.to_owned(), |time| ago(time, context.now()));
        let failed = text(fire, "/result") == "error";
        let style = if failed { AnsiColor::Red.on_default() } else { Style::new() };
        table.styled_row(cells(fire, &shown).into_iter().zip([
            Style::new(),
            Style::new(),
            style,
            Style::new(),
            Style::new(),
            Style::new(),
        ]));
    }
    write!(out, "{}", table.render(context.ui.terminal.width, context.ui.color()))?;
    Ok(Status::DONE)
}

fn cells(fire: &Value, time: &str) -> [String; 6] {
    let error = text(fire, "/error");
    [time, text(fire, "/firedBy"), text(fire, "/result"), text(fire, "/taskId"), text(fire, "/taskState"), error]
        .map(one_line)
}

async fn fires(hook: &NamedHook, client: &Client, limit: usize) -> Result<Vec<Value>> {
    let mut pages = hook.call(client, "listLastFires").pages()?;
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
    Error::failed("the hooks service answered something that is not a list of fires")
}
