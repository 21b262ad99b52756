//! `tc hook list`

use serde_json::{Value, json};

use super::named;
use crate::commands::lists::{Cell, Column, ListArgs, Row};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;

/// List hook groups, or the hooks of a group
///
/// In a pipe: GROUP/HOOK, name and schedule, one hook a line, with tabs in between.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Hook group, or the address of its page; without one the groups are listed
    #[arg(value_name = "GROUP")]
    group: Option<String>,
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each group.
const GROUP_COLUMNS: [Column; 1] = [Column::new("group")];
/// What is said of each hook.
const COLUMNS: [Column; 3] = [Column::new("hook").whole(), Column::new("name"), Column::new("schedule").optional(0)];

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    match &args.group {
        Some(text) => hooks(text, args, context).await,
        None => groups(args, context).await,
    }
}

async fn groups(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(&GROUP_COLUMNS, context)?;
    let answer: Value = context.client()?.call("hooks", "listHookGroups").send().await?.json()?;
    let groups = answer
        .get("groups")
        .and_then(Value::as_array)
        .ok_or_else(|| Error::failed("the hooks service sent something that is not a list of hook groups"))?;
    let rows = groups.iter().filter_map(Value::as_str).map(|group| Row::new(group, [group])).collect();
    listing.print(rows, "No hook groups.", context, |groups: Vec<&str>| json!(groups).to_string()).await
}

async fn hooks(text: &str, args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(&COLUMNS, context)?;
    let (deployment, group) = named::group(text, context)?;
    let hooks = named::hooks_of(&deployment.client(context)?, &group).await?;
    let row = |hook: Value| {
        let cells: [Cell; COLUMNS.len()] = [
            named::name_of(&hook).into(),
            named::text(&hook, "/metadata/name").into(),
            named::schedule(&hook).join("; ").into(),
        ];
        Row::new(hook, cells)
    };
    let rows = hooks.into_iter().map(row).collect();
    let nothing = format!("Hook group `{group}` has no hooks.");
    listing.print(rows, nothing, context, |hooks| Value::from(hooks).to_string()).await
}
