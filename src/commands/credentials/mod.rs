//! What hands out credentials: for shells, for commands of the user, and for what verbs need.

pub(super) mod child;
pub(super) mod exports;
pub(super) mod needs;
mod verbs;

pub(super) use verbs::{VERBS, verb_methods, verb_reads};
