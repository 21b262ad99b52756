//! `tc artifact cat`.

use crate::commands::selection;
use crate::commands::transfers::{DownloadArgs, to_stdout};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::transfer::ContentSource;

/// Print an artifact, decoded
///
/// The status is 0 only when all of it arrived and matches its hashes. The live log of a running task is printed as it is
/// written, to its end.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Task: an ID or the address of its page, or of the artifact's page
    task: String,
    /// Read the argument as an index path: `project.branch.latest.build`
    #[arg(long)]
    index: bool,
    /// Name of the artifact, such as `public/logs/live_backing.log`
    name: Option<String>,
    /// Run, from 0; the newest one by default
    #[arg(short, long, value_name = "N")]
    run: Option<u32>,
    #[command(flatten)]
    download: DownloadArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    context.refuse_jq("an artifact")?;
    let task = selection::indexed_task(&args.task, args.index, context).await?;
    let name = args.name.clone().or(task.artifact).ok_or_else(|| {
        Error::usage("no artifact is named").hint(format!("tc artifact list {} shows the names.", task.id))
    })?;
    let client = task.deployment.client(context)?;
    let source = ContentSource::Artifact { task: task.id, run: args.run.or(task.run), name };
    to_stdout(&client, &source, &args.download.options()?, context).await
}
