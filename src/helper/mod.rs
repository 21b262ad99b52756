//! What programs do that keep their settings in Taskcluster: find out whom to talk to, and load settings from a secret.
//!
//! The behaviour is that of `taskcluster.helper` of the Python client, so that a program can be moved from one to the other.
//!
//! ```no_run
//! use tc::helper::{Config, LoadOptions};
//!
//! # async fn example() -> Result<(), tc::Error> {
//! let options = LoadOptions::default().prefix("common").prefix("bot").required("API_KEY");
//! let settings = Config::from_env().load_secrets(Some("project/example/bot"), &options).await?;
//! let key = settings.get("API_KEY").and_then(|key| key.as_str());
//! # Ok(())
//! # }
//! ```
//!
//! The same program runs inside a task without credentials: where `TASKCLUSTER_PROXY_URL` or `TASK_ID` is set, the calls go
//! through the proxy of the task, which signs them with the scopes of the task. To try that on one's own machine:
//! `tc proxy -s secrets:get:project/example/bot --exec ./bot`.

mod config;
mod secrets;

pub use config::Config;
pub(crate) use secrets::select;
pub use secrets::{LoadOptions, Secrets, load_secrets};
