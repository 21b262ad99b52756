//! `tc group watch`

use std::cell::RefCell;
use std::collections::HashSet;
use std::io::Write as _;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

use super::snapshot;
use super::status::{style, with_bar};
use crate::commands::diagnosing::RerunArgs;
use crate::commands::listening::{EventArgs, Events};
use crate::commands::notices::{About, NotifyArgs};
use crate::commands::selection::{self, FilterArgs, Selection};
use crate::commands::waiting::{self, Limit, Outage};
use crate::context::{Context, Named};
use crate::domain::StateCounts;
use crate::domain::group_progress::{GroupProgress, Noted};
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::ui::{Frame, duration, sanitize};

/// Watch a group until it is over
///
/// On a terminal a view that is redrawn in place: counts, what has been running for longest, what
/// failed last. In a pipe a line whenever something changes. Ends with 0 when all tasks completed,
/// with 3 when they did not, and with 8 when the time limit came first. With --rerun-failed, what
/// fails is rerun meanwhile.
/// Retries for up to ten minutes while the deployment is unreachable, except with `--retries 0`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    /// Give up after this time: `2 hours`
    // It takes the place of the global option of this name, which is about single calls.
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// End as soon as a task failed or ended as an exception
    #[arg(long, conflicts_with = "rerun_failed")]
    until_failure: bool,
    /// How often to look
    #[arg(long, value_name = "TIME", default_value = "5s")]
    interval: String,
    #[command(flatten)]
    events: EventArgs,
    #[command(flatten)]
    reruns: RerunArgs,
    #[command(flatten)]
    notify: NotifyArgs,
    #[command(flatten)]
    filters: FilterArgs,
}

/// Tasks of a list in the view.
const MAX_LISTED_TASKS: usize = 5;
/// How often the times in the view are redrawn.
const REDRAW_INTERVAL: Duration = Duration::from_secs(1);

/// # Errors
/// [`Kind::Unsuccessful`], [`Kind::Pending`].
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let group = selection::group(&args.group, context)?;
    let late = || Error::new(Kind::Pending, "the group is not over at the time limit");
    let work = Limit::read(args.timeout.as_deref())?.hold(watch(args, &group, context), late);
    args.notify.after(|| About::group(&group, context), context, work).await
}

async fn watch(args: &Args, group: &Named, context: &Context) -> Result<Status> {
    let selection = Selection::new(args.filters.filter(&[], context.now())?, context)?;
    let interval = waiting::length(&args.interval, "--interval")?.max(Duration::from_secs(1));
    let client = group.deployment.client(context)?;
    let mut events = args.events.of_group(&group.id, context).await?;
    let mut reruns = args.reruns.reruns(&client, context)?;
    let mut view = View::new(context)?;
    let mut progress = GroupProgress::default();
    loop {
        let before = context.now();
        let looked = if view.is_empty() {
            snapshot::look(&client, &group.id, &selection, None, &context.ui).await
        } else {
            snapshot::take(&client, &group.id, &selection).await
        };
        if let Some(fresh) = view.outage.bridge(looked)? {
            progress = fresh;
        }
        view.show(&progress)?;
        let rerun = match &mut reruns {
            Some(reruns) => {
                let said = RefCell::new(Vec::new());
                let rerun = reruns.look(&progress.unsuccessful, |line| said.borrow_mut().push(line)).await;
                view.tell_of_reruns(said.into_inner(), &progress)?;
                rerun?
            }
            None => Vec::new(),
        };
        // A task that fails again is reported again.
        view.told.retain(|id| !rerun.contains(id));
        if rerun.is_empty() && progress.is_over() {
            snapshot::tell_of_nothing(&progress, context);
            return snapshot::verdict(&progress).map(|()| Status::DONE);
        }
        if let (true, Some(first)) = (args.until_failure, progress.unsuccessful.first()) {
            let count = progress.unsuccessful.len();
            let which = if count == 1 { format!("task {} did", first.id) } else { format!("{count} tasks did") };
            return Err(Error::new(Kind::Unsuccessful, format!("{which} not complete; the group goes on")));
        }
        let listing = (context.now() - before).to_std().unwrap_or_default();
        events.looked(listing);
        view.sleep(events.pause(interval.max(listing * 2)), &progress, &mut events).await?;
    }
}

/// What has been shown so far.
struct View<'a> {
    context: &'a Context,
    outage: Outage<'a>,
    frame: Frame,
    counts: Option<StateCounts>,
    told: HashSet<String>,
    /// What was said of reruns.
    reruns: Vec<String>,
}

impl<'a> View<'a> {
    fn new(context: &'a Context) -> Result<Self> {
        let outage = Outage::new(context.ui.redraws(), context)?;
        Ok(Self { context, outage, frame: Frame::default(), counts: None, told: HashSet::new(), reruns: Vec::new() })
    }

    /// Whether nothing has been shown yet.
    fn is_empty(&self) -> bool {
        self.counts.is_none()
    }

    fn show(&mut self, progress: &GroupProgress) -> Result<()> {
        if !self.context.ui.redraws() {
            return self.tell(progress);
        }
        self.counts = Some(progress.counts);
        self.redraw(progress)
    }

    fn redraw(&mut self, progress: &GroupProgress) -> Result<()> {
        let ui = &self.context.ui;
        let mut text = view(progress, self.context.now(), Frame::width(ui), ui.color());
        if !self.reruns.is_empty() {
            let first = self.reruns.len().saturating_sub(MAX_LISTED_TASKS);
            let lines: Vec<&str> = self.reruns.iter().skip(first).map(String::as_str).collect();
            text = format!("{text}\nReruns:\n  {}", lines.join("\n  "));
        }
        if let Some(line) = self.outage.line() {
            text = format!("{text}\n{line}");
        }
        Ok(self.frame.draw(ui, &text)?)
    }

    /// Says what was rerun, and what was left as it is: on lines of their own, or at the end of the view.
    fn tell_of_reruns(&mut self, lines: Vec<String>, progress: &GroupProgress) -> Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        if self.context.ui.redraws() {
            self.reruns.extend(lines);
            return self.redraw(progress);
        }
        let now = self.context.now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut out = self.context.ui.out();
        for line in lines {
            writeln!(out, "{now} {line}")?;
        }
        Ok(out.flush()?)
    }

    /// Waits until it is time to look again; on a terminal the times in the view go on meanwhile.
    async fn sleep(&mut self, pause: Duration, progress: &GroupProgress, events: &mut Events<'_>) -> Result<()> {
        if !self.context.ui.redraws() {
            events.wait(pause).await;
            return Ok(());
        }
        let mut left = pause;
        while !left.is_zero() {
            let step = left.min(REDRAW_INTERVAL);
            if events.wait(step).await {
                return Ok(());
            }
            left -= step;
            if !left.is_zero() {
                self.redraw(progress)?;
            }
        }
        Ok(())
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

/// Why a run was resolved that somebody cancelled.
const CANCELED: &str = "canceled";

/// The text of a view of this width.
fn view(progress: &GroupProgress, now: DateTime<Utc>, width: usize, color: bool) -> String {
    let counts = &progress.counts;
    let mut done = format!("{} of {} done", counts.resolved(), counts.total());
    if let Some(length) = progress.duration(now) {
        done.push_str(&format!(", {}", duration(length)));
    }
    let mut lines = vec![with_bar(counts, &done, Some(width), color)];
    states(&mut lines, counts, width, color);
    let ago = |since: Option<DateTime<Utc>>| since.map_or_else(String::new, |since| duration(now - since));
    let mut running: Vec<&Noted> = progress.running.iter().collect();
    running.sort_by_key(|task| task.since);
    section(&mut lines, "Running for longest:", &running, |task| ago(task.since));
    let mut failed: Vec<&Noted> = progress.unsuccessful.iter().collect();
    // Hundreds of tasks that somebody cancelled must not hide those that failed by themselves.
    failed.sort_by_key(|task| (task.reason == CANCELED, std::cmp::Reverse(task.since)));
    section(&mut lines, "Failed last:", &failed, |task| format!("{} {} ago", state_and_reason(task), ago(task.since)));
    lines.join("\n")
}

/// How many there are in each state, in as many lines as that takes.
fn states(lines: &mut Vec<String>, counts: &StateCounts, width: usize, color: bool) {
    const GAP: usize = 2;
    let (mut line, mut taken) = (String::new(), 0);
    for (state, count) in counts.iter() {
        let text = format!("{state}: {count}");
        if taken > 0 && taken + GAP + text.len() > width {
            lines.push(std::mem::take(&mut line));
            taken = 0;
        }
        if taken > 0 {
            line.push_str("  ");
            taken += GAP;
        }
        taken += text.len();
        let style = style(state);
        line.push_str(&if color { format!("{style}{text}{style:#}") } else { text });
    }
    lines.push(line);
}

/// Some tasks under a title. What is to be known comes before the names, which may not fit.
fn section(lines: &mut Vec<String>, title: &str, tasks: &[&Noted], what: impl Fn(&Noted) -> String) {
    if tasks.is_empty() {
        return;
    }
    lines.push(title.to_owned());
    let shown: Vec<(String, &Noted)> = tasks.iter().take(MAX_LISTED_TASKS).map(|task| (what(task), *task)).collect();
    let widest = shown.iter().map(|(what, _)| what.chars().count()).max().unwrap_or(0);
    for (what, task) in shown {
        let name = sanitize(&task.name).replace(['\n', '\t'], " ");
        lines.push(format!("  {what:widest$}  {} {name}", task.id));
    }
    if tasks.len() > MAX_LISTED_TASKS {
        lines.push(format!("  .. and {} more", tasks.len() - MAX_LISTED_TASKS));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TaskState;

    #[test]
    fn tasks_that_failed_by_themselves_come_before_hundreds_that_were_cancelled() {
        let now: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
        let task = |name: &str, reason: &str, minutes: i64| Noted {
            id: name.to_owned(),
            name: name.to_owned(),
            state: if reason == "failed" { TaskState::Failed } else { TaskState::Exception },
            reason: reason.to_owned(),
            since: Some(now - chrono::TimeDelta::minutes(minutes)),
        };
        let mut progress = GroupProgress::default();
        progress.unsuccessful = (0..200).map(|number| task(&format!("c{number}"), "canceled", 1)).collect();
        progress.unsuccessful.extend([task("old", "failed", 90), task("new", "claim-expired", 30)]);
        let text = view(&progress, now, 80, false);
        let (_, section) = text.split_once("Failed last:\n").unwrap();
        let names: Vec<&str> = section.lines().filter_map(|line| line.split_whitespace().last()).collect();
        assert_eq!(names[..3], ["new", "old", "c0"], "{text}");
        assert_eq!(section.lines().last(), Some(&*format!("  .. and {} more", 202 - MAX_LISTED_TASKS)));
    }
}
