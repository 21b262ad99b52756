//! `tc secret list`

use std::io::Write as _;

use serde_json::json;

use super::stored;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// List the names of secrets
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only those whose names start like this
    #[arg(value_name = "PREFIX", default_value = "")]
    prefix: String,
}

/// Prints one name a line, or a list.
///
/// # Errors
/// When the call fails.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let mut names = stored::names(&context.client()?).await?;
    names.retain(|name| name.starts_with(&args.prefix));
    if context.wants_json() {
        context.print_json(json!(names).to_string()).await?;
        return Ok(Status::DONE);
    }
    if names.is_empty() {
        context.ui.note("There are no such secrets.");
    }
    let mut out = context.ui.out();
    for name in names {
        writeln!(out, "{}", context.ui.safe(&name))?;
    }
    Ok(Status::DONE)
}
