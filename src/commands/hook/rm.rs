//! `tc hook rm`

use std::io::Write as _;

use serde_json::{Value, json};

use super::named::{self, NamedHook};
use crate::commands::bulk::{Confirmation, Failures, done_to};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Hooks that are shown before the question.
const MAX_SHOWN_HOOKS: usize = 10;

/// Remove hooks
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Hooks: GROUP/HOOK, or addresses of their pages; `-` reads more from standard input
    #[arg(value_name = "HOOK", required = true)]
    hooks: Vec<String>,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Only print the hooks that would be removed
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// # Errors
/// [`crate::error::Kind::NotFound`] when one does not exist, before any is removed.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let hooks = named::hooks(&args.hooks, context).await?;
    let count = if hooks.len() == 1 { "1 hook".to_owned() } else { format!("{} hooks", hooks.len()) };
    let mut notice = format!("About to remove {count}:");
    for hook in hooks.iter().take(MAX_SHOWN_HOOKS) {
        notice.push_str(&format!("\n  {hook}"));
    }
    if hooks.len() > MAX_SHOWN_HOOKS {
        notice.push_str(&format!("\n  .. and {} more", hooks.len() - MAX_SHOWN_HOOKS));
    }
    let confirmation = Confirmation {
        action: &format!("remove {count}"),
        refusal: "removed nothing",
        notice: &notice,
        question: if hooks.len() == 1 { "Remove it?" } else { "Remove them?" },
        hint: "Use --yes to skip the question, or --dry-run to see the hooks that would be removed.",
        ..Confirmation::default()
    };
    if !args.yes && !args.dry_run {
        confirmation.check_terminal(context)?;
    }
    // The service does not mind to remove what is not there; whoever mistyped a name does.
    for hook in &hooks {
        hook.definition(&hook.deployment.client(context)?).await?;
    }
    if args.dry_run {
        return plan(&hooks, context).await;
    }
    if !args.yes && !confirmation.ask(context).await? {
        return Ok(Status::NOT_CONFIRMED);
    }
    remove(&hooks, context).await
}

async fn plan(hooks: &[NamedHook], context: &Context) -> Result<Status> {
    let names: Vec<String> = hooks.iter().map(ToString::to_string).collect();
    if context.wants_json() {
        context.print_json(json!({"action": "rm", "would": names}).to_string()).await?;
        return Ok(Status::DONE);
    }
    let mut out = context.ui.out();
    for name in names {
        writeln!(out, "Would remove {name}")?;
    }
    Ok(Status::DONE)
}

async fn remove(hooks: &[NamedHook], context: &Context) -> Result<Status> {
    let mut failures = Failures::default();
    let mut done: Vec<String> = Vec::new();
    for hook in hooks {
        let name = hook.to_string();
        let client = hook.deployment.client(context)?;
        match hook.call(&client, "removeHook").send().await {
            Err(error) => failures.add(&name, "", &name, true, error, context),
            Ok(_) => {
                if !context.wants_json() {
                    let mut out = context.ui.out();
                    writeln!(out, "{name} removed")?;
                    out.flush()?;
                }
                done.push(name);
            }
        }
    }
    if context.wants_json() {
        let failed = failures
            .report()
            .failures
            .iter()
            .map(|failure| json!({"hook": failure.id, "reason": failure.reason, "message": failure.message}));
        let document = json!({"action": "rm", "done": done, "failed": failed.collect::<Vec<Value>>()});
        context.print_done(&done_to("removed", "hook", &done), document.to_string()).await?;
    }
    let hints = failures.report().hints.clone();
    failures.finish(done.len(), "hooks could not be removed", &hints, context)?;
    Ok(Status::DONE)
}
