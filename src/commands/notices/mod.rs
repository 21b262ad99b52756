//! Telling people: a message to the notify service, and what a command that waits has to tell in the end.

mod ending;
mod post;

pub(super) use ending::{About, NotifyArgs};
pub(super) use post::post;
