//! `tc hook`: one file a verb.

mod create;
mod export;
mod fires;
mod list;
mod rm;
mod show;
mod status;
mod token;
mod trigger;
mod update;

mod definitions;
mod named;

use super::waiting::Ended;
use crate::context::Context;
use crate::error::Result;

/// What to do with hooks; each is named GROUP/HOOK, or by the address of its page.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    List(list::Args),
    Show(show::Args),
    Fires(fires::Args),
    Status(status::Args),
    Trigger(trigger::Args),
    Create(create::Args),
    Update(update::Args),
    Rm(rm::Args),
    Export(export::Args),
    Token(token::Args),
}

impl Command {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &Context) -> Result<Ended> {
        let status = match self {
            Self::Trigger(args) => return trigger::run(args, context).await,
            Self::List(args) => list::run(args, context).await,
            Self::Show(args) => show::run(args, context).await,
            Self::Fires(args) => fires::run(args, context).await,
            Self::Status(args) => status::run(args, context).await,
            Self::Create(args) => create::run(args, context).await,
            Self::Update(args) => update::run(args, context).await,
            Self::Rm(args) => rm::run(args, context).await,
            Self::Export(args) => export::run(args, context).await,
            Self::Token(args) => token::run(args, context).await,
        };
        status.map(Ended::Done)
    }
}
