//! `tc secret list`

use serde_json::json;

use super::stored;
use crate::commands::lists::{Cell, Column, ListArgs, Row, none};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::ui::Progress;

/// List the names of secrets
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only names that start with this
    #[arg(value_name = "PREFIX", default_value = "", hide_default_value = true)]
    prefix: String,
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each secret.
const COLUMNS: [Column; 1] = [Column::new("name")];

/// Prints one name a line, or a list.
///
/// # Errors
/// When the call fails.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(&COLUMNS, context)?;
    let progress = Progress::beside_output(&context.ui, "Listing", None);
    let looked_at = || progress.advance(1);
    let names = stored::some_names(&context.client()?, &args.prefix, listing.enough(), looked_at).await?;
    progress.finish();
    let rows = names.into_iter().map(|name| Row::new(name.clone(), [Cell::from(name)])).collect();
    let nothing = none("secrets", !args.prefix.is_empty());
    listing.print(rows, nothing, context, |names| json!(names).to_string()).await
}
