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
//! From here on: [`Client`] makes calls, [`transfer`] moves artifacts and objects and verifies them, [`pulse`] listens to
//! messages, [`helper`] loads settings from secrets, and [`sandbox`] is a deployment of one's own to try all of it on. [`reference`](mod@reference) knows every
//! service, method and exchange.

mod bulk;
mod cli;
pub mod client;
mod clock;
mod commands;
mod config;
mod context;
mod definition;
mod diagnosis;
mod domain;
mod env;
mod error;
mod exit;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
pub mod helper;
mod loopback;
mod nesting;
pub mod pulse;
pub mod reference;
mod run;
pub mod sandbox;
mod schema;
mod signin;
pub mod transfer;
mod ui;

pub use client::{Call, Client, Credentials, Pages};
pub use clock::Clock;
pub use domain::{RootUrl, Secret};
pub use env::Environment;
#[doc(hidden)]
pub use env::Interrupt;
pub use error::{Advice, Error, Kind};
#[doc(hidden)]
pub use run::{report_bugs, run};
#[doc(hidden)]
pub use ui::{Streams, Terminal};

/// The examples of the page on the library are true.
#[cfg(doctest)]
#[doc = include_str!("../docs/library.md")]
struct LibraryPage;
