//! `tc task complete`

use serde::Deserialize;
use serde_json::json;

use super::action::{self, ActionArgs};
use super::lookup::{self, Lookup};
use super::shown;
use crate::client::{Client, Credentials};
use crate::commands::bulk::{BulkAction, ItemOutcome, status_after};
use crate::context::Context;
use crate::domain::TaskState;
use crate::domain::task::Status;
use crate::error::{Error, Kind, Result};
use crate::exit::Status as Exit;

/// Complete pending tasks without running them
///
/// Claims the task as a worker would, and reports it as completed with the credentials that come with the claim. With
/// more than one, the tasks are shown and confirmed first.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    action: ActionArgs,
}

const ACTION: BulkAction =
    BulkAction { verb: "complete", doing: "Completing", done: "completed", needs: "task.complete" };
/// Who claims the task, as others will see it.
const WORKER: &str = "tc";

/// # Errors
/// Those of [`action::perform`]; [`Kind::Conflict`] for tasks that are not pending.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit> {
    let flags = &args.action;
    action::perform(ACTION, flags, context, look, |client, id| async move {
        let looked_up = lookup::status(&client, &id).await?;
        let run = pending_run(&looked_up.status()?)?;
        let group = worker_group(&looked_up.status()?);
        let claimed = claim(&client, &id, run, &group).await?;
        // The credentials of the claim are valid for this task alone.
        let worker = client.with_credentials(Some(claimed));
        let call = worker.call("queue", "reportCompleted").arg(id.as_str()).arg(run.to_string());
        let answer = call.send().await.map_err(|error| {
            error
                .hint(format!("The task is claimed now, as run {run}; the claim expires by itself after some minutes."))
        })?;
        let line = shown::status_line(&status_after(&answer, &id, |state| state == TaskState::Completed)?);
        Ok(ItemOutcome { line: action::line(flags, &id, &line), answer: Some(answer.body), note: None })
    })
    .await
}

async fn look(client: Client, id: String) -> Result<Lookup> {
    let looked_up = lookup::status_and_definition(&client, &id).await?;
    pending_run(&looked_up.status()?)?;
    Ok(looked_up)
}

/// The run that can be claimed.
fn pending_run(status: &Status<'_>) -> Result<u32> {
    match status.last_run() {
        Some(run) if run.state == TaskState::Pending => Ok(run.run_id),
        _ => {
            let (id, state) = (&status.task_id, status.state);
            let error = Error::new(Kind::Conflict, format!("task {id} is {state}; only a pending task can be claimed"));
            Err(match state {
                TaskState::Unscheduled => error.hint(format!("To schedule it now: tc task schedule {id}")),
                TaskState::Running => error.hint("A worker has it already."),
                _ => error.hint(format!("For one more run: tc task rerun {id}")),
            })
        }
    }
}

/// The worker type stands in for the group of workers, as nobody else's group has this name.
fn worker_group(status: &Status<'_>) -> String {
    let pool = status.worker_pool();
    pool.rsplit('/').next().unwrap_or(WORKER).to_owned()
}

#[derive(Deserialize)]
struct Claim {
    credentials: Claimed,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claimed {
    client_id: String,
    access_token: String,
    certificate: String,
}

async fn claim(client: &Client, id: &str, run: u32, group: &str) -> Result<Credentials> {
    let call = client.call("queue", "claimTask").arg(id).arg(run.to_string());
    let answer = call.json(&json!({"workerGroup": group, "workerId": WORKER})).send().await?;
    let Claim { credentials } = answer.json()?;
    Ok(Credentials::new(credentials.client_id, credentials.access_token).with_certificate(credentials.certificate))
}
