//! `tc group seal`

use serde_json::Value;

use crate::client::{Client, Response};
use crate::commands::bulk::{Confirmation, about_group, lacks};
use crate::commands::selection;
use crate::context::{Context, Named};
use crate::error::Result;
use crate::exit::Status;

/// Seal a group: nobody can ever add tasks to it again
///
/// This cannot be undone. Asks for confirmation; without a terminal it needs --yes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    /// Do not ask
    #[arg(short, long, visible_alias = "force")]
    yes: bool,
    /// Only print what would be done
    #[arg(short = 'n', long, visible_alias = "noop")]
    dry_run: bool,
}

/// # Errors
/// [`crate::error::Kind::Usage`] when nobody can be asked.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let Named { deployment, id: group } = selection::group(&args.group, context)?;
    let ui = &context.ui;
    if args.dry_run {
        ui.note(format_args!("Group {group} would be sealed; nothing was sent."));
        return Ok(Status::DONE);
    }
    if !args.yes {
        let confirmation = Confirmation {
            action: "seal the group",
            refusal: "sealed nothing",
            notice: "Sealing cannot be undone: nobody can ever add tasks to this group again.",
            question: &format!("Seal group {group}?"),
            hint: "Use --yes to skip the question. Sealing cannot be undone.",
            was_requested: false,
        };
        if !confirmation.ask(context).await? {
            return Ok(Status::NOT_CONFIRMED);
        }
    }
    let client = deployment.client(context)?;
    let response = seal(&client, &group).await?;
    if context.wants_json() {
        context.print_done(&format!("sealed group {group}"), response.body.clone()).await?;
    } else {
        ui.note(format_args!("Group {group} is sealed."));
    }
    Ok(Status::DONE)
}

/// Seals a group, and returns an answer that says that it is sealed.
///
/// # Errors
/// Those of the call; [`crate::error::Kind::Failed`] when the answer does not say so.
pub(super) async fn seal(client: &Client, group: &str) -> Result<Response> {
    let response = client.call("queue", "sealTaskGroup").arg(group).send().await?;
    match about_group(&response, group)?.get("sealed").and_then(Value::as_str) {
        Some(_) => Ok(response),
        None => Err(lacks(&response, "sealed")),
    }
}
