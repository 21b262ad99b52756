//! `tc index rm`

use std::io::Write as _;

use serde_json::{Value, json};

use super::named;
use crate::commands::bulk::{Confirmation, Failures, done_to};
use crate::context::{Context, Named};
use crate::error::Result;
use crate::exit::Status;

/// Entries that are shown before the question.
const MAX_SHOWN_ENTRIES: usize = 10;

/// Remove tasks from the index
///
/// The tasks stay as they are.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Index paths, or addresses of pages of the index; `-` reads more from standard input
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<String>,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Only print the entries that would be removed
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no task at a path, before any is removed.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let paths = named::paths(&args.paths, context).await?;
    let count = if paths.len() == 1 { "1 entry".to_owned() } else { format!("{} entries", paths.len()) };
    let hint = "Use --yes to skip the question, or --dry-run to see the entries that would be removed.";
    let confirmation = |notice| Confirmation {
        action: if paths.len() == 1 { "remove an entry of the index" } else { "remove entries of the index" },
        refusal: "removed nothing",
        notice,
        question: if paths.len() == 1 { "Remove it?" } else { "Remove them?" },
        hint,
        ..Confirmation::default()
    };
    if !args.yes && !args.dry_run {
        confirmation("").check_terminal(context)?;
    }
    let mut lines = Vec::new();
    // The index does not mind to remove what is not there; whoever mistyped a path does.
    for place in &paths {
        let entry = named::find(&place.deployment.client(context)?, &place.id).await?;
        lines.push(format!("{} (task {})", place.id, crate::ui::one_line(named::task_of(&entry)?)));
    }
    if args.dry_run {
        return plan(&paths, &lines, context).await;
    }
    let more = lines.len().saturating_sub(MAX_SHOWN_ENTRIES);
    lines.truncate(MAX_SHOWN_ENTRIES);
    if more > 0 {
        lines.push(format!(".. and {more} more"));
    }
    let notice = format!("About to remove {count}:\n  {}", lines.join("\n  "));
    if !args.yes && !confirmation(&notice).ask(context).await? {
        return Ok(Status::NOT_CONFIRMED);
    }
    remove(&paths, context).await
}

async fn plan(paths: &[Named], lines: &[String], context: &Context) -> Result<Status> {
    if context.wants_json() {
        let names: Vec<&str> = paths.iter().map(|place| place.id.as_str()).collect();
        context.print_json(json!({"action": "rm", "would": names}).to_string()).await?;
        return Ok(Status::DONE);
    }
    let mut out = context.ui.out();
    for line in lines {
        writeln!(out, "Would remove {line}")?;
    }
    Ok(Status::DONE)
}

async fn remove(paths: &[Named], context: &Context) -> Result<Status> {
    let (mut done, mut failures): (Vec<&str>, Failures) = (Vec::new(), Failures::default());
    for place in paths {
        let (client, path) = (place.deployment.client(context)?, place.id.as_str());
        match client.call("index", "deleteTask").arg(path).send().await {
            Err(error) => failures.add(path, "", path, true, error, context),
            Ok(_) => {
                if !context.wants_json() {
                    let mut out = context.ui.out();
                    writeln!(out, "{path} removed")?;
                    out.flush()?;
                }
                done.push(path);
            }
        }
    }
    if context.wants_json() {
        let failed = failures
            .report()
            .failures
            .iter()
            .map(|failure| json!({"path": failure.id, "reason": failure.reason, "message": failure.message}));
        let document = json!({"action": "rm", "done": done, "failed": failed.collect::<Vec<Value>>()});
        context.print_done(&done_to("removed", "index path", &done), document.to_string()).await?;
    }
    let hints = failures.report().hints.clone();
    failures.finish(done.len(), "entries could not be removed", &hints, context)?;
    Ok(Status::DONE)
}
