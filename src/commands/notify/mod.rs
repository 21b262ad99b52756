//! `tc notify`: one file a verb.

mod email;
mod matrix;
mod pulse;
mod slack;

mod send;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// How to tell somebody something, through the deployment's notify service.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Email(email::Args),
    Slack(slack::Args),
    Matrix(matrix::Args),
    Pulse(pulse::Args),
}

impl Command {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &Context) -> Result<Status> {
        match self {
            Self::Email(args) => email::run(args, context).await,
            Self::Slack(args) => slack::run(args, context).await,
            Self::Matrix(args) => matrix::run(args, context).await,
            Self::Pulse(args) => pulse::run(args, context).await,
        }
    }
}
