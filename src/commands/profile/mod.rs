//! `tc profile`

mod add;
mod list;
mod rm;
mod r#use;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Give deployments names of your own
///
/// A profile is a root URL with a name, and settings that go with it. It can be used for one
/// command (`-R NAME`, `--profile NAME`), for a shell (`TC_PROFILE`), or from now on (`tc profile use`).
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    List(list::Args),
    #[command(name = "use")]
    Select(r#use::Args),
    Add(add::Args),
    Rm(rm::Args),
}

/// Runs the verb.
///
/// # Errors
/// Whatever it ran into.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    match &args.verb {
        Verb::List(args) => list::run(args, context).await,
        Verb::Select(args) => r#use::run(args, context).await,
        Verb::Add(args) => add::run(args, context).await,
        Verb::Rm(args) => rm::run(args, context).await,
    }
}
