//! `tc group list`

use std::io::{Seek as _, Write};

use serde_json::Value;

use super::status::style;
use crate::commands::lists::{Cell, Column, ListArgs, Listing, Row};
use crate::commands::selection::{self, FilterArgs, GroupPage, GroupTasks, Selection};
use crate::context::Context;
use crate::domain::go_template::GoTemplate;
use crate::domain::{TaskItem, TaskState};
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::ui::json::{Layout, Writer};
use crate::ui::{Progress, duration, jq::Program};

/// List the tasks of a group
///
/// A table on a terminal; in a pipe one line a task: ID, name, state. With --jq the program runs
/// over the list that --json prints; with --jsonl, over each task. The columns run, created, started
/// and resolved are shown with `-o wide`, or by name; run time is in seconds in a pipe.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    /// One JSON document a line: each task's status and definition, as soon as its page is there
    #[arg(long, conflicts_with_all = ["format_string", "form"])]
    jsonl: bool,
    /// A Go template for each line, such as '{{ .Status.TaskID }} {{ .Task.Metadata.Name }}'
    #[arg(long, value_name = "TEMPLATE")]
    format_string: Option<String>,
    /// Only IDs, one a line, for other commands; the same as `-o name`
    #[arg(long, conflicts_with_all = ["format_string", "form", "jsonl"])]
    ids: bool,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each task.
const COLUMNS: [Column; 9] = [
    Column::new("name").whole(),
    Column::new("state"),
    Column::new("task").whole().optional(2).naming(),
    Column::new("worker pool").optional(1),
    Column::new("run time").right().optional(0),
    Column::new("run").right().extra(),
    Column::new("created").extra(),
    Column::new("started").extra(),
    Column::new("resolved").extra(),
];

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

pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.clone().with_names_alone(args.ids).listing(&COLUMNS, context)?;
    let shape = shape(args, context)?;
    if shape.as_ref().is_some_and(|shape| !matches!(shape, Shape::Plain)) && listing.is_shaped() {
        return Err(Error::usage("--format-string and --jsonl cannot be combined with --columns and -o"));
    }
    let group = selection::group(&args.group, context)?;
    let selection = Selection { filter: args.filters.filter(&[], context.now())?, program: None };
    let client = group.deployment.client(context)?;
    let tasks = GroupTasks::of(&client, &group.id)?;
    if listing.needs_rows() || context.ui.terminal.stdout && !context.wants_json() && shape.is_none() {
        return gathered(shape.as_ref(), tasks, &selection, &listing, context).await;
    }
    match shape {
        Some(shape) => lines(&shape, tasks, &selection, context).await,
        None if context.globals.jq.is_some() => filtered(tasks, &selection, context).await,
        None => document(tasks, &selection, context).await,
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
            .map_err(|fault| Error::usage(format!("the template of --format-string is invalid: {fault}")))?;
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
    let directory = context.env.temporary_directory();
    let kept = format!("the tasks in a temporary file in {}", directory.display());
    let failed = |source| Error::io("keep", &kept, source).hint("Set TMPDIR to a directory with room for it.");
    let mut spool = tempfile::spooled_tempfile_in(MAX_SPOOL_MEMORY, directory);
    let layout = Layout::indented(context.ui.color(), context.ui.terminal.stdout);
    let mut writer = Writer::new(layout, &mut spool);
    let mut separator: &[u8] = b"[";
    let progress = Progress::beside_output(&context.ui, "Listing", None);
    while let Some(page) = tasks.next().await? {
        page.each(|raw, item| {
            progress.advance(1);
            if selection.takes(raw, item)? {
                writer.tokens(separator).and_then(|()| writer.tokens(raw)).map_err(failed)?;
                separator = b",";
            }
            Ok(())
        })?;
    }
    progress.finish();
    writer.tokens(if separator == b"[" { b"[]" } else { b"]" }).map_err(failed)?;
    spool.rewind().map_err(failed)?;
    let mut out = context.ui.out();
    std::io::copy(&mut spool, &mut out)?;
    Ok(writeln!(out)?)
}

/// `--jq`: the program runs over the list that `--json` prints, which it needs in memory.
async fn filtered(mut tasks: GroupTasks, selection: &Selection, context: &Context) -> Result<()> {
    let mut list = b"[".to_vec();
    let progress = Progress::beside_output(&context.ui, "Listing", None);
    while let Some(page) = tasks.next().await? {
        page.each(|raw, item| {
            progress.advance(1);
            if selection.takes(raw, item)? {
                if list.len() > 1 {
                    list.push(b',');
                }
                list.extend_from_slice(raw);
            }
            Ok(())
        })?;
    }
    progress.finish();
    list.push(b']');
    context.print_json(list).await
}

/// What takes all rows: a table, and whatever is sorted or cut.
async fn gathered(
    shape: Option<&Shape>,
    tasks: GroupTasks,
    selection: &Selection,
    listing: &Listing,
    context: &Context,
) -> Result<Status> {
    let (ui, enough) = (&context.ui, listing.enough());
    let mut tasks = if enough == usize::MAX { tasks } else { tasks.one_by_one() };
    let mut rows: Vec<Row<Vec<u8>>> = Vec::new();
    let progress = Progress::start(ui, "Listing", None);
    while rows.len() < enough
        && let Some(page) = tasks.next().await?
    {
        page.each(|raw, item| {
            progress.advance(1);
            if selection.takes(raw, item)? {
                context.remember_name(item.id(), item.name());
                rows.push(Row::new(raw.to_vec(), cells(item, context)));
            }
            Ok(())
        })?;
    }
    progress.finish();
    match shape {
        None => listing.print(rows, "No tasks.", context, |tasks| joined(&tasks)).await,
        Some(Shape::Plain) if listing.is_shaped() => {
            listing.print(rows, "No tasks.", context, |tasks| joined(&tasks)).await
        }
        Some(shape) => {
            let mut out = ui.out();
            for row in listing.ordered(rows) {
                let item = TaskItem::parse(&row.item)
                    .map_err(|source| Error::failed("an item of the group is not a task").caused_by(source))?;
                line(shape, &row.item, &item, context, &mut out)?;
            }
            Ok(Status::DONE)
        }
    }
}

/// Tasks as one list.
fn joined(tasks: &[Vec<u8>]) -> String {
    let tasks: Vec<_> = tasks.iter().map(|task| String::from_utf8_lossy(task)).collect();
    format!("[{}]", tasks.join(","))
}

/// What the columns say of a task.
fn cells(item: &TaskItem<'_>, context: &Context) -> [Cell; COLUMNS.len()] {
    let (now, state) = (context.now(), item.status.state);
    let label = match item.status.reason() {
        Some(reason) if state.is_unsuccessful() && reason != state.as_str() => format!("{state} ({reason})"),
        _ => state.to_string(),
    };
    let run = item.status.last_run();
    let run_time = item.status.run_time(now);
    let time = |text: Option<&str>| Cell::time(text.unwrap_or_default(), now);
    [
        item.name().into(),
        Cell::from(state.as_str()).shown(label).styled(style(state)),
        item.id().into(),
        item.worker_pool().into_owned().into(),
        match run_time {
            Some(time) => Cell::from(time.num_seconds().to_string()).shown(duration(time)),
            None => Cell::default(),
        },
        run.map(|run| run.run_id.to_string()).unwrap_or_default().into(),
        time(item.task.created.as_deref()),
        time(run.and_then(|run| run.started.as_deref())),
        time(run.and_then(|run| run.resolved.as_deref())),
    ]
}
