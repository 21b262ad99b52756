//! `tc notify pulse`

use serde_json::{Value, json};

use super::send::{SendArgs, send, text};
use crate::context::Context;
use crate::domain::Recipient;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Publish a message over Pulse
///
/// Programs receive it from the exchange of the notify service, with the routing key `route.KEY`. Sent only once:
/// after a failure it may have arrived all the same, so it is not retried.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Routing key, such as my.project.done
    #[arg(value_name = "KEY")]
    key: String,
    /// A JSON object; `@FILE` reads it from a file, `-` from standard input
    #[arg(value_name = "JSON", default_value = "-")]
    message: String,
    #[command(flatten)]
    send: SendArgs,
}

/// # Errors
/// [`crate::error::Kind::Usage`] when the message is no JSON object.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let to = Recipient::Pulse(args.key.clone());
    let message = text(&args.message, context).await?;
    let message: Value =
        serde_json::from_str(&message).map_err(|source| Error::usage("the message is not JSON").caused_by(source))?;
    if !message.is_object() {
        return Err(Error::usage("the message is not a JSON object"));
    }
    send(&args.send, &to, &json!({"routingKey": args.key, "message": message}), context).await
}
