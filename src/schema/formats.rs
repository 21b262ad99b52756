//! String formats, as strict as the services are: they use ajv with its full formats.

use std::sync::LazyLock;

use chrono::NaiveDate;
use jsonschema::ValidationOptions;
use regex::{Captures, Regex};

/// Switches format checks on, with ours where the library's differs from the services'.
pub(super) fn register(options: ValidationOptions<'_>) -> ValidationOptions<'_> {
    options.should_validate_formats(true).with_format("date-time", is_date_time)
}

static DATE_TIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^([0-9]{4})-([0-9]{2})-([0-9]{2})[tT\s]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?(?:[zZ]|([+-])([0-9]{2})(?::?([0-9]{2}))?)$",
    )
    .ok()
});

/// RFC 3339, with two liberties of ajv's: white space in place of the `T`, and offsets without a
/// colon or without minutes. A leap second counts at the end of a UTC day only.
fn is_date_time(text: &str) -> bool {
    let Some(parts) = DATE_TIME.as_ref().and_then(|pattern| pattern.captures(text)) else { return false };
    let number = |group: usize| number(&parts, group);
    let date = NaiveDate::from_ymd_opt(number(1), number(2).unsigned_abs(), number(3).unsigned_abs());
    let (hour, minute, second) = (number(4), number(5), number(6));
    let sign = if parts.get(7).is_some_and(|sign| sign.as_str() == "-") { -1 } else { 1 };
    let (zone_hour, zone_minute) = (number(8), number(9));
    if date.is_none() || hour > 23 || minute > 59 || second > 60 || zone_hour > 23 || zone_minute > 59 {
        return false;
    }
    let minute_of_day = (hour * 60 + minute - sign * (zone_hour * 60 + zone_minute)).rem_euclid(24 * 60);
    second < 60 || minute_of_day == 24 * 60 - 1
}

/// A group of digits; 0 where the group is absent.
fn number(parts: &Captures<'_>, group: usize) -> i32 {
    parts.get(group).and_then(|digits| digits.as_str().parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::is_date_time;

    #[test]
    fn times_are_taken_as_the_services_take_them() {
        for good in [
            "2026-11-22T12:54:12.077Z",
            "2026-11-22t12:54:12z",
            "2026-11-22 12:54:12+01:00",
            "2026-11-22T12:54:12-0730",
            "2024-02-29T00:00:00Z",
            "2016-12-31T23:59:60Z",
            "2017-01-01T00:59:60+01:00",
        ] {
            assert!(is_date_time(good), "{good}");
        }
        for bad in [
            "2026-11-22",
            "2026-11-22T12:54:12",
            "2026-11-22T24:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-11-22T12:54:60Z",
            "2026-11-22T12:54Z",
            "in 2 hours",
            "2026-11-22T12:54:12.Z",
            "٢٠٢٦-11-22T12:54:12Z",
            "",
        ] {
            assert!(!is_date_time(bad), "{bad}");
        }
    }
}
