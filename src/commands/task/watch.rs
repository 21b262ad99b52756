//! `tc task watch`

use std::io::Write as _;
use std::time::Duration;

use chrono::SecondsFormat;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::ids::IdArgs;
use super::lookup::{self, Lookup};
use super::shown;
use super::status::runs_table;
use super::wait::{about, ask, verdict};
use crate::commands::listening::{EventArgs, Events};
use crate::commands::notices::NotifyArgs;
use crate::commands::selection::NamedTasks;
use crate::commands::waiting::{Limit, Outage};
use crate::context::{Context, NamedTask};
use crate::domain::TaskState;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::ui::json::Layout;
use crate::ui::{Frame, Table};

/// Watch tasks until they are resolved
///
/// On a terminal a view that is redrawn in place. In a pipe a line whenever a task changes; with
/// --json that line is the task's status. Ends with 0 when all of them completed, with 3 when they did not, and with 8
/// when the time limit came first.
/// Retries for up to ten minutes while the deployment is unreachable, except with `--retries 0`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    ids: IdArgs,
    /// Give up after this time: `2 hours`
    // It takes the place of the global option of this name, which is about single calls.
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    #[command(flatten)]
    events: EventArgs,
    #[command(flatten)]
    notify: NotifyArgs,
}

/// How often to look while something happens; twice as long each time nothing does.
const FIRST_POLL_INTERVAL: Duration = Duration::from_secs(2);
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(15);
/// Names that are asked for at once.
const MAX_CONCURRENT_LOOKUPS: usize = 16;

/// # Errors
/// [`Kind::Unsuccessful`], [`Kind::Pending`].
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let limit = Limit::read(args.timeout.as_deref())?;
    let named = args.ids.read(context).await?;
    let work = Box::pin(async {
        let events = args.events.of_tasks(named.tasks.iter().map(|task| task.id.as_str()), context).await?;
        watch(&named, events, context).await
    });
    let message = match named.tasks.len() {
        1 => "the task is not resolved at the time limit",
        _ => "not all tasks are resolved at the time limit",
    };
    let work = limit.hold(work, || Error::new(Kind::Pending, message));
    args.notify.after(|| about(&named, context), context, work).await
}

async fn watch(named: &NamedTasks, mut events: Events<'_>, context: &Context) -> Result<Status> {
    let everything: Vec<usize> = (0..named.tasks.len()).collect();
    let names = if draws(context) { names(named, context).await? } else { Vec::new() };
    let outage = Outage::new(draws(context), context)?;
    let mut view = TaskView { context, names, outage, frame: Frame::default(), told: Vec::new() };
    let mut pause = FIRST_POLL_INTERVAL;
    let mut found = Vec::new();
    loop {
        if let Some(fresh) = view.outage.bridge(ask(context, named, &everything).await)? {
            found = fresh;
        }
        let changed = view.show(&found)?;
        let states = found.iter().map(|looked_up| Ok(looked_up.status()?.state)).collect::<Result<Vec<TaskState>>>()?;
        if states.iter().all(|state| state.is_resolved()) {
            let failed = states.iter().filter(|state| state.is_unsuccessful()).count();
            return verdict(failed, states.len());
        }
        pause = if changed { FIRST_POLL_INTERVAL } else { (pause * 2).min(MAX_POLL_INTERVAL) };
        nap(&mut events, pause, &mut view, &found).await?;
    }
}

/// Waits until it is time to ask again; on a terminal the times in the view go on meanwhile.
async fn nap(events: &mut Events<'_>, pause: Duration, view: &mut TaskView<'_>, found: &[Lookup]) -> Result<()> {
    let tick = Duration::from_secs(1);
    let context = view.context;
    let mut left = events.pause(pause);
    while !left.is_zero() {
        let step = if draws(context) { tick.min(left) } else { left };
        if events.wait(step).await {
            return Ok(());
        }
        left -= step;
        if draws(context) && !left.is_zero() {
            view.redraw(found)?;
        }
    }
    Ok(())
}

async fn names(named: &NamedTasks, context: &Context) -> Result<Vec<String>> {
    let name = |found: &NamedTask| {
        let (client, id) = (found.deployment.client(context), found.id.clone());
        async move {
            let answer = client?.call("queue", "task").arg(id).send().await?;
            Ok(lookup::definition_in(&answer.body)?.metadata.name.into_owned())
        }
    };
    stream::iter(&named.tasks).map(name).buffered(MAX_CONCURRENT_LOOKUPS).try_collect().await
}

/// Whether there is a view to be redrawn, and not lines for a program to read.
fn draws(context: &Context) -> bool {
    context.ui.redraws() && !context.wants_json()
}

/// What has been shown so far.
struct TaskView<'a> {
    context: &'a Context,
    names: Vec<String>,
    outage: Outage<'a>,
    frame: Frame,
    /// The last line about each task.
    told: Vec<String>,
}

impl TaskView<'_> {
    /// Shows where the tasks stand now, and says whether that has changed.
    fn show(&mut self, found: &[Lookup]) -> Result<bool> {
        let context = self.context;
        let now = context.now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut told = Vec::new();
        for looked_up in found {
            let status = looked_up.status()?;
            let run = status.last_run().map(|run| format!(" run {}", run.run_id)).unwrap_or_default();
            told.push(format!("{}{run} {}", status.task_id, shown::status_line(&status)));
        }
        let changed = told != self.told;
        if draws(context) {
            self.redraw(found)?;
        } else {
            let program = context.jq()?;
            let mut out = context.ui.out();
            for (line, looked_up) in told.iter().zip(found).filter(|(line, _)| !self.told.contains(line)) {
                match (&program, context.wants_json()) {
                    (Some(program), _) => context.filter(program, looked_up.raw(), false, &mut out)?,
                    (None, true) => {
                        Layout::COMPACT.write(looked_up.raw(), &mut out)?;
                        writeln!(out)?;
                    }
                    (None, false) => writeln!(out, "{now} {line}")?,
                }
            }
            out.flush()?;
        }
        self.told = told;
        Ok(changed)
    }

    /// Draws the new frame over the old one.
    fn redraw(&mut self, found: &[Lookup]) -> Result<()> {
        let context = self.context;
        let (ui, now) = (&context.ui, context.now());
        let (mut frame, width) = (String::new(), Some(Frame::width(ui)));
        if let ([one], [name]) = (found, self.names.as_slice()) {
            let status = one.status()?;
            let state = ui.paint(shown::style(status.state), status.state);
            frame.push_str(&format!("{} {state}\n", status.task_id));
            let name = crate::ui::sanitize(name).replace(['\n', '\t'], " ");
            frame.push_str(&format!("{name}\n"));
            frame.push_str(&runs_table(&status.runs, now).render(width, ui.color()));
        } else {
            let mut table = Table::new(["name", "state", "reason", "run", "took", "task"])
                .right(3)
                .whole(0)
                .whole(5)
                .optional(&[4, 5, 3, 2]);
            for (looked_up, name) in found.iter().zip(&self.names) {
                let status = looked_up.status()?;
                let plain = |text: String| (text, anstyle::Style::new());
                table.styled_row([
                    plain(name.clone()),
                    (status.state.to_string(), shown::style(status.state)),
                    plain(status.reason().unwrap_or_default().to_owned()),
                    plain(status.last_run().map(|run| run.run_id.to_string()).unwrap_or_default()),
                    plain(status.last_run().map(|run| shown::run_time(run, now)).unwrap_or_default()),
                    plain(status.task_id.to_string()),
                ]);
            }
            frame.push_str(&table.render(width, ui.color()));
        }
        if let Some(line) = self.outage.line() {
            frame.push_str(&line);
        }
        Ok(self.frame.draw(ui, &frame)?)
    }
}
