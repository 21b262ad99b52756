//! A clock that only moves when someone sleeps.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::{BoxFuture, FutureExt as _};
use tc::Clock;

/// Stands still at one time; a sleep is over at once and moves it on.
pub struct FakeClock {
    now: Mutex<DateTime<Utc>>,
    slept: Mutex<Vec<Duration>>,
}

impl FakeClock {
    /// A clock that shows this time: `2026-11-22T12:00:00Z`.
    pub fn at(time: &str) -> Arc<Self> {
        Arc::new(Self { now: Mutex::new(time.parse().unwrap()), slept: Mutex::default() })
    }

    /// All sleeps so far, in order.
    pub fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.slept.lock().unwrap().push(duration);
        *self.now.lock().unwrap() += duration;
        std::future::ready(()).boxed()
    }
}
