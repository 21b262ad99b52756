//! `tc client list`

use serde_json::Value;

use super::super::definition::scopes;
use super::super::known;
use super::super::shown::text;
use crate::commands::lists::{Cell, Column, ListArgs, Row, none};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::ui::Progress;

/// List clients
///
/// In a pipe: ID, when it expires, when it was last used (to the nearest day), how many scopes it has, `disabled` or
/// nothing, and its description, with tabs between them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only IDs that start with this
    #[arg(value_name = "PREFIX", default_value = "", hide_default_value = true)]
    prefix: String,
    /// Only disabled ones
    #[arg(long)]
    disabled: bool,
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each client.
const COLUMNS: [Column; 6] = [
    Column::new("client").whole(),
    Column::new("expires"),
    Column::new("used").optional(1),
    Column::new("scopes").right().optional(2),
    Column::new("disabled"),
    Column::new("description").optional(0),
];

/// Lists them.
///
/// # Errors
/// When a call fails.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(&COLUMNS, context)?;
    let is_disabled = |client: &Value| client.get("disabled") == Some(&Value::Bool(true));
    let progress = Progress::beside_output(&context.ui, "Listing", None);
    let keep = |client: &Value| {
        progress.advance(1);
        !args.disabled || is_disabled(client)
    };
    let clients = known::some_clients(&context.client()?, &args.prefix, listing.enough(), keep).await?;
    progress.finish();
    let row = |client: Value| {
        let time = |key| Cell::time(text(&client, key), context.now());
        let cells: [Cell; COLUMNS.len()] = [
            text(&client, "clientId").into(),
            time("expires"),
            time("lastDateUsed"),
            scopes(&client).len().to_string().into(),
            if is_disabled(&client) { "disabled" } else { "" }.into(),
            text(&client, "description").into(),
        ];
        Row::new(client, cells)
    };
    let rows = clients.into_iter().map(row).collect();
    let nothing = none("clients", args.disabled || !args.prefix.is_empty());
    listing.print(rows, nothing, context, |clients| Value::Array(clients).to_string()).await
}
