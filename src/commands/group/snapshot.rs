//! The state of a whole group at one time.

use clap::ValueEnum;
use std::time::Duration;

use crate::client::Client;
use crate::commands::shared::{GroupTasks, Selection};
use crate::context::Context;
use crate::domain::group_progress::GroupProgress;
use crate::domain::time::Offset;
use crate::error::{Error, Kind, Result};

/// What the parts of a group are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Part {
    /// Worker pools.
    WorkerPool,
    /// Kinds of task.
    Kind,
}

/// Looks at all tasks of a group.
pub(super) async fn take(
    client: &Client,
    group: &str,
    selection: &Selection,
    part: Option<Part>,
) -> Result<GroupProgress> {
    let mut progress = GroupProgress::default();
    let mut tasks = GroupTasks::of(client, group)?;
    while let Some(page) = tasks.next().await? {
        page.each(|raw, item| {
            if selection.takes(raw, item)? {
                match part {
                    Some(Part::WorkerPool) => progress.add(item, Some(&item.worker_pool())),
                    Some(Part::Kind) => progress.add(item, Some(item.kind())),
                    None => progress.add(item, None),
                }
            }
            Ok(())
        })?;
    }
    Ok(progress)
}

/// A length of time from now on: `10 s`, `2 hours`.
pub(super) fn length(text: &str, option: &str, context: &Context) -> Result<Duration> {
    let wrong =
        || Error::usage(format!("{option} `{text}` is no length of time")).hint("It looks like 30s or 2 hours.");
    let now = context.now();
    let offset: Offset = text.parse().map_err(|_| wrong())?;
    (offset.from(now).map_err(|_| wrong())? - now).to_std().map_err(|_| wrong())
}

/// How a group that is over ended.
pub(super) fn verdict(progress: &GroupProgress) -> Result<()> {
    let counts = &progress.counts;
    if progress.is_success() {
        return Ok(());
    }
    let (total, states) = (counts.total(), in_words(progress));
    let error = Error::new(Kind::Unsuccessful, format!("not all of {total} tasks completed: {states}"));
    Err(match progress.blocked() {
        0 => error,
        blocked => error.hint(format!("{blocked} unscheduled tasks wait for tasks that did not complete.")),
    })
}

/// `failed: 2, completed: 5`.
pub(super) fn in_words(progress: &GroupProgress) -> String {
    progress.counts.iter().map(|(state, count)| format!("{state}: {count}")).collect::<Vec<_>>().join(", ")
}
