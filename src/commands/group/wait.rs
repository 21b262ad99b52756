//! `tc group wait`

use std::cell::RefCell;
use std::time::Duration;

use super::snapshot;
use crate::client::Client;
use crate::commands::diagnosing::RerunArgs;
use crate::commands::listening::EventArgs;
use crate::commands::notices::{About, NotifyArgs};
use crate::commands::selection::{self, FilterArgs, Selection};
use crate::commands::waiting::{self, Limit, Outage};
use crate::context::{Context, Named};
use crate::domain::group_progress::GroupProgress;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Wait until a group is over
///
/// Ends with 0 when all tasks completed, with 3 when they did not, and with 8 when the time limit came first. A group
/// is over when all of its tasks are resolved, or when the rest waits for tasks that did not complete. With
/// --rerun-failed, what fails is rerun meanwhile, and reported on standard error. Retries for up to ten minutes while
/// the deployment is unreachable, except with `--retries 0`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
    /// Give up after this time: `2 hours`
    // It takes the place of the global option of this name, which is about single calls.
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// How often to look
    #[arg(long, value_name = "TIME", default_value = "10s")]
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

/// # Errors
/// [`Kind::Unsuccessful`], [`Kind::Pending`].
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let group = selection::group(&args.group, context)?;
    args.notify.after(|| About::group(&group, context), context, limited(args, &group, context)).await
}

/// Waits for as long as it may take.
async fn limited(args: &Args, group: &Named, context: &Context) -> Result<Status> {
    let selection = Selection::new(args.filters.filter(&[], context.now())?, context)?;
    let interval = waiting::length(&args.interval, "--interval")?.max(Duration::from_secs(1));
    let limit = Limit::read(args.timeout.as_deref())?;
    let client = group.deployment.client(context)?;
    let last = RefCell::new(GroupProgress::default());
    let work = Box::pin(wait(args, &group.id, &client, (&selection, interval, limit.length()), &last, context));
    limit.hold(work, || pending(&last.borrow())).await
}

/// The error at the time limit.
fn pending(progress: &GroupProgress) -> Error {
    Error::new(Kind::Pending, format!("the group is not over at the time limit: {}", snapshot::in_words(progress)))
}

async fn wait(
    args: &Args,
    group: &str,
    client: &Client,
    (selection, interval, limit): (&Selection, Duration, Option<Duration>),
    last: &RefCell<GroupProgress>,
    context: &Context,
) -> Result<Status> {
    let mut reruns = args.reruns.reruns(client, context)?;
    let started = context.now();
    let mut events = args.events.of_group(group, context).await?;
    let mut outage = Outage::new(false, context)?;
    loop {
        let before = context.now();
        if let Some(fresh) = outage.bridge(snapshot::take(client, group, selection).await)? {
            let rerun: Vec<String> = match &mut reruns {
                Some(reruns) => reruns.look(&fresh.unsuccessful, |line| context.ui.note(line)).await?,
                None => Vec::new(),
            };
            if rerun.is_empty() && fresh.is_over() {
                snapshot::tell_of_nothing(&fresh, context);
                return snapshot::verdict(&fresh).map(|()| Status::DONE);
            }
            last.replace(fresh);
        }
        let now = context.now();
        // A large group takes a while to list; looking all the time would be a burden.
        let listing = (now - before).to_std().unwrap_or_default();
        events.looked(listing);
        let mut pause = events.pause(interval.max(listing * 2));
        if let Some(limit) = limit {
            let left = limit.saturating_sub((now - started).to_std().unwrap_or_default());
            if left.is_zero() {
                return Err(pending(&last.borrow()));
            }
            pause = pause.min(left);
        }
        events.wait(pause).await;
    }
}
