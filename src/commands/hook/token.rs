//! `tc hook token`

use std::io::Write as _;

use serde_json::Value;

use super::named::NamedHook;
use crate::commands::bulk::Confirmation;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Print the token that triggers a hook without credentials
///
/// Anyone who has it can trigger the hook.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Hook: GROUP/HOOK, or the address of its page
    #[arg(value_name = "HOOK")]
    hook: String,
    /// Replace it with a new one first, which invalidates the old one
    #[arg(long)]
    reset: bool,
    /// Do not ask for confirmation of --reset
    #[arg(short, long, requires = "reset")]
    yes: bool,
}

/// Prints it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let hook = NamedHook::parse(&args.hook, context)?;
    let client = hook.deployment.client(context)?;
    if args.reset && !args.yes {
        let confirmation = Confirmation {
            action: "replace a trigger token",
            refusal: "replaced nothing",
            question: &format!("Replace the token of {hook}? Whoever uses the old one can no longer trigger the hook."),
            hint: "Use --yes to skip the question.",
            ..Confirmation::default()
        };
        if !confirmation.ask(context).await? {
            return Ok(Status::NOT_CONFIRMED);
        }
    }
    let method = if args.reset { "resetTriggerToken" } else { "getTriggerToken" };
    let answer = hook.call(&client, method).send().await?;
    if context.wants_json() {
        context.print_json(answer.body).await?;
        return Ok(Status::DONE);
    }
    let answer: Value = answer.json()?;
    let token = answer.get("token").and_then(Value::as_str);
    let token = token.ok_or_else(|| Error::failed("the hooks service answered without a token"))?;
    writeln!(context.ui.out(), "{}", context.ui.safe(token))?;
    Ok(Status::DONE)
}
