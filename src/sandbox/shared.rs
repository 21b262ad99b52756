//! What all requests, workers and timers of one sandbox share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore};

use super::events::Events;
use super::router::Router;
use super::sign_in::SignIn;
use super::state::State;
use crate::clock::SharedClock;

/// What all requests of one sandbox share.
pub(super) struct Shared {
    pub state: Mutex<State>,
    pub router: &'static Router,
    pub clock: SharedClock,
    /// What the services publish.
    pub events: Arc<Events>,
    /// Tells of every change of a task.
    pub queue_changed: Notify,
    /// `http://localhost:1234`
    pub root_url: String,
    /// Who signs in on the page.
    pub sign_in: SignIn,
    /// Permits to read a large body of a caller who is not known.
    pub anonymous_bodies: Semaphore,
}

impl Shared {
    /// The state, for the time of one request. A behaviour that panicked has broken its own request only.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something that may change tasks, and tells those who wait for a change when it has.
    pub(super) fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let before = state.queue.revision();
        let outcome = act(&mut state);
        let changed = state.queue.revision() != before;
        drop(state);
        if changed {
            self.queue_changed.notify_waiters();
        }
        outcome
    }
}
