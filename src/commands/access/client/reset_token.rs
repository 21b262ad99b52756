//! `tc client reset-token`

use super::super::known;
use super::create::print_token;
use crate::commands::bulk::Confirmation;
use crate::commands::selection::CLIENT;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Replace a client's access token, and print the new one
///
/// The old token stops working at once. The new one is shown only once, and is all that goes to standard output. With
/// `--json` the whole answer, token included.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Client: an ID or the address of its page
    #[arg(value_name = "CLIENT")]
    client: String,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
}

/// Resets it. The call is not sent a second time: each would make the token of the one before worthless.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such client; [`crate::error::Kind::Usage`] when nobody can be asked.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = CLIENT.named(&args.client, context)?;
    let client = named.deployment.client(context)?;
    known::client(&client, &named.id).await?;
    let notice = format!("The access token of client {} will stop working.", context.ui.safe(&named.id));
    let confirmation = Confirmation {
        action: "reset the access token",
        refusal: "reset nothing",
        notice: &notice,
        question: "Reset it?",
        hint: "Use --yes to skip the question.",
        ..Confirmation::default()
    };
    if !args.yes && !confirmation.ask(context).await? {
        return Ok(Status(1));
    }
    let answer = client.call("auth", "resetAccessToken").arg(&named.id).send().await?.json()?;
    print_token(&answer, &format!("Client {} has a new access token", named.id), context).await
}
