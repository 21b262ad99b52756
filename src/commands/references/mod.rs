//! `tc references`: the API references that everything else is built on.

pub mod distill;

use crate::commands::Status;
use crate::context::Context;
use crate::error::Result;

/// What to do with references.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Turn a deployment's references into the files that tc is built from
    Distill(distill::Args),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever it ran into.
    pub fn run(self, context: &Context) -> Result<Status> {
        match self {
            Self::Distill(args) => distill::run(&args, context),
        }
    }
}
