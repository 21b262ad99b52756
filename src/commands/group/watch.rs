//! `tc group watch`

use std::cell::RefCell;
use std::collections::HashSet;
use std::io::Write as _;
use std::time::Duration;

use chrono::SecondsFormat;

use super::snapshot;
use super::view::{MAX_LISTED_TASKS, Room, state_and_reason, view};
use crate::commands::diagnosing::RerunArgs;
use crate::commands::listening::{EventArgs, Events};
use crate::commands::notices::{About, NotifyArgs};
use crate::commands::selection::{self, FilterArgs, Selection};
use crate::commands::waiting::{self, Limit, Outage};
use crate::context::{Context, Named};
use crate::domain::StateCounts;
use crate::domain::group_progress::GroupProgress;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::ui::Frame;

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

/// How often the times in the view are redrawn.
const REDRAW_INTERVAL: Duration = Duration::from_secs(1);

/// # Errors
/// [`Kind::Unsuccessful`], [`Kind::Pending`].
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let group = selection::group(&args.group, context)?;
    let late = || Error::new(Kind::Pending, "the group is not over at the time limit");
    let work = Limit::read(args.timeout.as_deref())?.hold(Box::pin(watch(args, &group, context)), late);
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
        let mut below = Vec::new();
        if !self.reruns.is_empty() {
            let first = self.reruns.len().saturating_sub(MAX_LISTED_TASKS);
            below.push("Reruns:".to_owned());
            below.extend(self.reruns.iter().skip(first).map(|line| format!("  {line}")));
        }
        below.extend(self.outage.line());
        let room = Room {
            width: Frame::width(ui),
            height: ui.size().map(|(_, height)| height.saturating_sub(below.len() + 1)),
        };
        let mut lines = view(progress, self.context.now(), room, ui.color());
        lines.append(&mut below);
        Ok(self.frame.draw(ui, &lines.join("\n"))?)
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
