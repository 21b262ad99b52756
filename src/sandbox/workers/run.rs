//! One run by a simulated worker: the log while it lasts, then artifacts, then the report.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::plan::{End, Plan};
use super::{Workers, artifacts, log};
use crate::sandbox::call::Fault;
use crate::sandbox::seed::Running;
use crate::sandbox::service_account::{add_artifact, call_queue};
use crate::sandbox::shared::Shared;
use crate::sandbox::storage::{Blob, LiveLog, Stored};
use crate::sandbox::task_log;
use crate::sandbox::wire::{parse_time, stamp};

/// A claim is renewed when it has no longer than this to go.
const RENEWAL_MARGIN: TimeDelta = TimeDelta::minutes(10);
/// A worker looks at its claim at least so often.
const CLAIM_CHECK_INTERVAL: TimeDelta = TimeDelta::minutes(5);
/// How long a claim still holds whose worker has vanished, before the workers' speed.
const UNTIL_MISSED: TimeDelta = TimeDelta::minutes(10);

/// A run that a worker has taken.
pub(super) struct Claim {
    pub task_id: String,
    pub run_id: usize,
    pub worker_id: String,
    pub taken_until: DateTime<Utc>,
    pub definition: Value,
    /// Those of the task, as the queue hands them out.
    #[cfg_attr(not(unix), expect(dead_code, reason = "only workers that execute call as the task"))]
    pub credentials: Value,
    /// How long the task is said to take.
    pub run_time: Option<TimeDelta>,
    /// How long it has been running already.
    pub passed: TimeDelta,
}

impl Claim {
    /// The claim of a run that another worker has begun; none when that is over.
    pub(super) fn adopted(shared: &Shared, running: Running) -> Option<Self> {
        let now = shared.clock.now();
        let mut state = shared.lock();
        let definition = call_queue(&mut state, "task", &[("taskId", &running.task_id)], Value::Null, now).ok()?;
        let mut claim = Self {
            run_time: state.run_time(&running.task_id),
            task_id: running.task_id,
            run_id: running.run_id,
            worker_id: running.worker_id,
            taken_until: now,
            definition,
            credentials: Value::Null,
            passed: now - running.started,
        };
        drop(state);
        claim.renew(shared).then_some(claim)
    }

    fn on_run(&self, shared: &Shared, method: &str, body: Value) -> Result<Value, Fault> {
        let run = self.run_id.to_string();
        let params = [("taskId", self.task_id.as_str()), ("runId", run.as_str())];
        call_queue(&mut shared.lock(), method, &params, body, shared.clock.now())
    }

    fn artifact(&self, shared: &Shared, name: &str, body: Value) -> Result<Value, Fault> {
        let run = self.run_id.to_string();
        let params = [("taskId", self.task_id.as_str()), ("runId", run.as_str()), ("name", name)];
        call_queue(&mut shared.lock(), "createArtifact", &params, body, shared.clock.now())
    }

    /// Renews the claim; false when the run is no longer ours.
    fn renew(&mut self, shared: &Shared) -> bool {
        let answer = self.on_run(shared, "reclaimTask", Value::Null);
        let until = answer.ok().and_then(|answer| answer["takenUntil"].as_str().and_then(parse_time));
        self.taken_until = until.unwrap_or(self.taken_until);
        until.is_some()
    }

    /// The names of the live log and of what it becomes, as the task's payload wants them.
    pub(super) fn log_names(&self) -> (String, String) {
        let payload = &self.definition["payload"];
        let named = |name: &Value| name.as_str().filter(|name| !name.is_empty()).map(str::to_owned);
        let live = named(&payload["logs"]["live"]).or_else(|| named(&payload["log"]));
        let backing = named(&payload["logs"]["backing"]);
        (
            live.unwrap_or_else(|| "public/logs/live.log".into()),
            backing.unwrap_or_else(|| "public/logs/live_backing.log".into()),
        )
    }
}

/// Runs it to its end. A refusal is not reported: it means that somebody else has resolved the task.
pub(super) async fn run(shared: &Shared, workers: &Workers, mut claim: Claim) {
    let storage = Arc::clone(&shared.lock().storage);
    let plan = Plan::of(workers, &claim.task_id, claim.run_id, &claim.definition, claim.run_time);
    let (url, live) = storage.open_log();
    let expires = claim.definition["expires"].clone();
    let (live_name, backing_name) = claim.log_names();
    let reference =
        json!({"storageType": "reference", "url": url, "expires": expires, "contentType": "text/plain; charset=utf-8"});
    drop(claim.artifact(shared, &live_name, reference));
    let ours = write_log(shared, workers, &mut claim, &plan, &live).await;
    if ours && plan.end == End::Vanish {
        let until = shared.clock.now() + workers.scaled(UNTIL_MISSED);
        shared.lock().queue.shorten_claim(&claim.task_id, claim.run_id, until);
    } else {
        let end = if ours { &plan.end } else { &End::Exception("the run was taken away".into()) };
        live.write(log::closing(&plan, end, &claim.definition, &stamp(shared.clock.now())).as_bytes());
        upload(shared, &claim, &plan, &live, (live_name, backing_name), &expires, ours);
        if ours {
            report(shared, &claim, &plan.end);
        }
    }
    storage.close_log(&url);
    shared.queue_changed.notify_waiters();
}

/// Writes line by line until the run is over; false when it was taken away before.
async fn write_log(shared: &Shared, workers: &Workers, claim: &mut Claim, plan: &Plan, live: &LiveLog) -> bool {
    let started = shared.clock.now() - workers.scaled(claim.passed);
    let opening = task_log::opening(&claim.task_id, claim.run_id, &claim.worker_id, &stamp(started));
    live.write(opening.as_bytes());
    for (offset, text) in log::lines(plan, &claim.definition) {
        if !sleep_until(shared, claim, started + workers.scaled(offset)).await {
            return false;
        }
        live.write(format!("{text}\n").as_bytes());
    }
    sleep_until(shared, claim, started + workers.scaled(plan.time)).await
}

/// Sleeps, and renews the claim meanwhile; false when the run is no longer ours.
async fn sleep_until(shared: &Shared, claim: &mut Claim, until: DateTime<Utc>) -> bool {
    loop {
        let now = shared.clock.now();
        if claim.taken_until < now + RENEWAL_MARGIN && !claim.renew(shared) {
            return false;
        }
        // Less than the timer can tell apart is waited for with the next line.
        if until < now + TimeDelta::milliseconds(1) {
            return shared.lock().queue.is_running(&claim.task_id, claim.run_id);
        }
        shared.clock.sleep((until - now).min(CLAIM_CHECK_INTERVAL).to_std().unwrap_or_default()).await;
    }
}

/// Stores the log and what else there is, and lets the live log lead to the stored one.
fn upload(
    shared: &Shared,
    claim: &Claim,
    plan: &Plan,
    live: &LiveLog,
    (live_name, backing_name): (String, String),
    expires: &Value,
    ours: bool,
) {
    let now = shared.clock.now();
    let run = (claim.task_id.as_str(), claim.run_id);
    let others = if ours { artifacts::artifacts(plan, &claim.definition) } else { Vec::new() };
    for (name, stored, blob) in others {
        drop(add_artifact(&mut shared.lock(), run, &name, stored, blob, now));
    }
    let Ok(backing) = Blob::log(&live.text()) else { return };
    if add_artifact(&mut shared.lock(), run, &backing_name, Stored::S3, backing, now).is_ok()
        && live_name != backing_name
    {
        let link = json!({
            "storageType": "link", "artifact": backing_name, "expires": expires,
            "contentType": "text/plain; charset=utf-8",
        });
        drop(claim.artifact(shared, &live_name, link));
    }
}

fn report(shared: &Shared, claim: &Claim, end: &End) {
    let (method, body) = match end {
        End::Completed => ("reportCompleted", Value::Null),
        End::Failed => ("reportFailed", Value::Null),
        End::Exception(reason) => ("reportException", json!({"reason": reason})),
        End::Vanish => return,
    };
    if claim.on_run(shared, method, body).is_err_and(|fault| fault.code == "InputError") {
        // A payload asked for a reason that there is not.
        drop(claim.on_run(shared, "reportException", json!({"reason": "malformed-payload"})));
    }
}
