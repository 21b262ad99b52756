//! The stages of a run: its folder and mounts, its commands, and what is kept of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::abort::{Abort, Abortion};
use super::api::Api;
use super::artifacts::Keeper;
use super::command::{Setting, drain, shown};
use super::log::TaskLog;
use super::mounts::{Mounted, Mounter, blocking, purge};
use super::payload::{Checked, OnExitStatus, Payload};
use super::process::{Exit, Process, end_leftovers};
use super::proxy::Proxy;
use super::trouble::{Reason, Trouble};
use super::trust::{Worker, certify};
use super::{Executor, remove_folder};
use crate::sandbox::workers::GROUP;

/// How long what a task has left behind may take to let go of the log, once it was ended.
const LOG_RELEASE_TIMEOUT: Duration = Duration::from_secs(5);

/// A run with all that it needs.
pub(super) struct Stage<'a> {
    pub executor: &'a Executor,
    pub api: &'a Arc<Api>,
    pub log: &'a Arc<TaskLog>,
    pub abort: &'a Abort,
    pub task_id: &'a str,
    pub run_id: usize,
    pub worker_id: &'a str,
    pub definition: &'a Value,
}

/// What the commands of a task have left behind.
#[derive(Default)]
struct Behind {
    processes: Vec<Process>,
    outputs: JoinSet<()>,
    /// Whether an exit code asks for the caches to be purged.
    purge: bool,
}

impl Stage<'_> {
    fn text(&self, key: &str) -> &str {
        self.definition[key].as_str().unwrap_or_default()
    }

    /// Runs a task from its folder to its artifacts. All that went wrong, in order; the first of it decides.
    pub(super) async fn run(&self, checked: Result<Checked, Vec<String>>) -> Vec<Trouble> {
        let payload = match self.admit(checked) {
            Ok(payload) => payload,
            Err(trouble) => return vec![trouble],
        };
        let (folder, aside) = match self.executor.folders() {
            Ok(folders) => folders,
            Err(error) => return vec![Trouble::io("cannot make the task's folder", &error)],
        };
        let mut troubles = Vec::new();
        let mut mounted = Vec::new();
        let mounter = Mounter { executor: self.executor, api: self.api, log: self.log, folder: &folder, aside: &aside };
        let started = Instant::now();
        let purge = match self.work(&payload, &mounter, &mut mounted).await {
            Ok((outcome, purge)) => {
                troubles.extend(outcome.err());
                purge
            }
            Err(trouble) => {
                troubles.push(trouble);
                false
            }
        };
        self.log.info("=== Task Finished ===");
        self.log.info(format_args!("Task Duration: {}", shown(started.elapsed())));
        for mounted in mounted.into_iter().rev() {
            mounter.unmount(mounted, purge);
        }
        troubles.extend(self.keep(&payload, &folder).await);
        for folder in [folder, aside] {
            self.remove(folder).await;
        }
        troubles
    }

    /// The payload, when it has no fault and the task has the scopes for it.
    fn admit(&self, checked: Result<Checked, Vec<String>>) -> Result<Payload, Trouble> {
        let malformed = |faults: Vec<String>| Trouble::Exception(Reason::MalformedPayload, faults.join("\n"));
        let Checked { payload, warnings, scopes } = checked.map_err(malformed)?;
        for warning in warnings {
            self.log.warn(warning);
        }
        let own: Vec<String> = serde_json::from_value(self.definition["scopes"].clone()).unwrap_or_default();
        let has = self.api.shared().lock().auth.expand(&own);
        let missing: Vec<String> = scopes.into_iter().filter(|scope| !satisfies(&has, scope)).collect();
        if missing.is_empty() {
            return Ok(payload);
        }
        let missing =
            missing.into_iter().map(|scope| format!("the task lacks the scope {scope}, which its payload needs"));
        Err(malformed(missing.collect()))
    }

    /// What a task may do through its proxy: what its scopes allow, and add artifacts to its run. What the worker can do
    /// besides, such as resolving the run, is the worker's alone.
    fn proxy_scopes(&self) -> Vec<String> {
        let mut scopes: Vec<String> = serde_json::from_value(self.definition["scopes"].clone()).unwrap_or_default();
        scopes.push(format!("queue:create-artifact:{}/{}", self.task_id, self.run_id));
        scopes
    }

    /// Mounts and commands. The outer error is of what comes before the commands; beside the inner one stands whether
    /// caches are to be purged.
    async fn work(
        &self,
        payload: &Payload,
        mounter: &Mounter<'_>,
        mounted: &mut Vec<Mounted>,
    ) -> Result<(Result<(), Trouble>, bool), Trouble> {
        tokio::select! {
            abortion = self.abort.wait() => return Err(abortion.trouble()),
            done = self.mount(payload, mounter, mounted) => done?,
        }
        let proxy = match payload.features.taskcluster_proxy {
            true => Some(
                Proxy::start(Arc::new(self.api.limited_to(self.proxy_scopes())))
                    .await
                    .map_err(|error| Trouble::io("cannot start the proxy", &error))?,
            ),
            false => None,
        };
        let variables = self.variables(payload, mounter.folder, proxy.as_ref());
        let setting = Setting {
            processes: &self.executor.processes,
            log: self.log,
            folder: mounter.folder,
            variables: &variables,
            abort: self.abort,
        };
        let mut behind = Behind::default();
        let outcome = self.commands(payload, &setting, &mut behind).await;
        let purge = behind.purge;
        self.clean(behind, mounter.folder).await;
        Ok((outcome, purge))
    }

    async fn mount(&self, payload: &Payload, mounter: &Mounter<'_>, mounted: &mut Vec<Mounted>) -> Result<(), Trouble> {
        let worker = Api::new(Arc::clone(self.api.shared()), self.executor.credentials.clone());
        purge(self.executor, &worker, self.log, self.text("taskQueueId"), &payload.mounts).await?;
        for mount in &payload.mounts {
            mounted.extend(mounter.mount(mount).await?);
        }
        Ok(())
    }

    fn variables(&self, payload: &Payload, folder: &Path, proxy: Option<&Proxy>) -> BTreeMap<OsString, OsString> {
        let mut variables = self.executor.host.for_task(folder);
        variables.extend(payload.env.iter().map(|(name, value)| (name.into(), value.into())));
        let location = json!({"cloud": "local", "region": "", "availabilityZone": ""}).to_string();
        for (name, value) in [
            ("TASK_ID", self.task_id.to_owned()),
            ("RUN_ID", self.run_id.to_string()),
            ("TASK_GROUP_ID", self.text("taskGroupId").to_owned()),
            ("TASKCLUSTER_ROOT_URL", self.api.shared().root_url.clone()),
            ("TASKCLUSTER_WORKER_LOCATION", location),
        ] {
            variables.insert(name.into(), value.into());
        }
        variables.insert("TASK_WORKDIR".into(), folder.into());
        variables.extend(proxy.map(|proxy| ("TASKCLUSTER_PROXY_URL".into(), proxy.url().into())));
        // What holds a NUL can be in no environment.
        variables.retain(|name, value| !has_nul(name) && !has_nul(value));
        variables
    }

    /// Runs the commands one after another, up to the first that does not succeed.
    async fn commands(&self, payload: &Payload, setting: &Setting<'_>, behind: &mut Behind) -> Result<(), Trouble> {
        let (abort, clock) = (self.abort.clone(), Arc::clone(&self.api.shared().clock));
        let limit = Duration::from_secs(payload.max_run_time);
        let mut timer = JoinSet::new();
        timer.spawn(async move {
            clock.sleep(limit).await;
            abort.set(Abortion::MaxRunTime);
        });
        for (index, words) in payload.command.iter().enumerate() {
            let ran = setting.run(index, words).await?;
            behind.processes.push(ran.process);
            behind.outputs.spawn(drain(ran.output, Arc::clone(self.log), self.abort.clone()));
            behind.purge |= ran.exit.code.is_some_and(|code| payload.on_exit_status.purge_caches.contains(&code));
            judge(ran.exit, &payload.on_exit_status)?;
            if let Some(abortion) = self.abort.get() {
                return Err(abortion.trouble());
            }
        }
        Ok(())
    }

    /// Ends all that the task has left running, and waits for the last of what it prints.
    async fn clean(&self, behind: Behind, folder: &Path) {
        let Behind { processes, mut outputs, .. } = behind;
        let folder = folder.to_owned();
        let ended = blocking(move || {
            drop(processes);
            end_leftovers(&folder);
            Ok(())
        });
        if let Err(error) = ended.await {
            self.log.warn(format_args!("Cannot end what the task has left running: {error}"));
        }
        // Where leftovers are not known, one of them may hold the pipe for ever.
        let all = async { while outputs.join_next().await.is_some() {} };
        if tokio::time::timeout(LOG_RELEASE_TIMEOUT, all).await.is_err() {
            self.log.warn("Something that the task has started goes on; what it prints is lost");
        }
    }

    /// Artifacts, then the chain of trust; what could not be kept.
    async fn keep(&self, payload: &Payload, folder: &Path) -> Vec<Trouble> {
        let keeper = Keeper {
            api: self.api,
            log: self.log,
            task_id: self.task_id,
            run_id: self.run_id,
            expires: self.text("expires"),
            stored: payload.features.chain_of_trust.then(Mutex::default),
        };
        let mut troubles = keeper.keep(&payload.artifacts, folder).await;
        if payload.features.chain_of_trust {
            let worker = Worker { group: GROUP, id: self.worker_id };
            let certified = certify(&self.executor.key, &keeper, self.definition, worker, folder).await;
            troubles.extend(certified.err());
        }
        troubles
    }

    async fn remove(&self, folder: PathBuf) {
        let shown = folder.display().to_string();
        if let Err(error) = blocking(move || remove_folder(&folder)).await {
            self.log.warn(format_args!("Cannot remove {shown}: {error}"));
        }
    }
}

/// What an exit comes to.
fn judge(exit: Exit, on_exit: &OnExitStatus) -> Result<(), Trouble> {
    match (exit.code, exit.signal) {
        (Some(0), _) => Ok(()),
        (Some(code), _) if on_exit.retry.contains(&code) => Err(Trouble::Exception(
            Reason::IntermittentTask,
            format!("exit status {code} is one that payload.onExitStatus.retry names"),
        )),
        (Some(code), _) => Err(Trouble::Failed(format!("exit status {code}"))),
        (None, Some(signal)) => Err(Trouble::Failed(format!("ended by signal {signal}"))),
        (None, None) => Err(Trouble::Failed("ended without an exit status".to_owned())),
    }
}

fn satisfies(has: &[String], wanted: &str) -> bool {
    has.iter().any(|scope| scope == wanted || scope.strip_suffix('*').is_some_and(|start| wanted.starts_with(start)))
}

fn has_nul(text: &OsString) -> bool {
    text.as_encoded_bytes().contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_decides_what_becomes_of_the_run() {
        let on_exit = OnExitStatus { retry: vec![75], purge_caches: Vec::new() };
        let of = |code, signal| judge(Exit { code, signal, times: None }, &on_exit);
        assert_eq!(of(Some(0), None), Ok(()));
        assert_eq!(of(Some(3), None), Err(Trouble::Failed("exit status 3".into())));
        assert!(matches!(of(Some(75), None), Err(Trouble::Exception(Reason::IntermittentTask, _))));
        assert_eq!(of(None, Some(9)), Err(Trouble::Failed("ended by signal 9".into())));
    }
}
