//! What the reports and logs of tasks say.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use regex::Regex;
use serde_json::Value;

use super::reading::{Reading, ReportReader};
use crate::client::Client;
use crate::commands::logs::{LIVE_STALL, PayloadLogs, Source, choose};
use crate::commands::transfers;
use crate::context::Context;
use crate::diagnosis::log::{FailureKind, LogErrors, OwnPattern, Patterns, Picker};
use crate::diagnosis::report::{Report, ReportKind};
use crate::error::{Error, Kind, Result};

/// Of a longer log its end is read first, where the storage sends that alone: it holds what fails nearly always.
pub(crate) const LOG_END_BYTES: u64 = 8 << 20;
/// How long nothing may come of what is stored, before its connection counts as dead.
const STORED_STALL: Duration = Duration::from_secs(60);
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
    /// So many bytes of the end of a longer log will do, where they tell the failure: lines have no numbers then.
    pub(crate) end: Option<u64>,
}

impl LogRequest {
    /// The log of a run that is over.
    pub(crate) fn of(task: &str, run: u32, definition: &Value) -> Self {
        Self { task: task.to_owned(), run, names: PayloadLogs::of(definition), is_over: true, end: Some(LOG_END_BYTES) }
    }
}

/// What was found in a run, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FoundErrors {
    /// The name of the artifact; the first one of several.
    pub(crate) source: String,
    /// What it says.
    pub(crate) errors: LogErrors,
    /// So many bytes of its end were read, and nothing before them.
    pub(crate) end: Option<u64>,
    /// Why only its beginning could be read.
    pub(crate) cut: Option<String>,
}

impl FoundErrors {
    /// Adds what a report says, where it tells failures.
    fn add(&mut self, source: &str, errors: LogErrors) {
        if errors.lines.is_empty() {
            return;
        }
        if self.source.is_empty() {
            source.clone_into(&mut self.source);
        }
        self.errors.lines.extend(errors.lines);
        self.errors.omitted += errors.omitted;
    }
}

/// Reads reports and logs, any number at once.
#[derive(Clone)]
pub(crate) struct Logs {
    own: Vec<OwnPattern>,
    /// Made when the first log is read: that takes longer than many a command that needs none. Others that are read at once
    /// wait for it, because making takes megabytes.
    patterns: Arc<Mutex<Option<Arc<Patterns>>>>,
    reading: Reading,
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
        Ok(Self { own, patterns: Arc::default(), reading: Reading::default() })
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
        let LogRequest { task, run, names, is_over, .. } = &request;
        let listed = match transfers::list(client, task, Some(*run)).await {
            Err(error) if error.kind() == Kind::NotFound => return Ok(None),
            listed => listed?,
        };
        let mut unread = None;
        if *is_over {
            let mut found = FoundErrors::default();
            for (kind, name) in reports(listed.iter().filter(|it| !it.is_error()).map(|it| it.name.as_str())) {
                match self.in_report(client, &request, kind, name).await {
                    Ok(errors) => found.add(name, errors),
                    Err(error) if error.kind() == Kind::Interrupted => return Err(error),
                    // Another report, or the log, may tell as much.
                    Err(error) => unread = Some(error),
                }
            }
            if !found.source.is_empty() {
                return Ok(Some(found));
            }
        }
        match choose(&listed, names, *is_over) {
            Some(name) => self.in_log(client, &request, name).await.map(Some),
            None => unread.map_or(Ok(None), Err),
        }
    }

    async fn in_report(
        &self,
        client: &Client,
        request: &LogRequest,
        kind: ReportKind,
        name: &str,
    ) -> Result<LogErrors> {
        let source = Source::of(client, &request.task, request.run, name).await?;
        let _turn = self.reading.turn().await;
        let stream = source.open(client, 0, stall_of_stored(client)).await?;
        let (reader, outcome) = self.reading.read(stream, true, ReportReader::new(Report::new(kind))).await?;
        let errors = reader.report.finish();
        if errors.lines.is_empty() {
            outcome?;
        }
        Ok(errors)
    }

    /// What the log tells.
    async fn in_log(&self, client: &Client, request: &LogRequest, name: &str) -> Result<FoundErrors> {
        let LogRequest { task, run, is_over, .. } = request;
        let source = Source::of(client, task, *run, name).await?;
        let _turn = self.reading.turn().await;
        let mut whole = None;
        if let Some(most) = request.end.filter(|_| *is_over) {
            let (stream, is_end) = source.open_end(client, most, stall_of_stored(client)).await?;
            if is_end {
                let (picker, _) = self.reading.read(stream, true, Picker::of_end(self.patterns()?)).await?;
                let errors = picker.finish();
                if errors.telling().is_some() {
                    return Ok(FoundErrors { source: name.to_owned(), errors, end: Some(most), cut: None });
                }
            } else {
                whole = Some(stream);
            }
        }
        let stream = match whole {
            Some(stream) => stream,
            None => source.open(client, 0, if *is_over { stall_of_stored(client) } else { LIVE_STALL }).await?,
        };
        let (picker, outcome) = self.reading.read(stream, *is_over, Picker::new(self.patterns()?)).await?;
        let errors = picker.finish();
        let cut = match outcome {
            Ok(()) => None,
            // What was read tells the failure all the same.
            Err(error) if error.kind() != Kind::Interrupted && errors.telling().is_some() => {
                Some(error.message().to_owned())
            }
            Err(error) => return Err(error),
        };
        Ok(FoundErrors { source: name.to_owned(), errors, end: None, cut })
    }
}

/// How long nothing may come of what is stored.
fn stall_of_stored(client: &Client) -> Duration {
    client.given_timeout().map_or(STORED_STALL, |limit| limit.min(STORED_STALL))
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
    fn a_summary_of_failures_stands_for_the_whole() {
        let names = ["public/x_raw.log", "public/x_errorsummary.log", "public/junit.xml", "public/logs/live.log"];
        let found = reports(names.into_iter());
        assert_eq!(found, [(ReportKind::ErrorSummary, names[1]), (ReportKind::Junit, names[2])]);
        assert_eq!(reports(names[..1].iter().copied()), [(ReportKind::Raw, names[0])]);
    }
}
