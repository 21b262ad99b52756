//! All integration tests, in one binary: one file a noun.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests may panic")]

mod api;
mod architecture;
mod bad_input;
mod binary;
mod client;
mod client_errors;
mod client_pages;
mod client_redirects;
mod client_tls;
mod recordings;
mod references;
mod shell;
mod sandbox;
mod completions;
mod from_now;
mod help;
mod man;
mod references;
mod schema;
mod scope;
mod slugid;
mod sandbox_auth;
mod support;
mod version;
