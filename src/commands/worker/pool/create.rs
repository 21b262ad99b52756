//! `tc worker pool create`

use std::io::Write as _;

use super::check::check;
use super::definition::FileArgs;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Create a worker pool from a definition
///
/// The definition is checked first, its configuration by the kind of its provider. Each fault is shown in its line.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    definition: FileArgs,
    /// Only print what would be sent
    #[arg(short = 'n', long)]
    dry_run: bool,
}

/// Creates it.
///
/// # Errors
/// [`crate::error::Kind::Conflict`] when there is another one of this ID; [`crate::error::Kind::Usage`] for a
/// definition that the service would refuse.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let file = args.definition.read(context).await?;
    let client = file.named.deployment.client(context)?;
    if !args.definition.no_validate {
        check(&file, "createWorkerPool", &client, context).await?;
    }
    let (named, body) = (file.named, file.body);
    let call = client.call("worker-manager", "createWorkerPool").arg(&named.id).json(&body);
    if args.dry_run {
        context.print_json(body.to_string()).await?;
        context.ui.note(format_args!("Worker pool {} would be created; nothing was sent.", named.id));
        return Ok(Status::DONE);
    }
    let answer = call.send().await?;
    if context.wants_json() {
        context.print_done(&format!("created worker pool {}", named.id), answer.body).await?;
        return Ok(Status::DONE);
    }
    writeln!(context.ui.out(), "Worker pool {} created", context.ui.safe(&named.id))?;
    Ok(Status::DONE)
}
