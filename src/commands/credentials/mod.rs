//! What hands out credentials: for shells, for commands of the user, and for what verbs need.

pub(super) mod child;
mod expand;
pub(super) mod exports;
pub(super) mod needs;
mod verbs;

pub(super) use expand::expanded_scopes;
pub(super) use verbs::{VERBS, find_verb, verb_methods, verb_reads};
