//! The field's own values: root URLs, IDs, times, scopes, secrets. Pure; uses nothing of ours.

pub(crate) mod artifact_path;
pub(crate) mod fields;
pub(crate) mod filter;
pub(crate) mod go_template;
pub(crate) mod group_progress;
pub(crate) mod hook_ref;
pub(crate) mod index_path;
pub(crate) mod page_ref;
pub(crate) mod proxy_path;
mod recipient;
pub(crate) mod retrigger;
pub(crate) mod root_url;
pub(crate) mod run_choice;
pub(crate) mod scopes;
pub(crate) mod secret;
pub(crate) mod shell;
pub(crate) mod slugid;
pub(crate) mod task;
pub(crate) mod task_ref;
pub(crate) mod task_state;
pub(crate) mod time;
pub(crate) mod timeline;
pub(crate) mod truth;
mod web_page;
pub(crate) mod yaml;
pub(crate) mod yaml_text;

pub(crate) use proxy_path::ProxyPath;
pub(crate) use recipient::{Message, Recipient};
pub use root_url::RootUrl;
pub(crate) use run_choice::RunChoice;
pub use secret::Secret;
pub(crate) use shell::Shell;
pub(crate) use task::TaskItem;
pub(crate) use task_ref::TaskRef;
pub(crate) use task_state::{StateCounts, TaskState};
pub(crate) use web_page::web_page;
