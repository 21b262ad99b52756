//! `tc role list`

use serde_json::Value;

use super::super::definition::scopes;
use super::super::known;
use super::super::shown::{text, time};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::ui::Table;

/// List roles
///
/// In a pipe: ID, when it was last modified, how many scopes it has, and its description, with tabs between them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only those whose IDs start like this
    #[arg(value_name = "PREFIX", default_value = "")]
    prefix: String,
}

/// Lists them.
///
/// # Errors
/// When a call fails.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let mut roles = known::roles(&context.client()?).await?;
    roles.retain(|role| text(role, "roleId").starts_with(&args.prefix));
    if context.wants_json() {
        context.print_json(Value::Array(roles).to_string()).await?;
        return Ok(Status::DONE);
    }
    let mut table = Table::new(["role", "modified", "scopes", "description"]).whole(0).right(2).optional(&[3, 1]);
    for role in &roles {
        table.row([
            text(role, "roleId").to_owned(),
            time(role, "lastModified", context),
            scopes(role).len().to_string(),
            text(role, "description").to_owned(),
        ]);
    }
    if table.is_empty() {
        context.ui.note("There are no such roles.");
        return Ok(Status::DONE);
    }
    context.ui.table(&table)?;
    Ok(Status::DONE)
}
