//! An embedded Taskcluster on loopback, driven by the same references.
//!
//! It holds everything in memory, checks signatures, scopes and bodies as the services do, and is gone when it is
//! dropped: a deployment for tests.
//!
//! ```
//! use tc::sandbox::{Options, Sandbox};
//! use tc::{Client, Credentials, RootUrl};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::start(Options::default())?;
//! let credentials = Credentials::new(sandbox.client_id(), sandbox.access_token().reveal());
//! let client = Client::builder(RootUrl::parse(sandbox.root_url())?).credentials(Some(credentials)).build()?;
//!
//! let scopes: serde_json::Value = client.call("auth", "currentScopes").send().await?.json()?;
//! assert_eq!(scopes["scopes"], serde_json::json!(["*"]));
//! # Ok(())
//! # }
//! ```

// The layers, outside in: `server` (sockets), `respond` with routing and input checks, authentication and scopes, then
// one module of behaviour per service. It shares no code with `client`, or a signing bug would hide on both sides.
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
