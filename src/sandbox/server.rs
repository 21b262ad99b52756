//! The sockets: one listener on each loopback address, served by threads of the sandbox's own.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, header};
use axum::{Router as Axum, extract};
use chrono::{DateTime, TimeDelta, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::future::{Either, select};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use super::auth::ROOT;
use super::faults::{self, Faults, Origin};
use super::input::MAX_BODY;
use super::message::{Request, Response};
use super::respond::Shared;
use super::router::Router;
use super::seed::{FirefoxPush, Loaded, Push, SeedTask, TaskList, replay};
use super::service_account;
use super::signin_page::SignIn;
use super::state::State;
use super::storage::{self, Blob, Storage, Stored};
use super::waiting::answer;
use super::workers::{self, Executor, Workers};
use crate::clock::{SharedClock, SystemClock};
use crate::domain::Secret;
use crate::error::{Error, Kind, Result};

/// Bodies from this size on are compressed for those who accept it, in bytes.
const WORTH_COMPRESSING: usize = 1024;

/// Between two looks at what has fallen due there is at least this time: timers know milliseconds.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// The longest wait for what falls due: the machine's clock may be set meanwhile.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// How a sandbox is to be.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// The port on the loopback addresses; 0 for any that is free.
    pub port: u16,
    /// Where the sandbox takes the time from.
    pub clock: SharedClock,
    /// How long after a task is resolved the tasks that depend on it are looked at. Real services
    /// take some seconds; here it is at once, unless a test wants to see the time in between.
    pub dependency_delay: TimeDelta,
    /// Simulated workers; without them nothing runs by itself.
    pub workers: Option<Workers>,
    /// Who signs in on the sign-in page.
    pub sign_in: SignIn,
    /// What goes wrong on purpose, at the services and at the storage.
    pub faults: Faults,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            clock: Arc::new(SystemClock),
            dependency_delay: TimeDelta::zero(),
            workers: None,
            sign_in: SignIn::default(),
            faults: Faults::none(),
        }
    }
}

impl Options {
    /// The same on this port.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The same with this delay between a task and those that depend on it.
    #[must_use]
    pub fn dependency_delay(mut self, delay: TimeDelta) -> Self {
        self.dependency_delay = delay;
        self
    }

    /// The same with these simulated workers.
    #[must_use]
    pub fn workers(mut self, workers: Workers) -> Self {
        self.workers = Some(workers);
        self
    }

    /// The same with another person before the sign-in page.
    #[must_use]
    pub fn sign_in(mut self, sign_in: SignIn) -> Self {
        self.sign_in = sign_in;
        self
    }

    /// The same with these faults.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// The same with this clock.
    #[must_use]
    pub fn clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }
}

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
        let access_token = state.auth.access_token(ROOT).unwrap_or_else(|| Secret::new(""));
        let execution = options.workers.as_ref().and_then(|workers| workers.execution.clone());
        let executor = execution.map(|host| Executor::new(host, &access_token)).transpose()?.map(Arc::new);
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            router: Router::embedded()?,
            clock: options.clock,
            queue_changed: Notify::new(),
            root_url: format!("http://localhost:{port}"),
            sign_in: options.sign_in,
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("tc-sandbox")
            .enable_all()
            .build()
            .map_err(|source| Error::failed("cannot start the sandbox's threads").caused_by(source))?;
        let plan = Arc::new(faults::Plan::new(options.faults));
        for listener in listeners {
            serve(&runtime, listener, api(&shared, &plan))?;
        }
        for listener in storage_listeners {
            serve(&runtime, listener, files(&storage, &shared.clock, &plan))?;
        }
        runtime.spawn(keep_time(Arc::clone(&shared)));
        if let Some(workers) = &options.workers {
            workers::start(runtime.handle(), &shared, workers, executor.as_ref());
        }
        Ok(Self { shared, storage, workers: options.workers, executor, access_token, runtime: Some(runtime) })
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
        let mut group = String::new();
        let tasks = FirefoxPush::tasks(push.tasks, push.seed, now - push.age).inspect(|task| {
            if group.is_empty() {
                group.clone_from(&task.task_id);
            }
        });
        self.admit(tasks, now - push.age, now, push.seed)?;
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

    fn admit(
        &self,
        tasks: impl Iterator<Item = SeedTask>,
        started: DateTime<Utc>,
        now: DateTime<Utc>,
        seed: u64,
    ) -> Result<()> {
        let running = replay(&mut self.shared.lock(), tasks, started, now, seed)
            .map_err(|fault| Error::new(Kind::Conflict, format!("cannot load the tasks: {}", fault.message)))?;
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

/// Listens on 127.0.0.1 and, where the machine has it, on the same port of ::1.
fn listen(port: u16) -> Result<(u16, Vec<TcpListener>)> {
    // A free port of the one may be taken on the other; `localhost` must not lead to somebody else.
    let tries = if port == 0 { 20 } else { 1 };
    let mut outcome = Err(io::Error::from(io::ErrorKind::AddrInUse));
    for _ in 0..tries {
        outcome = bind(port);
        if !outcome.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse) {
            break;
        }
    }
    outcome.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => {
            Error::new(Kind::Conflict, format!("cannot start the sandbox: port {port} is in use"))
                .hint("Choose another --port, or none to take any that is free.")
        }
        _ => Error::failed(format!("cannot listen on port {port} of 127.0.0.1")).caused_by(source),
    })
}

fn bind(port: u16) -> io::Result<(u16, Vec<TcpListener>)> {
    let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let port = first.local_addr()?.port();
    match TcpListener::bind((Ipv6Addr::LOCALHOST, port)) {
        Ok(second) => Ok((port, vec![first, second])),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(error),
        // No IPv6 here.
        Err(_) => Ok((port, vec![first])),
    }
}

fn serve(runtime: &Runtime, listener: TcpListener, service: Axum) -> Result<()> {
    let cannot = |source: io::Error| Error::failed("cannot serve the sandbox").caused_by(source);
    listener.set_nonblocking(true).map_err(cannot)?;
    let _inside = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener).map_err(cannot)?;
    runtime.spawn(async move {
        use axum::serve::ListenerExt as _;
        // Small answers must not wait for each other's acknowledgements.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        drop(axum::serve(listener, service).await);
    });
    Ok(())
}

fn api(shared: &Arc<Shared>, plan: &Arc<faults::Plan>) -> Axum {
    let (shared, plan) = (Arc::clone(shared), Arc::clone(plan));
    Axum::new().fallback(move |request: extract::Request| {
        let (shared, plan) = (Arc::clone(&shared), Arc::clone(&plan));
        async move {
            let answer = async |request| handle(&shared, request).await;
            faults::around(&plan, Origin::Services, &shared.clock, request, answer).await
        }
    })
}

fn files(storage: &Arc<Storage>, clock: &SharedClock, plan: &Arc<faults::Plan>) -> Axum {
    let (storage, clock, plan) = (Arc::clone(storage), Arc::clone(clock), Arc::clone(plan));
    Axum::new().fallback(move |request: extract::Request| {
        let (storage, clock, plan) = (Arc::clone(&storage), Arc::clone(&clock), Arc::clone(&plan));
        async move {
            let answer = async |request| storage::handle(&storage, request, clock.now()).await;
            faults::around(&plan, Origin::Storage, &clock, request, answer).await
        }
    })
}

async fn handle(shared: &Shared, request: extract::Request) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let accepts_gzip = parts
        .headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|coding| coding.trim().split(';').next() == Some("gzip")));
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(|authority| authority.as_str())).unwrap_or_default();
    let read = to_bytes(body, MAX_BODY).await;
    let request = Request {
        verb: parts.method.as_str().to_owned(),
        target: parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        host: host.to_owned(),
        headers: parts.headers,
        too_large: read.is_err(),
        body: read.unwrap_or_default(),
    };
    finish(answer(shared, &request).await, accepts_gzip)
}

/// Does what falls due by itself when it does: ends of claims, deadlines, dependents, built-in tasks.
async fn keep_time(shared: Arc<Shared>) {
    loop {
        let mut changed = pin!(shared.queue_changed.notified());
        changed.as_mut().enable();
        let next = shared.lock().queue.next_event();
        let Some(at) = next else {
            changed.await;
            continue;
        };
        let due = (at - shared.clock.now()).to_std().unwrap_or_default().clamp(SHORTEST_WAIT, LONGEST_WAIT);
        if let Either::Right(_) = select(changed, shared.clock.sleep(due)).await {
            shared.change(|state| state.advance(shared.clock.now()));
            // A clock that does not wait must not keep the thread from others.
            tokio::task::yield_now().await;
        }
    }
}

fn finish(response: Response, accepts_gzip: bool) -> axum::response::Response {
    let Response { status, mut headers, mut body, .. } = response;
    if accepts_gzip
        && body.len() >= WORTH_COMPRESSING
        && let Ok(smaller) = compress(&body)
    {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        body = smaller.into();
    }
    let mut finished = axum::response::Response::new(Body::from(body));
    *finished.status_mut() = status;
    *finished.headers_mut() = headers;
    finished
}

fn compress(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}
