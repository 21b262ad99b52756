//! `tc group seal`

use crate::commands::shared;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Seal a group: nobody can ever add tasks to it again
///
/// This cannot be undone. It asks first; without a terminal it needs --yes.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    /// Do not ask
    #[arg(short, long, visible_alias = "force")]
    yes: bool,
    /// Do nothing but say what would be done
    #[arg(short = 'n', long, visible_alias = "noop")]
    dry_run: bool,
}

/// Seals.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when nobody can be asked, and those of the call.
pub async fn run(args: &Args, context: &Context) -> Result<Status> {
    let (group, context) = shared::group(&args.group, context)?;
    let ui = &context.ui;
    if args.dry_run {
        ui.note(format_args!("Group {group} would be sealed; nothing was sent."));
        return Ok(Status::DONE);
    }
    if !args.yes {
        if !ui.terminal.stdin {
            return Err(Error::usage("to seal a group a confirmation is needed, and there is no terminal to ask on")
                .hint("--yes does it without asking. Sealing cannot be undone."));
        }
        ui.note("Sealing cannot be undone: nobody can ever add tasks to this group again.");
        if !context.confirm(&format!("Seal group {group}?")).await? {
            return Err(Error::failed("the group was not sealed: there was no yes"));
        }
    }
    let client = context.client()?;
    let response = client.call("queue", "sealTaskGroup").arg(group.as_str()).send().await?;
    if context.globals.json || context.globals.jq.is_some() {
        context.print_json(response.body.clone()).await?;
    } else {
        ui.note(format_args!("Group {group} is sealed."));
    }
    Ok(Status::DONE)
}
