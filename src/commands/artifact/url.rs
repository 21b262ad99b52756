//! `tc artifact url`.

use std::io::Write as _;

use crate::commands::selection::{self, NamedRun};
use crate::context::Context;
use crate::domain::time::Offset;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Print the URL of an artifact
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Task: an ID or the address of its page, or of the artifact's page
    task: String,
    /// Read the argument as an index path: `project.branch.latest.build`
    #[arg(long)]
    index: bool,
    /// Name of the artifact
    name: Option<String>,
    /// Run, from 0; the newest one by default
    #[arg(short, long, value_name = "N", allow_negative_numbers = true)]
    run: Option<NamedRun>,
    /// Sign it: whoever has the URL may read the artifact for a while
    #[arg(long)]
    signed: bool,
    /// For how long
    #[arg(long, value_name = "TIME", default_value = "15m", requires = "signed")]
    expires: String,
}

/// # Errors
/// When there is nothing to sign with, or the time is invalid.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let task = selection::indexed_task(&args.task, args.index, context).await?;
    let name = args.name.clone().or(task.artifact).ok_or_else(|| {
        Error::usage("no artifact is named").hint(format!("tc artifact list {} shows the names.", task.id))
    })?;
    let client = task.deployment.client(context)?;
    let call = match NamedRun::number(args.run, task.run) {
        Some(run) => client.call("queue", "getArtifact").arg(task.id).arg(run.to_string()),
        None => client.call("queue", "getLatestArtifact").arg(task.id),
    };
    let request = call.arg(name).request()?;
    let url = if args.signed {
        let wrong = |source: crate::domain::time::TimeError| {
            Error::usage(format!("invalid duration `{}`", args.expires)).caused_by(source)
        };
        let offset: Offset = args.expires.parse().map_err(wrong)?;
        client.signed_url(&request, offset.from(context.now()).map_err(wrong)?)?
    } else {
        request.url
    };
    if context.wants_json() {
        context.print_json(serde_json::json!(url.as_str()).to_string()).await?;
    } else {
        writeln!(context.ui.out(), "{url}")?;
    }
    Ok(Status::DONE)
}
