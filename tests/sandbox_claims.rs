//! Workers that wait for work: what happens to them while the queue changes under them, and that none of it stops others.

use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use tc::Clock as _;
use tc::sandbox::{Options, Sandbox};

use crate::support::hand_clock::HandClock;
use crate::support::task::{definition, queue, stamp};
use crate::support::wire::{Reply, Wire};

/// How long an answer may take on a busy machine before something hangs.
const WATCHDOG: Duration = Duration::from_secs(60);

struct Setup {
    sandbox: Arc<Sandbox>,
    clock: Arc<HandClock>,
}

impl Setup {
    fn new() -> Self {
        let clock = HandClock::at("2026-11-22T12:00:00Z");
        let sandbox = Sandbox::start(Options::default().clock(clock.clone())).unwrap();
        Self { sandbox: Arc::new(sandbox), clock }
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn call(&self, verb: &str, route: &str, body: &Value) -> Reply {
        queue(&self.sandbox, self.now(), verb, route, body)
    }

    fn create(&self, change: impl FnOnce(&mut Value)) -> String {
        let id = slugid::nice();
        let mut body = definition(self.now(), &id);
        change(&mut body);
        self.call("PUT", &format!("/task/{id}"), &body).is(200, "");
        id
    }

    /// Asks for work on a thread of its own. It returns once the sandbox knows the worker: for one that was seen before, the
    /// request may still be on its way when the clock jumps, and then it is signed anew.
    fn claim_work(&self, worker: &str) -> Receiver<Value> {
        let (told, answer) = mpsc::channel();
        let body = json!({"workerGroup": "g", "workerId": worker, "tasks": 1});
        let route = "/api/queue/v1/claim-work/proj%2Flinux";
        let wire = Wire::new(&self.sandbox, "POST", route).json(&body);
        let clock = self.clock.clone();
        let before = self.recently_seen(worker);
        std::thread::spawn(move || {
            let mut signed_at = clock.now();
            let mut reply = wire.clone().at(signed_at).send();
            while reply.status == 401 && signed_at != clock.now() {
                signed_at = clock.now();
                reply = wire.clone().at(signed_at).send();
            }
            // Nobody listens any more when the test is over.
            drop(told.send(reply.is(200, "").value()));
        });
        within(|| before || self.recently_seen(worker));
        answer
    }

    fn recently_seen(&self, worker: &str) -> bool {
        self.call("GET", &format!("/provisioners/proj/worker-types/linux/workers/g/{worker}"), &Value::Null).status
            == 200
    }

    fn quarantine(&self, worker: &str, until: DateTime<Utc>) {
        let route = format!("/provisioners/proj/worker-types/linux/workers/g/{worker}");
        let body = json!({"quarantineUntil": stamp(until), "quarantineInfo": "test"});
        self.call("PUT", &route, &body).is(200, "");
    }

    /// The sandbox answers while others wait.
    fn ping(&self) {
        let (told, answer) = mpsc::channel();
        let wire = Wire::new(&self.sandbox, "GET", "/api/queue/v1/ping").anonymous();
        std::thread::spawn(move || told.send(wire.send().status));
        assert_eq!(answer.recv_timeout(WATCHDOG), Ok(200), "ping hangs");
    }
}

fn within(mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < WATCHDOG, "it never came to be");
        std::thread::yield_now();
    }
}

fn task_of(answer: &Value) -> Option<&str> {
    answer["tasks"][0]["status"]["taskId"].as_str()
}

#[test]
fn claim_in_flight_of_a_worker_quarantined_meanwhile_gets_the_next_task() {
    let setup = Setup::new();
    let answer = setup.claim_work("w");
    setup.quarantine("w", setup.now() + TimeDelta::days(1));
    let task = setup.create(|_| {});
    setup.ping();
    assert_eq!(task_of(&answer.recv_timeout(WATCHDOG).unwrap()), Some(task.as_str()));
    // The next request is one of a worker in quarantine: it waits, and gets nothing.
    setup.create(|_| {});
    let answer = setup.claim_work("w");
    setup.ping();
    setup.create(|_| {});
    setup.ping();
    assert!(answer.try_recv().is_err(), "a worker in quarantine is answered before its time");
    let mut ended = None;
    setup.clock.pass_until(|| {
        ended = ended.take().or_else(|| answer.try_recv().ok());
        ended.is_some()
    });
    assert_eq!(ended, Some(json!({"tasks": []})));
}

#[test]
fn two_waiting_workers_share_what_appears() {
    let setup = Setup::new();
    let answers = [setup.claim_work("a"), setup.claim_work("b")];
    let mut tasks = [setup.create(|_| {}), setup.create(|_| {})];
    let mut got = answers.map(|answer| task_of(&answer.recv_timeout(WATCHDOG).unwrap()).unwrap().to_owned());
    tasks.sort();
    got.sort();
    assert_eq!(got, tasks);
}

#[test]
fn waiting_worker_gets_a_task_whose_dependency_is_resolved_by_its_deadline() {
    let setup = Setup::new();
    let soon = setup.now() + TimeDelta::seconds(5);
    let first = setup.create(|body| {
        body["taskQueueId"] = "proj/other".into();
        body["deadline"] = stamp(soon).into();
    });
    let second = setup.create(|body| {
        body["dependencies"] = json!([first]);
        body["requires"] = "all-resolved".into();
    });
    let answer = setup.claim_work("w");
    setup.clock.pass(TimeDelta::seconds(6));
    assert_eq!(task_of(&answer.recv_timeout(WATCHDOG).unwrap()), Some(second.as_str()));
}

#[test]
fn built_in_queues_resolve_their_tasks() {
    let setup = Setup::new();
    let create = |queue: &str, payload: Value| {
        setup.create(|body| {
            body["taskQueueId"] = queue.into();
            body["payload"] = payload;
        })
    };
    let tasks = [
        (create("built-in/succeed", json!({})), "completed", "completed"),
        (create("built-in/fail", json!({})), "failed", "failed"),
        (create("built-in/succeed", json!({"command": []})), "exception", "malformed-payload"),
    ];
    let status = |id: &str| setup.call("GET", &format!("/task/{id}/status"), &Value::Null).value()["status"].clone();
    assert_eq!(status(&tasks[0].0)["state"], "pending");
    setup.clock.pass(TimeDelta::seconds(12));
    for (id, state, reason) in &tasks {
        let status = status(id);
        assert_eq!((&status["state"], &status["runs"][0]["reasonResolved"]), (&json!(state), &json!(reason)));
        assert_eq!(status["runs"][0]["workerGroup"], "built-in");
    }
}

#[derive(Debug, Clone)]
enum Step {
    ClaimWork(u8),
    Quarantine(u8, bool),
    Create { minutes: i64, after_last: bool },
    Cancel(usize),
    Report(usize),
    Reclaim(usize),
    Pass(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let worker = 0u8..3;
    let step = prop_oneof![
        4 => worker.clone().prop_map(Step::ClaimWork),
        2 => (worker, any::<bool>()).prop_map(|(worker, on)| Step::Quarantine(worker, on)),
        4 => (prop::sample::select(vec![1, 30, 120]), any::<bool>())
            .prop_map(|(minutes, after_last)| Step::Create { minutes, after_last }),
        2 => (0usize..6).prop_map(Step::Cancel),
        2 => (0usize..6).prop_map(Step::Report),
        1 => (0usize..6).prop_map(Step::Reclaim),
        2 => prop::sample::select(vec![1, 19, 21, 61, 1300, 8000]).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 1..16)
}

fn drive(setup: &Setup, steps: &[Step]) {
    let mut tasks: Vec<String> = Vec::new();
    let mut waiting = Vec::new();
    for step in steps {
        let at = |index: &usize, tasks: &Vec<String>| tasks.get(index % tasks.len().max(1)).cloned();
        match step {
            Step::ClaimWork(worker) => waiting.push(setup.claim_work(&format!("w{worker}"))),
            Step::Quarantine(worker, on) if setup.recently_seen(&format!("w{worker}")) => {
                let until = if *on { TimeDelta::hours(1) } else { TimeDelta::hours(-1) };
                setup.quarantine(&format!("w{worker}"), setup.now() + until);
            }
            Step::Quarantine(..) => {}
            Step::Create { minutes, after_last } => {
                let dependencies: Vec<String> = tasks.last().filter(|_| *after_last).cloned().into_iter().collect();
                tasks.push(setup.create(|body| {
                    body["deadline"] = stamp(setup.now() + TimeDelta::minutes(*minutes)).into();
                    body["dependencies"] = json!(dependencies);
                    body["requires"] = "all-resolved".into();
                }));
            }
            Step::Cancel(index) => {
                let Some(id) = at(index, &tasks) else { continue };
                setup.call("POST", &format!("/task/{id}/cancel"), &Value::Null);
            }
            Step::Report(index) => {
                let Some(id) = at(index, &tasks) else { continue };
                setup.call("POST", &format!("/task/{id}/runs/0/completed"), &Value::Null);
            }
            Step::Reclaim(index) => {
                let Some(id) = at(index, &tasks) else { continue };
                setup.call("POST", &format!("/task/{id}/runs/0/reclaim"), &Value::Null);
            }
            Step::Pass(seconds) => setup.clock.pass(TimeDelta::seconds(*seconds)),
        }
        setup.ping();
    }
    for answer in waiting {
        let mut ended = None;
        setup.clock.pass_until(|| {
            ended = ended.take().or_else(|| answer.try_recv().ok());
            ended.is_some()
        });
        assert!(ended.unwrap()["tasks"].is_array());
    }
    setup.ping();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 32, ..ProptestConfig::default() })]

    /// No order of claims, quarantine, ends and deadlines makes a waiting claim spin or hang, or stops anybody else.
    #[test]
    fn no_interleaving_of_claims_and_changes_hangs(steps in steps()) {
        // One sandbox for all cases: what one of them leaves behind is part of the next.
        static SETUP: OnceLock<Setup> = OnceLock::new();
        drive(SETUP.get_or_init(Setup::new), &steps);
    }
}
