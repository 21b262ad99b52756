//! Task groups to start with, so that there is something to look at.

mod firefox;
mod platforms;

pub use firefox::{FirefoxPush, SeedTask};
