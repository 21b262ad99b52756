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
//! messages, and [`sandbox`] is a deployment of one's own to try all of it on. [`reference`](mod@reference) knows every
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
mod loopback;
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
pub use run::run;
#[doc(hidden)]
pub use ui::{Streams, Terminal};

/// What fuzz targets drive directly; there only when a fuzzer builds the crate.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::definition::json_e;
    pub use crate::definition::places;
    pub use crate::domain::artifact_path;
    pub use crate::domain::{TaskRef, slugid, time};
    pub use crate::ui::json;

    use std::sync::{Arc, LazyLock};

    use crate::diagnosis::log::{Patterns, Picker};
    use crate::diagnosis::report::{Report, ReportKind};

    static PATTERNS: LazyLock<Option<Arc<Patterns>>> = LazyLock::new(|| Patterns::new(&[]).ok().map(Arc::new));

    /// What is found in a log that comes in pieces of so many bytes, as text.
    pub fn failure_lines(log: &[u8], piece: usize) -> String {
        let Some(patterns) = PATTERNS.as_ref() else { return String::new() };
        let mut picker = Picker::new(Arc::clone(patterns));
        log.chunks(piece.max(1)).for_each(|piece| picker.push(piece));
        format!("{:?}", picker.finish())
    }

    /// What is found in a report that comes in pieces of so many bytes, as text: in lines of JSON, and in XML.
    pub fn report_lines(report: &[u8], piece: usize) -> [String; 2] {
        [ReportKind::ErrorSummary, ReportKind::Junit].map(|kind| {
            let mut read = Report::new(kind);
            report.chunks(piece.max(1)).for_each(|piece| read.push(piece));
            format!("{:?}", read.finish())
        })
    }
}
