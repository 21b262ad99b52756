//! An embedded Taskcluster on loopback, driven by the same references.
//!
//! The layers, outside in: `server` (sockets), `respond` with routing and input checks,
//! authentication and scopes, then one module of behaviour per service. It shares no code with
//! `client`, or a signing bug would hide on both sides.
//!
//! ```
//! let sandbox = tc::sandbox::Sandbox::start(tc::sandbox::Options::default())?;
//! assert!(sandbox.root_url().starts_with("http://localhost:"));
//! # Ok::<(), tc::Error>(())
//! ```

mod auth;
mod behaviours;
mod bodies;
mod call;
mod certificate;
mod documents;
mod events;
mod expiry;
mod faults;
mod gate;
mod github;
mod hash;
mod hawk;
pub(crate) mod hooks;
mod host;
mod http;
mod index;
mod input;
mod input_schema;
mod message;
mod mishaps;
mod notify;
mod object;
mod options;
mod purge_cache;
mod queue;
mod refusal;
mod respond;
mod router;
mod secrets;
mod seed;
mod server;
mod service_account;
mod shared;
mod sign_in;
mod signin_page;
mod sockets;
mod state;
mod storage;
mod task_log;
mod waiting;
mod web_server;
mod wire;
mod worker_manager;
mod workers;

pub use faults::{Faults, Share};
pub use options::Options;
pub use seed::{Loaded, Push, Seed, TaskList};
pub use server::Sandbox;
pub use sign_in::SignIn;
pub use storage::{Blob, Stored};
pub use workers::Workers;

#[cfg(test)]
mod rig;
