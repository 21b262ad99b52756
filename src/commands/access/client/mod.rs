//! `tc client`: one file a verb.

mod create;
mod disable;
mod enable;
mod list;
mod reset_token;
mod rm;
mod show;
mod update;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// What to do with clients; each takes an ID, or the address of the client's page.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    List(list::Args),
    Show(show::Args),
    Create(create::Args),
    Update(update::Args),
    Rm(rm::Args),
    ResetToken(reset_token::Args),
    Enable(enable::Args),
    Disable(disable::Args),
}

impl Command {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &Context) -> Result<Status> {
        match self {
            Self::List(args) => list::run(args, context).await,
            Self::Show(args) => show::run(args, context).await,
            Self::Create(args) => create::run(args, context).await,
            Self::Update(args) => update::run(args, context).await,
            Self::Rm(args) => rm::run(args, context).await,
            Self::ResetToken(args) => reset_token::run(args, context).await,
            Self::Enable(args) => enable::run(args, context).await,
            Self::Disable(args) => disable::run(args, context).await,
        }
    }
}
