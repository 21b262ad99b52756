//! `tc alias`

mod list;
mod rm;
mod set;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Define commands of your own
///
/// `tc alias set rr 'group rerun --state failed'` makes `tc rr GROUP` what `tc group rerun --state failed GROUP` is. In what
/// an alias stands for, `$1` to `$9` are its arguments and `$@` is all others; without placeholders arguments go to the
/// end. One that starts with `!` is a line for the shell, in which they are `$1` and `"$@"`, too.
///
/// Aliases are settings: `tc config edit` shows them in `[aliases]`. The name of a command cannot be one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Set(set::Args),
    List(list::Args),
    #[command(visible_alias = "delete")]
    Rm(rm::Args),
}

/// Runs the verb; `is_command` knows the names of commands.
///
/// # Errors
/// Whatever it ran into.
pub(crate) async fn run(args: &Args, context: &Context, is_command: fn(&str) -> bool) -> Result<Status> {
    match &args.verb {
        Verb::Set(args) => set::run(args, context, is_command).await,
        Verb::List(args) => list::run(args, context).await,
        Verb::Rm(args) => rm::run(args, context).await,
    }
}
