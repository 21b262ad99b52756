//! `tc`: any Taskcluster deployment from one binary, and from Rust.
//!
//! The library half is for programs that call Taskcluster:
//!
//! ```no_run
//! # async fn example() -> Result<(), tc::Error> {
//! let client = tc::Client::from_env()?;
//! let answer = client.call("queue", "status").arg("VESwp9JaRo-XkFN_bemBhw").send().await?;
//! println!("{}", answer.text());
//! # Ok(())
//! # }
//! ```
//!
//! [`run`] is the whole command-line program as a function: it can be called many times in one
//! process, reads nothing but what it is given, and returns the exit status.

pub mod bulk;
pub mod cli;
pub mod client;
pub mod clock;
pub mod commands;
pub mod config;
pub mod context;
pub mod definition;
pub mod domain;
pub mod env;
pub mod error;
pub mod exit;
mod loopback;
pub mod pulse;
pub mod reference;
mod run;
pub mod sandbox;
pub mod schema;
pub mod signin;
pub mod transfer;
pub mod ui;

pub use client::{Client, Credentials};
pub use env::Environment;
pub use error::{Error, Kind};
pub use run::run;
pub use ui::Streams;
