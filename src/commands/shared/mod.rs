//! What several commands take or do alike.

mod act;
pub mod child;
pub mod exports;
mod filters;
mod group_tasks;
pub mod invocation;
pub mod needs;
mod open;
mod outcome;
mod targets;

pub use act::{ActArgs, Deed, Done, How, Target, perform};
pub use filters::FilterArgs;
pub use group_tasks::{GroupPage, GroupTasks, Selection};
pub use open::open;
pub use targets::{Targets, group, tasks};
