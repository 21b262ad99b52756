//! How a sandbox is to be.

use std::sync::Arc;

use chrono::TimeDelta;

use super::faults::Faults;
use super::sign_in::SignIn;
use super::workers::Workers;
use crate::clock::{SharedClock, SystemClock};
use crate::domain::Secret;

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
    /// A broker that gets all that the services publish: `amqp://user:password@host:5672/%2f`.
    pub pulse: Option<Secret>,
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
            pulse: None,
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

    /// The same publishing to the broker of this URL.
    #[must_use]
    pub fn pulse(mut self, url: Secret) -> Self {
        self.pulse = Some(url);
        self
    }

    /// The same with this clock.
    #[must_use]
    pub fn clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }
}
