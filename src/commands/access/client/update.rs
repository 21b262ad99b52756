//! `tc client update`

use std::io::Write as _;

use serde_json::{Value, json};

use super::super::definition::{lines, scopes};
use super::super::input::ChangeArgs;
use super::super::known;
use crate::commands::bulk::{Change, EachArgs, confirm_difference};
use crate::commands::documents::difference;
use crate::commands::selection::CLIENT;
use crate::commands::waiting::future_time;
use crate::context::Context;
use crate::domain::time::to_iso;
use crate::error::Result;
use crate::exit::Status;

/// Change a client's scopes, description or expiry
///
/// What is not given stays as it is. Shows what changes, and on a terminal asks.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Client: an ID or the address of its page
    #[arg(value_name = "CLIENT")]
    client: String,
    #[command(flatten)]
    change: ChangeArgs,
    /// Expiry: a time, or one relative to now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    expires: Option<String>,
    /// Whether to remove it when it has expired
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    delete_on_expiration: Option<bool>,
    #[command(flatten)]
    each: EachArgs,
}

/// Updates it.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such client.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = CLIENT.named(&args.client, context)?;
    let expires = args.expires.as_deref().map(|text| future_time("--expires", text, context.now())).transpose()?;
    let client = named.deployment.client(context)?;
    let before = known::client(&client, &named.id).await?;
    let given = args.change.read(&scopes(&before), context).await?;
    let same = |key: &str| before.get(key).cloned().unwrap_or_default();
    let body = json!({
        "description": given.description.map_or_else(|| same("description"), Value::from),
        "expires": expires.map_or_else(|| same("expires"), |expires| to_iso(expires).into()),
        "deleteOnExpiration": args.delete_on_expiration.map_or_else(|| same("deleteOnExpiration"), Value::from),
        "scopes": given.scopes.unwrap_or_else(|| scopes(&before)),
    });
    let changes = difference(&lines(&before), &lines(&body));
    if let Change::Left(status) = confirm_difference(("client", &named.id), &changes, &args.each, context).await? {
        return Ok(status);
    }
    let answer = client.call("auth", "updateClient").arg(&named.id).json(&body).send().await?;
    if context.wants_json() {
        context.print_done(&format!("updated client {}", named.id), answer.body).await?;
        return Ok(Status::DONE);
    }
    writeln!(context.ui.out(), "Client {} updated", context.ui.safe(&named.id))?;
    Ok(Status::DONE)
}
