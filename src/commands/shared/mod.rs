//! What the commands on tasks and on groups have in common.

mod act;
mod filters;
mod group_tasks;
mod open;
mod outcome;
mod targets;

pub use act::{ActArgs, Deed, How, Target, perform};
pub use filters::FilterArgs;
pub use group_tasks::{GroupPage, GroupTasks, Selection};
pub use open::open;
pub use targets::{Targets, group, tasks};
