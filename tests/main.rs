//! All integration tests, in one binary: one file a noun.

#![allow(unreachable_pub, reason = "what is in `support` is for all files of one crate")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "tests may panic"
)]

mod access;
mod action;
mod alias;
mod api;
mod api_methods;
mod api_paths;
mod api_redirects;
mod architecture;
mod artifact;
mod artifact_manifest;
mod artifact_names;
mod artifact_upload;
mod bad_input;
mod binary;
mod bulk_futility;
mod client;
mod client_answers;
mod client_errors;
mod client_pages;
mod client_redirects;
mod client_tls;
mod compatible;
mod compatible_options;
mod completions;
mod completions_shells;
mod config;
mod creds;
mod d2g;
mod definition;
mod definition_chain;
mod definition_edit;
mod demo;
mod deployments;
mod differences;
mod differences_aliases;
mod differences_stories;
mod examples;
mod failures;
mod failures_hostile;
mod from_now;
mod group;
mod group_answers;
mod group_bulk;
mod group_diff;
mod group_transcripts;
mod help;
mod hook;
mod index;
mod jq;
mod lists;
mod man;
mod missing_names;
mod notify;
mod object;
mod odd_answers;
mod outage;
#[cfg(unix)]
mod packaging;
mod pictures;
mod portability;
mod profile;
#[cfg(unix)]
mod proxy;
mod pulse;
#[cfg(unix)]
mod pulse_kill;
#[cfg(unix)]
mod pulse_listen;
#[cfg(unix)]
mod pulse_story;
#[cfg(unix)]
mod pulse_tls;
mod readme;
mod recordings;
mod references;
mod references_update;
mod render;
mod sandbox;
mod sandbox_auth;
mod sandbox_claims;
mod sandbox_events;
#[cfg(unix)]
mod sandbox_execute;
#[cfg(unix)]
mod sandbox_execute_bad_input;
#[cfg(unix)]
mod sandbox_execute_disk;
mod sandbox_execute_files;
#[cfg(unix)]
mod sandbox_execute_program;
mod sandbox_facts;
mod sandbox_faults;
mod sandbox_hooks;
mod sandbox_http;
mod sandbox_runner;
mod sandbox_seed;
mod sandbox_storage;
mod sandbox_workers;
mod schema;
mod scope;
mod scope_server;
mod secret;
mod secret_load;
mod signin;
mod signin_callback;
mod signin_page;
mod signin_scopes;
mod signout;
mod slugid;
#[cfg(unix)]
mod story;
mod support;
mod task;
mod task_actions;
mod task_log;
#[cfg(unix)]
mod terminal;
#[cfg(unix)]
mod terminal_bulk;
#[cfg(unix)]
mod terminal_log;
#[cfg(unix)]
mod terminal_pager;
#[cfg(unix)]
mod terminal_watch;
mod transcripts;
mod transcripts_more;
mod transfer;
mod transfer_disk;
mod transfer_faults;
mod transfer_hosts;
mod transfer_kill;
mod transfer_library;
mod transfer_resume;
mod transfer_storages;
mod url;
mod values;
mod version;
mod whoami;
mod why;
mod why_effects;
mod worker;
mod worker_pool;
