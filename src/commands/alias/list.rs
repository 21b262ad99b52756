//! `tc alias list`

use serde_json::{Value, json};

use crate::commands::lists::{Cell, Column, ListArgs, Row};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// List your aliases
///
/// In a pipe: name and what it stands for, with a tab between them.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each alias.
const COLUMNS: [Column; 2] = [Column::new("alias").whole(), Column::new("command")];

/// Lists them.
///
/// # Errors
/// When the file is broken or the output cannot be written.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(&COLUMNS, context)?;
    let row = |(name, expansion): (String, String)| {
        let cells = [name.as_str(), expansion.as_str()].map(Cell::from);
        Row::new((name, expansion), cells)
    };
    let rows = context.settings()?.contents().aliases().into_iter().map(row).collect();
    let list = |aliases: Vec<(String, String)>| {
        let aliases = aliases.into_iter().map(|(name, expansion)| json!({"name": name, "command": expansion}));
        aliases.collect::<Value>().to_string()
    };
    listing.print(rows, "No aliases.", context, list).await
}
