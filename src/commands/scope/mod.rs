//! `tc scope`

mod check;
mod expand;
mod r#match;
mod required;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Compare, expand and check scopes
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Match(r#match::Args),
    Expand(expand::Args),
    Required(required::Args),
    Check(check::Args),
}

/// Runs the verb.
///
/// # Errors
/// Whatever it ran into.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    match &args.verb {
        Verb::Match(args) => r#match::run(args, context).await,
        Verb::Expand(args) => expand::run(args, context).await,
        Verb::Required(args) => required::run(args, context).await,
        Verb::Check(args) => check::run(args, context).await,
    }
}
