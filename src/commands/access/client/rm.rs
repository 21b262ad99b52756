//! `tc client rm`

use super::super::known;
use crate::commands::bulk::{EachAction, EachArgs, each};
use crate::commands::selection::CLIENT;
use crate::context::Context;
use crate::error::{Kind, Result};
use crate::exit::Status;

/// Remove clients
///
/// Their credentials, and temporary ones that were made from them, stop working.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Clients: IDs or addresses of pages; `-` reads them from standard input, one a line
    #[arg(value_name = "CLIENT", required = true)]
    clients: Vec<String>,
    #[command(flatten)]
    each: EachArgs,
}

const ACTION: EachAction = EachAction { verb: "remove", done: "removed", noun: "client", asks_for_one: true };

/// Removes them; the service takes the removal of what is not there for done, so that is looked for first.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such client; [`crate::error::Kind::Usage`] when nobody can be asked.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = CLIENT.all_named(&args.clients, context).await?;
    for one in &named {
        match known::client(&one.deployment.client(context)?, &one.id).await {
            // Who may remove one need not be allowed to look at it.
            Err(error) if error.kind() == Kind::Auth => {}
            found => drop(found?),
        }
    }
    each(ACTION, &named, &args.each, context, |client, one| async move {
        client.call("auth", "deleteClient").arg(&one.id).send().await.map(drop)
    })
    .await
}
