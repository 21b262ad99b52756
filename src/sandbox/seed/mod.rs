//! Task groups to start with, so that there is something to look at.

mod firefox;
mod platforms;
mod replay;

use chrono::TimeDelta;

pub use firefox::{FirefoxPush, SeedTask};
pub(super) use replay::{Running, replay};

/// A made-up push of Firefox. The same numbers give the same tasks with the same IDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Push {
    /// How many tasks it has.
    pub tasks: usize,
    /// What its randomness starts from.
    pub seed: u64,
    /// How long ago it began; workers have been running it since.
    pub age: TimeDelta,
}
