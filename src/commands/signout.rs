//! `tc signout`

use std::io::Write as _;

use serde_json::json;

use crate::commands::bulk::done_to;
use crate::commands::credentials::exports::ShellFlags;
use crate::config::Store;
use crate::context::Context;
use crate::domain::Shell;
use crate::env;
use crate::error::Result;
use crate::exit::Status;

/// The variables that hold credentials.
const VARIABLES: [env::Variable; 3] = [env::CLIENT_ID, env::ACCESS_TOKEN, env::CERTIFICATE];

/// Forget the credentials for a deployment
///
/// They are removed from the store. A shell's own can only be unset by that shell: in a pipe the
/// statements for that are printed, so `eval "$(tc signout)"` does both.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Forget the credentials for all deployments
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    shell: ShellFlags,
}

/// Removes what is stored, says so, and prints what the shell must unset.
///
/// # Errors
/// When the store is refused, or nobody says for which deployment. Nothing is printed then.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let shell = args.shell.chosen();
    let prints = !context.ui.terminal.stdout || shell.is_some();
    let store = Store::open(&context.env);
    let removed = if args.all {
        store.remove_all()?
    } else {
        match context.root_url() {
            Ok(root) => {
                if store.remove(&root)? {
                    vec![root.to_string()]
                } else {
                    Vec::new()
                }
            }
            // Whoever only has credentials in the shell need not say where they are valid.
            Err(_) if prints && context.settings()?.root_url()?.is_none() => Vec::new(),
            Err(error) => return Err(error),
        }
    };
    if context.wants_json() {
        let done = done_to("removed", "sign-in", &removed);
        context.print_done(&done, json!({"removed": removed}).to_string()).await?;
        return Ok(Status::DONE);
    }
    if prints {
        let shell = shell.unwrap_or_default();
        let mut out = context.ui.out();
        for variable in VARIABLES {
            writeln!(out, "{}", shell.unset(variable.name))?;
        }
    }
    tell(&removed, prints, context);
    Ok(Status::DONE)
}

/// A terminal's user hears what was done; a script only when its work is not done with that.
fn tell(removed: &[String], prints: bool, context: &Context) {
    if context.ui.terminal.stderr {
        for root in removed {
            context.ui.note(format_args!("Removed the stored credentials for {root}."));
        }
        if removed.is_empty() && !prints {
            context.ui.note("Nothing was stored.");
        }
    }
    if !prints && VARIABLES.iter().any(|variable| context.env.get(*variable).is_some()) {
        let how = Shell::Sh.evaluate("tc signout");
        context.ui.hint(format_args!("This shell has credentials in its environment. To unset them: {how}"));
    }
}
