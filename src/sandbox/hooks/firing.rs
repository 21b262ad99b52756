//! Hooks that fire by themselves: when their time has come, and when a message arrives that they are bound to.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::{Either, select};

use super::cron::next_of;
use super::fire::{Occasion, fire};
use super::{Hook, Key};
use crate::sandbox::events::Event;
use crate::sandbox::shared::Shared;
use crate::sandbox::state::State;

/// How many messages are handled at a time.
const MESSAGES_PER_BATCH: usize = 50;

/// Between two batches there is this time, as a broker needs some: a hook that fires itself must not take the machine.
const BATCH_INTERVAL: Duration = Duration::from_millis(50);

/// Between two looks at the schedules there is at least this time: timers know milliseconds.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// The longest wait for a schedule: the machine's clock may be set meanwhile.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Fires hooks for as long as the sandbox runs.
pub(in crate::sandbox) async fn keep_firing(shared: Arc<Shared>) {
    loop {
        // Messages count from here on, so that none slips in between the look and the wait.
        let mut arrived = pin!(shared.events.arrived.notified());
        arrived.as_mut().enable();
        let batch = shared.events.take(MESSAGES_PER_BATCH);
        if !batch.is_empty() {
            let fired = shared.change(|state| deliver(state, &batch, shared.clock.now()));
            if fired {
                shared.clock.sleep(BATCH_INTERVAL).await;
            }
            continue;
        }
        let next = shared.lock().hooks.next_event();
        let Some(at) = next else {
            arrived.await;
            continue;
        };
        let due = (at - shared.clock.now()).to_std().unwrap_or_default().clamp(SHORTEST_WAIT, LONGEST_WAIT);
        if let Either::Right(_) = select(arrived, shared.clock.sleep(due)).await {
            shared.change(|state| fire_due(state, shared.clock.now()));
            // A clock that does not wait must not keep the thread from others.
            tokio::task::yield_now().await;
        }
    }
}

/// Fires all hooks that are bound to one of these messages; whether there was one.
pub(super) fn deliver(state: &mut State, messages: &[Arc<Event>], now: DateTime<Utc>) -> bool {
    let mut any = false;
    for message in messages {
        let is_bound = |hook: &Hook| {
            hook.bindings().any(|(exchange, pattern)| exchange == message.exchange && message.fits(pattern))
        };
        let bound: Vec<Key> =
            state.hooks.hooks.iter().filter(|(_, hook)| is_bound(hook)).map(|(key, _)| key.clone()).collect();
        for key in bound {
            let occasion = Occasion {
                by: "pulseMessage",
                payload: Some(message.payload.clone()),
                client_id: None,
                task_id: slugid::nice(),
                created: now,
            };
            any = true;
            // What became of it is remembered.
            drop(fire(state, &key, occasion, now));
        }
    }
    any
}

/// Fires all hooks whose time has come, each once, however often that was.
pub(super) fn fire_due(state: &mut State, now: DateTime<Utc>) {
    let due = |hook: &Hook| hook.next.filter(|next| *next <= now);
    let keys: Vec<(Key, DateTime<Utc>)> =
        state.hooks.hooks.iter().filter_map(|(key, hook)| Some((key.clone(), due(hook)?))).collect();
    for (key, created) in keys {
        let Some(hook) = state.hooks.hooks.get_mut(&key) else { continue };
        hook.next = next_of(&hook.schedule, now);
        let task_id = std::mem::replace(&mut hook.next_task_id, slugid::nice());
        let occasion = Occasion { by: "schedule", payload: None, client_id: None, task_id, created };
        drop(fire(state, &key, occasion, now));
    }
}
