//! `tc references`: the API references that everything else is built on.

pub(crate) mod distill;
pub(crate) mod list;
pub(crate) mod reset;
pub(crate) mod show;
pub(crate) mod update;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// What to do with references.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Fetch the references of the deployment in use, and use them from now on
    Update(update::Args),
    /// Distill a deployment's references into the files that tc is built from
    Distill(distill::Args),
    /// List the known services with what they offer
    List(list::Args),
    /// Print a service's methods, exchanges and schemas as JSON
    Show(show::Args),
    /// Remove the fetched references of the deployment in use, and use the embedded ones again
    Reset(reset::Args),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever it ran into.
    pub(crate) async fn run(self, context: &Context) -> Result<Status> {
        match self {
            Self::Update(args) => update::run(&args, context).await,
            Self::Distill(args) => distill::run(&args, context).await,
            Self::List(args) => list::run(&args, context).await,
            Self::Show(args) => show::run(&args, context).await,
            Self::Reset(args) => reset::run(&args, context).await,
        }
    }
}
