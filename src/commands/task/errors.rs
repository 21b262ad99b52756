//! `tc task errors`

use std::io::Write as _;

use serde_json::{Value, json};

use super::ids::IdArgs;
use super::lookup;
use super::status::print_documents;
use crate::client::Client;
use crate::commands::bulk::look_up;
use crate::commands::diagnosing::{FoundErrors, LogRequest, Logs, PatternArgs};
use crate::commands::selection::NamedRun;
use crate::context::{Context, NamedTask};
use crate::diagnosis::log::ErrorLine;
use crate::domain::{RunChoice, TaskState};
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::ui::sanitize;

/// Print the lines that say why tasks failed
///
/// The lines come from the reports of test harnesses (errorsummary, mozlog, JUnit) where there are some, else from
/// the log: failed tests, crashes, errors of compilers, exceptions, timeouts, what the machine ran out of. Colours
/// and time stamps are left out. The most telling line is marked; --json has the lines around each, too.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ids: IdArgs,
    /// Those of this run
    #[arg(short, long, value_name = "N", allow_negative_numbers = true)]
    run: Option<NamedRun>,
    #[command(flatten)]
    patterns: PatternArgs,
}

/// Of a longer log only its end is read, where the storage sends that alone and it tells the failure, in bytes.
const LOG_END_BYTES: u64 = 64 << 20;

/// A task with what its run says.
struct TaskErrors {
    name: String,
    run: u32,
    state: TaskState,
    errors: FoundErrors,
}

/// # Errors
/// Those of the calls; [`Kind::NotFound`] for a task without a log.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let named = args.ids.read(context).await?;
    let logs = Logs::new(&args.patterns, context)?;
    let mut documents = Vec::new();
    let outcome = look_up(
        &named,
        context,
        |client, found| {
            let logs = logs.clone();
            async move { look(&client, found, NamedRun::number(args.run, found.run), &logs).await }
        },
        |task, found| {
            if context.wants_json() {
                documents.push(document(&task.id, &found).to_string());
                return Ok(());
            }
            if !named.is_single {
                context.ui.note(format_args!("==> {} {} <==", task.id, sanitize(&found.name)));
            }
            print(&found, context)
        },
    )
    .await;
    if context.wants_json() { print_documents(&named, context, documents, outcome).await } else { outcome }
}

async fn look(client: &Client, task: &NamedTask, number: Option<u32>, logs: &Logs) -> Result<TaskErrors> {
    let looked_up = lookup::status_and_definition(client, &task.id).await?;
    let status = looked_up.status()?;
    let runs = RunChoice::number_or_newest(number)
        .of(&status)
        .map_err(|fault| Error::new(Kind::NotFound, fault.to_string()))?;
    let without_log = || Error::new(Kind::NotFound, format!("task {} has no log", task.id));
    let run = runs.first().ok_or_else(without_log)?;
    let definition: Value = looked_up.definition_value()?;
    let is_over = run.state.is_resolved();
    let end = Some(LOG_END_BYTES);
    let request = LogRequest { is_over, end, ..LogRequest::of(&task.id, run.run_id, &definition) };
    let errors = logs.errors(client, request).await?.ok_or_else(without_log)?;
    let name = looked_up.definition()?.metadata.name.into_owned();
    Ok(TaskErrors { name, run: run.run_id, state: run.state, errors })
}

fn document(id: &str, found: &TaskErrors) -> Value {
    let TaskErrors { name, run, state, errors: FoundErrors { source, errors, .. } } = found;
    let best = errors.telling();
    let lines: Vec<Value> = errors
        .lines
        .iter()
        .map(|line| {
            json!({
                "number": line.number, "kind": line.kind, "line": line.text, "test": line.test, "before": line.before,
                "after": line.after,
            })
        })
        .collect();
    json!({
        "taskId": id, "name": name, "runId": run, "state": state.as_str(), "source": source,
        "kind": best.map(|best| best.kind), "line": best.map(|best| &best.text),
        "infrastructure": best.is_some_and(|best| best.kind.is_infrastructure()),
        "exitStatus": errors.exit_status, "errors": lines, "omitted": errors.omitted,
    })
}

fn print(found: &TaskErrors, context: &Context) -> Result<()> {
    let errors = &found.errors.errors;
    let (ui, best) = (&context.ui, errors.best());
    let number = |line: &ErrorLine| line.number.map_or_else(String::new, |number| number.to_string());
    let width = errors.lines.last().map_or(1, |line| number(line).len());
    let mut out = ui.out();
    let show = |line: &ErrorLine| {
        let mark = if best == Some(line) { '>' } else { ' ' };
        format!("{mark} {:>width$}  {}", number(line), ui.safe(&line.text))
    };
    for line in &errors.lines {
        writeln!(out, "{}", show(line))?;
    }
    drop(out);
    if let Some(bytes) = found.errors.end {
        let (size, source) = (bytes >> 20, &found.errors.source);
        ui.note(format_args!("Only the last {size} MiB of {source} were read, so its lines have no numbers."));
    }
    if let Some(why) = &found.errors.cut {
        ui.warn(format_args!("only the beginning of {} could be read: {why}", found.errors.source));
    }
    if errors.omitted > 0 {
        ui.note(format_args!("{} more such lines are left out.", errors.omitted));
    }
    if errors.lines.is_empty() {
        let last =
            if errors.last.is_empty() { String::new() } else { format!(" Its last: {}", sanitize(&errors.last)) };
        ui.note(format_args!("No line of {} reports an error.{last}", found.errors.source));
    }
    Ok(())
}
