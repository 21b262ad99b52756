//! What selects tasks: IDs and pages that are named, filters, the tasks of a group.

mod filters;
mod group_tasks;
mod listed;
mod named;

pub(super) use filters::FilterArgs;
pub(super) use group_tasks::{GroupPage, GroupTasks, Selection};
pub(super) use named::{NamedTasks, group, task, tasks};
