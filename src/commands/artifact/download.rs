//! `tc artifact download`.

use std::path::PathBuf;

use futures::stream;

use crate::client::Client;
use crate::commands::selection;
use crate::commands::transfers::{
    self, DownloadArgs, DownloadItem, Manifest, NamePatterns, Placement, download, sha256, to_stdout,
};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::transfer::{self, ContentSource, Options};

/// Download artifacts of a task
///
/// Files appear when they are complete and verified. What was cut off is resumed by the same command.
/// Names keep their folders, below the working directory or the one that -o names.
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
    #[arg(short, long, value_name = "N")]
    run: Option<u32>,
    /// The task that this index path leads to
    #[arg(long, value_name = "PATH")]
    index: Option<String>,
    /// File (for one artifact) or folder to write to; `-` is standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Leave out the folders of names
    #[arg(long)]
    flat: bool,
    /// What the SHA-256 of the one artifact must be
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    /// Do not download, but check that this file is the one artifact
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "flat", "all"])]
    verify: Option<PathBuf>,
    /// Write a record of all files: URL, size, hashes, task, run. Files that it has on record and that are still
    /// the same are not asked for again
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    #[command(flatten)]
    download: DownloadArgs,
}

/// What the words mean.
struct Request {
    task: String,
    run: Option<u32>,
    names: Vec<String>,
}

impl Request {
    /// The one artifact, when it is one by name.
    fn single(&self, all: bool) -> Option<ContentSource> {
        match self.names.as_slice() {
            [name] if !all && !NamePatterns::is_pattern(name) => {
                Some(ContentSource::Artifact { task: self.task.clone(), run: self.run, name: name.clone() })
            }
            _ => None,
        }
    }
}

/// Downloads.
///
/// # Errors
/// Those of the calls and the transfers.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let mut options = args.download.options()?;
    if let Some(hex) = &args.sha256 {
        options.checksums.push(sha256(hex)?);
    }
    let (client, request) = match &args.task {
        Some(task) if args.index.is_none() => {
            let found = selection::task(task, context)?;
            let names = if args.names.is_empty() { found.artifact.into_iter().collect() } else { args.names.clone() };
            let request = Request { task: found.id, run: args.run.or(found.run), names };
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
            .hint(format!("Name them, or say --all. tc artifact list {} shows the names.", request.task)));
    }
    let single = request.single(args.all);
    let to_pipe = args.output.as_ref().is_some_and(|output| output.as_os_str() == "-");
    match single {
        Some(source) if to_pipe => to_stdout(&client, &source, &options, context).await,
        Some(source) => match &args.verify {
            Some(file) => verify(&source, file, &client, &options, context).await,
            None => one(source, args, options, &client, context).await,
        },
        None if to_pipe || args.verify.is_some() || args.sha256.is_some() => {
            Err(Error::usage("this takes one artifact, by its name"))
        }
        None => many(&request, args, options, &client, context).await,
    }
}

/// The task that an index path leads to; all words are names.
async fn from_index(args: &Args, client: &Client) -> Result<Request> {
    let path = args.index.clone().unwrap_or_default();
    let answer = client.call("index", "findTask").arg(&path).send().await?;
    let body: serde_json::Value = answer.json()?;
    let task = body.get("taskId").and_then(serde_json::Value::as_str).map(str::to_owned);
    let task = task.ok_or_else(|| Error::failed(format!("the index has no task at {path}")))?;
    let names = args.task.iter().chain(&args.names).cloned().collect();
    Ok(Request { task, run: args.run, names })
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

async fn many(request: &Request, args: &Args, options: Options, client: &Client, context: &Context) -> Result<Status> {
    let patterns = NamePatterns::new(&request.names)?;
    let folder = args.output.as_ref().map_or_else(|| context.env.directory.clone(), |path| context.env.resolve(path));
    let task = &request.task;
    let manifest = Manifest::open(args.manifest.as_deref(), context)?;
    let outcome = context
        .writing_files(async {
            // The run is settled first: a newer one must not mix in.
            let run = match request.run {
                Some(run) => run,
                None => transfers::newest_run(client, task).await?,
            };
            let mut names: Vec<String> = Vec::new();
            if args.all || request.names.iter().any(|name| NamePatterns::is_pattern(name)) {
                let listed = transfers::list(client, task, Some(run)).await?;
                // An error artifact has nothing to download; asked for by name it is an error.
                let found = listed.into_iter().filter(|artifact| {
                    let by_name = request.names.contains(&artifact.name);
                    by_name || (artifact.storage_type != "error" && (args.all || patterns.matches(&artifact.name)))
                });
                names.extend(found.map(|artifact| artifact.name));
                let known: Vec<&str> = names.iter().map(String::as_str).collect();
                if let [missing, ..] = patterns.unmatched(&known).as_slice() {
                    return Err(Error::new(
                        Kind::NotFound,
                        format!("no artifact of task {task}, run {run}, is `{missing}`"),
                    )
                    .hint(format!("tc artifact list {task} -r {run} shows the names.")));
                }
            } else {
                names.clone_from(&request.names);
            }
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
