//! `tc task log`

mod find;
mod follow;
mod lines;
mod overlap;
mod whole;

use regex::bytes::RegexSet;

use super::ids::IdArgs;
use super::lookup;
use crate::client::Client;
use crate::commands::bulk::{self, Failures};
use crate::commands::selection::NamedRun;
use crate::context::{Context, NamedTask};
use crate::domain::task::Status;
use crate::domain::{RunChoice, TaskState};
use crate::error::{Error, Kind, Result};
use crate::exit::Status as Exit;
use find::LogRequest;
use lines::{Filter, Lines};

/// Print the logs of tasks
///
/// The log of a running task is followed to its end, once it is there. In a pipe a log without filters comes out byte
/// for byte; on a terminal control characters are left out.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ids: IdArgs,
    /// The log of this run
    #[arg(short, long, value_name = "N", allow_negative_numbers = true)]
    run: Option<NamedRun>,
    /// This artifact, in place of the usual ones
    #[arg(long, value_name = "NAME")]
    artifact: Option<String>,
    /// Only the last N lines, and what follows while the task runs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..10_000_000))]
    tail: Option<u32>,
    /// Only lines that match this regular expression; repeatable, lines that match any of them
    #[arg(long, value_name = "REGEX")]
    grep: Vec<String>,
    /// Only the lines that say what went wrong: failed tests, errors, crashes, tracebacks
    #[arg(long)]
    errors: bool,
    /// Print control characters, too
    #[arg(long)]
    raw: bool,
}

impl Args {
    /// The whole log of a task's newest run.
    pub(super) fn of(id: &str) -> Self {
        let ids = IdArgs { tasks: vec![id.to_owned()], ..IdArgs::default() };
        Self { ids, run: None, artifact: None, tail: None, grep: Vec::new(), errors: false, raw: false }
    }
}

/// Prints logs, one after the other.
///
/// # Errors
/// [`Kind::NotFound`] when there is no log.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit> {
    if context.globals.jq.is_some() {
        return Err(Error::usage("--jq cannot filter a log").hint("Use --json to print one JSON document per line."));
    }
    let filter = filter(args)?;
    let named = args.ids.read(context).await?;
    let mut failures = Failures::default();
    for found in &named.tasks {
        if !named.is_single {
            context.ui.note(format_args!("==> {} <==", found.id));
        }
        let printed = match found.deployment.client(context) {
            Ok(client) => context.while_read(Box::pin(print(args, found, &filter, &client, context))).await,
            Err(error) => Err(error),
        };
        match printed {
            Ok(()) => {}
            Err(error) if named.is_single || matches!(error.kind(), Kind::BrokenPipe) => return Err(error),
            Err(error) => failures.add(&found.id, "", &found.id, false, error, context),
        }
    }
    bulk::finish(failures, named.tasks.len(), context)
}

fn filter(args: &Args) -> Result<Filter> {
    let mut patterns: Vec<&str> = args.grep.iter().map(String::as_str).collect();
    if args.errors {
        patterns.extend(lines::ERRORS);
    }
    if patterns.is_empty() {
        return Ok(Filter::default());
    }
    let set = RegexSet::new(&patterns)
        .map_err(|source| Error::usage("--grep is not a regular expression").caused_by(source.to_string()))?;
    Ok(Filter::new(set))
}

async fn print(args: &Args, found: &NamedTask, filter: &Filter, client: &Client, context: &Context) -> Result<()> {
    let looked_up = lookup::status(client, &found.id).await?;
    let run = run_with_log(&looked_up.status()?, NamedRun::number(args.run, found.run))?;
    let request =
        LogRequest { name: args.artifact.as_deref().or(found.artifact.as_deref()), task: &found.id, run: run.0 };
    let log = follow::Log::open(client, context, request, run.1).await?;
    let terminal = context.ui.terminal.stdout;
    let lines = Lines::new(lines::Style {
        filter: filter.clone(),
        tail: args.tail.map(|tail| tail as usize),
        clean: terminal && !args.raw,
        json: context.globals.json,
    });
    let lines = log.print(lines).await?;
    if lines.shown() == 0 && !filter.is_empty() {
        context.ui.note("No line of the log matches.");
    }
    Ok(())
}

/// The run whose log is meant, by number and state; an error when there can be none.
fn run_with_log(status: &Status<'_>, number: Option<u32>) -> Result<(u32, TaskState)> {
    let runs = RunChoice::number_or_newest(number)
        .of(status)
        .map_err(|fault| Error::new(Kind::NotFound, fault.to_string()))?;
    let id = &status.task_id;
    match runs.first() {
        Some(run) if run.state == TaskState::Pending => {
            let error = Error::new(Kind::NotFound, format!("task {id} is pending: run {} has no log yet", run.run_id));
            Err(match run.run_id.checked_sub(1) {
                Some(before) => error.hint(format!("For the log of the run before: tc task log {id} --run {before}")),
                None => error.hint(format!("To wait until it runs: tc task wait {id} --for running")),
            })
        }
        Some(run) => Ok((run.run_id, run.state)),
        None => {
            Err(Error::new(Kind::NotFound, format!("task {id} is {}: it has not run, so it has no log", status.state)))
        }
    }
}
