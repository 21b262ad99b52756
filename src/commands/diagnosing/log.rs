//! What the reports and logs of tasks say.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use regex::Regex;
use reqwest::header::HeaderMap;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::client::{Client, Streamed};
use crate::commands::logs::{PayloadLogs, Source, choose};
use crate::commands::transfers;
use crate::context::{Context, blocking};
use crate::diagnosis::log::{FailureKind, LogErrors, OwnPattern, Patterns, Picker};
use crate::diagnosis::report::{Report, ReportKind};
use crate::error::{Error, Kind, Result};

/// When nothing has come from a live log for so long, all that there is has been read.
const CATCH_UP_TIMEOUT: Duration = Duration::from_millis(700);
/// A live log is read for so long at most.
const MAX_LIVE_TIME: Duration = Duration::from_secs(10);
/// A log or report is read up to so many bytes, decompressed.
const MAX_READ_BYTES: u64 = 4 << 30;
/// A log of so many bytes is worth another request, to read its end before all of it.
const LARGE_LOG_BYTES: u64 = 16 << 20;
/// What is read of its end, in bytes.
const LOG_END_BYTES: u64 = 4 << 20;
/// Reports of a run that are read.
const MAX_REPORTS: usize = 4;

/// Further patterns for lines that tell failures.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct PatternArgs {
    /// File of further patterns for lines that tell failures: in each line a kind and a regular expression
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    patterns: Option<PathBuf>,
}

/// What is read of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogRequest {
    /// The task.
    pub(crate) task: String,
    /// The run.
    pub(crate) run: u32,
    /// The names that the definition gives to the log.
    pub(crate) names: PayloadLogs,
    /// Whether the run is over.
    pub(crate) is_over: bool,
    /// Whether the end of a large log will do, where it tells the failure: lines are not numbered then as in the whole.
    pub(crate) end_will_do: bool,
}

impl LogRequest {
    /// The log of a run that is over.
    pub(crate) fn of(task: &str, run: u32, definition: &Value) -> Self {
        Self { task: task.to_owned(), run, names: PayloadLogs::of(definition), is_over: true, end_will_do: false }
    }
}

/// What was found in a run, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FoundErrors {
    /// The name of the artifact; the first one of several.
    pub(crate) source: String,
    /// What it says.
    pub(crate) errors: LogErrors,
}

/// Reads reports and logs, each on a thread of its own.
#[derive(Clone)]
pub(crate) struct Logs {
    own: Vec<OwnPattern>,
    /// Made when the first log is read: that takes longer than many a command that needs none. Others that are read at once
    /// wait for it, because making takes megabytes.
    patterns: Arc<Mutex<Option<Arc<Patterns>>>>,
    /// As many search at once as there are processors: each that does takes megabytes.
    searching: Arc<Semaphore>,
}

impl Logs {
    /// With the patterns of the settings, or of a file, besides those that are known anyway.
    ///
    /// # Errors
    /// [`Kind::Usage`] when one is not a regular expression, or has no kind.
    pub(crate) fn new(args: &PatternArgs, context: &Context) -> Result<Self> {
        let path = match &args.patterns {
            Some(path) => Some(context.env.resolve(path)),
            None => context.settings()?.patterns(&context.env),
        };
        let own = path.map_or_else(
            || Ok(Vec::new()),
            |path| {
                let text =
                    std::fs::read_to_string(&path).map_err(|source| Error::io("read", path.display(), source))?;
                own_patterns(&text).map_err(|fault| Error::usage(format!("`{}`: {fault}", path.display())))
            },
        )?;
        for own in &own {
            Regex::new(&own.regex).map_err(|source| {
                Error::usage(format!("`{}` is not a regular expression", own.regex)).caused_by(source.to_string())
            })?;
        }
        let processors = available_parallelism().map_or(1, NonZeroUsize::get);
        Ok(Self { own, patterns: Arc::default(), searching: Arc::new(Semaphore::new(processors)) })
    }

    fn patterns(&self) -> Result<Arc<Patterns>> {
        let mut patterns = self.patterns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(patterns) = &*patterns {
            return Ok(Arc::clone(patterns));
        }
        let made = Patterns::new(&self.own)
            .map_err(|source| Error::failed("the patterns of failures are too large").caused_by(source.to_string()))?;
        Ok(Arc::clone(patterns.insert(Arc::new(made))))
    }

    /// What the reports of a run say, where there are some that tell failures, else its log; none where it has neither.
    ///
    /// # Errors
    /// Those of the calls.
    pub(crate) async fn errors(&self, client: &Client, request: LogRequest) -> Result<Option<FoundErrors>> {
        let (logs, client, runtime) = (self.clone(), client.clone(), Handle::current());
        // To decompress and to search takes longer than to fetch.
        blocking(move || runtime.block_on(logs.look(&client, &request))).await
    }

    async fn look(&self, client: &Client, request: &LogRequest) -> Result<Option<FoundErrors>> {
        let LogRequest { task, run, names, is_over, end_will_do } = request;
        let listed = match transfers::list(client, task, Some(*run)).await {
            Err(error) if error.kind() == Kind::NotFound => return Ok(None),
            listed => listed?,
        };
        let reports = if *is_over {
            reports(listed.iter().filter(|it| !it.is_error()).map(|it| it.name.as_str()))
        } else {
            Vec::new()
        };
        let mut found = FoundErrors::default();
        for (kind, name) in reports {
            let mut report = Report::new(kind);
            let stream = Source::of(client, task, *run, name).await?.open(client, 0).await?;
            self.read(stream, *is_over, |piece| report.push(piece)).await?;
            let errors = report.finish();
            if !errors.lines.is_empty() {
                if found.source.is_empty() {
                    name.clone_into(&mut found.source);
                }
                found.errors.lines.extend(errors.lines);
                found.errors.omitted += errors.omitted;
            }
        }
        if !found.source.is_empty() {
            return Ok(Some(found));
        }
        let Some(name) = choose(&listed, names, *is_over) else { return Ok(None) };
        let source = Source::of(client, task, *run, name).await?;
        let mut stream = source.open(client, 0).await?;
        if let Some(from) = start_of_end(&stream.headers).filter(|_| *end_will_do && *is_over) {
            drop(stream);
            let mut picker = Picker::within_line(self.patterns()?);
            self.read(source.open(client, from).await?, true, |piece| picker.push(piece)).await?;
            let errors = picker.finish();
            if errors.telling().is_some() {
                return Ok(Some(FoundErrors { source: name.to_owned(), errors }));
            }
            stream = source.open(client, 0).await?;
        }
        let mut picker = Picker::new(self.patterns()?);
        self.read(stream, *is_over, |piece| picker.push(piece)).await?;
        Ok(Some(FoundErrors { source: name.to_owned(), errors: picker.finish() }))
    }

    /// Hands on an artifact piece by piece.
    async fn read(&self, mut stream: Streamed, is_over: bool, mut take: impl FnMut(&[u8])) -> Result<()> {
        let (started, mut read) = (Instant::now(), 0);
        while read < MAX_READ_BYTES {
            let next = if is_over {
                stream.next().await?
            } else {
                // A live log goes on for as long as the task runs.
                match timeout(CATCH_UP_TIMEOUT, stream.next()).await {
                    Ok(next) if started.elapsed() < MAX_LIVE_TIME => next?,
                    _ => None,
                }
            };
            let Some(piece) = next else { break };
            read += piece.len() as u64;
            // It is never closed.
            let _permit = self.searching.acquire().await;
            take(&piece);
        }
        Ok(())
    }
}

/// Where the end of a large log starts that can be asked for by itself: the storage allows ranges (RFC 9110, 14.3), and
/// the log is not compressed, so that bytes of the wire are bytes of the log.
fn start_of_end(headers: &HeaderMap) -> Option<u64> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let is_plain = header("content-encoding").is_none_or(|coding| coding.is_empty() || coding == "identity");
    let length: u64 = header("content-length")?.parse().ok()?;
    (is_plain && header("accept-ranges") == Some("bytes") && length >= LARGE_LOG_BYTES).then(|| length - LOG_END_BYTES)
}

/// The reports among artifacts, those first that hold failures only; of a kind that holds all the others are left out.
fn reports<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(ReportKind, &'a str)> {
    let mut found: Vec<(ReportKind, &str)> = names.filter_map(|name| Some((ReportKind::of(name)?, name))).collect();
    found.sort_unstable();
    if found.iter().any(|(kind, _)| *kind == ReportKind::ErrorSummary) {
        found.retain(|(kind, _)| *kind != ReportKind::Raw);
    }
    found.truncate(MAX_REPORTS);
    found
}

/// Reads patterns: a kind and a regular expression a line, but for comments.
fn own_patterns(text: &str) -> Result<Vec<OwnPattern>, String> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| {
            let (kind, regex) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let kind = FailureKind::parse(kind).ok_or_else(|| {
                let kinds: Vec<&str> = FailureKind::ALL.iter().map(|kind| kind.as_str()).collect();
                format!("line {number} begins with `{kind}`, not with one of {}", kinds.join(", "))
            })?;
            let regex = regex.trim().to_owned();
            if regex.is_empty() {
                Err(format!("line {number} has no regular expression"))
            } else {
                Ok(OwnPattern { kind, regex })
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_a_kind_and_a_regular_expression() {
        let own = own_patterns("# ours\n\nnetwork ^flux .* lost$\n test  FLUX-\\d+ \n").unwrap();
        assert_eq!(own.len(), 2);
        assert_eq!((own[1].kind, own[1].regex.as_str()), (FailureKind::Test, "FLUX-\\d+"));
        assert!(
            own_patterns("flux x").unwrap_err().starts_with("line 1 begins with `flux`, not with one of test, crash")
        );
        assert_eq!(own_patterns("\ntest").unwrap_err(), "line 2 has no regular expression");
    }

    #[test]
    fn the_end_of_a_log_is_asked_for_where_that_is_possible_and_worth_it() {
        let start = |pairs: &[(&'static str, &str)]| {
            start_of_end(&pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect())
        };
        let (ranges, large) = (("accept-ranges", "bytes"), ("content-length", "20000000"));
        assert_eq!(start(&[ranges, large]), Some(20_000_000 - LOG_END_BYTES));
        assert_eq!(start(&[ranges, large, ("content-encoding", "identity")]), Some(20_000_000 - LOG_END_BYTES));
        assert_eq!(start(&[ranges, large, ("content-encoding", "gzip")]), None);
        assert_eq!(start(&[ranges, ("content-length", "2000000")]), None);
        assert_eq!(start(&[("accept-ranges", "none"), large]), None);
        assert_eq!((start(&[large]), start(&[ranges]), start(&[])), (None, None, None));
    }

    #[test]
    fn a_summary_of_failures_stands_for_the_whole() {
        let names = ["public/x_raw.log", "public/x_errorsummary.log", "public/junit.xml", "public/logs/live.log"];
        let found = reports(names.into_iter());
        assert_eq!(found, [(ReportKind::ErrorSummary, names[1]), (ReportKind::Junit, names[2])]);
        assert_eq!(reports(names[..1].iter().copied()), [(ReportKind::Raw, names[0])]);
    }
}
