//! `tc role rm`

use super::super::known;
use crate::commands::bulk::{EachAction, EachArgs, each};
use crate::commands::selection::ROLE;
use crate::context::Context;
use crate::error::{Kind, Result};
use crate::exit::Status;

/// Remove roles
///
/// Clients and roles that assume them lose their scopes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Roles: IDs or addresses of pages; `-` reads them from standard input, one a line
    #[arg(value_name = "ROLE", required = true)]
    roles: Vec<String>,
    #[command(flatten)]
    each: EachArgs,
}

const ACTION: EachAction = EachAction { verb: "remove", done: "removed", noun: "role", asks_for_one: true };

/// Removes them; the service takes the removal of what is not there for done, so that is looked for first.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such role; [`crate::error::Kind::Usage`] when nobody can be asked.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = ROLE.all_named(&args.roles, context).await?;
    for one in &named {
        match known::role(&one.deployment.client(context)?, &one.id).await {
            // Who may remove one need not be allowed to look at it.
            Err(error) if error.kind() == Kind::Auth => {}
            found => drop(found?),
        }
    }
    each(ACTION, &named, &args.each, context, |client, one| async move {
        client.call("auth", "deleteRole").arg(&one.id).send().await.map(drop)
    })
    .await
}
