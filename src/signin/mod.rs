//! Signing in through the browser: the address of the page, and the server on
//! loopback that the browser is sent back to.
//!
//! What is decided is decided by functions of values: [`Page`] builds the address, [`Expected::decide`]
//! judges a request. [`Listener`] holds the sockets, [`browser`] starts a program.

mod answer;
pub mod browser;
mod callback;
mod listener;
mod page;

pub use callback::{Decision, Expected, Refusal};
pub use listener::{Listener, Progress};
pub use page::{Page, unique_name};
