//! Looking at something that the caller may not be allowed to see.

use crate::client::{ApiError, least_scopes};
use crate::context::Context;
use crate::diagnosis::task::Hidden;
use crate::error::{Error, Kind, Result};

/// What a look found; what could not be looked at is noted.
///
/// # Errors
/// An interrupt, and credentials that are refused as a whole: these end everything.
pub(crate) fn seen<T>(what: &str, looked: Result<T>, hidden: &mut Vec<Hidden>) -> Result<Option<T>> {
    let error = match looked {
        Ok(found) => return Ok(Some(found)),
        Err(error) if error.kind() == Kind::Interrupted => return Err(error),
        Err(error) => error,
    };
    let scopes = missing_scopes(&error);
    if error.kind() == Kind::Auth && scopes.is_empty() {
        return Err(error);
    }
    let reason = error.message().to_owned();
    let note = Hidden { what: what.to_owned(), scopes, reason };
    if !hidden.contains(&note) {
        hidden.push(note);
    }
    Ok(None)
}

/// Says what could not be looked at.
pub(crate) fn warn_of(hidden: &[Hidden], context: &Context) {
    for Hidden { what, scopes, reason } in hidden {
        let why = if scopes.is_empty() { reason.clone() } else { format!("{} is missing", scopes.join(", ")) };
        context.ui.warn(format_args!("could not read {what}: {why}"));
    }
}

/// The fewest scopes that would do, where a refusal names them.
fn missing_scopes(error: &Error) -> Vec<String> {
    let missing = ApiError::of(error).and_then(|refusal| refusal.missing_scopes.as_ref());
    missing.map(least_scopes).unwrap_or_default()
}
