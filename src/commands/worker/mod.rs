//! `tc worker`: one file a verb.

mod errors;
mod list;
mod pool;
mod pools;
mod quarantine;
mod show;
mod terminate;
mod unquarantine;
mod watch;

mod counts;
mod fields;
mod grouped;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// What to do with worker pools and workers.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Pools(pools::Args),
    /// Show and change single worker pools
    #[command(subcommand)]
    Pool(pool::Command),
    List(list::Args),
    Show(show::Args),
    Errors(errors::Args),
    Quarantine(quarantine::Args),
    Unquarantine(unquarantine::Args),
    Terminate(terminate::Args),
    Watch(watch::Args),
}

impl Command {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &Context) -> Result<Status> {
        match self {
            Self::Pools(args) => pools::run(args, context).await,
            Self::Pool(command) => command.run(context).await,
            Self::List(args) => list::run(args, context).await,
            Self::Show(args) => show::run(args, context).await,
            Self::Errors(args) => errors::run(args, context).await,
            Self::Quarantine(args) => quarantine::run(args, context).await,
            Self::Unquarantine(args) => unquarantine::run(args, context).await,
            Self::Terminate(args) => terminate::run(args, context).await,
            Self::Watch(args) => watch::run(args, context).await,
        }
    }
}
