//! What has already happened to a push that began a while ago: an event at a time, through the queue itself.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use chrono::{DateTime, Duration, Utc};
use fastrand::Rng;
use serde_json::{Value, json};

use super::SeedTask;
use crate::sandbox::call::Fault;
use crate::sandbox::hash::hash;
use crate::sandbox::mishaps::Mishap;
use crate::sandbox::queue::TaskId;
use crate::sandbox::service_account::{add_artifact, call_queue};
use crate::sandbox::state::State;
use crate::sandbox::storage::{Blob, Stored};
use crate::sandbox::task_log::{FailedRun, error_summary, of_failure};

/// How often a worker with nothing to do asks for work.
const POLL_INTERVAL: Duration = Duration::seconds(30);
/// How often a worker renews its claim; claims last twenty minutes.
const RECLAIM_INTERVAL: Duration = Duration::minutes(15);

/// The share of tests that fail, in percent; some of the others end as an exception.
const TEST: u32 = 7;

/// The share of runs that fail, by kind, in percent.
fn failure_rate(kind: &str) -> u32 {
    match kind {
        "test" => TEST,
        "build" => 6,
        "source-test" => 8,
        _ => 0,
    }
}

/// A run that a worker of the history has not ended yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Running {
    pub task_id: String,
    pub run_id: usize,
    pub worker_id: String,
    pub started: DateTime<Utc>,
}

/// Creates the tasks at `started` and lets simulated workers run them until `now`. Returns what they are in the middle of.
///
/// # Errors
/// When the queue refuses a task, for instance because it exists.
pub(in crate::sandbox) fn replay(
    state: &mut State,
    tasks: impl Iterator<Item = SeedTask>,
    started: DateTime<Utc>,
    now: DateTime<Utc>,
    seed: u64,
) -> Result<Vec<Running>, Fault> {
    let mut rates = HashMap::new();
    let mut load: Vec<(String, usize)> = Vec::new();
    for task in tasks {
        let SeedTask { task_id, mut definition, run_time } = task;
        let queue = definition["taskQueueId"].as_str().unwrap_or_default();
        match load.iter_mut().find(|(name, _)| *name == queue) {
            Some((_, count)) => *count += 1,
            None => load.push((queue.to_owned(), 1)),
        }
        rates.insert(task_id.clone(), failure_rate(definition["tags"]["kind"].as_str().unwrap_or_default()));
        crate::sandbox::bodies::split_queue_id(&mut definition);
        call_queue(state, "createTask", &[("taskId", &task_id)], definition, started)?;
        state.run_times.extend(TaskId::parse(&task_id).map(|id| (id, run_time)));
    }
    if started >= now {
        return Ok(Vec::new());
    }
    let mut replay = Replay { state, rates, events: BinaryHeap::new(), next: 0, rng: Rng::with_seed(seed), seed };
    replay.hire(load, started);
    replay.run(now)?;
    Ok(replay.running())
}

struct Replay<'a> {
    state: &'a mut State,
    /// The share of a task's runs that fail, in percent.
    rates: HashMap<String, u32>,
    events: BinaryHeap<Reverse<(DateTime<Utc>, u64, Event)>>,
    /// Keeps events of one time in the order in which they were planned.
    next: u64,
    rng: Rng,
    seed: u64,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A worker asks for work.
    Poll(Worker),
    /// A worker renews its claim, to resolve the run at that time.
    Reclaim(Worker, Run, DateTime<Utc>),
    /// A worker resolves a run.
    Resolve(Worker, Run),
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Worker {
    queue: String,
    id: String,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Run {
    task_id: String,
    run_id: String,
    started: DateTime<Utc>,
}

impl Replay<'_> {
    /// Enough workers in each pool for the push to take some hours.
    fn hire(&mut self, load: Vec<(String, usize)>, started: DateTime<Utc>) {
        for (queue, count) in load {
            for _ in 0..count.div_ceil(3) {
                let id = format!("i-{:012x}", self.rng.u64(..) >> 16);
                let first = started + Duration::seconds(self.rng.i64(5..60));
                self.plan(first, Event::Poll(Worker { queue: queue.clone(), id }));
            }
        }
    }

    fn plan(&mut self, time: DateTime<Utc>, event: Event) {
        self.next += 1;
        self.events.push(Reverse((time, self.next, event)));
    }

    /// The runs whose end would come later.
    fn running(self) -> Vec<Running> {
        let mut runs: Vec<Running> = self
            .events
            .into_iter()
            .filter_map(|Reverse((_, _, event))| match event {
                Event::Poll(_) => None,
                Event::Reclaim(worker, run, _) | Event::Resolve(worker, run) => Some(Running {
                    run_id: run.run_id.parse().ok()?,
                    task_id: run.task_id,
                    worker_id: worker.id,
                    started: run.started,
                }),
            })
            .collect();
        runs.sort_unstable_by(|a, b| (a.started, &a.task_id).cmp(&(b.started, &b.task_id)));
        runs
    }

    fn run(&mut self, until: DateTime<Utc>) -> Result<(), Fault> {
        while let Some(Reverse((time, _, event))) = self.events.pop() {
            if time > until {
                self.events.push(Reverse((time, 0, event)));
                break;
            }
            match event {
                Event::Poll(worker) => self.poll(worker, time)?,
                Event::Reclaim(worker, run, end) => {
                    self.on(&run, "reclaimTask", Value::Null, time)?;
                    self.claimed(worker, run, end, time);
                }
                Event::Resolve(worker, run) => {
                    self.resolve(&worker, &run, time)?;
                    self.plan(time + Duration::seconds(2), Event::Poll(worker));
                }
            }
        }
        self.state.queue.advance(until);
        Ok(())
    }

    fn poll(&mut self, worker: Worker, time: DateTime<Utc>) -> Result<(), Fault> {
        self.state.queue.advance(time);
        if !self.state.queue.claimable(&worker.queue) {
            self.plan(time + POLL_INTERVAL, Event::Poll(worker));
            return Ok(());
        }
        let body = json!({"tasks": 1, "workerGroup": "us-west1", "workerId": worker.id});
        let answer = call_queue(self.state, "claimWork", &[("taskQueueId", &worker.queue)], body, time)?;
        let status = &answer["tasks"][0]["status"];
        let task_id = status["taskId"].as_str().unwrap_or_default().to_owned();
        let run_id = answer["tasks"][0]["runId"].to_string();
        let planned = self.state.run_time(&task_id).unwrap_or(Duration::minutes(1));
        let spread = planned * self.rng.i32(70..130) / 100;
        self.claimed(worker, Run { task_id, run_id, started: time }, time + spread, time);
        Ok(())
    }

    /// Plans what a worker does next with a claim that it has.
    fn claimed(&mut self, worker: Worker, run: Run, end: DateTime<Utc>, time: DateTime<Utc>) {
        if end <= time + RECLAIM_INTERVAL {
            self.plan(end, Event::Resolve(worker, run));
        } else {
            self.plan(time + RECLAIM_INTERVAL, Event::Reclaim(worker, run, end));
        }
    }

    fn resolve(&mut self, worker: &Worker, run: &Run, time: DateTime<Utc>) -> Result<(), Fault> {
        let rate = self.rates.get(&run.task_id).copied().unwrap_or_default();
        let dice = self.rng.u32(0..100);
        if dice < rate {
            self.leave_log(worker, run, time)?;
            self.on(run, "reportFailed", Value::Null, time)
        } else if dice == 99 && rate == TEST {
            self.on(run, "reportException", json!({"reason": "resource-unavailable"}), time)
        } else {
            self.on(run, "reportCompleted", Value::Null, time)
        }
    }

    /// Leaves behind what tells why a run failed: its log and, for tests, the report of the harness.
    fn leave_log(&mut self, worker: &Worker, run: &Run, time: DateTime<Utc>) -> Result<(), Fault> {
        const LIVE: &str = "public/logs/live.log";
        const BACKING: &str = "public/logs/live_backing.log";
        let definition = call_queue(self.state, "task", &[("taskId", &run.task_id)], Value::Null, time)?;
        let kind = definition["tags"]["kind"].as_str().unwrap_or_default();
        let run_id = run.run_id.parse().unwrap_or_default();
        // Of its own, so that the rest of the history does not depend on it.
        let mut rng = Rng::with_seed(hash(self.seed, &format!("{}/{run_id}", run.task_id)));
        let mishap = Mishap::of(kind, &mut rng);
        let (task_id, worker_id) = (run.task_id.as_str(), worker.id.as_str());
        let failed = FailedRun { task_id, run_id, worker_id, started: run.started, ended: time };
        let Ok(log) = Blob::log(of_failure(&failed, &mishap).as_bytes()) else { return Ok(()) };
        add_artifact(self.state, (task_id, run_id), BACKING, Stored::S3, log, time)?;
        let link = json!({
            "storageType": "link", "artifact": BACKING, "expires": definition["expires"],
            "contentType": "text/plain; charset=utf-8",
        });
        let params = [("taskId", task_id), ("runId", run.run_id.as_str()), ("name", LIVE)];
        call_queue(self.state, "createArtifact", &params, link, time)?;
        if kind == "test" {
            let label = definition["metadata"]["name"].as_str().unwrap_or_default();
            let summary = Blob::new(error_summary(label, Some(&mishap))).content_type("text/plain");
            let name = "public/test_info/errorsummary.log";
            add_artifact(self.state, (task_id, run_id), name, Stored::S3, summary, time)?;
        }
        Ok(())
    }

    fn on(&mut self, run: &Run, method: &str, body: Value, time: DateTime<Utc>) -> Result<(), Fault> {
        call_queue(self.state, method, &[("taskId", &run.task_id), ("runId", &run.run_id)], body, time).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use std::sync::Arc;

    use super::*;
    use crate::sandbox::seed::FirefoxPush;
    use crate::sandbox::storage::Storage;

    /// How many tasks of a push are in which state so long after it began.
    fn states(count: usize, age: Duration) -> BTreeMap<String, usize> {
        let now: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
        let mut state = State::new(now, Duration::zero(), Arc::new(Storage::new("http://localhost:1")));
        let tasks: Vec<SeedTask> = FirefoxPush::tasks(count, 7, now - age).collect();
        replay(&mut state, tasks.iter().cloned(), now - age, now, 7).unwrap();
        let mut counts = BTreeMap::new();
        for task in &tasks {
            let status = call_queue(&mut state, "status", &[("taskId", &task.task_id)], Value::Null, now).unwrap();
            *counts.entry(status["status"]["state"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        counts
    }

    #[test]
    fn a_push_that_just_began_waits_for_its_decision() {
        let counts = states(100, Duration::zero());
        assert_eq!(counts, BTreeMap::from([("pending".to_owned(), 1), ("unscheduled".to_owned(), 99)]));
    }

    #[test]
    fn a_push_in_the_middle_has_tasks_in_every_state() {
        let counts = states(300, Duration::minutes(150));
        for state in ["completed", "failed", "running", "pending", "unscheduled"] {
            assert!(counts.contains_key(state), "{counts:?}");
        }
    }

    #[test]
    fn a_push_of_yesterday_runs_no_more() {
        let counts = states(100, Duration::hours(20));
        assert_eq!(counts.get("running").or(counts.get("pending")), None, "{counts:?}");
    }

    #[test]
    fn the_same_seed_gives_the_same_history() {
        assert_eq!(states(150, Duration::hours(2)), states(150, Duration::hours(2)));
    }
}
