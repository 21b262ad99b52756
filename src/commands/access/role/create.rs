//! `tc role create`

use std::io::Write as _;

use serde_json::json;

use super::super::input::DefinitionArgs;
use crate::commands::selection::ROLE;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Create a role
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The ID of the new role
    #[arg(value_name = "ROLE")]
    role: String,
    #[command(flatten)]
    definition: DefinitionArgs,
    /// Only print what would be sent
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// Creates it.
///
/// # Errors
/// [`crate::error::Kind::Usage`] without scopes; [`crate::error::Kind::Conflict`] when there is another one of this ID.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = ROLE.named(&args.role, context)?;
    let given = args.definition.read(context).await?;
    let scopes = given.scopes.ok_or_else(|| {
        Error::usage("the scopes of the role are missing").hint("Give them with -s SCOPE, or in a file with -f FILE.")
    })?;
    let body = json!({"description": given.description.unwrap_or_default(), "scopes": scopes});
    let client = named.deployment.client(context)?;
    let call = client.call("auth", "createRole").arg(&named.id).json(&body);
    if args.dry_run {
        context.print_json(body.to_string()).await?;
        context.ui.note(format_args!("Role {} would be created; nothing was sent.", named.id));
        return Ok(Status::DONE);
    }
    let answer = call.send().await?;
    if context.wants_json() {
        context.print_done(&format!("created role {}", named.id), answer.body).await?;
        return Ok(Status::DONE);
    }
    writeln!(context.ui.out(), "Role {} created", context.ui.safe(&named.id))?;
    Ok(Status::DONE)
}
