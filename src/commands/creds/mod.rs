//! `tc creds`

mod env;
mod temp;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Make temporary credentials, or print the current ones
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Temp(Box<temp::Args>),
    Env(env::Args),
}

/// Runs the verb.
///
/// # Errors
/// Whatever it ran into.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    match &args.verb {
        Verb::Temp(args) => temp::run(args, context).await,
        Verb::Env(args) => env::run(args, context).await,
    }
}
