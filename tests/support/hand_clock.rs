//! A clock whose hands a test moves: who sleeps wakes when they have come far enough.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::{BoxFuture, FutureExt as _};
use tc::clock::Clock;
use tokio::sync::watch;

pub struct HandClock {
    now: Mutex<watch::Sender<DateTime<Utc>>>,
}

impl HandClock {
    /// A clock that shows this time: `2026-11-22T12:00:00Z`.
    pub fn at(time: &str) -> Arc<Self> {
        Arc::new(Self { now: Mutex::new(watch::Sender::new(time.parse().unwrap())) })
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
            self.pass(TimeDelta::seconds(1));
            std::thread::yield_now();
        }
    }
}

impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap().borrow()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let until = self.now() + duration;
        let mut now = self.now.lock().unwrap().subscribe();
        async move {
            // The clock is gone only when its sandbox is.
            drop(now.wait_for(|now| *now >= until).await.map(drop));
        }
        .boxed()
    }
}
