//! Staying with tasks that were just made, until they are over.

use std::time::Duration;

use futures::future::try_join_all;

use super::{log, lookup};
use crate::client::Client;
use crate::commands::waiting::Outage;
use crate::context::{Context, Deployment};
use crate::domain::TaskState;
use crate::error::Result;
use crate::exit::Status;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Waits until tasks are resolved, and prints their logs meanwhile with `with_logs`, one after the other.
///
/// # Errors
/// [`crate::error::Kind::Unsuccessful`] when not all completed.
pub(super) async fn attend(
    ids: &[String],
    with_logs: bool,
    deployment: &Deployment,
    context: &Context,
) -> Result<Status> {
    let client = deployment.client(context)?;
    if with_logs {
        for id in ids {
            let reached = until(&client, std::slice::from_ref(id), has_run, context).await?;
            // Tasks that ended before they ran have no log.
            if reached.iter().any(|reached| !reached.has_runs) {
                continue;
            }
            if ids.len() > 1 {
                context.ui.note(format_args!("==> {id} <=="));
            }
            log::run(&log::Args::of(&address(id, deployment)), context).await?;
        }
    }
    let reached = until(&client, ids, TaskState::is_resolved, context).await?;
    let failed = reached.iter().filter(|reached| reached.state != TaskState::Completed).count();
    super::wait::verdict(failed, ids.len())
}

/// The task as a word of the command line that names its deployment as well.
fn address(id: &str, deployment: &Deployment) -> String {
    match deployment {
        Deployment::InUse => id.to_owned(),
        Deployment::At(root) => format!("{}/tasks/{id}", root.as_str().trim_end_matches('/')),
    }
}

/// Where a task stands.
struct Reached {
    state: TaskState,
    has_runs: bool,
}

/// Whether a run is going on or over.
fn has_run(state: TaskState) -> bool {
    state == TaskState::Running || state.is_resolved()
}

/// Asks again and again until all are in such a state.
async fn until(
    client: &Client,
    ids: &[String],
    is_reached: impl Fn(TaskState) -> bool,
    context: &Context,
) -> Result<Vec<Reached>> {
    let mut outage = Outage::new(false, context)?;
    let mut pause = FIRST_PAUSE;
    loop {
        let asked = try_join_all(ids.iter().map(|id| lookup::status(client, id))).await;
        if let Some(answers) = outage.bridge(asked)? {
            let reached = |answer: &lookup::Lookup| -> Result<Reached> {
                let status = answer.status()?;
                Ok(Reached { state: status.state, has_runs: !status.runs.is_empty() })
            };
            let found = answers.iter().map(reached).collect::<Result<Vec<_>>>()?;
            if found.iter().all(|found| is_reached(found.state)) {
                return Ok(found);
            }
        }
        context.env.clock.sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
