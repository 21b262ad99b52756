//! `tc client disable`

use super::super::known;
use crate::commands::bulk::{EachAction, EachArgs, each};
use crate::commands::selection::CLIENT;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Disable clients: their credentials stop working until they are enabled again
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Clients: IDs or addresses of pages; `-` reads them from standard input, one a line
    #[arg(value_name = "CLIENT", required = true)]
    clients: Vec<String>,
    #[command(flatten)]
    each: EachArgs,
}

const ACTION: EachAction = EachAction { verb: "disable", done: "disabled", noun: "client", asks_for_one: false };

/// Does it.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such client.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = CLIENT.all_named(&args.clients, context).await?;
    each(ACTION, &named, &args.each, context, |client, one| async move {
        let answer = client.call("auth", "disableClient").arg(&one.id).send().await?;
        known::expect_disabled(&answer, true)
    })
    .await
}
