//! `tc object`: one file a verb.

mod download;
mod upload;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// What to do with objects of the object service.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Download(download::Args),
    Upload(upload::Args),
}

impl Command {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &Context) -> Result<Status> {
        match self {
            Self::Download(args) => download::run(args, context).await,
            Self::Upload(args) => upload::run(args, context).await,
        }
    }
}
