//! Lengths of time on the command line.

use std::time::Duration;

use crate::domain::time::parse_duration;
use crate::error::{Error, Result};

/// The duration that is the value of `option`: `30s`, `2 hours`; a bare number means seconds.
///
/// # Errors
/// [`crate::error::Kind::Usage`] for anything else.
pub(crate) fn length(text: &str, option: &str) -> Result<Duration> {
    parse_duration(text).map_err(|source| {
        Error::usage(format!("{source} for {option}")).hint("Give a number and a unit, such as 30s or 2 hours.")
    })
}
