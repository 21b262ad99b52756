//! `tc references distill`

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use url::Url;

use crate::client::Request;
use crate::context::Context;
use crate::domain::RootUrl;
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::reference::Source;
use crate::reference::distill::{Distilled, distill};
use crate::ui::Sink;

/// Distill a deployment's references into the files that tc is built from
///
/// Only facts are kept: methods, exchanges, scopes and schemas, without their prose. The same input gives
/// the same bytes. Files of services that are gone are removed. References of 2018 go into `legacy/`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The roll-up of references: a file, `-` for standard input, a URL, or a deployment's root URL
    #[arg(value_name = "FILE|URL")]
    input: String,
    /// Directory to write to
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Version of Taskcluster that the references are of, for the file `VERSION`
    #[arg(long, value_name = "VERSION", value_parser = parse_version)]
    taskcluster_version: Option<String>,
}

/// `106.0.0`: the roll-up itself does not tell it.
fn parse_version(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('.').collect();
    let numbers = parts.iter().all(|part| part.parse::<u32>().is_ok());
    if parts.len() == 3 && numbers { Ok(text.into()) } else { Err("a version looks like 106.0.0".into()) }
}

/// The largest roll-up that is taken, in bytes; those of today have a little more than one megabyte.
const MAX_ROLLUP_BYTES: u64 = 32 << 20;

/// What became of the files.
#[derive(Debug, Default, serde::Serialize)]
struct Report {
    written: Vec<String>,
    removed: Vec<String>,
    unchanged: Vec<String>,
}

/// Distills, then writes; nothing is written when the input is invalid.
///
/// # Errors
/// When the input cannot be read or is invalid, or the directory cannot be written.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let text = read_input(&args.input, context).await?;
    let mut distilled = distill(&text).map_err(|source| {
        Error::failed(format!("{} is not a valid roll-up of references", args.input))
            .caused_by(source)
            .hint("A deployment serves its roll-up at <root URL>/references/references.json. Nothing was written.")
    })?;
    if let (Source::Current, Some(version)) = (distilled.source, &args.taskcluster_version) {
        distilled.files.insert("VERSION".into(), format!("{version}\n"));
    }
    let directory = context.env.resolve(&args.output);
    let report = write(&directory, &distilled)?;
    tell(args, context, &directory, &distilled, &report).await
}

/// The text of a roll-up: from standard input, a URL or a file.
///
/// # Errors
/// When it cannot be read, is too large, or is not UTF-8.
pub(super) async fn read_input(input: &str, context: &Context) -> Result<String> {
    let bytes = if input == "-" {
        context.read_stdin().await?
    } else if let Some(url) = rollup_url(input) {
        fetch(url, context).await?
    } else {
        let mut bytes = Vec::new();
        let file = fs::File::open(context.env.resolve(input));
        let read = file.and_then(|file| file.take(MAX_ROLLUP_BYTES + 1).read_to_end(&mut bytes));
        read.map_err(|source| Error::io("read", input, source))?;
        bytes
    };
    if bytes.len() as u64 > MAX_ROLLUP_BYTES {
        return Err(Error::failed(format!("{input} is larger than {MAX_ROLLUP_BYTES} bytes"))
            .hint("The roll-up of a deployment has a little more than one megabyte."));
    }
    String::from_utf8(bytes).map_err(|source| Error::failed(format!("{input} is not UTF-8 text")).caused_by(source))
}

/// The URL that `input` is, if it is one; a root URL stands for the roll-up below it.
fn rollup_url(input: &str) -> Option<Url> {
    let url = Url::parse(input).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    if url.path() == "/" { url.join("/references/references.json").ok() } else { Some(url) }
}

/// Gets a URL without credentials: references are public, and the host need not be the deployment
/// that the environment is set up for.
async fn fetch(url: Url, context: &Context) -> Result<Vec<u8>> {
    let root = RootUrl::parse(&url.origin().ascii_serialization()).map_err(|fault| Error::usage(fault.to_string()))?;
    let client = context.client_without_credentials(root)?;
    let request = Request::get(format!("GET {url}"), url);
    let response = client.send(&request).await?;
    Ok(response.body.into())
}

/// Brings the directory in line with `distilled`.
fn write(directory: &Path, distilled: &Distilled) -> Result<Report> {
    let mut report = Report::default();
    for (name, content) in &distilled.files {
        let path = directory.join(name);
        if fs::read(&path).is_ok_and(|found| found == content.as_bytes()) {
            report.unchanged.push(name.clone());
            continue;
        }
        replace(&path, content.as_bytes()).map_err(|source| Error::io("write", path.display(), source))?;
        report.written.push(name.clone());
    }
    for name in stale(directory, distilled)? {
        let path = directory.join(&name);
        fs::remove_file(&path).map_err(|source| Error::io("remove", path.display(), source))?;
        report.removed.push(name);
    }
    Ok(report)
}

/// Replaces a file at once: a reader sees the old content or the new one.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    let mut sink = Sink::file(path)?;
    sink.write_all(content)?;
    sink.finish()
}

/// Distilled files of this source that are there and should not be. Other files are not ours to remove.
fn stale(directory: &Path, distilled: &Distilled) -> Result<BTreeSet<String>> {
    let own: &[&str] = match distilled.source {
        Source::Current => &["", "schemas/"],
        Source::Legacy => &["legacy/"],
    };
    let mut found = BTreeSet::new();
    for prefix in own {
        let path = directory.join(prefix);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => return Err(Error::io("list", path.display(), source)),
        };
        for entry in entries {
            let entry = entry.map_err(|source| Error::io("list", path.display(), source))?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if !distilled.files.contains_key(&name) && is_distilled(&entry.path()) {
                found.insert(name);
            }
        }
    }
    Ok(found)
}

/// Whether a file is one that this command wrote: JSON that bears the name of the file.
fn is_distilled(path: &Path) -> bool {
    #[derive(serde::Deserialize)]
    struct Head {
        #[serde(rename = "serviceName", alias = "family")]
        name: String,
    }
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let Some(stem) = path.file_stem().filter(|_| is_json) else { return false };
    let head = fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Head>(&bytes).ok());
    head.is_some_and(|head| stem == head.name.as_str())
}

async fn tell(
    args: &Args,
    context: &Context,
    directory: &Path,
    distilled: &Distilled,
    report: &Report,
) -> Result<Status> {
    for name in &report.written {
        context.ui.note(format_args!("wrote {}", args.output.join(name).display()));
    }
    for name in &report.removed {
        context.ui.note(format_args!("removed {}", args.output.join(name).display()));
    }
    context.ui.note(format_args!(
        "{} and {}: {} written, {} unchanged, {} removed",
        count(distilled.methods, "method"),
        count(distilled.exchanges, "exchange"),
        count(report.written.len(), "file"),
        report.unchanged.len(),
        report.removed.len(),
    ));
    if distilled.source == Source::Current && args.taskcluster_version.is_none() {
        context.ui.hint(match fs::read_to_string(directory.join("VERSION")) {
            Ok(version) => format!(
                "VERSION still says {}; give --taskcluster-version when these are of another one.",
                version.trim_end()
            ),
            Err(_) => "There is no VERSION yet; give --taskcluster-version with the deployment's version.".into(),
        });
    }
    if context.wants_json() {
        context.print_json(serde_json::to_vec(report).map_err(io::Error::from)?).await?;
    }
    Ok(Status::DONE)
}

/// `1 file`, `2 files`.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
