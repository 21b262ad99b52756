//! `tc config`

mod edit;
mod explain;
mod form;
mod get;
mod import;
mod key;
mod list;
mod path;
mod set;
mod show;
mod unset;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Show and change your settings
///
/// They are kept in a TOML file (`tc config path`), at its top or in profiles. Values are taken from the first of
/// these that has one: a flag, the environment, the profile in use, the top of the file, the default.
///
/// Scopes that belong together can have a name: `tc config set presets.relduty SCOPE..`
///
/// Without a verb it prints the effective settings under the Go tool's names.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(flatten)]
    show: show::Args,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Get(get::Args),
    Set(set::Args),
    #[command(visible_alias = "reset")]
    Unset(unset::Args),
    List(list::Args),
    #[command(name = "help")]
    Explain(explain::Args),
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
        None => show::run(&args.show, context).await,
        Some(Verb::Get(args)) => get::run(args, context).await,
        Some(Verb::Set(args)) => set::run(args, context).await,
        Some(Verb::Unset(args)) => unset::run(args, context).await,
        Some(Verb::List(args)) => list::run(args, context).await,
        Some(Verb::Explain(args)) => explain::run(args, context).await,
        Some(Verb::Path(args)) => path::run(args, context).await,
        Some(Verb::Edit(args)) => edit::run(args, context).await,
        Some(Verb::Import(args)) => import::run(args, context).await,
    }
}
