//! `tc client` and `tc role`: who may do what.

pub(crate) mod client;
pub(crate) mod role;

mod definition;
mod input;
mod known;
mod shown;
