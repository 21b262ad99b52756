//! `tc role`: one file a verb.

mod create;
mod list;
mod rm;
mod show;
mod update;
mod who;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// What to do with roles; each takes an ID, or the address of the role's page.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    List(list::Args),
    Show(show::Args),
    Create(create::Args),
    Update(update::Args),
    Rm(rm::Args),
    Who(who::Args),
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
            Self::Who(args) => who::run(args, context).await,
        }
    }
}
