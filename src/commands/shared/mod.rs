//! What the commands on tasks and on groups have in common.

mod act;
mod artifacts;
mod downloads;
mod filters;
mod group_tasks;
mod open;
mod outcome;
mod targets;
mod uploads;

pub use act::{ActArgs, Deed, How, Target, perform};
pub use artifacts::{Listed, NamePatterns, list, newest_run, task_ref};
pub use downloads::{DownloadArgs, Targeting, Wanted, download, sha256, to_stdout};
pub use filters::FilterArgs;
pub use group_tasks::{GroupPage, GroupTasks, Selection};
pub use open::open;
pub use targets::{Targets, group, tasks};
pub use uploads::{content_type, expiry, print_uploads, upload_options, upload_record};
