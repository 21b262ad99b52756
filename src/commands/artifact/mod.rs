//! `tc artifact`: one file a verb.

mod cat;
mod download;
mod list;
mod upload;
mod url;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// What to do with artifacts of a task, which is named by its ID or the address of its page.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    List(list::Args),
    Cat(cat::Args),
    Url(url::Args),
    Download(download::Args),
    Upload(upload::Args),
}

impl Command {
    /// Whether it moves the content of artifacts.
    pub(crate) fn is_transfer(&self) -> bool {
        matches!(self, Self::Cat(_) | Self::Download(_) | Self::Upload(_))
    }

    /// Runs the verb.
    pub(crate) async fn run(&self, context: &Context) -> Result<Status> {
        match self {
            Self::List(args) => list::run(args, context).await,
            Self::Cat(args) => cat::run(args, context).await,
            Self::Url(args) => url::run(args, context).await,
            Self::Download(args) => download::run(args, context).await,
            Self::Upload(args) => upload::run(args, context).await,
        }
    }
}
