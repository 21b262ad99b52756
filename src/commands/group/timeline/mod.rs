//! `tc group timeline`

mod picture;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::status::style;
use crate::commands::selection::{self, FilterArgs, GroupTasks, Selection};
use crate::context::Context;
use crate::domain::time::to_iso;
use crate::domain::timeline::{Spans, Split, Timeline};
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::ui::json::{Layout, Writer};
use crate::ui::{Sink, Table, duration};

/// Show where the time of a group was spent
///
/// On a terminal the critical path: the tasks that decided when the group was done, each with how
/// long it waited for others, waited for a worker, and ran. In a pipe one line a task: ID, when it
/// was scheduled, started and resolved, name. With -o a picture of all of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    /// Draw into this file: `.svg`, or `.html`
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    filters: FilterArgs,
}

/// Shows or draws.
///
/// # Errors
/// Those of the calls and of the output; [`crate::error::Kind::Usage`] for another kind of file.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let is_html = args.output.as_deref().map(is_html).transpose()?;
    let group = selection::group(&args.group, context)?;
    let selection = Selection { filter: args.filters.filter(&[], context.now())?, program: None };
    let client = group.deployment.client(context)?;
    let (mut spans, mut tasks) = (Spans::default(), GroupTasks::of(&client, &group.id)?);
    while let Some(page) = tasks.next().await? {
        page.each(|raw, item| {
            if selection.takes(raw, item)? {
                spans.add(item);
            }
            Ok(())
        })?;
    }
    let now = context.now();
    let timeline = Timeline::new(spans.into_vec(), now);
    if let (Some(path), Some(is_html)) = (&args.output, is_html) {
        let drawn = picture::draw(&timeline, &group.id, now, is_html);
        let failed = |source| Error::io("write", format_args!("`{}`", path.display()), source);
        let mut sink = Sink::file(&context.env.resolve(path)).map_err(failed)?;
        sink.write_all(drawn.as_bytes()).and_then(|()| sink.finish()).map_err(failed)?;
    } else if context.globals.jq.is_some() {
        let mut text = Vec::new();
        write_document(&group.id, &timeline, now, &mut |tokens| text.write_all(tokens))?;
        context.print_json(text).await?;
    } else if context.globals.json {
        let mut out = context.ui.out();
        let mut writer = Writer::new(Layout::indented(context.ui.color(), context.ui.terminal.stdout), &mut out);
        write_document(&group.id, &timeline, now, &mut |tokens| writer.tokens(tokens))?;
        writeln!(out)?;
    } else if context.ui.terminal.stdout {
        let mut out = context.ui.out();
        write!(out, "{}", critical_table(&timeline, now, context))?;
    } else {
        let mut out = context.ui.out();
        let stamp = |time: Option<DateTime<Utc>>| time.map_or_else(|| "-".to_owned(), to_iso);
        for span in &timeline.spans {
            let (scheduled, started, resolved) = (stamp(span.scheduled), stamp(span.started), stamp(span.resolved));
            writeln!(out, "{} {scheduled} {started} {resolved} {}", span.id, span.name)?;
        }
    }
    Ok(Status::DONE)
}

fn is_html(path: &Path) -> Result<bool> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => Ok(false),
        Some("html" | "htm") => Ok(true),
        _ => Err(Error::usage(format!("`{}` is neither a .svg nor a .html file", path.display()))),
    }
}

/// All of the time that tasks waited and ran, added up.
fn total<'a>(splits: impl IntoIterator<Item = &'a Split>) -> Split {
    splits.into_iter().fold(Split::default(), |sum, split| Split {
        dependency: sum.dependency + split.dependency,
        queue: sum.queue + split.queue,
        run: sum.run + split.run,
    })
}

fn seconds(split: &Split) -> Value {
    let number = |length: TimeDelta| length.num_milliseconds() as f64 / 1000.0;
    json!({"dependency": number(split.dependency), "queue": number(split.queue), "run": number(split.run)})
}

/// Writes all of it as JSON, a task at a time: a large group is never in memory as text.
fn write_document(
    group: &str,
    timeline: &Timeline,
    now: DateTime<Utc>,
    write: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let path = timeline.critical_splits(now);
    let splits: Vec<Split> = path.iter().map(|(_, split)| *split).collect();
    let critical: Vec<Value> = path
        .iter()
        .map(|(span, split)| json!({"taskId": &*span.id, "name": &*span.name, "seconds": seconds(split)}))
        .collect();
    let head = json!({
        "taskGroupId": group,
        "start": timeline.start.map(to_iso),
        "end": timeline.end.map(to_iso),
        "criticalPath": critical,
        "criticalSeconds": seconds(&total(&splits)),
    })
    .to_string();
    write(head.strip_suffix('}').unwrap_or(&head).as_bytes())?;
    write(b",\"tasks\":[")?;
    for (index, span) in timeline.spans.iter().enumerate() {
        if index > 0 {
            write(b",")?;
        }
        let task = json!({
            "taskId": &*span.id, "name": &*span.name, "workerPool": &*span.pool, "state": span.state.as_str(),
            "created": to_iso(span.created), "scheduled": span.scheduled.map(to_iso),
            "started": span.started.map(to_iso), "resolved": span.resolved.map(to_iso),
            "seconds": seconds(&span.split(span.created, now)),
        });
        write(task.to_string().as_bytes())?;
    }
    write(b"]}")
}

fn critical_table(timeline: &Timeline, now: DateTime<Utc>, context: &Context) -> String {
    let path = timeline.critical_splits(now);
    if path.is_empty() {
        return format!("{} tasks, none of which is resolved.\n", timeline.spans.len());
    }
    let plain = anstyle::Style::new();
    let mut table =
        Table::new(["task", "state", "name", "dependency", "queue", "run"]).right(3).right(4).right(5).whole(0);
    for (span, split) in &path {
        table.styled_row([
            (span.id.to_string(), plain),
            (span.state.to_string(), style(span.state)),
            (span.name.to_string(), plain),
            (duration(split.dependency), plain),
            (duration(split.queue), plain),
            (duration(split.run), plain),
        ]);
    }
    let splits: Vec<Split> = path.iter().map(|(_, split)| *split).collect();
    let sum = total(&splits);
    let mut text = table.render(context.ui.terminal.width, context.ui.color());
    text.push_str(&format!(
        "\nThe critical path took {}: {} for dependencies, {} for workers, {} running. {} tasks in all.\n",
        duration(sum.dependency + sum.queue + sum.run),
        duration(sum.dependency),
        duration(sum.queue),
        duration(sum.run),
        timeline.spans.len(),
    ));
    text
}
