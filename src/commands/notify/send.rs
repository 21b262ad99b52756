//! What sending has in common, whatever the way.

use serde_json::{Value, json};

use crate::commands::notices::post;
use crate::context::Context;
use crate::domain::Recipient;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Flags of all ways.
#[derive(Debug, clap::Args)]
pub(super) struct SendArgs {
    /// Send nothing; print what would be sent
    #[arg(short = 'n', long, visible_alias = "noop")]
    dry_run: bool,
}

/// The text of a message: as it stands, from `@FILE`, or from standard input with `-`.
///
/// # Errors
/// When there is none, or it cannot be read.
pub(super) async fn text(given: &str, context: &Context) -> Result<String> {
    let bytes = match given.strip_prefix('@') {
        _ if given == "-" => context.read_stdin().await?,
        Some(file) => std::fs::read(context.env.resolve(file))
            .map_err(|source| Error::io("read the message from", format_args!("`{file}`"), source))?,
        None => given.as_bytes().to_vec(),
    };
    let text = String::from_utf8(bytes).map_err(|_| Error::usage("the message is not UTF-8"))?;
    let text = text.trim_end().to_owned();
    if text.is_empty() { Err(Error::usage("the message is empty")) } else { Ok(text) }
}

/// Sends, and says so.
pub(super) async fn send(args: &SendArgs, to: &Recipient, body: &Value, context: &Context) -> Result<Status> {
    if args.dry_run {
        context.print_json(body.to_string()).await?;
        context.ui.note("Nothing was sent.");
        return Ok(Status::DONE);
    }
    let is_new = post(&context.client()?, to, body).await?;
    if context.wants_json() {
        let said = json!({"method": to.method(), "address": to.address(), "duplicate": !is_new});
        let done = format!("sent the message to {}", to.address());
        context.print_done(&done, said.to_string()).await?;
    } else if is_new {
        context.ui.note(format_args!("Sent to {}.", to.address()));
    } else {
        context.ui.note(format_args!("Not sent to {}: it got the same message shortly before.", to.address()));
    }
    Ok(Status::DONE)
}
