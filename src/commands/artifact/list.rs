//! `tc artifact list`.

use std::io::Write as _;

use futures::StreamExt as _;
use serde_json::Value;

use crate::client::Client;
use crate::commands::selection;
use crate::commands::transfers::{self, ListedArtifact};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::transfer::{self, ContentSource, Options};
use crate::ui::{Table, size};

/// Sizes that are asked for at once.
const MAX_CONCURRENT_SIZES: usize = 16;

/// List the artifacts of a task
///
/// In a pipe: name, storage type, content type and expiry, one artifact a line, with tabs in between.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Task: an ID or the address of its page
    task: String,
    /// Take what is given for an index path: `project.branch.latest.build`
    #[arg(long)]
    index: bool,
    /// Run, from 0; the newest one by default
    #[arg(short, long, value_name = "N")]
    run: Option<u32>,
    /// Ask the storage how large each is, too
    #[arg(long)]
    sizes: bool,
}

/// Lists.
///
/// # Errors
/// Those of the calls and of the output.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let task = selection::indexed_task(&args.task, args.index, context).await?;
    let client = task.deployment.client(context)?;
    let run = args.run.or(task.run);
    let artifacts = transfers::list(&client, &task.id, run).await?;
    let sizes = if args.sizes { sizes(&client, &task.id, run, &artifacts).await } else { Vec::new() };
    let size_of = |index: usize| sizes.get(index).copied().flatten();
    if context.wants_json() {
        return print_json(&artifacts, args.sizes.then_some(&size_of), context).await;
    }
    if artifacts.is_empty() {
        context.ui.note("No artifacts.");
        return Ok(Status::DONE);
    }
    let mut out = context.ui.out();
    if !context.ui.terminal.stdout {
        for (index, artifact) in artifacts.iter().enumerate() {
            let ListedArtifact { name, storage_type, content_type, expires, .. } = artifact;
            write!(out, "{name}\t{storage_type}\t{content_type}\t{expires}")?;
            if args.sizes {
                write!(out, "\t{}", size_of(index).map(|bytes| bytes.to_string()).unwrap_or_default())?;
            }
            writeln!(out)?;
        }
        return Ok(Status::DONE);
    }
    let mut table = Table::new(["name", "storage", "type", "expires", "size"]).right(4);
    for (index, artifact) in artifacts.iter().enumerate() {
        let ListedArtifact { name, storage_type, content_type, expires, .. } = artifact;
        let bytes = size_of(index).map(size).unwrap_or_default();
        table.row([name, storage_type, content_type, expires, &bytes]);
    }
    write!(out, "{}", table.render(context.ui.terminal.width, context.ui.color()))?;
    Ok(Status::DONE)
}

/// One size each, where it can be had: an artifact without one is no reason to fail.
async fn sizes(client: &Client, task: &str, run: Option<u32>, artifacts: &[ListedArtifact]) -> Vec<Option<u64>> {
    let ask = |artifact: &ListedArtifact| {
        let source = ContentSource::Artifact { task: task.to_owned(), run, name: artifact.name.clone() };
        let known = artifact.length;
        async move {
            match known {
                Some(length) => Some(length),
                None => transfer::content_size(client, &source, &Options::default()).await.ok().flatten(),
            }
        }
    };
    futures::stream::iter(artifacts.iter().map(ask)).buffered(MAX_CONCURRENT_SIZES).collect().await
}

async fn print_json(
    artifacts: &[ListedArtifact],
    size_of: Option<&impl Fn(usize) -> Option<u64>>,
    context: &Context,
) -> Result<Status> {
    let broken = |source: serde_json::Error| Error::failed("cannot print the artifacts").caused_by(source);
    let mut all = Vec::with_capacity(artifacts.len());
    for (index, artifact) in artifacts.iter().enumerate() {
        let mut value: Value = serde_json::from_str(artifact.raw.get()).map_err(broken)?;
        if let (Some(size_of), Some(fields)) = (size_of, value.as_object_mut()) {
            fields.insert("size".to_owned(), size_of(index).into());
        }
        all.push(value);
    }
    context.print_json(serde_json::to_vec(&all).map_err(broken)?).await?;
    Ok(Status::DONE)
}
