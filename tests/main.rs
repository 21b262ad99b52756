//! All integration tests, in one binary: one file a noun.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests may panic")]

mod architecture;
mod completions;
mod from_now;
mod help;
mod man;
mod recordings;
mod references;
mod references;
mod schema;
mod scope;
mod shell;
mod signin;
mod slugid;
mod support;
mod version;
