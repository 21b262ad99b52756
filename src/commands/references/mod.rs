//! `tc references`: the API references that everything else is built on.

pub(crate) mod distill;
pub(crate) mod list;
pub(crate) mod show;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// What to do with references.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Turn a deployment's references into the files that tc is built from
    Distill(distill::Args),
    /// List the services that are known, with what they offer
    List(list::Args),
    /// Print a service's methods, exchanges and schemas as JSON
    Show(show::Args),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever it ran into.
    pub(crate) async fn run(self, context: &Context) -> Result<Status> {
        match self {
            Self::Distill(args) => distill::run(&args, context).await,
            Self::List(args) => list::run(&args, context).await,
            Self::Show(args) => show::run(&args, context).await,
        }
    }
}
