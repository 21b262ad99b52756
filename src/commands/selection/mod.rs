//! What selects tasks: IDs and pages that are named, filters, the tasks of a group; and other things by name or page.

mod by_page;
mod filters;
mod group_tasks;
mod indexed;
mod listed;
mod lookup;
mod named;
mod named_run;
mod nearest;
mod pools;
mod words;

pub(super) use by_page::{CLIENT, ROLE, SECRET};
pub(super) use filters::FilterArgs;
pub(super) use group_tasks::{GroupPage, GroupTasks, Selection};
pub(super) use indexed::{indexed_task, neighbours, resolve_index};
pub(super) use lookup::status_and_definition;
pub(super) use named::{NamedTasks, group, task, tasks};
pub(super) use named_run::NamedRun;
pub(super) use nearest::{collect, collect_some, no_such, or_nearest, texts, with_nearest};
pub(super) use pools::{WorkerName, check_pool, pool, pool_ids, worker, workers};
pub(super) use words::first_words;
