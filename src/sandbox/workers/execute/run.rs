//! One run by a worker that executes: its log around it, and the report of how it ended.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Executor;
use super::abort::Abort;
use super::api::Api;
use super::artifacts::{Form, Keeper};
use super::log::TaskLog;
use super::payload::{self, Checked};
use super::stages::Stage;
use super::trouble::{Reason, Trouble};
use super::watch::Watched;
use crate::sandbox::shared::Shared;
use crate::sandbox::storage::Storage;
use crate::sandbox::workers::run::Claim;

/// Runs the task of a claim to its end, and reports it.
pub(in crate::sandbox::workers) async fn run(shared: &Arc<Shared>, executor: &Executor, claim: Claim) {
    let credentials = match serde_json::from_value(claim.credentials.clone()) {
        Ok(credentials) => credentials,
        Err(error) => {
            tracing::warn!("cannot run task {}: its claim has no credentials: {error}", claim.task_id);
            return;
        }
    };
    let api = Arc::new(Api::new(Arc::clone(shared), credentials));
    let storage = Arc::clone(&shared.lock().storage);
    let checked = payload::check(&claim.definition);
    let (url, live) = storage.open_log();
    let log = Arc::new(TaskLog::new(live, Arc::clone(&shared.clock)));
    let framed =
        Framed { api: &api, log: &log, claim: &claim, storage: &storage, url: &url, wanted: WantedLogs::of(&checked) };
    let abort = Abort::new();
    // It ends with this function.
    let mut watching = JoinSet::new();
    watching.spawn(
        Watched {
            api: Arc::clone(&api),
            task_id: claim.task_id.clone(),
            run_id: claim.run_id,
            taken_until: claim.taken_until,
            abort: abort.clone(),
        }
        .watch(),
    );
    let stage = Stage {
        executor,
        api: &api,
        log: &log,
        abort: &abort,
        task_id: &claim.task_id,
        run_id: claim.run_id,
        worker_id: &claim.worker_id,
        definition: &claim.definition,
    };
    framed.run(stage, checked).await;
}

/// Which logs the payload wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct WantedLogs {
    live: bool,
    backing: bool,
}

impl WantedLogs {
    /// Both, unless the payload says otherwise; one that is malformed says nothing.
    fn of(checked: &Result<Checked, Vec<String>>) -> Self {
        let features = checked.as_ref().ok().map(|checked| &checked.payload.features);
        let asked = |feature: Option<Option<bool>>| feature.flatten().unwrap_or(true);
        Self { live: asked(features.map(|it| it.live_log)), backing: asked(features.map(|it| it.backing_log)) }
    }
}

/// A run within its log.
struct Framed<'a> {
    api: &'a Api,
    log: &'a TaskLog,
    claim: &'a Claim,
    storage: &'a Storage,
    /// Where the live log is.
    url: &'a str,
    wanted: WantedLogs,
}

impl Framed<'_> {
    async fn run(&self, stage: Stage<'_>, checked: Result<Checked, Vec<String>>) {
        if self.wanted.live {
            self.open().await;
        }
        self.begin();
        // A fault of ours must not leave the run without a report.
        let troubles = AssertUnwindSafe(stage.run(checked))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| vec![Trouble::Exception(Reason::InternalError, "the worker has failed".to_owned())]);
        for trouble in &troubles {
            self.log.error(trouble.message());
        }
        let lost = if self.wanted.backing { self.save().await.err() } else { None };
        self.storage.close_log(self.url);
        self.report(troubles.first().or(lost.as_ref())).await;
    }

    fn keeper(&self) -> Keeper<'_> {
        Keeper {
            api: self.api,
            log: self.log,
            task_id: &self.claim.task_id,
            run_id: self.claim.run_id,
            expires: self.claim.definition["expires"].as_str().unwrap_or_default(),
            stored: None,
        }
    }

    /// Publishes the log that is being written.
    async fn open(&self) {
        let keeper = self.keeper();
        let body = json!({
            "storageType": "reference", "url": self.url, "expires": keeper.expires,
            "contentType": "text/plain; charset=utf-8",
        });
        if let Err(trouble) = keeper.create(&self.claim.log_names().0, &body).await {
            self.log.warn(format_args!("There is no live log: {}", trouble.message()));
        }
    }

    /// The first lines: what the worker is, and which task this is.
    fn begin(&self) {
        let definition = &self.claim.definition;
        let settings = json!({"generic-worker": {
            "arch": std::env::consts::ARCH, "engine": "insecure", "os": std::env::consts::OS,
            "program": "tc sandbox", "version": env!("CARGO_PKG_VERSION"),
        }});
        let queue = definition["taskQueueId"].as_str().unwrap_or_default();
        self.log.info(format_args!("Worker Type ({queue}) settings:"));
        for line in format!("{settings:#}").lines() {
            self.log.info(format_args!("  {line}"));
        }
        self.log.info(format_args!("Task ID: {}", self.claim.task_id));
        self.log.info(format_args!("Run ID: {}", self.claim.run_id));
        self.log.info("=== Task Starting ===");
    }

    /// Stores the log, and lets the live one lead to it.
    async fn save(&self) -> Result<(), Trouble> {
        let keeper = self.keeper();
        let (live_name, backing_name) = self.claim.log_names();
        keeper.store_text(&backing_name, self.log.text(), Form::text(true)).await?;
        if !self.wanted.live || live_name == backing_name {
            return Ok(());
        }
        let link = json!({
            "storageType": "link", "artifact": backing_name, "expires": keeper.expires,
            "contentType": "text/plain; charset=utf-8",
        });
        keeper.create(&live_name, &link).await
    }

    async fn report(&self, trouble: Option<&Trouble>) {
        let (method, body) = match trouble {
            None => ("completed", Value::Null),
            Some(Trouble::Failed(_)) => ("failed", Value::Null),
            Some(Trouble::Exception(reason, _)) => ("exception", json!({"reason": reason.word()})),
            Some(Trouble::Resolved(_)) => return,
        };
        let path = format!("queue/v1/task/{}/runs/{}/{method}", self.claim.task_id, self.claim.run_id);
        if let Err(refused) = self.api.call::<Value>("POST", &path, &body).await {
            // Somebody else was faster.
            tracing::info!("{refused}");
        }
    }
}
