//! The field's own values: root URLs, IDs, times, scopes, secrets. Pure; uses nothing of ours.

pub mod root_url;
pub mod secret;

pub use root_url::RootUrl;
pub use secret::Secret;
