//! `tc worker pool update`

use std::io::Write as _;

use serde_json::Value;

use super::check::check;
use super::definition::{FileArgs, lines};
use crate::commands::bulk::{Change, EachArgs, confirm_difference};
use crate::commands::documents::difference;
use crate::commands::selection::{or_nearest, pool_ids};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Change a worker pool to what a definition says
///
/// The definition is checked first, its configuration by the kind of its provider; each fault is shown in its line. Shows
/// what changes, line by line, and on a terminal asks.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    definition: FileArgs,
    #[command(flatten)]
    each: EachArgs,
}

/// Updates it.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such pool; [`crate::error::Kind::Usage`] for a definition that the
/// service would refuse.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let file = args.definition.read(context).await?;
    let client = file.named.deployment.client(context)?;
    let (named, body) = (&file.named, &file.body);
    let answer = client.call("worker-manager", "workerPool").arg(&named.id).send().await;
    let before: Value = or_nearest(answer, ("worker pool", &named.id), pool_ids(&client)).await?.json()?;
    if !args.definition.no_validate {
        check(&file, "updateWorkerPool", &client, context).await?;
    }
    let changes = difference(&lines(&before), &lines(body));
    if let Change::Left(status) = confirm_difference(("worker pool", &named.id), &changes, &args.each, context).await? {
        return Ok(status);
    }
    let answer = client.call("worker-manager", "updateWorkerPool").arg(&named.id).json(body).send().await?;
    if context.wants_json() {
        context.print_done(&format!("updated worker pool {}", named.id), answer.body).await?;
        return Ok(Status::DONE);
    }
    writeln!(context.ui.out(), "Worker pool {} updated", context.ui.safe(&named.id))?;
    Ok(Status::DONE)
}
