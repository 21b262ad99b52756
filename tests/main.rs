//! All integration tests, in one binary: one file a noun.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests may panic")]

mod architecture;
mod references;
mod support;
mod version;
