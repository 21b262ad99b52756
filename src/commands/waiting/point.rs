//! Points in time on the command line.

use chrono::{DateTime, Utc};

use crate::domain::time::{Offset, parse_time};
use crate::error::{Error, Result};

/// The time that is the value of `option`: `now`, a relative time from `from`, or RFC 3339.
///
/// # Errors
/// [`crate::error::Kind::Usage`] for anything else.
pub(crate) fn point_in_time(option: &str, text: &str, from: DateTime<Utc>) -> Result<DateTime<Utc>> {
    if text.trim().eq_ignore_ascii_case("now") {
        return Ok(from);
    }
    let offset = text.parse::<Offset>().ok().and_then(|offset| offset.from(from).ok());
    offset.or_else(|| parse_time(text).ok()).ok_or_else(|| {
        Error::usage(format!("{option} cannot be `{text}`"))
            .hint("It looks like `15m`, `2 days` or 2026-11-22T13:55:13Z.")
    })
}

/// The same for something that must not be over yet.
///
/// # Errors
/// [`crate::error::Kind::Usage`] also for a time that has passed.
pub(crate) fn future_time(option: &str, text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let time = point_in_time(option, text, now)?;
    if time <= now {
        return Err(Error::usage(format!("{option} is in the past: {}", time.format("%F %R UTC"))));
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_relative_or_absolute_and_can_have_to_come() {
        let now = parse_time("2026-11-22T12:00:00Z").unwrap();
        let read = |text: &str| future_time("--expires", text, now).map(|time| time.to_rfc3339());
        assert_eq!(read("2 days").unwrap(), "2026-11-24T12:00:00+00:00");
        assert_eq!(read("2027-01-01T00:00:00Z").unwrap(), "2027-01-01T00:00:00+00:00");
        assert_eq!(read("soon").unwrap_err().message(), "--expires cannot be `soon`");
        for past in ["now", "-1 hour", "2026-11-22T11:00:00Z"] {
            assert!(read(past).unwrap_err().message().starts_with("--expires is in the past: 2026-11-22 1"), "{past}");
        }
        assert_eq!(point_in_time("--start", "Now", now).unwrap(), now);
    }
}
