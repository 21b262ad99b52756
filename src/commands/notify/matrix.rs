//! `tc notify matrix`

use serde_json::json;

use super::send::{SendArgs, send, text};
use crate::context::Context;
use crate::domain::Recipient;
use crate::error::Result;
use crate::exit::Status;

/// Write to a Matrix room
///
/// The deployment's Matrix user must have been invited to the room. Sent only once: after a failure it may have
/// arrived all the same, so it is not retried.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// ID of the room, such as !room:example.com
    #[arg(value_name = "ROOM")]
    room: String,
    /// What to say; `@FILE` reads it from a file, `-` from standard input
    #[arg(value_name = "TEXT", default_value = "-")]
    text: String,
    /// Kind of message
    #[arg(long, value_name = "TYPE", value_parser = ["m.notice", "m.text", "m.emote"])]
    msgtype: Option<String>,
    #[command(flatten)]
    send: SendArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let to = Recipient::Matrix(args.room.clone());
    let mut body = json!({"roomId": args.room, "body": text(&args.text, context).await?});
    if let (Some(kind), Some(members)) = (&args.msgtype, body.as_object_mut()) {
        members.insert("msgtype".to_owned(), json!(kind));
    }
    send(&args.send, &to, &body, context).await
}
