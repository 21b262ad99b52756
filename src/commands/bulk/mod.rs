//! What acts on many tasks, or asks about many, and reports.

mod action;
mod answers;
mod confirm;
mod done;
mod each;
mod failures;
mod look_up;
mod perform;
mod priority;
mod report;

pub(super) use action::{BulkAction, BulkArgs, BulkItem, BulkOptions, ItemOutcome};
pub(super) use answers::{about_group, lacks, raw_status, resolved_before, status_after, status_of};
pub(super) use confirm::Confirmation;
pub(super) use done::done_to;
pub(super) use each::{Change, EachAction, EachArgs, confirm_difference, each};
pub(super) use failures::Failures;
pub(super) use look_up::{finish, look_up};
pub(super) use perform::perform;
pub(super) use priority::{change_priority, check_priority, is_priority, priority_candidates};
