//! `tc notify slack`

use serde_json::json;

use super::send::{SendArgs, send, text};
use crate::context::Context;
use crate::domain::Recipient;
use crate::error::Result;
use crate::exit::Status;

/// Write to a Slack channel
///
/// Sent only once: after a failure it may have arrived all the same, so it is not retried.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// ID of the channel, such as C123456GZ: the end of its link
    #[arg(value_name = "CHANNEL")]
    channel: String,
    /// What to say; `@FILE` reads it from a file, `-` from standard input
    #[arg(value_name = "TEXT", default_value = "-")]
    text: String,
    #[command(flatten)]
    send: SendArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let to = Recipient::Slack(args.channel.clone());
    let body = json!({"channelId": args.channel, "text": text(&args.text, context).await?});
    send(&args.send, &to, &body, context).await
}
