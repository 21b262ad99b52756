//! `tc role update`

use std::io::Write as _;

use serde_json::{Value, json};

use super::super::definition::{lines, scopes};
use super::super::input::ChangeArgs;
use super::super::known;
use crate::commands::bulk::{Change, EachArgs, confirm_difference};
use crate::commands::documents::difference;
use crate::commands::selection::ROLE;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Change a role's scopes or description
///
/// What is not given stays as it is. Shows what changes, and on a terminal asks.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Role: an ID or the address of its page
    #[arg(value_name = "ROLE")]
    role: String,
    #[command(flatten)]
    change: ChangeArgs,
    #[command(flatten)]
    each: EachArgs,
}

/// Updates it.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such role.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = ROLE.named(&args.role, context)?;
    let client = named.deployment.client(context)?;
    let before = known::role(&client, &named.id).await?;
    let given = args.change.read(&scopes(&before), context).await?;
    let description = given.description.map(Value::from).or_else(|| before.get("description").cloned());
    let body = json!({"description": description, "scopes": given.scopes.unwrap_or_else(|| scopes(&before))});
    let changes = difference(&lines(&before), &lines(&body));
    if let Change::Left(status) = confirm_difference(("role", &named.id), &changes, &args.each, context).await? {
        return Ok(status);
    }
    let answer = client.call("auth", "updateRole").arg(&named.id).json(&body).send().await?;
    if context.wants_json() {
        context.print_done(&format!("updated role {}", named.id), answer.body).await?;
        return Ok(Status::DONE);
    }
    writeln!(context.ui.out(), "Role {} updated", context.ui.safe(&named.id))?;
    Ok(Status::DONE)
}
