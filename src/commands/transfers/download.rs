//! Downloading one or many: flags, progress, records, a summary.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{FutureExt as _, Stream, StreamExt as _};
use serde_json::{Value, json};

use super::item::DownloadItem;
use super::manifest::Manifest;
use super::summary::{Bars, Totals};
use crate::client::{ApiError, Client};
use crate::commands::bulk::Failures;
use crate::context::{Context, beside, parse_timeout};
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::transfer::{
    self, Algorithm, Checksum, ContentSource, DEFAULT_CONNECTIONS, Downloaded, Existing, Options, Watch,
};
use crate::ui::{Transfers, sanitize, size};

/// Downloads at once, unless someone says otherwise: small files are bound by round trips.
const DEFAULT_JOBS: usize = 64;
/// Large files at once: each may take several connections, and memory for what they bring.
const MAX_LARGE_FILES: usize = 4;

/// How to download.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "How to download")]
pub(crate) struct DownloadArgs {
    /// Maximum number of connections for one file, used where they make it faster
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub connections: Option<u8>,
    /// Maximum number of files at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub jobs: Option<u16>,
    /// Start over instead of resuming an interrupted download
    #[arg(long)]
    pub no_resume: bool,
    /// Keep files that exist, whatever is in them
    #[arg(long, conflicts_with = "force")]
    pub no_clobber: bool,
    /// Replace files that exist, even when they are right
    #[arg(long)]
    pub force: bool,
    /// Give up on a connection that sends nothing for this long; ten minutes by default for the log of a running task
    #[arg(long, value_name = "TIME", default_value = "30s")]
    pub stall: String,
}

impl DownloadArgs {
    /// The options of the library.
    ///
    /// # Errors
    /// [`Kind::Usage`] for what is no time.
    pub(crate) fn options(&self) -> Result<Options> {
        let existing = match (self.no_clobber, self.force) {
            (true, _) => Existing::Keep,
            (_, true) => Existing::Replace,
            _ => Existing::Check,
        };
        Ok(Options {
            existing,
            resume: !self.no_resume,
            connections: self.connections.map_or(DEFAULT_CONNECTIONS, usize::from),
            stall: parse_timeout(&self.stall)?,
            ..Options::default()
        })
    }
}

/// Reads a SHA-256.
///
/// # Errors
/// [`Kind::Usage`] for anything else.
pub(crate) fn sha256(hex: &str) -> Result<Checksum> {
    Checksum::from_hex(Algorithm::Sha256, hex)
        .ok_or_else(|| Error::usage(format!("invalid SHA-256 `{hex}`")).hint("It has 64 hexadecimal digits."))
}

/// What one file came to.
struct Completed {
    item: DownloadItem,
    found: Downloaded,
}

/// What has become of the files so far.
#[derive(Default)]
struct Tally {
    done: Vec<Completed>,
    failures: Failures,
    /// Files that are not there, and need not be.
    missing: usize,
}

/// Downloads files, as many at once as pay, and says what became of them.
///
/// Each path is printed when its file is complete (`--json`: a record of all at the end). What the manifest
/// has on record and is still the same is not asked for at all.
///
/// # Errors
/// That of the file, when it is one; [`Kind::NotFound`] when there is none at all; [`Kind::Unsuccessful`] when some
/// failed, or what all failed of.
pub(crate) async fn download(
    client: &Client,
    items: impl Stream<Item = Result<DownloadItem>>,
    args: &DownloadArgs,
    mut options: Options,
    manifest: &Manifest,
    context: &Context,
) -> Result<Status> {
    let started = Instant::now();
    let bars = Arc::new(Bars(Transfers::start(&context.ui, "Downloading")));
    options.watch = Some(Arc::clone(&bars) as Arc<dyn Watch>);
    options.large = Some(Arc::new(tokio::sync::Semaphore::new(MAX_LARGE_FILES)));
    let jobs = args.jobs.map_or(DEFAULT_JOBS, usize::from).min(crate::bulk::connections_available());
    let options = Arc::new(options);
    let mut running = std::pin::pin!(items.map(|item| one(client, item, &options, manifest)).buffer_unordered(jobs));
    let mut tally = Tally::default();
    while let Some(ended) = running.next().await {
        tally.add(ended, manifest, &bars, context)?;
        // Those that have ended by now are reported together.
        while let Some(Some(ended)) = running.next().now_or_never() {
            tally.add(ended, manifest, &bars, context)?;
        }
        context.ui.flush()?;
    }
    bars.0.finish();
    tally.finish(started.elapsed(), context).await
}

/// Whether a service knows no such thing. What it knows and a storage has lost is another matter.
fn is_unknown(error: &Error) -> bool {
    ApiError::of(error).is_some_and(|refusal| refusal.status == 404)
}

/// Downloads one file, unless it is here.
async fn one(
    client: &Client,
    item: Result<DownloadItem>,
    options: &Arc<Options>,
    manifest: &Manifest,
) -> Result<(DownloadItem, Result<Downloaded>)> {
    let item = item?;
    if let Some(found) = manifest.here(&item, options).await {
        return Ok((item, Ok(found)));
    }
    let (source, target) = (item.source.clone(), item.target.clone());
    let (client, options) = (client.clone(), Arc::clone(options));
    let outcome = beside(async move { transfer::to_file(&client, &source, &target, &options).await }).await;
    Ok((item, outcome))
}

impl Completed {
    /// What is worth a line.
    fn tell(&self, context: &Context) {
        let (ui, path) = (&context.ui, self.item.target.display().to_string());
        let path = sanitize(&path);
        if self.found.skipped {
            let why = if self.found.checksums.is_empty() { "is there already" } else { "is there already, and right" };
            ui.note(format_args!("{path} {why}."));
        } else if self.found.resumed > 0 {
            let (saved, fetched) = (size(self.found.resumed), size(self.found.transferred));
            ui.note(format_args!("{path} was resumed: {saved} were here already, {fetched} were fetched."));
        }
    }

    fn record(&self) -> Value {
        let (task, run, name) = match &self.item.source {
            ContentSource::Artifact { task, run, name } => (Some(task), *run, name),
            ContentSource::Object { name } => (None, None, name),
        };
        let found = &self.found;
        let hashes: serde_json::Map<String, Value> = found
            .checksums
            .iter()
            .map(|checksum| (checksum.algorithm.name().to_owned(), checksum.hex().into()))
            .collect();
        json!({
            "task": task,
            "run": run,
            "name": name,
            "path": self.item.target.display().to_string(),
            "url": found.url,
            "size": found.bytes,
            "hashes": hashes,
            "contentType": found.content_type,
            "skipped": found.skipped,
            "transferred": found.transferred,
            "resumed": found.resumed,
            "retries": found.retries,
        })
    }
}

impl Tally {
    /// Takes note of a file that has ended, and says so; the output is flushed by the caller.
    fn add(
        &mut self,
        ended: Result<(DownloadItem, Result<Downloaded>)>,
        manifest: &Manifest,
        bars: &Bars,
        context: &Context,
    ) -> Result<()> {
        let (item, found) = match ended {
            Ok((item, Ok(found))) => (item, found),
            Ok((item, Err(error))) if item.may_be_missing && is_unknown(&error) => {
                self.missing += 1;
                return Ok(());
            }
            Ok((item, Err(error))) => {
                let name = item.source.to_string();
                // Many messages name the file themselves.
                let label = if error.message().contains(&name) { "" } else { &name };
                bars.0.above(|| self.failures.add(&name, "", label, true, error, context));
                return Ok(());
            }
            Err(error) => {
                bars.0.above(|| self.failures.add("", "", "", true, error, context));
                return Ok(());
            }
        };
        let done = Completed { item, found };
        manifest.add(|| done.record());
        let mut written = Ok(());
        bars.0.above(|| {
            done.tell(context);
            if !context.wants_json() {
                let path = done.item.target.display().to_string();
                let mut out = context.ui.out();
                written = writeln!(out, "{}", context.ui.safe(&path));
                // A terminal must have it before the bars come back; a pipe gets many lines at once.
                if context.ui.terminal.stdout && written.is_ok() {
                    written = out.flush();
                }
            }
        });
        written?;
        self.done.push(done);
        Ok(())
    }

    async fn finish(self, elapsed: Duration, context: &Context) -> Result<Status> {
        if context.wants_json() && (self.failures.count() == 0 || !self.done.is_empty()) {
            let records: Vec<Value> = self.done.iter().map(Completed::record).collect();
            let text = serde_json::to_vec(&records)
                .map_err(|source| Error::failed("cannot print the records").caused_by(source))?;
            context.print_json(text).await?;
        }
        if !self.done.is_empty() {
            let sum = |of: fn(&Downloaded) -> u64| self.done.iter().map(|done| of(&done.found)).sum::<u64>();
            let files = self.done.iter().filter(|done| !done.found.skipped).count();
            let totals = Totals {
                files,
                bytes: sum(|found| if found.skipped { 0 } else { found.bytes }),
                transferred: sum(|found| found.transferred),
                retries: sum(|found| found.retries),
                saved: sum(|found| found.resumed),
            };
            totals.tell(elapsed, context);
        }
        match (self.missing, self.done.len() + self.failures.count()) {
            (_, 0) => return Err(Error::new(Kind::NotFound, "artifact not found")),
            (0, _) => {}
            (1, _) => context.ui.note("One task has no such artifact."),
            (missing, _) => context.ui.note(format_args!("{missing} tasks have no such artifact.")),
        }
        let mut hints = self.failures.report().hints.clone();
        hints.push("Run the same command again: it skips complete files and resumes the rest.".into());
        self.failures.finish(self.done.len(), "files could not be downloaded", &hints, context)?;
        Ok(Status::DONE)
    }
}
