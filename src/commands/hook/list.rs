//! `tc hook list`

use std::io::Write as _;

use serde_json::{Value, json};

use super::named;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::ui::{Table, one_line};

/// List hook groups, or the hooks of a group
///
/// In a pipe: GROUP/HOOK, name and schedule, one hook a line, with tabs in between.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Hook group, or the address of its page; without one the groups are listed
    #[arg(value_name = "GROUP")]
    group: Option<String>,
}

/// Lists.
///
/// # Errors
/// Those of the call.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    match &args.group {
        Some(text) => hooks(text, context).await,
        None => groups(context).await,
    }
}

async fn groups(context: &Context) -> Result<Status> {
    let answer: Value = context.client()?.call("hooks", "listHookGroups").send().await?.json()?;
    let groups: Vec<&str> = answer
        .get("groups")
        .and_then(Value::as_array)
        .ok_or_else(|| Error::failed("the hooks service answered something that is not a list of hook groups"))?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    if context.wants_json() {
        context.print_json(json!(groups).to_string()).await?;
        return Ok(Status::DONE);
    }
    if groups.is_empty() {
        context.ui.note("No hook groups.");
    }
    let mut out = context.ui.out();
    for group in groups {
        writeln!(out, "{}", context.ui.safe(group))?;
    }
    Ok(Status::DONE)
}

async fn hooks(text: &str, context: &Context) -> Result<Status> {
    let (deployment, group) = named::group(text, context)?;
    let hooks = named::hooks_of(&deployment.client(context)?, &group).await?;
    if context.wants_json() {
        context.print_json(Value::from(hooks).to_string()).await?;
        return Ok(Status::DONE);
    }
    let row = |hook: &Value| {
        [named::name_of(hook), named::text(hook, "/metadata/name").to_owned(), named::schedule(hook).join("; ")]
    };
    let mut out = context.ui.out();
    if !context.ui.terminal.stdout {
        for hook in &hooks {
            writeln!(out, "{}", row(hook).map(|cell| one_line(&cell)).join("\t"))?;
        }
        return Ok(Status::DONE);
    }
    let mut table = Table::new(["hook", "name", "schedule"]).whole(0).optional(&[2]);
    for hook in &hooks {
        table.row(row(hook));
    }
    write!(out, "{}", table.render(context.ui.terminal.width, context.ui.color()))?;
    Ok(Status::DONE)
}
