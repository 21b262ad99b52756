//! `tc group watch`

use std::collections::HashSet;
use std::io::Write as _;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

use super::snapshot;
use super::status::{bar, style};
use crate::commands::Status;
use crate::commands::shared::{self, FilterArgs, Selection};
use crate::context::Context;
use crate::domain::StateCounts;
use crate::domain::group_progress::{GroupProgress, Noted};
use crate::error::{Error, Kind, Result};
use crate::ui::{duration, sanitize};

/// Watch a group until it is over
///
/// On a terminal a view that is redrawn in place: counts, what has been running for longest, what
/// failed last. In a pipe a line whenever something changes. Ends with 0 when all tasks completed,
/// with 3 when they did not.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    /// End as soon as a task failed or ended as an exception
    #[arg(long)]
    until_failure: bool,
    /// How often to look
    #[arg(long, value_name = "TIME", default_value = "5s")]
    interval: String,
    #[command(flatten)]
    filters: FilterArgs,
}

/// Tasks of a list in the view.
const SHOWN: usize = 5;

/// Watches.
///
/// # Errors
/// [`Kind::Unsuccessful`], and those of the calls.
pub fn run(args: &Args, context: &Context) -> Result<Status> {
    let (group, context) = shared::group(&args.group, context)?;
    let selection = Selection::new(args.filters.filter(&[], context.now())?, &context)?;
    let interval = snapshot::length(&args.interval, "--interval", &context)?.max(Duration::from_secs(1));
    let client = context.client()?;
    let mut view = View::new(&context);
    context.block_on(async {
        loop {
            let before = context.now();
            let progress = snapshot::take(&client, &group, &selection, None).await?;
            view.show(&progress)?;
            if progress.is_over() {
                return snapshot::verdict(&progress).map(|()| Status::DONE);
            }
            if let (true, Some(first)) = (args.until_failure, progress.unsuccessful.first()) {
                let count = progress.unsuccessful.len();
                let which = if count == 1 { format!("task {} did", first.id) } else { format!("{count} tasks did") };
                return Err(Error::new(Kind::Unsuccessful, format!("{which} not complete; the group goes on")));
            }
            let listing = (context.now() - before).to_std().unwrap_or_default();
            context.env.clock.sleep(interval.max(listing * 2)).await;
        }
    })
}

/// What has been shown so far.
struct View<'a> {
    context: &'a Context,
    /// Lines of the last frame, to be drawn over.
    lines: usize,
    counts: Option<StateCounts>,
    told: HashSet<String>,
}

impl<'a> View<'a> {
    fn new(context: &'a Context) -> Self {
        Self { context, lines: 0, counts: None, told: HashSet::new() }
    }

    fn show(&mut self, progress: &GroupProgress) -> Result<()> {
        if self.context.ui.terminal.stdout { self.redraw(progress) } else { self.tell(progress) }
    }

    /// Draws the new frame over the old one.
    fn redraw(&mut self, progress: &GroupProgress) -> Result<()> {
        let ui = &self.context.ui;
        let lines = frame(progress, self.context.now(), ui.terminal.width.unwrap_or(80), ui.color());
        let mut out = ui.out();
        if self.lines > 0 {
            // Up to the start of the frame, and clear from there.
            write!(out, "\x1b[{}F\x1b[J", self.lines)?;
        }
        for line in &lines {
            writeln!(out, "{line}")?;
        }
        self.lines = lines.len();
        Ok(out.flush()?)
    }

    /// Says what changed.
    fn tell(&mut self, progress: &GroupProgress) -> Result<()> {
        let now = self.context.now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut out = self.context.ui.out();
        for task in &progress.unsuccessful {
            if self.told.insert(task.id.clone()) {
                writeln!(out, "{now} {}: {} {}", state_and_reason(task), task.id, task.name)?;
            }
        }
        if self.counts != Some(progress.counts) {
            self.counts = Some(progress.counts);
            writeln!(out, "{now} {}", snapshot::in_words(progress))?;
        }
        Ok(out.flush()?)
    }
}

/// The lines of a frame; none is wider than the terminal, or drawing over them would miscount.
fn frame(progress: &GroupProgress, now: DateTime<Utc>, width: usize, color: bool) -> Vec<String> {
    let counts = &progress.counts;
    let mut head = format!("{} {} of {} done", bar(counts, color), counts.resolved(), counts.total());
    if let Some(length) = progress.duration(now) {
        head.push_str(&format!(", {}", duration(length)));
    }
    let states = counts.iter().map(|(state, count)| {
        let style = style(state);
        if color { format!("{style}{state}: {count}{style:#}") } else { format!("{state}: {count}") }
    });
    let mut lines = vec![head, states.collect::<Vec<_>>().join("  ")];
    let ago = |since: Option<DateTime<Utc>>| since.map_or_else(String::new, |since| duration(now - since));
    let mut running: Vec<&Noted> = progress.running.iter().collect();
    running.sort_by_key(|task| task.since);
    section(&mut lines, "Running for longest:", running, width, |task| ago(task.since));
    let mut failed: Vec<&Noted> = progress.unsuccessful.iter().collect();
    failed.sort_by_key(|task| std::cmp::Reverse(task.since));
    section(&mut lines, "Failed last:", failed, width, |task| {
        format!("{} {} ago", state_and_reason(task), ago(task.since))
    });
    lines
}

fn section(lines: &mut Vec<String>, title: &str, tasks: Vec<&Noted>, width: usize, what: impl Fn(&Noted) -> String) {
    if tasks.is_empty() {
        return;
    }
    lines.push(title.to_owned());
    for task in tasks.iter().take(SHOWN) {
        let name = sanitize(&task.name).replace(['\n', '\t'], " ");
        let line = format!("  {} {name}  {}", task.id, what(task));
        lines.push(line.chars().take(width.saturating_sub(1)).collect());
    }
    if tasks.len() > SHOWN {
        lines.push(format!("  .. and {} more", tasks.len() - SHOWN));
    }
}

/// `failed`, or `exception (canceled)`.
fn state_and_reason(task: &Noted) -> String {
    if task.reason.is_empty() || task.reason == task.state.as_str() {
        task.state.to_string()
    } else {
        format!("{} ({})", task.state, task.reason)
    }
}
