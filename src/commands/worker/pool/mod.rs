//! `tc worker pool`: one file a verb.

mod create;
mod rm;
mod show;
mod update;

mod check;
mod definition;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// What to do with single worker pools.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Show(show::Args),
    Create(create::Args),
    Update(update::Args),
    Rm(rm::Args),
}

impl Command {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &Context) -> Result<Status> {
        match self {
            Self::Show(args) => show::run(args, context).await,
            Self::Create(args) => create::run(args, context).await,
            Self::Update(args) => update::run(args, context).await,
            Self::Rm(args) => rm::run(args, context).await,
        }
    }
}
