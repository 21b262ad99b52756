//! `tc group diff`

mod picture;

use std::io::Write as _;
use std::path::PathBuf;

use chrono::TimeDelta;
use clap::ValueEnum;
use serde_json::{Value, json};

use super::status::style;
use crate::commands::diagnosing::named_group;
use crate::commands::selection::{FilterArgs, GroupTasks, Selection};
use crate::context::{Context, Named};
use crate::diagnosis::compare::{ComparedTask, Differences, Pair, compare};
use crate::domain::timeline::{Spans, Timeline};
use crate::domain::{TaskItem, TaskState};
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::ui::{Progress, Sink, duration};

/// Compare two groups by the names of their tasks
///
/// What newly fails, what was fixed, what fails in both, what is missing and what was added; what became slower or faster
/// beyond the noise of all run times; the critical path before and after. Of several tasks of one name, one that completed
/// stands for all. Ends with 3 when something newly fails.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group from before: an ID, the address of its page, or an index path
    #[arg(value_name = "BEFORE")]
    before: String,
    /// The group to compare with it
    #[arg(value_name = "AFTER")]
    after: String,
    /// Only these lists; separated by commas
    #[arg(long, value_enum, value_name = "LIST", value_delimiter = ',')]
    only: Vec<List>,
    /// Only print the IDs of the tasks, as they are in the second group
    #[arg(long)]
    ids: bool,
    /// Find tasks by their tag `label`, or by this one, where they have it
    #[arg(long, value_name = "TAG", num_args = 0..=1, default_missing_value = "label", require_equals = true)]
    by_tag: Option<String>,
    /// Draw the run times, before against after, into this file: `.svg`
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    filters: FilterArgs,
}

/// A list of differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum List {
    /// Failed now, and completed before
    NewFailures,
    /// Completed now, and failed before
    Fixed,
    /// Failed in both
    StillFailing,
    /// Not in the second group
    Missing,
    /// Not in the first group
    Added,
    /// Took longer, beyond the noise
    Slower,
    /// Took less time, beyond the noise
    Faster,
}

impl List {
    fn key(self) -> &'static str {
        match self {
            Self::NewFailures => "newFailures",
            Self::Fixed => "fixed",
            Self::StillFailing => "stillFailing",
            Self::Missing => "missing",
            Self::Added => "added",
            Self::Slower => "slower",
            Self::Faster => "faster",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::NewFailures => "newly failing",
            Self::Fixed => "fixed",
            Self::StillFailing => "failing in both",
            Self::Missing => "missing",
            Self::Added => "added",
            Self::Slower => "slower",
            Self::Faster => "faster",
        }
    }

    /// The tasks on the list: before and after, where there are both.
    fn of(self, found: &Differences) -> Vec<Sides<'_>> {
        match self {
            Self::NewFailures => both(&found.new_failures),
            Self::Fixed => both(&found.fixed),
            Self::StillFailing => both(&found.still_failing),
            Self::Missing => found.missing.iter().map(|task| (Some(task), None)).collect(),
            Self::Added => found.added.iter().map(|task| (None, Some(task))).collect(),
            Self::Slower => both(&found.slower),
            Self::Faster => both(&found.faster),
        }
    }
}

/// A task before and after, where there are both.
type Sides<'a> = (Option<&'a ComparedTask>, Option<&'a ComparedTask>);

fn both(pairs: &[Pair]) -> Vec<Sides<'_>> {
    pairs.iter().map(|pair| (Some(&pair.before), Some(&pair.after))).collect()
}

/// A group with what is compared of it.
struct Side {
    id: String,
    tasks: Vec<ComparedTask>,
    critical: TimeDelta,
    critical_names: Vec<String>,
}

/// # Errors
/// Those of the calls and of the output; [`Kind::Unsuccessful`] when something newly fails.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    if let Some(path) =
        args.output.as_deref().filter(|path| path.extension().is_none_or(|extension| extension != "svg"))
    {
        return Err(Error::usage(format!("`{}` is not a .svg file", path.display())));
    }
    let (before, after) = (named_group(&args.before, context).await?, named_group(&args.after, context).await?);
    let (before, after) = futures::future::try_join(side(&before, args, context), side(&after, args, context)).await?;
    let sides = [(before.id, before.critical, before.critical_names), (after.id, after.critical, after.critical_names)];
    let found = compare(before.tasks, after.tasks);
    let lists: Vec<List> = if args.only.is_empty() { List::value_variants().to_vec() } else { args.only.clone() };
    if let Some(path) = &args.output {
        let failed = |source| Error::io("write", format_args!("`{}`", path.display()), source);
        let drawn = picture::draw(&found, &sides[0].0, &sides[1].0);
        let mut sink = Sink::file(&context.env.resolve(path)).map_err(failed)?;
        sink.write_all(drawn.as_bytes()).and_then(|()| sink.finish()).map_err(failed)?;
    }
    if context.wants_json() {
        context.print_json(document(&sides, &found, &lists).to_string()).await?;
    } else if args.ids {
        let mut out = context.ui.out();
        for list in &lists {
            for (before, after) in list.of(&found) {
                writeln!(out, "{}", after.or(before).map_or("", |task| task.id.as_str()))?;
            }
        }
    } else {
        print(&sides, &found, &lists, context)?;
    }
    match found.new_failures.len() {
        0 => Ok(Status::DONE),
        1 => Err(Error::new(Kind::Unsuccessful, "1 task newly fails")),
        count => Err(Error::new(Kind::Unsuccessful, format!("{count} tasks newly fail"))),
    }
}

async fn side(group: &Named, args: &Args, context: &Context) -> Result<Side> {
    let selection = Selection { filter: args.filters.filter(&[], context.now())?, program: None };
    let client = group.deployment.client(context)?;
    let progress = Progress::start(&context.ui, "Listing", None);
    let (mut spans, mut tasks, mut pages) = (Spans::default(), Vec::new(), GroupTasks::of(&client, &group.id)?);
    while let Some(page) = pages.next().await? {
        page.each(|raw, item| {
            progress.advance(1);
            if selection.takes(raw, item)? {
                spans.add(item);
                tasks.push(compared(item, args.by_tag.as_deref(), context));
            }
            Ok(())
        })?;
    }
    progress.finish();
    let timeline = Timeline::new(spans.into_vec(), context.now());
    let path = timeline.critical_splits(context.now());
    let critical = path.iter().map(|(_, split)| split.dependency + split.queue + split.run).sum();
    let critical_names = path.iter().map(|(span, _)| span.name.to_string()).collect();
    Ok(Side { id: group.id.clone(), tasks, critical, critical_names })
}

fn compared(item: &TaskItem<'_>, tag: Option<&str>, context: &Context) -> ComparedTask {
    let label = tag.and_then(|tag| item.task.tags.get(tag));
    let status = &item.status;
    ComparedTask {
        name: label.unwrap_or(item.name()).to_owned(),
        id: item.id().to_owned(),
        state: status.state,
        reason: status.reason().unwrap_or_default().to_owned(),
        run_time: if status.state.is_resolved() { status.run_time(context.now()) } else { None },
    }
}

type SideFacts = (String, TimeDelta, Vec<String>);

fn document(sides: &[SideFacts; 2], found: &Differences, lists: &[List]) -> Value {
    let side = |(id, critical, names): &SideFacts| json!({"taskGroupId": id, "criticalSeconds": critical.num_milliseconds() as f64 / 1000.0, "criticalPath": names});
    let task = |task: Option<&ComparedTask>| {
        task.map(|task| {
            let seconds = task.run_time.map(|time| time.num_milliseconds() as f64 / 1000.0);
            json!({"taskId": task.id, "state": task.state.as_str(), "reason": task.reason, "seconds": seconds})
        })
    };
    let mut document = json!({
        "before": side(&sides[0]), "after": side(&sides[1]), "usualFactor": round(found.usual_factor),
        "noiseFactor": round(found.noise_factor),
    });
    for list in lists {
        let entries: Vec<Value> = list
            .of(found)
            .into_iter()
            .map(|(before, after)| {
                let name = after.or(before).map(|task| task.name.clone());
                json!({"name": name, "before": task(before), "after": task(after)})
            })
            .collect();
        document[list.key()] = json!(entries);
    }
    document
}

fn round(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

fn print(sides: &[SideFacts; 2], found: &Differences, lists: &[List], context: &Context) -> Result<()> {
    let ui = &context.ui;
    let mut out = ui.out();
    for list in lists {
        let tasks = list.of(found);
        if tasks.is_empty() {
            continue;
        }
        let color = match list {
            List::NewFailures | List::StillFailing => style(TaskState::Failed),
            List::Fixed => style(TaskState::Completed),
            _ => anstyle::Style::new(),
        };
        writeln!(out, "{}", ui.paint(color.bold(), format_args!("{}: {}", list.title(), tasks.len())))?;
        for (before, after) in tasks {
            let Some(task) = after.or(before) else { continue };
            let times = match (before.and_then(|task| task.run_time), after.and_then(|task| task.run_time)) {
                (Some(before), Some(after)) if matches!(list, List::Slower | List::Faster) => {
                    let factor = after.num_milliseconds() as f64 / before.num_milliseconds().max(1) as f64;
                    format!("  {} -> {} (x {factor:.2})", duration(before), duration(after))
                }
                _ => String::new(),
            };
            writeln!(out, "  {} {}{times}", task.id, ui.safe(&task.name))?;
        }
    }
    let (before, after) = (duration(sides[0].1), duration(sides[1].1));
    writeln!(out, "critical path: {before} before, {after} after")?;
    if !found.timed.is_empty() {
        let (usual, noise) = (found.usual_factor, found.noise_factor);
        let count = found.timed.len();
        writeln!(
            out,
            "run times: x {usual:.2} in the middle of {count} tasks; beyond the noise is a factor of {noise:.2}"
        )?;
    }
    Ok(())
}
