//! Workers: they take what is pending in any task queue. Simulated ones write a live log and artifacts and end the run as
//! a seeded plan says; they call the queue from inside. Those that execute run the task on this machine. Both are on the
//! sandbox's own threads and stop with it.

mod artifacts;
#[cfg(unix)]
mod execute;
#[cfg(not(unix))]
#[path = "no_execution.rs"]
mod execute;
mod log;
mod plan;
mod run;

use std::ffi::OsStr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::runtime::Handle;

pub(super) use self::execute::Executor;
use self::execute::Host;
use self::run::Claim;
use super::seed::Running;
use super::service_account::call_queue;
use super::shared::Shared;
use super::wire::parse_time;

/// Where the workers say that they are.
const GROUP: &str = "sandbox";
/// How long a worker without work sleeps at most; the queue wakes it before.
const IDLE_CHECK_INTERVAL: Duration = Duration::from_secs(20);

/// How workers are to be.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Workers {
    /// How many there are; each runs one task at a time, of any task queue.
    pub count: usize,
    /// How much faster than real ones they are.
    pub speed: f64,
    /// How long each run takes, before `speed`. Without it each task has its own time: the seed's, or some minutes.
    pub run_time: Option<TimeDelta>,
    /// The share of runs that do not complete, from 0 to 1. Most of those fail; some crash.
    pub fail_rate: f64,
    /// What the plan's randomness starts from.
    pub seed: u64,
    /// Run the tasks for real, with this of the environment, in place of all that the plan would say.
    pub(in crate::sandbox) execution: Option<Host>,
}

impl Default for Workers {
    fn default() -> Self {
        Self { count: 1, speed: 1.0, run_time: None, fail_rate: 0.05, seed: 1, execution: None }
    }
}

impl Workers {
    /// So many workers.
    pub fn new(count: usize) -> Self {
        Self { count, ..Self::default() }
    }

    /// The same, so many times faster than real ones; anything but a positive number leaves the speed as it is.
    #[must_use]
    pub fn speed(mut self, speed: f64) -> Self {
        if speed.is_finite() && speed > 0.0 {
            self.speed = speed;
        }
        self
    }

    /// The same with runs of this time.
    #[must_use]
    pub fn run_time(mut self, run_time: TimeDelta) -> Self {
        self.run_time = Some(run_time);
        self
    }

    /// The same with this share of runs that do not complete.
    #[must_use]
    pub fn fail_rate(mut self, fail_rate: f64) -> Self {
        self.fail_rate = fail_rate;
        self
    }

    /// The same with another seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same, running tasks on this machine: whatever a task says is done, as the user whose process this is. Of the
    /// variables, tasks see `PATH`, the user's name, language and time zone.
    #[must_use]
    pub fn execute<N: AsRef<OsStr>, V: AsRef<OsStr>>(mut self, variables: impl IntoIterator<Item = (N, V)>) -> Self {
        self.execution = Some(Host::new(variables));
        self
    }

    /// So much of a worker's time, as the clock goes.
    fn scaled(&self, time: TimeDelta) -> TimeDelta {
        TimeDelta::microseconds((time.num_milliseconds() as f64 * 1000.0 / self.speed) as i64)
    }
}

/// Hires the workers; they execute what they take when there is an executor.
pub(super) fn start(handle: &Handle, shared: &Arc<Shared>, workers: &Workers, executor: Option<&Arc<Executor>>) {
    for number in 1..=workers.count {
        let (shared, workers, executor) = (Arc::clone(shared), workers.clone(), executor.cloned());
        handle.spawn(async move { work(&shared, &workers, executor.as_deref(), &format!("worker-{number}")).await });
    }
}

/// Takes over the runs that the workers of a seed's history were in the middle of. Nobody can do that for real: where
/// workers execute, such runs end with their claims.
pub(super) fn adopt(handle: &Handle, shared: &Arc<Shared>, workers: &Workers, running: Vec<Running>) {
    if workers.execution.is_some() {
        return;
    }
    for run in running {
        let (shared, workers) = (Arc::clone(shared), workers.clone());
        handle.spawn(async move {
            if let Some(claim) = Claim::adopted(&shared, run) {
                run::run(&shared, &workers, claim).await;
            }
        });
    }
}

async fn work(shared: &Arc<Shared>, workers: &Workers, executor: Option<&Executor>, worker_id: &str) {
    loop {
        // Changes count from here on, so that none slips in between the look and the wait.
        let mut changed = pin!(shared.queue_changed.notified());
        changed.as_mut().enable();
        if let Some(claim) = claim(shared, worker_id) {
            match executor {
                Some(executor) => execute::run(shared, executor, claim).await,
                None => run::run(shared, workers, claim).await,
            }
            continue;
        }
        let next_event = shared.lock().queue.next_event();
        let due = next_event.map_or(IDLE_CHECK_INTERVAL, |at| (at - shared.clock.now()).to_std().unwrap_or_default());
        tokio::select! {
            () = changed => {}
            () = shared.clock.sleep(due.min(IDLE_CHECK_INTERVAL)) => {
                shared.lock().advance(shared.clock.now());
                shared.queue_changed.notify_waiters();
                // A clock that does not wait must not keep the thread from others.
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Takes the run that has waited most urgently.
fn claim(shared: &Shared, worker_id: &str) -> Option<Claim> {
    let now = shared.clock.now();
    let mut state = shared.lock();
    let queue = state.queue.most_urgent_queue()?;
    let body = json!({"tasks": 1, "workerGroup": GROUP, "workerId": worker_id});
    let mut answer = call_queue(&mut state, "claimWork", &[("taskQueueId", &queue)], body, now).ok()?;
    let claimed = answer["tasks"].get_mut(0).map(Value::take)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let task_id = text(&claimed["status"]["taskId"]);
    let known = state.run_time(&task_id);
    state.worker_manager.simulated(&queue, GROUP, worker_id, now);
    drop(state);
    shared.queue_changed.notify_waiters();
    Some(Claim {
        task_id,
        run_id: claimed["runId"].as_u64()? as usize,
        worker_id: worker_id.to_owned(),
        taken_until: claimed["takenUntil"].as_str().and_then(parse_time)?,
        definition: claimed["task"].clone(),
        credentials: claimed["credentials"].clone(),
        run_time: known,
        passed: TimeDelta::zero(),
    })
}
