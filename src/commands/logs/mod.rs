//! The logs of tasks: which artifact is the log, and where its content is.

mod choice;
mod source;

pub(super) use choice::{PayloadLogs, choose};
pub(super) use source::{LIVE_STALL, Source};
