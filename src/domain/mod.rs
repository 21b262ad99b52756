//! The field's own values: root URLs, IDs, times, scopes, secrets. Pure; uses nothing of ours.

pub mod artifact_path;
pub mod filter;
pub mod go_template;
pub mod group_progress;
pub mod retrigger;
pub mod root_url;
pub mod run_choice;
pub mod scopes;
pub mod secret;
pub mod shell;
pub mod slugid;
pub mod task;
pub mod task_ref;
pub mod task_state;
pub mod time;
pub mod timeline;
mod web_page;
pub mod yaml;

pub use root_url::RootUrl;
pub use run_choice::RunChoice;
pub use secret::Secret;
pub use shell::Shell;
pub use task::TaskItem;
pub use task_ref::TaskRef;
pub use task_state::{StateCounts, TaskState};
pub use web_page::web_page;
