//! Downloading one or many: flags, progress, records, a summary.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};
use std::time::{Duration, Instant};

use futures::{FutureExt as _, Stream, StreamExt as _};
use serde_json::{Value, json};

use super::lanes::Lanes;
use crate::client::Client;
use crate::commands::Status;
use crate::context::{Context, parse_timeout};
use crate::domain::artifact_path::{Paths, SafePath, flat_path, safe_path};
use crate::error::{Error, Kind, Result};
use crate::transfer::{self, Algorithm, CONNECTIONS, Checksum, Downloaded, Event, Existing, Options, Source, Watch};
use crate::ui::{Sink, Transfers, sanitize, size};

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

pub(super) struct Bars(pub(super) Transfers);

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
pub fn to_stdout(client: &Client, source: &Source, options: &Options, context: &Context) -> Result<Status> {
    let bars = Arc::new(Bars(Transfers::start(&context.ui, "Reading")));
    let mut options = options.clone();
    if !context.ui.terminal.stdout {
        options.watch = Some(Arc::clone(&bars) as Arc<dyn Watch>);
    }
    let outcome = context.block_on(async {
        let mut out = Stdout(context);
        transfer::to_writer(client, source, &mut out, &options).await
    });
    bars.0.finish();
    outcome.map(|_| Status::DONE)
}

/// Standard output as something asynchronous; writing it blocks, and nothing else is to be done meanwhile.
struct Stdout<'a>(&'a Context);

impl tokio::io::AsyncWrite for Stdout<'_> {
    fn poll_write(self: Pin<&mut Self>, _: &mut task::Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let ui = &self.0.ui;
        if !ui.terminal.stdout {
            return Poll::Ready(ui.out().write(bytes));
        }
        // A terminal obeys control characters, and these come from anyone.
        let text = String::from_utf8_lossy(bytes);
        Poll::Ready(ui.out().write_all(sanitize(&text).as_bytes()).map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.ui.flush())
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
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
    failed: usize,
    first: Option<Error>,
    kinds: Vec<Kind>,
}

/// Downloads files, as many at once as pay, and says what became of them.
///
/// Each path is printed when its file is complete (`--json`: a record of all at the end).
///
/// # Errors
/// That of the file, when it is one; [`Kind::Unsuccessful`] when some failed, or what all failed of.
pub async fn download(
    client: &Client,
    items: impl Stream<Item = Result<Wanted>>,
    args: &DownloadArgs,
    mut options: Options,
    manifest: Option<&Path>,
    context: &Context,
) -> Result<Status> {
    let started = Instant::now();
    let bars = Arc::new(Bars(Transfers::start(&context.ui, "Downloading")));
    options.watch = Some(Arc::clone(&bars) as Arc<dyn Watch>);
    options.large = Some(Arc::new(tokio::sync::Semaphore::new(LARGE_JOBS)));
    let jobs = args.jobs.map_or(JOBS, usize::from).min(crate::bulk::connections_available());
    let (options, lanes) = (Arc::new(options), Lanes::new(client));
    let mut running = std::pin::pin!(items.map(|item| one(&lanes, item, &options)).buffer_unordered(jobs));
    let mut tally = Tally::default();
    while let Some(ended) = running.next().await {
        tally.add(ended, &bars, context)?;
        // Those that have ended by now are told together.
        while let Some(Some(ended)) = running.next().now_or_never() {
            tally.add(ended, &bars, context)?;
        }
        context.ui.flush()?;
    }
    bars.0.finish();
    tally.finish(started.elapsed(), manifest, context)
}

/// Downloads one file on a thread that has time for it.
async fn one(lanes: &Lanes, item: Result<Wanted>, options: &Arc<Options>) -> Result<(Wanted, Result<Downloaded>)> {
    let wanted = item?;
    let (source, target, options) = (wanted.source.clone(), wanted.target.clone(), Arc::clone(options));
    let work = |client| async move { transfer::to_file(&client, &source, &target, &options).await };
    let outcome = lanes.run(work).await;
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
    fn add(&mut self, ended: Result<(Wanted, Result<Downloaded>)>, bars: &Bars, context: &Context) -> Result<()> {
        let (wanted, found) = match ended.and_then(|(wanted, outcome)| Ok((wanted, outcome?))) {
            Ok(done) => done,
            Err(error) => {
                self.fail(error, bars, context);
                return Ok(());
            }
        };
        let done = Done { wanted, found };
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

    fn fail(&mut self, error: Error, bars: &Bars, context: &Context) {
        self.failed += 1;
        if !self.kinds.contains(&error.kind()) {
            self.kinds.push(error.kind());
        }
        // The only failure is told at the end, with all that is known of it.
        if let Some(first) = self.first.take() {
            bars.0.above(|| context.ui.warn(sanitize(error.message())));
            self.first = Some(first);
        } else {
            self.first = Some(error);
        }
    }

    fn finish(self, elapsed: Duration, manifest: Option<&Path>, context: &Context) -> Result<Status> {
        let shown = context.wants_json() && (self.failed == 0 || !self.done.is_empty());
        if shown || manifest.is_some() {
            let records: Vec<Value> = self.done.iter().map(Done::record).collect();
            if let Some(path) = manifest {
                write_manifest(&records, path, context)?;
            }
            if shown {
                let text = serde_json::to_vec(&records)
                    .map_err(|source| Error::failed("cannot print the records").caused_by(source))?;
                context.print_json(&text)?;
            }
        }
        self.summarize(elapsed, context);
        let Some(first) = self.first else {
            if self.done.is_empty() {
                context.ui.note("There is nothing to download.");
            }
            return Ok(Status::DONE);
        };
        let all = self.done.len() + self.failed;
        if all == 1 {
            return Err(first);
        }
        context.ui.warn(sanitize(first.message()));
        let kind = if self.done.is_empty() && self.kinds.len() == 1 { first.kind() } else { Kind::Unsuccessful };
        let error = Error::new(kind, format!("{} of {all} files could not be downloaded", self.failed));
        Err(first
            .hints()
            .iter()
            .fold(error, |error, hint| error.hint(hint))
            .hint("The same command skips what is here and right, and goes on with the rest."))
    }

    /// People are told how much it was and how fast; scripts have `--json`.
    fn summarize(&self, elapsed: Duration, context: &Context) {
        if !context.ui.terminal.stderr || self.done.is_empty() {
            return;
        }
        let sum = |of: fn(&Downloaded) -> u64| self.done.iter().map(|done| of(&done.found)).sum::<u64>();
        let (bytes, seconds) = (sum(|found| found.transferred), elapsed.as_secs_f64());
        let rate = size((bytes as f64 / seconds.max(0.001)) as u64);
        let files = match self.done.iter().filter(|done| !done.found.skipped).count() {
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        let retries = match sum(|found| found.retries) {
            0 => String::new(),
            1 => ", 1 retry".to_owned(),
            count => format!(", {count} retries"),
        };
        context.ui.note(format_args!("{files}, {} in {seconds:.1} s ({rate}/s){retries}.", size(bytes)));
    }
}

/// Writes the records of all files, those of an earlier call that are not among them included.
fn write_manifest(records: &[Value], path: &Path, context: &Context) -> Result<()> {
    let path = context.env.resolve(path);
    let failed = |source| Error::io("write", path.display(), source);
    let mut all = records.to_vec();
    if let Ok(old) = std::fs::read(&path) {
        let old: Vec<Value> = serde_json::from_slice(&old).map_err(|source| {
            Error::failed(format!("{} is there, and is no manifest", path.display())).caused_by(source)
        })?;
        let is_new = |record: &Value| records.iter().all(|new| new.get("path") != record.get("path"));
        all.extend(old.into_iter().filter(is_new));
    }
    let text = serde_json::to_vec_pretty(&all).map_err(|source| failed(source.into()))?;
    let mut sink = Sink::file(&path).map_err(failed)?;
    sink.write_all(&text).and_then(|()| sink.write_all(b"\n")).map_err(failed)?;
    sink.finish().map_err(failed)
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
            Error::failed(format!("cannot write an artifact under its own name: {source}"))
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
