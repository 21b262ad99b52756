//! What several commands take or do alike.

mod act;
mod artifacts;
pub mod child;
mod downloads;
mod events;
pub mod exports;
mod filters;
mod group_tasks;
pub mod invocation;
mod length;
mod manifest;
pub mod needs;
mod open;
mod outage;
mod outcome;
pub mod pulse;
mod tally;
mod targets;
mod uploads;

pub use act::{ActArgs, Deed, Done, How, Target, perform};
pub use artifacts::{Listed, NamePatterns, list, newest_run, task_ref};
pub use downloads::{DownloadArgs, Targeting, Wanted, download, sha256, to_stdout};
pub use events::{EventArgs, Events};
pub use filters::FilterArgs;
pub use group_tasks::{GroupPage, GroupTasks, Selection};
pub use length::length;
pub use manifest::Manifest;
pub use open::open;
pub use outage::Outage;
pub use targets::{Targets, group, tasks};
pub use uploads::{content_type, expiry, upload_all, upload_options};
