//! The field's own values: root URLs, IDs, times, scopes, secrets. Pure; uses nothing of ours.

pub mod root_url;
pub mod scopes;
pub mod secret;
pub mod shell;
pub mod slugid;
pub mod time;

pub use root_url::RootUrl;
pub use secret::Secret;
pub use shell::Shell;
