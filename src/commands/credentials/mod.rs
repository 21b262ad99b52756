//! What hands out credentials: for shells, for commands of the user, and for what verbs need.

pub(super) mod child;
mod expand;
pub(super) mod exports;
pub(super) mod needs;
mod verbs;

pub(super) use expand::expanded_scopes;
pub(super) use verbs::{VERBS, find_verb, verb_methods, verb_reads};

use crate::context::Context;
use crate::domain::shell::quote;

/// What to do without credentials: to sign in to the deployment that the flags of this command line chose.
pub(super) fn sign_in_hint(context: &Context) -> String {
    let globals = &context.globals;
    let chosen = [(" -R ", &globals.root_url), (" --profile ", &globals.profile)];
    let flags = chosen.into_iter().filter_map(|(flag, value)| Some(format!("{flag}{}", quote(value.as_deref()?))));
    format!("To sign in: tc signin{}", flags.collect::<String>())
}
