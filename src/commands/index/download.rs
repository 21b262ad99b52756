//! `tc index download`

use std::path::PathBuf;

use futures::stream;

use super::named;
use crate::commands::transfers::{
    self, DownloadArgs, DownloadItem, ListedArtifact, Manifest, NamePatterns, Placement, download, to_stdout,
};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::transfer::ContentSource;

/// Download artifacts of the task at an index path
///
/// Files appear when they are complete and verified. Calls are signed, so private artifacts can be downloaded, too.
/// `tc artifact download --index PATH` does the same, with more options.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Index path, or the address of a page of the index
    #[arg(value_name = "PATH")]
    path: String,
    /// Names of artifacts, or patterns such as `public/*.zip` and `public/logs/**`
    #[arg(value_name = "NAME", required_unless_present = "all")]
    names: Vec<String>,
    /// All artifacts
    #[arg(long)]
    all: bool,
    /// File (for one artifact) or folder to write to; `-` is standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Write all files to one folder, without the folders in their names
    #[arg(long)]
    flat: bool,
    #[command(flatten)]
    download: DownloadArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let options = args.download.options()?;
    let place = named::path(&args.path, context)?;
    let client = place.deployment.client(context)?;
    let entry = named::find(&client, &place.id).await?;
    let task = named::task_of(&entry)?.to_owned();
    let run = transfers::newest_run(&client, &task).await?;
    let listed = transfers::list(&client, &task, Some(run)).await?;
    let names = chosen(args, &listed, &task, run)?;
    let source = |name: &String| ContentSource::Artifact { task: task.clone(), run: Some(run), name: name.clone() };
    if args.output.as_ref().is_some_and(|output| output.as_os_str() == "-") {
        return match names.as_slice() {
            [name] => to_stdout(&client, &source(name), &options, context).await,
            _ => Err(Error::usage("standard output takes one artifact")),
        };
    }
    if names.is_empty() {
        context.ui.note("No artifacts.");
        return Ok(Status::DONE);
    }
    let output = args.output.as_ref().map_or_else(|| context.env.directory.clone(), |path| context.env.resolve(path));
    let is_folder = names.len() != 1
        || args.output.is_none()
        || output.is_dir()
        || args.output.as_ref().is_some_and(|path| path.as_os_str().to_string_lossy().ends_with(['/', '\\']));
    let mut placement = Placement::new(output.clone(), args.flat, context);
    let mut items = Vec::with_capacity(names.len());
    for name in &names {
        let target = if is_folder { placement.target(name)? } else { output.clone() };
        items.push(Ok(DownloadItem::new(source(name), target)));
    }
    let manifest = Manifest::default();
    let items = stream::iter(items);
    context.writing_files(download(&client, items, &args.download, options, &manifest, context)).await
}

/// The names of the artifacts that are meant, of those that there are. One that stands for an error is among them: it
/// fails by itself, and says why there is nothing.
fn chosen(args: &Args, listed: &[ListedArtifact], task: &str, run: u32) -> Result<Vec<String>> {
    let patterns = NamePatterns::new(&args.names);
    let (meant, unused) = patterns.choose(listed);
    if let [missing, ..] = unused.as_slice() {
        return Err(
            transfers::unmatched(missing, task, run).hint(format!("tc artifact list {task} -r {run} shows the names."))
        );
    }
    let meant = if args.all { listed.iter().collect() } else { meant };
    Ok(meant.into_iter().map(|artifact| artifact.name.clone()).collect())
}
