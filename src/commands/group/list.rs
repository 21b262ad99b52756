//! `tc group list`

use std::io::{Seek as _, Write};

use serde_json::Value;

use super::status::style;
use crate::commands::selection::{self, FilterArgs, GroupPage, GroupTasks, Selection};
use crate::context::Context;
use crate::domain::go_template::GoTemplate;
use crate::domain::{TaskItem, TaskState};
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::ui::json::{Layout, Writer};
use crate::ui::{Progress, Table, duration, jq::Program};

/// List the tasks of a group
///
/// A table on a terminal; in a pipe one line a task: ID, name, state. With --jq the program runs
/// over the list that --json prints; with --jsonl, over each task.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    /// One JSON document a line: each task's status and definition, as soon as its page is there
    #[arg(long, conflicts_with = "format_string")]
    jsonl: bool,
    /// A Go template for each line, such as '{{ .Status.TaskID }} {{ .Task.Metadata.Name }}'
    #[arg(long, value_name = "TEMPLATE")]
    format_string: Option<String>,
    #[command(flatten)]
    filters: FilterArgs,
}

/// A merged document up to this size is kept in memory, a larger one in a temporary file.
const MAX_SPOOL_MEMORY: usize = 1 << 20;

/// Fields that a template can name; the services' schemas have no others.
const FIELDS: &[(&str, &[&str])] = &[
    (
        "status",
        &[
            "taskId",
            "provisionerId",
            "workerType",
            "taskQueueId",
            "schedulerId",
            "projectId",
            "taskGroupId",
            "priority",
            "deadline",
            "expires",
            "retriesLeft",
            "state",
            "runs",
        ],
    ),
    (
        "task",
        &[
            "provisionerId",
            "workerType",
            "taskQueueId",
            "schedulerId",
            "projectId",
            "taskGroupId",
            "dependencies",
            "requires",
            "routes",
            "priority",
            "retries",
            "created",
            "deadline",
            "expires",
            "scopes",
            "payload",
            "metadata",
            "tags",
            "extra",
        ],
    ),
];

/// How a task is shown.
enum Shape {
    /// ID, name, state.
    Plain,
    Template(GoTemplate),
    Filtered(Program),
    JsonLine,
}

/// Lists.
///
/// # Errors
/// Those of the calls, of the template, of the jq program and of the output.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let shape = shape(args, context)?;
    let group = selection::group(&args.group, context)?;
    let selection = Selection { filter: args.filters.filter(&[], context.now())?, program: None };
    let client = group.deployment.client(context)?;
    let tasks = GroupTasks::of(&client, &group.id)?;
    match shape {
        Some(shape) => lines(&shape, tasks, &selection, context).await,
        None if context.globals.jq.is_some() => filtered(tasks, &selection, context).await,
        None if context.globals.json => document(tasks, &selection, context).await,
        None => table(tasks, &selection, context).await,
    }?;
    Ok(Status::DONE)
}

/// How each task is shown; none where they are shown together.
fn shape(args: &Args, context: &Context) -> Result<Option<Shape>> {
    if let Some(text) = &args.format_string {
        if context.wants_json() {
            return Err(Error::usage("--format-string cannot be combined with --json and --jq"));
        }
        let template = GoTemplate::parse(text, FIELDS)
            .map_err(|fault| Error::usage(format!("the template of --format-string is wrong: {fault}")))?;
        return Ok(Some(Shape::Template(template)));
    }
    Ok(match (args.jsonl, context.jq()?) {
        (true, Some(program)) => Some(Shape::Filtered(program)),
        (true, None) => Some(Shape::JsonLine),
        (false, Some(_)) => None,
        (false, None) if context.globals.json || context.ui.terminal.stdout => None,
        (false, None) => Some(Shape::Plain),
    })
}

/// One line a task, page by page.
async fn lines(shape: &Shape, mut tasks: GroupTasks, selection: &Selection, context: &Context) -> Result<()> {
    while let Some(page) = tasks.next().await? {
        let mut out = context.ui.out();
        match shape {
            // Nothing needs to be known about the tasks to copy them.
            Shape::JsonLine if selection.filter.is_empty() => {
                page.write_lines(&mut out)?;
            }
            Shape::Plain if selection.filter.is_empty() => {
                let mut lines = Vec::new();
                page.each_brief(|task| plain(&task.id, &task.name, task.state, context, &mut lines))?;
                out.write_all(&lines)?;
            }
            _ => selected(&page, selection, |raw, item| line(shape, raw, item, context, &mut out))?,
        }
        out.flush()?;
    }
    Ok(())
}

fn selected(
    page: &GroupPage,
    selection: &Selection,
    mut visit: impl FnMut(&[u8], &TaskItem<'_>) -> Result<()>,
) -> Result<()> {
    page.each(|raw, item| if selection.takes(raw, item)? { visit(raw, item) } else { Ok(()) })
}

fn line(shape: &Shape, raw: &[u8], item: &TaskItem<'_>, context: &Context, out: &mut dyn Write) -> Result<()> {
    match shape {
        Shape::Plain => plain(item.id(), item.name(), item.status.state, context, out)?,
        Shape::JsonLine => Layout::write_line(raw, out)?,
        Shape::Filtered(program) => context.filter(program, raw, false, out)?,
        Shape::Template(template) => {
            let value: Value = serde_json::from_slice(raw)
                .map_err(|source| Error::failed("a task of the group is not JSON").caused_by(source))?;
            let text = template
                .render(&value)
                .map_err(|fault| Error::usage(format!("the template of --format-string failed: {fault}")))?;
            writeln!(out, "{}", context.ui.safe(&text))?;
        }
    }
    Ok(())
}

fn plain(id: &str, name: &str, state: TaskState, context: &Context, out: &mut (impl Write + ?Sized)) -> Result<()> {
    // By hand: to interpret a format takes as long as to find all that it shows.
    for part in [id, " ", &context.ui.safe(name), " ", state.as_str(), "\n"] {
        out.write_all(part.as_bytes())?;
    }
    Ok(())
}

/// `--json`: one list of all tasks, which is printed when it is complete: a failure on a later page must leave nothing
/// behind. It is laid out as it comes, and never in memory as a whole.
async fn document(mut tasks: GroupTasks, selection: &Selection, context: &Context) -> Result<()> {
    let failed = |source| Error::io("keep", "the tasks in a temporary file", source);
    let mut spool = tempfile::SpooledTempFile::new(MAX_SPOOL_MEMORY);
    let layout = Layout::indented(context.ui.color(), context.ui.terminal.stdout);
    let mut writer = Writer::new(layout, &mut spool);
    let mut separator: &[u8] = b"[";
    while let Some(page) = tasks.next().await? {
        selected(&page, selection, |raw, _| {
            writer.tokens(separator).and_then(|()| writer.tokens(raw)).map_err(failed)?;
            separator = b",";
            Ok(())
        })?;
    }
    writer.tokens(if separator == b"[" { b"[]" } else { b"]" }).map_err(failed)?;
    spool.rewind().map_err(failed)?;
    let mut out = context.ui.out();
    std::io::copy(&mut spool, &mut out)?;
    Ok(writeln!(out)?)
}

/// `--jq`: the program runs over the list that `--json` prints, which it needs in memory.
async fn filtered(mut tasks: GroupTasks, selection: &Selection, context: &Context) -> Result<()> {
    let mut list = b"[".to_vec();
    while let Some(page) = tasks.next().await? {
        selected(&page, selection, |raw, _| {
            if list.len() > 1 {
                list.push(b',');
            }
            list.extend_from_slice(raw);
            Ok(())
        })?;
    }
    list.push(b']');
    context.print_json(list).await
}

/// What a terminal shows.
async fn table(mut tasks: GroupTasks, selection: &Selection, context: &Context) -> Result<()> {
    let (ui, now) = (&context.ui, context.now());
    let mut table = Table::new(["name", "state", "task", "worker pool", "run time"])
        .right(4)
        .whole(0)
        .whole(2)
        .optional(&[4, 3, 2]);
    let progress = Progress::start(ui, "Listing", None);
    while let Some(page) = tasks.next().await? {
        selected(&page, selection, |_, item| {
            context.remember_name(item.id(), item.name());
            let state = item.status.state;
            let label = match item.status.reason() {
                Some(reason) if state.is_unsuccessful() && reason != state.as_str() => format!("{state} ({reason})"),
                _ => state.to_string(),
            };
            let time = item.status.run_time(now).map(duration).unwrap_or_default();
            let plain = anstyle::Style::new();
            table.styled_row([
                (item.name(), plain),
                (&label, style(state)),
                (item.id(), plain),
                (&item.worker_pool(), plain),
                (&time, plain),
            ]);
            progress.advance(1);
            Ok(())
        })?;
    }
    progress.finish();
    if table.is_empty() {
        ui.note("No tasks.");
        return Ok(());
    }
    Ok(write!(ui.out(), "{}", table.render(ui.terminal.width, ui.color()))?)
}
