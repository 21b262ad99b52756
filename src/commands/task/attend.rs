//! Staying with tasks that were just made, until they are over.

use std::time::Duration;

use futures::future::try_join_all;

use super::{log, lookup};
use crate::client::Client;
use crate::commands::shared::Outage;
use crate::context::Context;
use crate::domain::TaskState;
use crate::error::Result;
use crate::exit::Status;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Waits until tasks are resolved, and prints their logs meanwhile with `with_logs`, one after the other.
///
/// # Errors
/// [`crate::error::Kind::Unsuccessful`] when not all completed, and those of the calls.
pub(super) async fn attend(ids: &[String], with_logs: bool, context: &Context) -> Result<Status> {
    let client = context.client()?;
    if with_logs {
        for id in ids {
            if until(&client, std::slice::from_ref(id), has_run, context).await?.is_empty() {
                continue;
            }
            if ids.len() > 1 {
                context.ui.note(format_args!("==> {id} <=="));
            }
            log::run(&log::Args::of(id), context).await?;
        }
    }
    let states = until(&client, ids, TaskState::is_resolved, context).await?;
    let failed = states.iter().filter(|state| **state != TaskState::Completed).count();
    super::wait::verdict(failed, ids.len())
}

/// Whether there is a log: a run is going on or over. Tasks that ended before they ran have none.
fn has_run(state: TaskState) -> bool {
    state == TaskState::Running || state.is_resolved()
}

/// Asks again and again until all are in such a state, and tells in which.
async fn until(
    client: &Client,
    ids: &[String],
    is_reached: impl Fn(TaskState) -> bool,
    context: &Context,
) -> Result<Vec<TaskState>> {
    let mut outage = Outage::new(client, false, context);
    let mut pause = FIRST_PAUSE;
    loop {
        let asked = try_join_all(ids.iter().map(|id| lookup::status(client, id))).await;
        if let Some(answers) = outage.bridge(asked)? {
            let mut states = Vec::with_capacity(answers.len());
            let mut has_runs = true;
            for answer in &answers {
                let status = answer.status()?;
                states.push(status.state);
                has_runs &= !status.runs.is_empty();
            }
            if states.iter().all(|state| is_reached(*state)) {
                return Ok(if has_runs {
                    states
                } else {
                    states.into_iter().filter(|state| *state == TaskState::Completed).collect()
                });
            }
        }
        context.env.clock.sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
