//! `tc client show`

use serde_json::Value;

use super::super::known;
use super::super::shown::{self, text, time};
use crate::commands::selection::CLIENT;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Show a client: what it is for, when it expires, and its scopes
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Client: an ID or the address of its page
    #[arg(value_name = "CLIENT")]
    client: String,
    /// Show its scopes with those of its roles added
    #[arg(long)]
    expanded: bool,
}

/// Shows it.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such client.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = CLIENT.named(&args.client, context)?;
    let found = known::client(&named.deployment.client(context)?, &named.id).await?;
    if context.wants_json() {
        context.print_json(found.to_string()).await?;
        return Ok(Status::DONE);
    }
    let is = |key: &str| if found.get(key) == Some(&Value::Bool(true)) { "yes" } else { "no" }.to_owned();
    let facts = [
        ("client", text(&found, "clientId").to_owned()),
        ("description", text(&found, "description").to_owned()),
        ("disabled", is("disabled")),
        ("expires", time(&found, "expires", context)),
        ("delete on expiration", is("deleteOnExpiration")),
        ("created", time(&found, "created", context)),
        ("last modified", time(&found, "lastModified", context)),
        ("last used", time(&found, "lastDateUsed", context)),
        ("token made", time(&found, "lastRotated", context)),
    ];
    shown::print(&found, &facts, args.expanded, context)?;
    Ok(Status::DONE)
}
