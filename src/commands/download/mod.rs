//! `tc download artifact|object`, as the Go tool has them.

mod go_tool;

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use futures::stream;

use crate::client::Client;
use crate::commands::selection;
use crate::commands::transfers::{DownloadArgs, DownloadItem, Manifest, download, to_stdout};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::transfer::ContentSource;

/// What to download to a file; `tc artifact download` and `tc object download` do more.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Download an artifact: TASK [RUN] NAME FILE
    #[command(override_usage = "tc download artifact [OPTIONS] <TASK> [RUN] <NAME> <FILE>")]
    Artifact {
        /// Task, run (the newest one by default), name of the artifact, and file (`-` is standard output)
        #[arg(num_args = 1..=4, required = true, value_name = "TASK [RUN] NAME FILE")]
        words: Vec<String>,
        /// Read the task as an index path: `project.branch.latest.build`
        #[arg(long)]
        index: bool,
        /// How to go about it.
        #[command(flatten)]
        download: DownloadArgs,
    },
    /// Download an object
    Object {
        /// Name of the object
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        name: String,
        /// File; `-` is standard output
        file: PathBuf,
        /// How to go about it.
        #[command(flatten)]
        download: DownloadArgs,
    },
}

impl Command {
    pub(crate) async fn run(&self, context: &Context) -> Result<Status> {
        match self {
            Self::Object { name, file, download } => {
                fetch(&context.client()?, ContentSource::Object { name: name.clone() }, file.clone(), download, context)
                    .await
            }
            Self::Artifact { words, index, download } => {
                let (task, run, name, file) = match words.as_slice() {
                    [task, name, file] => (task, None, name, file),
                    [task, run, name, file] => (task, Some(number(run)?), name, file),
                    _ => {
                        return Err(Error::usage("the name of an artifact or the file to write is missing")
                            .hint("Usage: tc download artifact TASK [RUN] NAME FILE"));
                    }
                };
                let found = selection::indexed_task(task, *index, context).await?;
                let client = found.deployment.client(context)?;
                let source = ContentSource::Artifact { task: found.id, run: run.or(found.run), name: name.clone() };
                fetch(&client, source, PathBuf::from(file), download, context).await
            }
        }
    }
}

fn number(text: &str) -> Result<u32> {
    text.parse().map_err(|_| Error::usage(format!("invalid run number `{text}`")).hint("Runs are numbered from 0."))
}

async fn fetch(
    client: &Client,
    source: ContentSource,
    file: PathBuf,
    how: &DownloadArgs,
    context: &Context,
) -> Result<Status> {
    let options = how.options()?;
    if context.is_taskcluster() && !context.wants_json() {
        return go_tool::fetch(client, &source, &file, options, context).await;
    }
    if file.as_os_str() == "-" {
        return to_stdout(client, &source, &options, context).await;
    }
    let items = stream::iter([Ok(DownloadItem::new(source, context.env.resolve(file)))]);
    let manifest = Manifest::default();
    let outcome = context.writing_files(Box::pin(download(client, items, how, options, &manifest, context))).await;
    manifest.close(outcome, context)
}
