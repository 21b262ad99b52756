//! `tc notify email`

use serde_json::json;

use super::send::{SendArgs, send, text};
use crate::context::Context;
use crate::domain::Recipient;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Send an e-mail
///
/// Sent only once: after a failure it may have arrived all the same, so it is not retried.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address to send it to
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// Content, in Markdown; `@FILE` reads it from a file, `-` from standard input
    #[arg(value_name = "TEXT", default_value = "-")]
    content: String,
    /// Subject line
    #[arg(short, long)]
    subject: String,
    /// Add a button that leads to this page
    #[arg(long, value_name = "URL")]
    link: Option<String>,
    /// What the button says
    #[arg(long, value_name = "TEXT", default_value = "Open", requires = "link")]
    link_text: String,
    /// Address that answers go to
    #[arg(long, value_name = "ADDRESS")]
    reply_to: Option<String>,
    /// Form of the e-mail
    #[arg(long, value_name = "NAME", value_parser = ["simple", "fullscreen"])]
    template: Option<String>,
    #[command(flatten)]
    send: SendArgs,
}

/// # Errors
/// [`crate::error::Kind::Usage`] when it is no message that the service takes.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let to: Recipient = format!("email:{}", args.address)
        .parse()
        .map_err(|_| Error::usage(format!("invalid e-mail address `{}`", args.address)))?;
    let mut body =
        json!({"address": to.address(), "subject": args.subject, "content": text(&args.content, context).await?});
    if let Some(members) = body.as_object_mut() {
        members.extend(args.link.iter().map(|href| ("link".to_owned(), json!({"text": args.link_text, "href": href}))));
        members.extend(args.reply_to.iter().map(|address| ("replyTo".to_owned(), json!(address))));
        members.extend(args.template.iter().map(|name| ("template".to_owned(), json!(name))));
    }
    send(&args.send, &to, &body, context).await
}
