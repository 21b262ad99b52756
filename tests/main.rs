//! All integration tests, in one binary: one file a noun.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests may panic")]

mod api;
mod architecture;
mod artifact;
mod bad_input;
mod binary;
mod client;
mod client_errors;
mod client_pages;
mod client_redirects;
mod client_tls;
mod completions;
mod demo;
mod from_now;
mod help;
mod man;
mod object;
mod recordings;
mod references;
mod sandbox;
mod sandbox_auth;
mod sandbox_storage;
mod schema;
mod scope;
mod shell;
mod slugid;
mod support;
mod transfer;
mod transfer_kill;
mod version;
