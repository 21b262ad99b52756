//! A clock whose hands a test moves: who sleeps wakes when they have come far enough.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::{BoxFuture, FutureExt as _};
use tc::Clock;
use tokio::sync::watch;

pub struct HandClock {
    now: Mutex<watch::Sender<DateTime<Utc>>>,
    sleepers: Arc<Mutex<Sleepers>>,
}

/// Until when who sleeps.
#[derive(Default)]
struct Sleepers {
    next: u64,
    until: BTreeMap<u64, DateTime<Utc>>,
}

/// One sleeper; gone when it woke and went on, or was given up.
struct Sleeper {
    id: u64,
    all: Arc<Mutex<Sleepers>>,
}

impl Sleeper {
    fn new(all: &Arc<Mutex<Sleepers>>, until: DateTime<Utc>) -> Self {
        let mut sleepers = all.lock().unwrap();
        sleepers.next += 1;
        let id = sleepers.next;
        sleepers.until.insert(id, until);
        Self { id, all: Arc::clone(all) }
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.all.lock().unwrap().until.remove(&self.id);
    }
}

/// The pace of the hands: what woke has this long to act before another second has passed. On a busy
/// machine an hour would be over before anybody had looked otherwise.
const PACE: Duration = Duration::from_millis(1);

impl HandClock {
    /// A clock that shows this time: `2026-11-22T12:00:00Z`.
    pub fn at(time: &str) -> Arc<Self> {
        Arc::new(Self { now: Mutex::new(watch::Sender::new(time.parse().unwrap())), sleepers: Arc::default() })
    }

    /// Moves on.
    pub fn pass(&self, time: TimeDelta) {
        self.now.lock().unwrap().send_modify(|now| *now += time);
    }

    /// Moves on by a second again and again, until something is so.
    pub fn pass_until(&self, mut is_so: impl FnMut() -> bool) {
        let started = std::time::Instant::now();
        while !is_so() {
            assert!(started.elapsed() < Duration::from_secs(60), "it never came to be");
            std::thread::sleep(PACE);
            // Whoever is due goes on first.
            if !self.is_anybody_late() {
                self.pass(TimeDelta::seconds(1));
            }
        }
    }
}

impl HandClock {
    /// How long until the next sleeper wakes; nothing where somebody is due and has not gone on yet.
    pub fn next_wake(&self) -> Option<TimeDelta> {
        let now = self.now();
        let next = self.sleepers.lock().unwrap().until.values().min().map(|until| *until - now);
        next.filter(|left| *left > TimeDelta::zero())
    }

    fn is_anybody_late(&self) -> bool {
        let now = self.now();
        self.sleepers.lock().unwrap().until.values().any(|until| *until <= now)
    }
}

impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap().borrow()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let until = self.now() + duration;
        let mut now = self.now.lock().unwrap().subscribe();
        let sleeper = Sleeper::new(&self.sleepers, until);
        async move {
            let _sleeper = sleeper;
            // The clock is gone only when its sandbox is.
            drop(now.wait_for(|now| *now >= until).await.map(drop));
        }
        .boxed()
    }
}
