//! What acts on many tasks, or asks about many, and reports.

mod action;
mod confirm;
mod failures;
mod look_up;
mod perform;
mod report;

pub use action::{BulkAction, BulkArgs, BulkItem, BulkOptions, ItemOutcome};
pub use confirm::Confirmation;
pub use failures::Failures;
pub use look_up::{finish, look_up};
pub use perform::perform;
