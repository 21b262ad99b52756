//! `tc secret`: one file a verb.

mod edit;
mod get;
mod list;
mod load;
mod rm;
mod set;

mod changes;
mod content;
mod private_file;
mod stored;
mod variables;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// What to do with secrets; each takes a name, or the address of the secret's page.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    List(list::Args),
    Get(get::Args),
    Set(set::Args),
    Edit(edit::Args),
    Rm(rm::Args),
    Load(load::Args),
}

impl Command {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &Context) -> Result<Status> {
        match self {
            Self::List(args) => list::run(args, context).await,
            Self::Get(args) => get::run(args, context).await,
            Self::Set(args) => set::run(args, context).await,
            Self::Edit(args) => edit::run(args, context).await,
            Self::Rm(args) => rm::run(args, context).await,
            Self::Load(args) => load::run(args, context).await,
        }
    }
}
