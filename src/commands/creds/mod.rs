//! `tc creds`

mod env;
mod temp;

use crate::commands::Status;
use crate::context::Context;
use crate::error::Result;

/// Make temporary credentials, print the current ones
#[derive(Debug, clap::Args)]
pub struct Args {
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
pub fn run(args: &Args, context: &Context) -> Result<Status> {
    match &args.verb {
        Verb::Temp(args) => temp::run(args, context),
        Verb::Env(args) => env::run(args, context),
    }
}
