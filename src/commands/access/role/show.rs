//! `tc role show`

use super::super::known;
use super::super::shown::{self, text, time};
use crate::commands::selection::ROLE;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Show a role: what it is for, and its scopes
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Role: an ID or the address of its page
    #[arg(value_name = "ROLE")]
    role: String,
    /// Show its scopes with those of other roles added
    #[arg(long)]
    expanded: bool,
}

/// Shows it.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such role.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = ROLE.named(&args.role, context)?;
    let found = known::role(&named.deployment.client(context)?, &named.id).await?;
    if context.wants_json() {
        context.print_json(found.to_string()).await?;
        return Ok(Status::DONE);
    }
    let facts = [
        ("role", text(&found, "roleId").to_owned()),
        ("description", text(&found, "description").to_owned()),
        ("created", time(&found, "created", context)),
        ("last modified", time(&found, "lastModified", context)),
    ];
    shown::print(&found, &facts, args.expanded, context)?;
    Ok(Status::DONE)
}
