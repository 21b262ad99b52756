//! What is needed to tell why tasks stand where they do, and what their logs say: gathering facts, and the words for what
//! can be done.

mod failures;
mod gather;
mod log;
mod look;
mod named;
mod only;
mod pool;
mod reading;
mod reruns;
mod shown;
mod upstream;
mod wire;

pub(super) use failures::{
    FailedTask, Failures, GroupFailures, MAX_CONCURRENT_TASKS, failed_task, failure_of, failures,
};
pub(super) use gather::{Comparison, Gatherer};
pub(super) use log::{FoundErrors, LogRequest, Logs, PatternArgs};
pub(super) use look::{seen, warn_of};
pub(super) use named::named_group;
pub(super) use only::OnlyArgs;
pub(super) use reruns::RerunArgs;
pub(super) use shown::{Explained, cause_json, finding_json, print_cause, print_finding};
pub(super) use wire::{facts_of, upstream_of};
