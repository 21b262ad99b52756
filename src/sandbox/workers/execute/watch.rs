//! Keeps a claim alive while its task runs, and notices when the run is over for the queue.

use std::pin::pin;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::abort::{Abort, Abortion};
use super::api::Api;
use super::sign::Credentials;

/// A claim is renewed when it has no longer than this to go.
const RENEWAL_MARGIN: TimeDelta = TimeDelta::minutes(5);
/// How long to wait before a renewal that was refused is tried again.
const RENEWAL_RETRY_DELAY: TimeDelta = TimeDelta::seconds(10);

/// What `reclaimTask` answers, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Renewed {
    taken_until: DateTime<Utc>,
    credentials: Credentials,
}

/// A run that is watched.
pub(super) struct Watched {
    pub api: Arc<Api>,
    pub task_id: String,
    pub run_id: usize,
    pub taken_until: DateTime<Utc>,
    pub abort: Abort,
}

impl Watched {
    /// Watches until the run is over for the queue; then it is aborted.
    pub(super) async fn watch(mut self) {
        let shared = Arc::clone(self.api.shared());
        let mut renewal = self.taken_until - RENEWAL_MARGIN;
        loop {
            // Changes count from here on, so that none slips in between the look and the wait.
            let mut changed = pin!(shared.queue_changed.notified());
            changed.as_mut().enable();
            let now = shared.clock.now();
            if !shared.lock().queue.is_running(&self.task_id, self.run_id) {
                break;
            }
            if renewal <= now {
                renewal =
                    if self.renew().await { self.taken_until - RENEWAL_MARGIN } else { now + RENEWAL_RETRY_DELAY };
                continue;
            }
            let due = (renewal - now).to_std().unwrap_or_default();
            tokio::select! {
                () = changed => {}
                () = shared.clock.sleep(due) => {}
            }
        }
        self.abort.set(Abortion::Resolved(self.reason().await));
    }

    async fn renew(&mut self) -> bool {
        let path = format!("queue/v1/task/{}/runs/{}/reclaim", self.task_id, self.run_id);
        match self.api.call::<Renewed>("POST", &path, &Value::Null).await {
            Ok(Renewed { taken_until, credentials }) => {
                self.taken_until = taken_until;
                self.api.renew(credentials);
                true
            }
            Err(refused) => {
                tracing::warn!("{refused}");
                false
            }
        }
    }

    /// Why the run is over: `canceled`, `deadline-exceeded`, `claim-expired`.
    async fn reason(&self) -> String {
        let path = format!("queue/v1/task/{}/status", self.task_id);
        let status: Value = self.api.call("GET", &path, &Value::Null).await.unwrap_or_default();
        let run = &status["status"]["runs"][self.run_id];
        run["reasonResolved"].as_str().unwrap_or("the run is over").to_owned()
    }
}
