//! `tc task status`

use std::io::Write as _;

use anstyle::Style;
use chrono::{DateTime, Utc};

use super::ids::IdArgs;
use super::lookup::{self, Lookup};
use super::shown;
use crate::commands::bulk::look_up;
use crate::commands::selection::{NamedRun, NamedTasks};
use crate::context::{Context, NamedTask};
use crate::domain::RunChoice;
use crate::domain::task::{Run, Status, time};
use crate::error::{Error, Kind, Result};
use crate::exit::Status as Exit;
use crate::ui::Table;

/// Show the state of tasks and of their runs
///
/// On a terminal each run has its worker, times, duration and reason. In a pipe one line a task: the state of its
/// newest run and, in quotes, why it was resolved.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ids: IdArgs,
    /// Show all runs, not only the newest
    #[arg(short, long, conflicts_with = "run")]
    all_runs: bool,
    /// This run
    #[arg(short, long, value_name = "N", allow_negative_numbers = true)]
    run: Option<NamedRun>,
}

/// Prints where tasks stand.
///
/// # Errors
/// Those of the calls; [`Kind::NotFound`] for a run that is not there.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit> {
    let named = args.ids.read(context).await?;
    if context.wants_json() {
        return json(args, &named, context).await;
    }
    match (context.ui.terminal.stdout, named.is_single) {
        (false, _) => lines(args, &named, context).await,
        (true, true) => details(args, &named, context).await,
        (true, false) => overview(args, &named, context).await,
    }
}

impl Args {
    fn choice(&self, found: &NamedTask) -> RunChoice {
        match (self.all_runs, NamedRun::number(self.run, found.run)) {
            (true, _) => RunChoice::All,
            (false, number) => RunChoice::number_or_newest(number),
        }
    }
}

fn chosen<'s, 'a>(choice: RunChoice, status: &'s Status<'a>) -> Result<&'s [Run<'a>]> {
    choice.of(status).map_err(|fault| Error::new(Kind::NotFound, fault.to_string()))
}

async fn json(args: &Args, named: &NamedTasks, context: &Context) -> Result<Exit> {
    let mut documents = Vec::new();
    let outcome = look_up(
        named,
        context,
        |client, found| async move { lookup::status(&client, &found.id).await },
        |found, looked_up| {
            chosen(args.choice(found), &looked_up.status()?)?;
            documents.push(String::from_utf8_lossy(looked_up.raw()).into_owned());
            Ok(())
        },
    )
    .await;
    print_documents(named, context, documents, outcome).await
}

/// Prints documents: as they are for a single task, else as a list; then what went wrong.
pub(super) async fn print_documents(
    named: &NamedTasks,
    context: &Context,
    documents: Vec<String>,
    outcome: Result<Exit>,
) -> Result<Exit> {
    let document = match (documents.as_slice(), named.is_single) {
        ([one], true) => one.clone(),
        ([], true) => return outcome,
        (many, _) => format!("[{}]", many.join(",")),
    };
    context.print_json(document).await?;
    outcome
}

/// For scripts: what the Go tool prints, with the ID before it where there are many.
async fn lines(args: &Args, named: &NamedTasks, context: &Context) -> Result<Exit> {
    look_up(
        named,
        context,
        |client, found| async move { lookup::status(&client, &found.id).await },
        |found, looked_up: Lookup| {
            let status = looked_up.status()?;
            let id = if named.is_single { String::new() } else { format!("{} ", found.id) };
            let mut out = context.ui.out();
            let runs = chosen(args.choice(found), &status)?;
            if runs.is_empty() {
                writeln!(out, "{id}{}", status.state)?;
            }
            for run in runs {
                let number = if args.all_runs { format!("Run #{}: ", run.run_id) } else { String::new() };
                writeln!(out, "{id}{number}{}", shown::run_line(run))?;
            }
            Ok(())
        },
    )
    .await
}

/// For people, one task: what it is, and a table of its runs.
async fn details(args: &Args, named: &NamedTasks, context: &Context) -> Result<Exit> {
    look_up(
        named,
        context,
        |client, found| async move { lookup::status_and_definition(&client, &found.id).await },
        |found, looked_up| {
            let (status, definition) = (looked_up.status()?, looked_up.definition()?);
            context.remember_name(&found.id, &definition.metadata.name);
            let ui = &context.ui;
            let runs = chosen(args.choice(found), &status)?;
            let mut out = ui.out();
            let state = ui.paint(shown::style(status.state), status.state);
            writeln!(out, "{}", ui.paint(Style::new().bold(), ui.safe(&definition.metadata.name)))?;
            writeln!(out, "{} {state}, pool {}", status.task_id, ui.safe(&status.worker_pool()))?;
            writeln!(out, "group {}", status.task_group_id)?;
            if !status.state.is_resolved() {
                let deadline = shown::ago(time(status.deadline.as_deref()), context.now());
                writeln!(out, "deadline {deadline}")?;
            }
            if runs.is_empty() {
                writeln!(out, "It has no runs yet.")?;
                return Ok(());
            }
            let hidden = status.runs.len() - runs.len();
            write!(out, "\n{}", runs_table(runs, context.now()).render(ui.terminal.width, ui.color()))?;
            if hidden > 0 && args.run.is_none() {
                writeln!(out, "{hidden} earlier {}; --all-runs shows all.", if hidden == 1 { "run" } else { "runs" })?;
            }
            Ok(())
        },
    )
    .await
}

/// A row for each run.
pub(super) fn runs_table(runs: &[Run<'_>], now: DateTime<Utc>) -> Table {
    let mut table =
        Table::new(["run", "state", "reason", "created by", "worker", "scheduled", "started", "resolved", "took"])
            .right(0)
            .optional(&[5, 3, 7, 4, 6, 8, 2]);
    for run in runs {
        let plain = |text: String| (text, Style::new());
        table.styled_row([
            plain(run.run_id.to_string()),
            (run.state.to_string(), shown::style(run.state)),
            plain(run.reason_resolved.as_deref().unwrap_or_default().to_owned()),
            plain(run.reason_created.as_deref().unwrap_or_default().to_owned()),
            plain(shown::worker(run)),
            plain(shown::ago(run.scheduled_at(), now)),
            plain(shown::ago(run.started_at(), now)),
            plain(shown::ago(run.resolved_at(), now)),
            plain(shown::run_time(run, now)),
        ]);
    }
    table
}

/// For people, many tasks: a row for each run that is meant.
async fn overview(args: &Args, named: &NamedTasks, context: &Context) -> Result<Exit> {
    let now = context.now();
    let mut table = Table::new(["name", "state", "reason", "run", "task", "started", "took"])
        .right(3)
        .whole(0)
        .whole(4)
        .optional(&[5, 6, 4, 3, 2]);
    let outcome = look_up(
        named,
        context,
        |client, found| async move { lookup::status_and_definition(&client, &found.id).await },
        |found, looked_up| {
            let (status, definition) = (looked_up.status()?, looked_up.definition()?);
            let plain = |text: &str| (text.to_owned(), Style::new());
            let runs = chosen(args.choice(found), &status)?;
            let name = plain(&definition.metadata.name);
            if runs.is_empty() {
                let state = (status.state.to_string(), shown::style(status.state));
                table.styled_row([name, state, plain(""), plain(""), plain(&found.id), plain(""), plain("")]);
                return Ok(());
            }
            for run in runs {
                table.styled_row([
                    name.clone(),
                    (run.state.to_string(), shown::style(run.state)),
                    plain(run.reason_resolved.as_deref().unwrap_or_default()),
                    plain(&run.run_id.to_string()),
                    plain(&found.id),
                    plain(&shown::ago(run.started_at(), now)),
                    plain(&shown::run_time(run, now)),
                ]);
            }
            Ok(())
        },
    )
    .await;
    if !table.is_empty() {
        let ui = &context.ui;
        ui.out().write_all(table.render(ui.terminal.width, ui.color()).as_bytes())?;
    }
    outcome
}
