//! `tc artifact upload`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::builder::NonEmptyStringValueParser;
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::client::Client;
use crate::commands::selection;
use crate::commands::transfers::{self, content_type, expiry, upload_all, upload_options};
use crate::context::{Context, NamedTask};
use crate::env;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::transfer::{ArtifactStorage, FileReaders, NewArtifact, Options, Uploaded, create_artifact, upload_artifact};
use crate::ui::sanitize;

/// Uploads at once.
const MAX_CONCURRENT_UPLOADS: usize = 4;

/// The reasons that the queue knows.
const REASONS: [&str; 4] =
    ["file-missing-on-worker", "invalid-resource-on-worker", "too-large-file-on-worker", "file-not-readable-on-worker"];

/// How an artifact is to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Type {
    /// In a bucket of the deployment's
    S3,
    /// In the object service, with hashes
    Object,
    /// Elsewhere: only the URL is kept
    Reference,
    /// Another artifact of the same run
    Link,
    /// Nowhere: only the reason why it is missing is kept
    Error,
}

/// Upload files as artifacts of a running task
///
/// Inside a task, the task's proxy and current run are the default. Directories are uploaded with all that is in
/// them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files and directories
    #[arg(required_unless_present_any = ["url", "target", "reason"])]
    files: Vec<PathBuf>,
    /// Task: an ID or the address of its page; inside a task, that task by default
    #[arg(long, value_name = "TASK")]
    task: Option<String>,
    /// Read the value of --task as an index path: `project.branch.latest.build`
    #[arg(long, requires = "task")]
    index: bool,
    /// Run, from 0; inside a task, the current run by default, else the newest
    #[arg(long, value_name = "N")]
    run: Option<u32>,
    /// Name of the artifact; with a slash at its end, the folder that names start with
    #[arg(long, value_name = "NAME", default_value = "public/", value_parser = NonEmptyStringValueParser::new())]
    name: String,
    /// Expiry: a time, or one relative to now; that of the task by default
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    expires: Option<String>,
    /// How it is stored
    #[arg(long = "type", value_name = "TYPE", default_value = "s3")]
    storage: Type,
    /// Content type; by default what each file's name suggests
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// Compute the SHA-512 of large files in the object service, too: by default only files of up to 64 MiB have one besides the SHA-256
    #[arg(long)]
    sha512: bool,
    /// Where a reference leads
    #[arg(long, required_if_eq("storage", "reference"), conflicts_with = "files")]
    url: Option<String>,
    /// Name of the artifact that a link leads to
    #[arg(long, value_name = "NAME", required_if_eq("storage", "link"), conflicts_with = "files")]
    target: Option<String>,
    /// Why there is no artifact
    #[arg(long, required_if_eq("storage", "error"), conflicts_with = "files", value_parser = REASONS)]
    reason: Option<String>,
    /// What went wrong
    #[arg(long, required_if_eq("storage", "error"), requires = "reason")]
    message: Option<String>,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let NamedTask { deployment, id: task, run: named_run, .. } = task(args, context).await?;
    let FilesToUpload { files, skipped } = found(args, context)?;
    let client = deployment.client(context)?;
    let (options, bars) = upload_options(args.sha512, context);
    let run = match named_run {
        Some(run) => run,
        None => transfers::newest_run(&client, &task).await?,
    };
    let expires = match &args.expires {
        Some(text) => expiry(text, context)?,
        None => expires_of(&client, &task).await?,
    };
    let make =
        |name: String, content_type: String| NewArtifact { task: task.clone(), run, name, expires, content_type };
    if let Some(body) = unstored(args) {
        let artifact = make(args.name.clone(), String::new());
        let made = async {
            let made = create_artifact(&client, &artifact, body).await;
            (args.name.clone(), made.map(|_| Uploaded::default()))
        };
        return upload_all(stream::once(made), &bars, context).await;
    }
    let uploads = files.into_iter().map(|(path, name)| {
        let guessed = args.content_type.clone().unwrap_or_else(|| content_type(&path));
        let (artifact, client, options) = (make(name, guessed), &client, &options);
        async move { (artifact.name.clone(), one(client, &artifact, args.storage, path, options).await) }
    });
    let count = skipped.len();
    for (path, why) in skipped {
        context.ui.warn(format_args!("{} {why}: it is skipped", sanitize(&path.display().to_string())));
    }
    upload_all(stream::iter(uploads).buffered(MAX_CONCURRENT_UPLOADS), &bars, context).await?;
    match count {
        0 => Ok(Status::DONE),
        1 => Err(Error::new(Kind::Unsuccessful, "1 entry was skipped")),
        count => Err(Error::new(Kind::Unsuccessful, format!("{count} entries were skipped"))),
    }
}

async fn task(args: &Args, context: &Context) -> Result<NamedTask> {
    let own = context.env.get(env::TASK_ID);
    let text = args
        .task
        .as_deref()
        .or(own)
        .ok_or_else(|| Error::usage("no task is named").hint("--task names one; inside a task TASK_ID does."))?;
    let mut found = selection::indexed_task(text, args.index, context).await?;
    // The run of the environment is that of its task, and of no other.
    let own_run = context.env.get(env::RUN_ID).filter(|_| own == Some(found.id.as_str()));
    let own_run = own_run.and_then(|run| run.parse().ok());
    found.run = args.run.or(found.run).or(own_run);
    Ok(found)
}

/// The task's own expiry, after which nothing of it may stay.
async fn expires_of(client: &Client, task: &str) -> Result<DateTime<Utc>> {
    let definition: Value = client.call("queue", "task").arg(task).send().await?.json()?;
    let expires = definition.get("expires").and_then(Value::as_str).and_then(|text| text.parse().ok());
    expires.ok_or_else(|| {
        Error::failed(format!("task {task} does not say when it expires")).hint("Name a time with --expires.")
    })
}

/// The body for an artifact that is not stored.
fn unstored(args: &Args) -> Option<Value> {
    let guessed = args.content_type.clone().unwrap_or_else(|| content_type(Path::new(&args.name)));
    Some(match args.storage {
        Type::S3 | Type::Object => return None,
        Type::Reference => json!({"storageType": "reference", "contentType": guessed, "url": args.url}),
        Type::Link => json!({"storageType": "link", "contentType": guessed, "artifact": args.target}),
        Type::Error => json!({"storageType": "error", "reason": args.reason, "message": args.message}),
    })
}

async fn one(
    client: &Client,
    artifact: &NewArtifact,
    storage: Type,
    path: PathBuf,
    options: &Options,
) -> Result<Uploaded> {
    let readers = FileReaders::new(path)?;
    let storage = if storage == Type::Object { ArtifactStorage::Object } else { ArtifactStorage::S3 };
    upload_artifact(client, artifact, storage, &readers, options).await
}

/// All files with the names that they get, in order, and what is no file.
fn found(args: &Args, context: &Context) -> Result<FilesToUpload> {
    let is_folder = args.name.ends_with('/') || args.name.is_empty();
    let mut found = FilesToUpload::default();
    for given in &args.files {
        let path = context.env.resolve(given);
        let own = match given.file_name() {
            Some(name) if is_folder => text(name, &path)?,
            // `.` has no name of its own; what is in it has. And --name takes the place of the name of one file.
            None | Some(_) => "",
        };
        if path.is_dir() {
            let prefix = if own.is_empty() { String::new() } else { format!("{own}/") };
            walk(&path, &prefix, &mut found)?;
        } else {
            found.files.push((path, own.to_owned()));
        }
    }
    let FilesToUpload { files, skipped } = found;
    let mut names = BTreeMap::new();
    for (path, name) in &files {
        if let Some(other) = names.insert(name, path).filter(|_| is_folder) {
            return Err(Error::usage(format!(
                "{} and {} would both be {}{name}",
                other.display(),
                path.display(),
                args.name
            ))
            .hint("Upload them one by one, each with a --name of its own."));
        }
    }
    let files = match (is_folder, files.len()) {
        (true, _) => files.into_iter().map(|(path, name)| (path, format!("{}{name}", args.name))).collect(),
        (false, 0 | 1) => files.into_iter().map(|(path, _)| (path, args.name.clone())).collect(),
        (false, count) => {
            return Err(Error::usage(format!("{count} files cannot all be called {}", args.name))
                .hint("A slash at the end makes it the folder that their names start with."));
        }
    };
    Ok(FilesToUpload { files, skipped })
}

/// What an entry of a directory is for an upload.
enum Entry {
    Directory,
    File,
    /// Nothing that can be uploaded, and why.
    Skipped(&'static str),
}

/// Symbolic links to directories are not followed: they may lead in circles.
fn kind(path: &Path, own: std::fs::FileType) -> Entry {
    if own.is_dir() {
        return Entry::Directory;
    }
    match path.metadata() {
        Ok(found) if found.is_file() => Entry::File,
        Ok(found) if found.is_dir() => Entry::Skipped("is a link to a directory"),
        Ok(_) => Entry::Skipped("is neither a file nor a directory"),
        Err(_) if own.is_symlink() => Entry::Skipped("is a link that leads nowhere"),
        Err(_) => Entry::Skipped("cannot be looked at"),
    }
}

/// What is below the directories that were named, in order.
#[derive(Default)]
struct FilesToUpload {
    /// Files, with the names that they get.
    files: Vec<(PathBuf, String)>,
    /// What cannot be uploaded, and why.
    skipped: Vec<(PathBuf, &'static str)>,
}

/// The name of a file as a part of an artifact's.
fn text<'a>(name: &'a OsStr, path: &Path) -> Result<&'a str> {
    name.to_str().ok_or_else(|| {
        Error::failed(format!("{} is not valid UTF-8, so it cannot be an artifact name", path.display()))
    })
}

/// Finds the files below a directory, in order.
fn walk(directory: &Path, prefix: &str, found: &mut FilesToUpload) -> Result<()> {
    let failed = |source| Error::io("read", directory.display(), source);
    let entries = std::fs::read_dir(directory).map_err(failed)?;
    let mut entries = entries.collect::<std::io::Result<Vec<_>>>().map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name();
        let name = text(&name, &path)?;
        match kind(&path, entry.file_type().map_err(failed)?) {
            Entry::Directory => walk(&path, &format!("{prefix}{name}/"), found)?,
            Entry::File => found.files.push((path, format!("{prefix}{name}"))),
            Entry::Skipped(why) => found.skipped.push((path, why)),
        }
    }
    Ok(())
}
