//! `tc role list`

use serde_json::Value;

use super::super::definition::scopes;
use super::super::known;
use super::super::shown::text;
use crate::commands::lists::{Cell, Column, ListArgs, Row, none};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::ui::Progress;

/// List roles
///
/// In a pipe: ID, when it was last modified, how many scopes it has, and its description, with tabs between them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only IDs that start with this
    #[arg(value_name = "PREFIX", default_value = "", hide_default_value = true)]
    prefix: String,
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each role.
const COLUMNS: [Column; 4] = [
    Column::new("role").whole(),
    Column::new("modified").optional(1),
    Column::new("scopes").right(),
    Column::new("description").optional(0),
];

/// Lists them.
///
/// # Errors
/// When a call fails.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(&COLUMNS, context)?;
    let progress = Progress::beside_output(&context.ui, "Listing", None);
    let roles = known::roles(&context.client()?, &args.prefix, listing.enough(), || progress.advance(1)).await?;
    progress.finish();
    let row = |role: Value| {
        let cells: [Cell; COLUMNS.len()] = [
            text(&role, "roleId").into(),
            Cell::time(text(&role, "lastModified"), context.now()),
            scopes(&role).len().to_string().into(),
            text(&role, "description").into(),
        ];
        Row::new(role, cells)
    };
    let rows = roles.into_iter().map(row).collect();
    let nothing = none("roles", !args.prefix.is_empty());
    listing.print(rows, nothing, context, |roles| Value::Array(roles).to_string()).await
}
