//! `tc client create`

use std::io::Write as _;

use serde_json::{Value, json};

use super::super::input::DefinitionArgs;
use super::super::shown::text;
use crate::commands::selection::CLIENT;
use crate::commands::waiting::future_time;
use crate::context::Context;
use crate::domain::time::to_iso;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Create a client, and print its access token
///
/// The token is shown only once, and is all that goes to standard output: `tc client create .. > token`. With
/// `--json` the whole answer, token included.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The ID of the new client
    #[arg(value_name = "CLIENT")]
    client: String,
    #[command(flatten)]
    definition: DefinitionArgs,
    /// Expiry: a time, or one relative to now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    expires: String,
    /// Remove it when it has expired
    #[arg(long)]
    delete_on_expiration: bool,
    /// Only print what would be sent
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// Creates it.
///
/// # Errors
/// [`crate::error::Kind::Conflict`] when there is another one of this ID.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = CLIENT.named(&args.client, context)?;
    let expires = future_time("--expires", &args.expires, context.now())?;
    let given = args.definition.read(context).await?;
    let body = json!({
        "description": given.description.unwrap_or_default(),
        "expires": to_iso(expires),
        "scopes": given.scopes.unwrap_or_default(),
        "deleteOnExpiration": args.delete_on_expiration,
    });
    let client = named.deployment.client(context)?;
    let call = client.call("auth", "createClient").arg(&named.id).json(&body);
    if args.dry_run {
        context.print_json(body.to_string()).await?;
        context.ui.note(format_args!("Client {} would be created; nothing was sent.", named.id));
        return Ok(Status::DONE);
    }
    let answer = call.send().await?.json()?;
    print_token(&answer, &format!("Client {} created", named.id), context).await
}

/// Prints the access token alone, or with `--json` the whole answer; what was done goes to standard error.
///
/// # Errors
/// When the answer has no access token, or the output cannot be written.
pub(super) async fn print_token(answer: &Value, done: &str, context: &Context) -> Result<Status> {
    if context.wants_json() {
        context.print_done(done, answer.to_string()).await?;
    } else {
        let token = text(answer, "accessToken");
        if token.is_empty() {
            return Err(Error::failed("the answer has no access token"));
        }
        writeln!(context.ui.out(), "{token}")?;
    }
    context.ui.note(format_args!("{done}; the token is not shown again."));
    Ok(Status::DONE)
}
