//! What acts on many tasks, or asks about many, and reports.

mod action;
mod confirm;
mod each;
mod failures;
mod look_up;
mod perform;
mod report;

pub(super) use action::{BulkAction, BulkArgs, BulkItem, BulkOptions, ItemOutcome};
pub(super) use confirm::Confirmation;
pub(super) use each::{Change, EachAction, EachArgs, confirm_difference, each};
pub(super) use failures::Failures;
pub(super) use look_up::{finish, look_up};
pub(super) use perform::perform;
