//! What selects tasks: IDs and pages that are named, filters, the tasks of a group.

mod filters;
mod group_tasks;
mod named;

pub use filters::FilterArgs;
pub use group_tasks::{GroupPage, GroupTasks, Selection};
pub use named::{NamedTasks, group, task, tasks};
