//! Downloading one or many: flags, progress, records, a summary.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};
use std::time::{Duration, Instant};

use futures::{FutureExt as _, Stream, StreamExt as _};
use serde_json::{Value, json};

use super::manifest::Manifest;
use super::tally::{Failures, Totals};
use crate::client::{ApiError, Client};
use crate::context::{Context, beside, parse_timeout};
use crate::domain::artifact_path::{Paths, SafePath, flat_path, safe_path};
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::transfer::{self, Algorithm, CONNECTIONS, Checksum, Downloaded, Event, Existing, Options, Source, Watch};
use crate::ui::{Transfers, sanitize, size};

/// Downloads at once, unless someone says otherwise: small files are bound by round trips.
const JOBS: usize = 64;
/// Large files at once: each may take several connections, and memory for what they bring.
const LARGE_JOBS: usize = 4;

/// How to download.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "How to download")]
pub struct DownloadArgs {
    /// Connections for one file, at most, where they make it faster
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub connections: Option<u8>,
    /// Files at once, at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub jobs: Option<u16>,
    /// Do not go on with what an earlier call left
    #[arg(long)]
    pub no_resume: bool,
    /// Leave files that are there, whatever is in them
    #[arg(long, conflicts_with = "force")]
    pub no_clobber: bool,
    /// Replace files that are there, even when they are right
    #[arg(long)]
    pub force: bool,
    /// Give up on a connection that brings no byte for so long
    #[arg(long, value_name = "TIME", default_value = "30s")]
    pub stall: String,
}

/// One file to download.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What.
    pub source: Source,
    /// Where to.
    pub target: PathBuf,
    /// Whether it is as well when there is no such thing.
    pub may_be_missing: bool,
}

impl Wanted {
    /// Something that has to be there.
    pub fn new(source: Source, target: PathBuf) -> Self {
        Self { source, target, may_be_missing: false }
    }
}

impl DownloadArgs {
    /// The options of the library.
    ///
    /// # Errors
    /// [`Kind::Usage`] for what is no time.
    pub fn options(&self) -> Result<Options> {
        let existing = match (self.no_clobber, self.force) {
            (true, _) => Existing::Keep,
            (_, true) => Existing::Replace,
            _ => Existing::Check,
        };
        Ok(Options {
            existing,
            resume: !self.no_resume,
            connections: self.connections.map_or(CONNECTIONS, usize::from),
            stall: parse_timeout(&self.stall)?,
            ..Options::default()
        })
    }
}

/// Reads a SHA-256.
///
/// # Errors
/// [`Kind::Usage`] for anything else.
pub fn sha256(hex: &str) -> Result<Checksum> {
    Checksum::from_hex(Algorithm::Sha256, hex)
        .ok_or_else(|| Error::usage(format!("`{hex}` is no SHA-256")).hint("It has 64 hexadecimal digits."))
}

/// Progress of transfers, as people see it.
pub struct Bars(pub(super) Transfers);

impl Watch for Bars {
    fn see(&self, event: &Event<'_>) {
        match *event {
            Event::Begun { what, length, here } => self.0.begin(what, length, here),
            Event::Bytes { what, count } => self.0.advance(what, count),
            Event::Restarted { what } | Event::Ended { what } => self.0.end(what),
            Event::Retrying { .. } => {}
        }
    }
}

/// Prints one on standard output, decoded.
///
/// # Errors
/// Those of the download; what was printed by then is a beginning, or wrong.
pub async fn to_stdout(client: &Client, source: &Source, options: &Options, context: &Context) -> Result<Status> {
    let bars = Arc::new(Bars(Transfers::start(&context.ui, "Reading")));
    let mut options = options.clone();
    if !context.ui.terminal.stdout {
        options.watch = Some(Arc::clone(&bars) as Arc<dyn Watch>);
    }
    let mut out = Stdout { context, rest: Vec::new() };
    let outcome = transfer::to_writer(client, source, &mut out, &options).await;
    bars.0.finish();
    outcome.map(|_| Status::DONE)
}

/// Standard output as something asynchronous; writing it blocks, and nothing else is to be done meanwhile.
struct Stdout<'a> {
    context: &'a Context,
    /// The beginning of a character, whose end has not come yet.
    rest: Vec<u8>,
}

impl tokio::io::AsyncWrite for Stdout<'_> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut task::Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let ui = &self.context.ui;
        if !ui.terminal.stdout {
            return Poll::Ready(ui.out().write(bytes));
        }
        // A terminal obeys control characters, and these come from anyone.
        let mut all = std::mem::take(&mut self.rest);
        all.extend_from_slice(bytes);
        self.rest = all.split_off(whole_characters(&all));
        let text = String::from_utf8_lossy(&all);
        Poll::Ready(ui.out().write_all(sanitize(&text).as_bytes()).map(|()| bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        let rest = std::mem::take(&mut self.rest);
        let text = String::from_utf8_lossy(&rest);
        let written = self.context.ui.out().write_all(text.as_bytes());
        Poll::Ready(written.and_then(|()| self.context.ui.flush()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}

/// Where the character begins that the end of these bytes cuts off; else where they end.
fn whole_characters(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    let cut = bytes.utf8_chunks().last().filter(|last| !last.invalid().is_empty());
    let cut = cut.map_or(bytes.len(), |last| bytes.len() - last.invalid().len());
    // Only what more bytes can complete is cut off; anything else is wrong as it is.
    let open = bytes.get(cut..).and_then(|rest| rest.first()).is_some_and(|first| *first >= 0xc2 && *first <= 0xf4);
    if cut >= tail && open { cut } else { bytes.len() }
}

/// What one file came to.
struct Done {
    wanted: Wanted,
    found: Downloaded,
}

/// What has become of the files so far.
#[derive(Default)]
struct Tally {
    done: Vec<Done>,
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
pub async fn download(
    client: &Client,
    items: impl Stream<Item = Result<Wanted>>,
    args: &DownloadArgs,
    mut options: Options,
    manifest: &Manifest,
    context: &Context,
) -> Result<Status> {
    let started = Instant::now();
    let bars = Arc::new(Bars(Transfers::start(&context.ui, "Downloading")));
    options.watch = Some(Arc::clone(&bars) as Arc<dyn Watch>);
    options.large = Some(Arc::new(tokio::sync::Semaphore::new(LARGE_JOBS)));
    let jobs = args.jobs.map_or(JOBS, usize::from).min(crate::bulk::connections_available());
    let options = Arc::new(options);
    let mut running = std::pin::pin!(items.map(|item| one(client, item, &options, manifest)).buffer_unordered(jobs));
    let mut tally = Tally::default();
    while let Some(ended) = running.next().await {
        tally.add(ended, manifest, &bars, context)?;
        // Those that have ended by now are told together.
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
    item: Result<Wanted>,
    options: &Arc<Options>,
    manifest: &Manifest,
) -> Result<(Wanted, Result<Downloaded>)> {
    let wanted = item?;
    if let Some(found) = manifest.here(&wanted, options).await {
        return Ok((wanted, Ok(found)));
    }
    let (source, target) = (wanted.source.clone(), wanted.target.clone());
    let (client, options) = (client.clone(), Arc::clone(options));
    let outcome = beside(async move { transfer::to_file(&client, &source, &target, &options).await }).await;
    Ok((wanted, outcome))
}

impl Done {
    /// What is worth a line.
    fn tell(&self, context: &Context) {
        let (ui, path) = (&context.ui, self.wanted.target.display().to_string());
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
        let (task, run, name) = match &self.wanted.source {
            Source::Artifact { task, run, name } => (Some(task), *run, name),
            Source::Object { name } => (None, None, name),
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
            "path": self.wanted.target.display().to_string(),
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
        ended: Result<(Wanted, Result<Downloaded>)>,
        manifest: &Manifest,
        bars: &Bars,
        context: &Context,
    ) -> Result<()> {
        let (wanted, found) = match ended {
            Ok((wanted, Ok(found))) => (wanted, found),
            Ok((wanted, Err(error))) if wanted.may_be_missing && is_unknown(&error) => {
                self.missing += 1;
                return Ok(());
            }
            Ok((wanted, Err(error))) => {
                bars.0.above(|| self.failures.add(&wanted.source.to_string(), error, context));
                return Ok(());
            }
            Err(error) => {
                bars.0.above(|| self.failures.add("", error, context));
                return Ok(());
            }
        };
        let done = Done { wanted, found };
        manifest.add(|| done.record());
        let mut written = Ok(());
        bars.0.above(|| {
            done.tell(context);
            if !context.wants_json() {
                let path = done.wanted.target.display().to_string();
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
            let records: Vec<Value> = self.done.iter().map(Done::record).collect();
            let text = serde_json::to_vec(&records)
                .map_err(|source| Error::failed("cannot print the records").caused_by(source))?;
            context.print_json(text).await?;
        }
        if !self.done.is_empty() {
            let sum = |of: fn(&Downloaded) -> u64| self.done.iter().map(|done| of(&done.found)).sum::<u64>();
            let files = self.done.iter().filter(|done| !done.found.skipped).count();
            let (bytes, retries) = (sum(|found| found.transferred), sum(|found| found.retries));
            Totals { files, bytes, retries, saved: sum(|found| found.resumed) }.tell(elapsed, context);
        }
        match (self.missing, self.done.len() + self.failures.count()) {
            (_, 0) => return Err(Error::new(Kind::NotFound, "there is no such artifact")),
            (0, _) => {}
            (1, _) => context.ui.note("One task has no such artifact."),
            (missing, _) => context.ui.note(format_args!("{missing} times a task had no such artifact.")),
        }
        let hint = "The same command skips what is here and right, and goes on with the rest.";
        self.failures.finish(self.done.len(), "downloaded", hint, context)?;
        Ok(Status::DONE)
    }
}

/// Turns names into targets below a folder, and refuses those that cannot be.
pub struct Targeting<'a> {
    folder: PathBuf,
    flat: bool,
    paths: Paths,
    context: &'a Context,
}

impl<'a> Targeting<'a> {
    /// Targets below `folder`; `flat` leaves out the folders of names.
    pub fn new(folder: PathBuf, flat: bool, context: &'a Context) -> Self {
        Self { folder, flat, paths: Paths::default(), context }
    }

    /// The target of an artifact of this name; `within` is a folder of its own for it, if need be.
    ///
    /// # Errors
    /// [`Kind::Failed`] when the name stands for no path below the folder, or is in another's way.
    pub fn target(&mut self, name: &str, within: &str) -> Result<PathBuf> {
        let refused = |source: crate::domain::artifact_path::NameError| {
            Error::failed(format!("cannot write it under its own name: {source}"))
                .hint("Download it alone, to a file that you name with -o.")
        };
        let found = if self.flat { flat_path(name) } else { safe_path(name) };
        let SafePath { path, escaped } = found.map_err(refused)?;
        let path = if within.is_empty() { path } else { format!("{within}/{path}") };
        if escaped {
            self.context.ui.note(format_args!("{} is written as {path}.", sanitize(name)));
        }
        self.paths.add(name, &path, &transfer::SUFFIXES).map_err(refused)?;
        Ok(self.folder.join(path))
    }
}
