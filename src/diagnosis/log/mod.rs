//! Logs: the lines that tell a failure, and what they have in common. Pure.

mod clean;
mod cluster;
mod kind;
mod normalize;
mod patterns;
mod picker;
mod table;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trigger_tests;
mod triggers;

pub(crate) use cluster::{Cluster, ClusterBy, TaskFailure, cluster};
pub(crate) use kind::FailureKind;
pub(crate) use patterns::{OwnPattern, Patterns};
pub(crate) use picker::{ErrorLine, LogErrors, Picker, VERDICT_RANK};
