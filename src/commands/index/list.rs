//! `tc index list`

use std::io::Write as _;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::named;
use super::tree::{Lister, Row, created_since};
use crate::commands::lists::{Cell, Column, ListArgs, Row as Line};
use crate::commands::waiting;
use crate::context::Context;
use crate::domain::time::parse_time;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::ui::{Progress, ago, one_line};

/// List what is in a namespace of the index
///
/// On a terminal as a tree; in a pipe `task` or `namespace`, path, taskId and expiry, one entry a line, with tabs in
/// between.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Namespace, or the address of its page; without one the root of the index
    #[arg(value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// All namespaces below, too
    #[arg(short, long)]
    recursive: bool,
    /// Only tasks that were created since: a time, or how long ago (`2 days`)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<String>,
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each entry.
const COLUMNS: [Column; 4] =
    [Column::new("kind"), Column::new("path").whole().naming(), Column::new("task").whole(), Column::new("expires")];

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(&COLUMNS, context)?;
    let place = named::namespace(args.namespace.as_deref().unwrap_or_default(), context)?;
    let since = args.since.as_deref().map(|text| time_since(text, context)).transpose()?;
    let client = place.deployment.client(context)?;
    let progress = Progress::beside_output(&context.ui, "Listing", None);
    let looked_at = |count| progress.advance(count);
    let mut rows = Lister::new(&client, args.recursive, &looked_at).rows(&place.id).await?;
    progress.finish();
    if let Some(since) = since {
        rows = created_since(rows, since, &client).await?;
    }
    let row = |row: Row| {
        let cells: [Cell; COLUMNS.len()] = [
            if row.is_task() { "task" } else { "namespace" }.into(),
            row.path().into(),
            row.text("taskId").into(),
            Cell::time(row.text("expires"), context.now()),
        ];
        Line::new(row, cells)
    };
    let what = if args.since.is_some() { "tasks" } else { "entries" };
    let here = if place.id.is_empty() { "the index".to_owned() } else { format!("`{}`", place.id) };
    let is_tree = context.ui.terminal.stdout && !context.wants_json() && !listing.is_shaped();
    let lines: Vec<Line<Row>> = rows.into_iter().map(row).collect();
    if !is_tree || lines.is_empty() {
        return listing.print(lines, format!("No {what} in {here}."), context, document).await;
    }
    let mut out = context.ui.out();
    for line in listing.ordered(lines) {
        writeln!(out, "{}", branch(&line.item, context.now()))?;
    }
    Ok(Status::DONE)
}

/// Namespaces and tasks apart, as the index has them.
fn document(rows: Vec<Row>) -> String {
    let (tasks, namespaces): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(Row::is_task);
    let entries = |rows: Vec<Row>| rows.into_iter().map(|row| row.entry).collect::<Vec<Value>>();
    json!({"namespaces": entries(namespaces), "tasks": entries(tasks)}).to_string()
}

/// The time that a text means: one of the calendar, or how long ago.
fn time_since(text: &str, context: &Context) -> Result<DateTime<Utc>> {
    // A bare number would be seconds since the epoch or seconds ago.
    if text.contains('T')
        && let Ok(time) = parse_time(text)
    {
        return Ok(time);
    }
    let length = waiting::length(text, "--since")?;
    let ago = chrono::TimeDelta::from_std(length).ok().and_then(|length| context.now().checked_sub_signed(length));
    ago.ok_or_else(|| Error::usage(format!("`{text}` is out of range")))
}

/// A line of the tree.
fn branch(row: &Row, now: DateTime<Utc>) -> String {
    let indent = "  ".repeat(row.depth);
    let name = one_line(row.name());
    if !row.is_task() {
        return format!("{indent}{name}.");
    }
    let expires = parse_time(row.text("expires")).map(|time| format!("  expires {}", ago(time, now)));
    format!("{indent}{name}  {}{}", one_line(row.text("taskId")), expires.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_indented_and_tells_the_task() {
        let now = parse_time("2026-11-22T12:00:00Z").unwrap();
        let entry = json!({"namespace": "a.b.latest", "taskId": "T", "expires": "2026-11-23T12:00:00Z"});
        assert_eq!(branch(&Row { depth: 1, entry }, now), "  latest  T  expires in 1 d 0 h");
        assert_eq!(branch(&Row { depth: 0, entry: json!({"namespace": "a.\u{1b}b"}) }, now), "b.");
    }
}
