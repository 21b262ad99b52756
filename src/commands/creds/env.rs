//! `tc creds env`

use crate::commands::bulk::Confirmation;
use crate::commands::credentials::exports::{self, ShellFlags};
use crate::commands::credentials::sign_in_hint;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Print the current credentials as assignments for a shell
///
/// For programs that read the environment only: `eval "$(tc creds env)"`. On a terminal it asks first, because anyone
/// who reads the screen can then use them.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    shell: ShellFlags,
}

/// Prints the credentials that a call would be signed with.
///
/// # Errors
/// [`Kind::Auth`] when there are none, [`Kind::Failed`] when the answer was no.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let shell = args.shell.or_json(context)?.unwrap_or_default();
    let root = context.root_url()?;
    let Some(credentials) = context.credentials()? else {
        return Err(Error::new(Kind::Auth, format!("there are no credentials for {root}")).hint(sign_in_hint(context)));
    };
    if context.ui.terminal.stdout && !args.yes {
        let confirmation = Confirmation {
            action: "print the access token on the terminal",
            refusal: "printed nothing",
            question: "Print the access token on this terminal?",
            hint: "Use --yes to skip the question.",
            ..Confirmation::default()
        };
        if !confirmation.ask(context).await? {
            return Ok(Status::NOT_CONFIRMED);
        }
    }
    let expires = context.identity()?.expires;
    exports::print(context, shell, &root, &credentials, expires).await?;
    Ok(Status::DONE)
}
