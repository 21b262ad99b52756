//! `tc artifact download`.

use std::path::PathBuf;

use futures::stream;

use crate::client::Client;
use crate::commands::selection::{self, NamedRun};
use crate::commands::transfers::{
    self, DownloadArgs, DownloadItem, Manifest, NamePatterns, Placement, download, sha256, to_stdout,
};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::transfer::{self, ContentSource, Options};

/// Download artifacts of a task
///
/// Files appear when they are complete and verified. The same command resumes a download that was cut off. A word
/// that is the name of an artifact selects it; any other word is a pattern. Error artifacts are reported and make the
/// status 3. Names keep their folders, below the working directory or the one that -o names.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Task: an ID or the address of its page, or of the artifact's page (left out with --index)
    #[arg(required_unless_present = "index")]
    task: Option<String>,
    /// Names, or patterns such as `public/*.zip` and `public/logs/**`
    names: Vec<String>,
    /// All artifacts
    #[arg(long)]
    all: bool,
    /// Run, from 0; the newest one by default
    #[arg(short, long, value_name = "N", allow_negative_numbers = true)]
    run: Option<NamedRun>,
    /// The task that this index path leads to
    #[arg(long, value_name = "PATH")]
    index: Option<String>,
    /// File (for one artifact) or folder to write to; `-` is standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Write all files to one folder, without the folders in their names
    #[arg(long)]
    flat: bool,
    /// Expected SHA-256 of the artifact
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    /// Check this file against the artifact instead of downloading
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "flat", "all"])]
    verify: Option<PathBuf>,
    /// Write a record of all files: URL, size, hashes, task, run. Files that are on record there and unchanged are
    /// not requested again
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    #[command(flatten)]
    download: DownloadArgs,
}

/// What the words mean.
struct ParsedWords {
    task: String,
    run: Option<u32>,
    names: Vec<String>,
}

/// What is to be downloaded.
enum Selection {
    /// The one artifact that was named.
    One(ContentSource),
    /// All of these names.
    Many(ParsedWords),
}

impl ParsedWords {
    /// Settles which artifacts are meant. They are listed only where a word may be a pattern.
    async fn settle(mut self, all: bool, client: &Client) -> Result<Selection> {
        let one = |run: Option<u32>, name: &str| {
            Selection::One(ContentSource::Artifact { task: self.task.clone(), run, name: name.to_owned() })
        };
        if !all && !self.names.iter().any(|name| NamePatterns::is_pattern(name)) {
            return Ok(match self.names.as_slice() {
                [name] => one(self.run, name),
                _ => Selection::Many(self),
            });
        }
        // The run is settled first: a newer one must not mix in.
        let run = match self.run {
            Some(run) => run,
            None => transfers::newest_run(client, &self.task).await?,
        };
        let listed = transfers::list(client, &self.task, Some(run)).await?;
        if let [name] = self.names.as_slice()
            && !all
            && listed.iter().any(|artifact| artifact.name == *name)
        {
            return Ok(one(Some(run), name));
        }
        let patterns = NamePatterns::new(&self.names);
        let (meant, unused) = patterns.choose(&listed);
        if let [missing, ..] = unused.as_slice() {
            return Err(transfers::unmatched(missing, &self.task, run)
                .hint(format!("tc artifact list {} -r {run} shows the names.", self.task)));
        }
        // One that is an error has nothing to download: it fails by itself, and says why there is none.
        let meant = if all { listed.iter().collect() } else { meant };
        let names = meant.into_iter().map(|artifact| artifact.name.clone()).collect();
        (self.run, self.names) = (Some(run), names);
        Ok(Selection::Many(self))
    }
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let mut options = args.download.options()?;
    if let Some(hex) = &args.sha256 {
        options.checksums.push(sha256(hex)?);
    }
    let (client, request) = match &args.task {
        Some(task) if args.index.is_none() => {
            let found = selection::task(task, context)?;
            let names = if args.names.is_empty() { found.artifact.into_iter().collect() } else { args.names.clone() };
            let request = ParsedWords { task: found.id, run: NamedRun::number(args.run, found.run), names };
            (found.deployment.client(context)?, request)
        }
        _ => {
            let client = context.client()?;
            let request = from_index(args, &client).await?;
            (client, request)
        }
    };
    if request.names.is_empty() && !args.all {
        return Err(Error::usage("no artifact is named")
            .hint(format!("Name them, or give --all. tc artifact list {} shows the names.", request.task)));
    }
    let to_pipe = args.output.as_ref().is_some_and(|output| output.as_os_str() == "-");
    match request.settle(args.all, &client).await? {
        Selection::One(source) if to_pipe => to_stdout(&client, &source, &options, context).await,
        Selection::One(source) => match &args.verify {
            Some(file) => verify(&source, file, &client, &options, context).await,
            None => one(source, args, options, &client, context).await,
        },
        Selection::Many(_) if to_pipe || args.verify.is_some() || args.sha256.is_some() => {
            Err(Error::usage("this takes one artifact, by its name"))
        }
        Selection::Many(request) => many(request, args, options, &client, context).await,
    }
}

/// The task that an index path leads to; all words are names.
async fn from_index(args: &Args, client: &Client) -> Result<ParsedWords> {
    let path = args.index.clone().unwrap_or_default();
    let answer = client.call("index", "findTask").arg(&path).send().await?;
    let body: serde_json::Value = answer.json()?;
    let task = body.get("taskId").and_then(serde_json::Value::as_str).map(str::to_owned);
    let task = task.ok_or_else(|| Error::failed(format!("the index has no task at {path}")))?;
    let names = args.task.iter().chain(&args.names).cloned().collect();
    Ok(ParsedWords { task, run: NamedRun::number(args.run, None), names })
}

async fn verify(
    source: &ContentSource,
    file: &std::path::Path,
    client: &Client,
    options: &Options,
    context: &Context,
) -> Result<Status> {
    let path = context.env.resolve(file);
    transfer::verify_file(client, source, &path, options).await?;
    context.ui.note(format_args!("{} is {source}.", file.display()));
    Ok(Status::DONE)
}

async fn one(
    source: ContentSource,
    args: &Args,
    options: Options,
    client: &Client,
    context: &Context,
) -> Result<Status> {
    let ContentSource::Artifact { name, .. } = &source else { return Err(Error::usage("not an artifact")) };
    let output = args.output.as_ref().map(|output| (output, context.env.resolve(output)));
    let ends_as_folder = |output: &PathBuf| output.as_os_str().to_string_lossy().ends_with(['/', '\\']);
    let target = match output {
        Some((given, path)) if !path.is_dir() && !ends_as_folder(given) => path,
        folder => {
            let folder = folder.map_or_else(|| context.env.directory.clone(), |(_, path)| path);
            Placement::new(folder, args.flat, context).target(name)?
        }
    };
    let manifest = Manifest::open(args.manifest.as_deref(), context)?;
    let outcome = context
        .writing_files(async {
            // A record without a run would be of no use.
            let source = match source {
                ContentSource::Artifact { task, run: None, name } if args.manifest.is_some() => {
                    ContentSource::Artifact { run: Some(transfers::newest_run(client, &task).await?), task, name }
                }
                source => source,
            };
            let items = stream::iter([Ok(DownloadItem::new(source, target))]);
            download(client, items, &args.download, options, &manifest, context).await
        })
        .await;
    manifest.close(outcome, context)
}

async fn many(
    request: ParsedWords,
    args: &Args,
    options: Options,
    client: &Client,
    context: &Context,
) -> Result<Status> {
    let ParsedWords { task, run, names } = request;
    let folder = args.output.as_ref().map_or_else(|| context.env.directory.clone(), |path| context.env.resolve(path));
    let manifest = Manifest::open(args.manifest.as_deref(), context)?;
    let outcome = context
        .writing_files(async {
            let run = match run {
                Some(run) => run,
                None => transfers::newest_run(client, &task).await?,
            };
            if names.is_empty() {
                context.ui.note("No artifacts.");
                return Ok(Status::DONE);
            }
            let mut placement = Placement::new(folder, args.flat, context);
            let items: Vec<_> = names
                .into_iter()
                .map(|name| {
                    let target = placement.target(&name)?;
                    Ok(DownloadItem::new(ContentSource::Artifact { task: task.clone(), run: Some(run), name }, target))
                })
                .collect();
            download(client, stream::iter(items), &args.download, options, &manifest, context).await
        })
        .await;
    manifest.close(outcome, context)
}
