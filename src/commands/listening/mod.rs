//! Pulse, for verbs: a consumer as the settings want it, and changes of tasks as they are announced.

mod consumer;
mod events;

pub(super) use consumer::{broker, consumer, explain, explain_binding, trust};
pub(super) use events::{EventArgs, Events};
