//! `tc schema`

mod export;
mod list;
mod show;
mod skeleton;
mod target;
mod validate;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Look at the services' JSON schemas, and check files against them
///
/// A schema is named by the method whose body it describes (`queue createTask`), or by its file
/// (`queue v1/task.json`).
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    List(list::Args),
    Show(show::Args),
    Validate(validate::Args),
    Skeleton(skeleton::Args),
    Export(export::Args),
}

/// Runs the verb.
///
/// # Errors
/// Whatever it ran into.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    match &args.verb {
        Verb::List(args) => list::run(args, context).await,
        Verb::Show(args) => show::run(args, context).await,
        Verb::Validate(args) => validate::run(args, context).await,
        Verb::Export(args) => export::run(args, context).await,
        Verb::Skeleton(args) => skeleton::run(args, context).await,
    }
}
