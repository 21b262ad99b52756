//! `tc config`

mod edit;
mod get;
mod import;
mod key;
mod list;
mod path;
mod set;
mod unset;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Show and change your settings
///
/// They are kept in a TOML file (`tc config path`), at its top or in profiles. What counts is, in
/// this order: a flag, the environment, the profile in use, the top of the file, the default.
///
/// Scopes that belong together can have a name: `tc config set presets.relduty SCOPE..`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Get(get::Args),
    Set(set::Args),
    #[command(alias = "reset")]
    Unset(unset::Args),
    List(list::Args),
    Path(path::Args),
    Edit(edit::Args),
    Import(import::Args),
}

/// Runs the verb.
///
/// # Errors
/// Whatever it ran into.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    match &args.verb {
        Verb::Get(args) => get::run(args, context).await,
        Verb::Set(args) => set::run(args, context).await,
        Verb::Unset(args) => unset::run(args, context).await,
        Verb::List(args) => list::run(args, context).await,
        Verb::Path(args) => path::run(args, context).await,
        Verb::Edit(args) => edit::run(args, context).await,
        Verb::Import(args) => import::run(args, context).await,
    }
}
