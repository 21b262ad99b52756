//! What selects tasks: IDs and pages that are named, filters, the tasks of a group.

mod filters;
mod group_tasks;
mod indexed;
mod named;

pub(super) use filters::FilterArgs;
pub(super) use group_tasks::{GroupPage, GroupTasks, Selection};
pub(super) use indexed::{indexed_task, resolve_index};
pub(super) use named::{NamedTasks, group, task, tasks};
