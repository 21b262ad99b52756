//! `tc index`: one file a verb.

mod download;
mod find;
mod insert;
mod list;
mod rm;

mod named;
mod tree;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// What to do with the index; each place is named by its path, or by the address of its page.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Find(find::Args),
    List(list::Args),
    Insert(insert::Args),
    Download(download::Args),
    Rm(rm::Args),
}

impl Command {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &Context) -> Result<Status> {
        match self {
            Self::Find(args) => find::run(args, context).await,
            Self::List(args) => list::run(args, context).await,
            Self::Insert(args) => insert::run(args, context).await,
            Self::Download(args) => download::run(args, context).await,
            Self::Rm(args) => rm::run(args, context).await,
        }
    }
}
