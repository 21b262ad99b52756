//! A sandbox: what it is started with, what it can be asked from inside, and its end.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::runtime::Runtime;
use tokio::sync::{Notify, Semaphore};

use super::auth::ROOT;
use super::faults::{self, Origin};
use super::options::Options;
use super::router::Router;
use super::seed::{self, FirefoxPush, Loaded, Push, SeedTask, TaskList, replay};
use super::shared::Shared;
use super::sockets::{listen, serve};
use super::state::State;
use super::storage::{self, Blob, Storage, Stored};
use super::waiting::keep_time;
use super::workers::{self, Executor, Workers};
use super::{events, hooks, http, service_account};
use crate::domain::Secret;
use crate::error::{Error, Kind, Result};

/// A Taskcluster on loopback. It stops when it is dropped.
pub struct Sandbox {
    shared: Arc<Shared>,
    storage: Arc<Storage>,
    workers: Option<Workers>,
    executor: Option<Arc<Executor>>,
    access_token: Secret,
    runtime: Option<Runtime>,
}

impl Sandbox {
    /// Starts a sandbox. It accepts connections once this returns.
    ///
    /// # Errors
    /// When the port is taken ([`Kind::Conflict`]) or the system gives no socket or thread.
    pub fn start(options: Options) -> Result<Self> {
        let (port, listeners) = listen(options.port)?;
        let (storage_port, storage_listeners) = listen(0)?;
        let storage = Arc::new(Storage::new(format!("http://localhost:{storage_port}")));
        let state = State::new(options.clock.now(), options.dependency_delay, Arc::clone(&storage));
        state.outbox.set_root_url(&format!("http://localhost:{port}"));
        let access_token = state.auth.access_token(ROOT).unwrap_or_else(|| Secret::new(""));
        let execution = options.workers.as_ref().and_then(|workers| workers.execution.clone());
        let executor = execution.map(|host| Executor::new(host, &access_token)).transpose()?.map(Arc::new);
        let shared = Arc::new(Shared {
            events: Arc::clone(&state.events),
            state: Mutex::new(state),
            router: Router::embedded()?,
            clock: options.clock,
            queue_changed: Notify::new(),
            root_url: format!("http://localhost:{port}"),
            sign_in: options.sign_in,
            anonymous_bodies: Semaphore::new(http::MAX_ANONYMOUS_BODIES),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("tc-sandbox")
            .enable_all()
            .build()
            .map_err(|source| Error::failed("cannot start the sandbox's threads").caused_by(source))?;
        let plan = Arc::new(faults::Plan::new(options.faults));
        serve_all(&runtime, (&shared, &storage, &plan), (listeners, storage_listeners))?;
        runtime.spawn(keep_time(Arc::clone(&shared)));
        runtime.spawn(hooks::keep_firing(Arc::clone(&shared)));
        if let Some(workers) = &options.workers {
            workers::start(runtime.handle(), &shared, workers, executor.as_ref());
        }
        let sandbox =
            Self { shared, storage, workers: options.workers, executor, access_token, runtime: Some(runtime) };
        if let (Some(url), Some(runtime)) = (&options.pulse, &sandbox.runtime) {
            events::publish_to(runtime, &sandbox.shared.events, url)?;
        }
        Ok(sandbox)
    }

    /// Where it is reached: `http://localhost:1234`.
    pub fn root_url(&self) -> &str {
        &self.shared.root_url
    }

    /// Where stored artifacts and live logs are: another origin, which refuses all credentials but signed URLs of its own.
    pub fn storage_url(&self) -> &str {
        self.storage.url()
    }

    /// The client that may do anything.
    pub fn client_id(&self) -> &str {
        ROOT
    }

    /// That client's access token.
    pub fn access_token(&self) -> &Secret {
        &self.access_token
    }

    /// The key that verifies chains of trust, 32 bytes in base64; none unless the workers execute tasks.
    pub fn chain_of_trust_key(&self) -> Option<String> {
        self.executor.as_ref().map(|executor| executor.public_key())
    }

    /// Loads a push and returns the ID of its task group, which is that of its decision task.
    ///
    /// # Errors
    /// When the queue refuses a task: the same push is there already.
    pub fn load(&self, push: Push) -> Result<String> {
        let now = self.shared.clock.now();
        let (mut group, mut pools) = (String::new(), BTreeSet::new());
        let tasks = FirefoxPush::tasks(push.tasks, push.seed, now - push.age).inspect(|task| {
            if group.is_empty() {
                group.clone_from(&task.task_id);
            }
            pools.extend(task.definition["taskQueueId"].as_str().map(str::to_owned));
        });
        self.admit(tasks, now - push.age, now, push.seed)?;
        seed::furnish(&mut self.shared.lock(), &pools, now).map_err(|fault| Error::failed(fault.message))?;
        Ok(group)
    }

    /// Loads the tasks of a list as if they had been created that long ago, with workers that have been busy since.
    ///
    /// # Errors
    /// When a task is not valid, or the queue refuses it because it is there already.
    pub fn load_list(&self, list: &TaskList, age: TimeDelta) -> Result<Loaded> {
        const SEED: u64 = 1;
        let now = self.shared.clock.now();
        let (tasks, left_out) = list.tasks(now - age, SEED)?;
        let mut groups: Vec<String> = Vec::new();
        for group in tasks.iter().filter_map(|task| task.definition["taskGroupId"].as_str()) {
            if !groups.iter().any(|known| known == group) {
                groups.push(group.to_owned());
            }
        }
        let count = tasks.len();
        self.admit(tasks.into_iter(), now - age, now, SEED)?;
        Ok(Loaded { groups, tasks: count, left_out })
    }

    /// Takes tasks back with the states that a list has of them, as after an [`export`](Sandbox::export) or from a real
    /// deployment. Their times are moved so that what was last recorded happened just now.
    ///
    /// # Errors
    /// When a task is not valid, or is there already ([`Kind::Conflict`]).
    pub fn restore(&self, list: &TaskList) -> Result<Loaded> {
        let now = self.shared.clock.now();
        self.shared.change(|state| seed::restore(state, list, now))
    }

    /// All task groups with definitions, states and index, as text that [`TaskList::parse`] reads.
    pub fn export(&self) -> String {
        seed::export(&self.shared.lock(), self.shared.clock.now())
    }

    fn admit(
        &self,
        tasks: impl Iterator<Item = SeedTask>,
        started: DateTime<Utc>,
        now: DateTime<Utc>,
        seed: u64,
    ) -> Result<()> {
        // What is long past is no news.
        self.shared.events.mute(true);
        let running = replay(&mut self.shared.lock(), tasks, started, now, seed);
        self.shared.events.mute(false);
        let running =
            running.map_err(|fault| Error::new(Kind::Conflict, format!("cannot load the tasks: {}", fault.message)))?;
        if let (Some(workers), Some(runtime)) = (&self.workers, &self.runtime) {
            workers::adopt(runtime.handle(), &self.shared, workers, running);
        }
        self.shared.queue_changed.notify_waiters();
        Ok(())
    }

    /// Adds a stored artifact to a run that is running, as if its worker had uploaded it.
    ///
    /// # Errors
    /// When the queue refuses it: there is no such run, or it is over ([`Kind::Conflict`]).
    pub fn add_artifact(&self, task_id: &str, run_id: usize, name: &str, storage: Stored, blob: Blob) -> Result<()> {
        let now = self.shared.clock.now();
        service_account::add_artifact(&mut self.shared.lock(), (task_id, run_id), name, storage, blob, now).map_err(
            |fault| {
                Error::new(Kind::Conflict, format!("cannot add the artifact {name} to run {run_id} of {task_id}"))
                    .hint(fault.message)
            },
        )
    }

    /// Waits until no task is pending or running, which takes workers. It blocks the calling thread; false when that is
    /// not so after `at_most`.
    pub fn wait_until_idle(&self, at_most: Duration) -> bool {
        let Some(runtime) = &self.runtime else { return false };
        let (idle, told) = std::sync::mpsc::channel();
        let shared = Arc::clone(&self.shared);
        runtime.spawn(async move {
            loop {
                let changed = shared.queue_changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if shared.lock().queue.is_idle() {
                    break;
                }
                changed.await;
            }
            // Nobody waits any more when it took too long.
            idle.send(()).unwrap_or_default();
        });
        told.recv_timeout(at_most).is_ok()
    }

    /// Stops serving; open connections are closed.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // Waiting for the threads is not allowed inside of another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        if let Some(executor) = &self.executor {
            executor.stop();
        }
    }
}

/// Serves the services on one listener and what is stored on another.
fn serve_all(
    runtime: &Runtime,
    (shared, storage, plan): (&Arc<Shared>, &Arc<Storage>, &Arc<faults::Plan>),
    (services, files): (Vec<TcpListener>, Vec<TcpListener>),
) -> Result<()> {
    for listener in services {
        let (shared, plan) = (Arc::clone(shared), Arc::clone(plan));
        serve(runtime, listener, move |request| {
            let (shared, plan) = (Arc::clone(&shared), Arc::clone(&plan));
            async move {
                let answer = async |request| http::handle(&shared, request).await;
                faults::around(&plan, Origin::Services, &shared.clock, request, answer).await
            }
        })?;
    }
    for listener in files {
        let (storage, clock, plan) = (Arc::clone(storage), shared.clock.clone(), Arc::clone(plan));
        serve(runtime, listener, move |request| {
            let (storage, clock, plan) = (Arc::clone(&storage), clock.clone(), Arc::clone(&plan));
            async move {
                let answer = async |request| storage::handle(&storage, request, clock.now()).await;
                faults::around(&plan, Origin::Storage, &clock, request, answer).await
            }
        })?;
    }
    Ok(())
}
