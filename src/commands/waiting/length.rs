//! Lengths of time on a command line.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::time::Offset;
use crate::error::{Error, Result};

/// The length of time that a value of `option` is: `30s`, `2 hours`; a bare number means seconds, as it
/// does for the time limit of a call. Months and years are those from `now` on.
///
/// # Errors
/// [`crate::error::Kind::Usage`] for anything else, and for what lies in the past.
pub fn length(text: &str, option: &str, now: DateTime<Utc>) -> Result<Duration> {
    let wrong =
        || Error::usage(format!("{option} `{text}` is no length of time")).hint("It looks like 30s or 2 hours.");
    let digits = !text.trim().is_empty() && text.trim().bytes().all(|byte| byte.is_ascii_digit());
    let text = if digits { format!("{text}s") } else { text.to_owned() };
    let offset: Offset = text.parse().map_err(|_| wrong())?;
    (offset.from(now).map_err(|_| wrong())? - now).to_std().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_has_a_unit_or_is_in_seconds() {
        let now: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().unwrap();
        for (text, seconds) in [("90", 90), (" 90 ", 90), ("90s", 90), ("2 hours", 7200), ("0", 0)] {
            assert_eq!(length(text, "--timeout", now).unwrap().as_secs(), seconds, "{text}");
        }
        for text in ["soon", "-5m", "", " "] {
            let error = length(text, "--timeout", now).unwrap_err();
            assert_eq!(error.message(), format!("--timeout `{text}` is no length of time"));
        }
    }
}
