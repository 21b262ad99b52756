//! The state of a whole group at one time.

use std::sync::Arc;

use clap::ValueEnum;

use crate::client::Client;
use crate::commands::selection::{GroupTasks, Selection};
use crate::context::Context;
use crate::domain::group_progress::GroupProgress;
use crate::error::{Error, Kind, Result};
use crate::ui::{Progress, Ui};

/// What the parts of a group are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GroupPart {
    /// Worker pools.
    WorkerPool,
    /// Kinds of task.
    Kind,
}

/// Looks at all tasks of a group, and shows how far that is where a person waits for it.
pub(super) async fn look(
    client: &Client,
    group: &str,
    selection: &Selection,
    part: Option<GroupPart>,
    ui: &Arc<Ui>,
) -> Result<GroupProgress> {
    let bar = Progress::start(ui, "Listing", None);
    gather(client, group, selection, part, |count| bar.advance(count)).await
}

/// Looks at all tasks of a group.
pub(super) async fn take(client: &Client, group: &str, selection: &Selection) -> Result<GroupProgress> {
    gather(client, group, selection, None, |_| ()).await
}

async fn gather(
    client: &Client,
    group: &str,
    selection: &Selection,
    part: Option<GroupPart>,
    looked_at: impl Fn(u64),
) -> Result<GroupProgress> {
    let mut progress = GroupProgress::default();
    let mut tasks = GroupTasks::of(client, group)?;
    while let Some(page) = tasks.next().await? {
        page.each(|raw, item| {
            looked_at(1);
            if selection.takes(raw, item)? {
                match part {
                    Some(GroupPart::WorkerPool) => progress.add(item, Some(&item.worker_pool())),
                    Some(GroupPart::Kind) => progress.add(item, Some(item.kind())),
                    None => progress.add(item, None),
                }
            }
            Ok(())
        })?;
    }
    Ok(progress)
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

/// What has no tasks is over, which may not be what was meant.
pub(super) fn tell_of_nothing(progress: &GroupProgress, context: &Context) {
    if progress.counts.total() == 0 {
        context.ui.note("No tasks.");
    }
}
