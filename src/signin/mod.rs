//! Signing in through the browser: the address of the page, and the server on
//! loopback that the browser is sent back to.
//!
//! What is decided is decided by functions of values: [`Page`] builds the address, [`Expected::decide`]
//! judges a request. [`Listener`] holds the sockets, [`browser`] starts a program.

mod answer;
pub(crate) mod browser;
mod callback;
mod listener;
mod page;

pub(crate) use callback::{Decision, Expected, Refusal};
pub(crate) use listener::Listener;
pub(crate) use page::{Page, unique_name};
