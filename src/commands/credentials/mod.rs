//! What hands out credentials: for shells, for commands of the user, and for what verbs need.

pub mod child;
pub mod exports;
pub mod needs;
mod verbs;

pub use verbs::{VERBS, verb_methods, verb_reads};
