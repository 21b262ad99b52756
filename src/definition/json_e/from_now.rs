//! `$fromNow`: times relative to another, as JSON-e counts them.

use chrono::{DateTime, TimeDelta, Utc};

/// Units in the order in which they may stand, with their spellings and lengths in seconds. A year is 365 days and a
/// month 30, whatever the calendar says.
const UNITS: [(&[&str], i64); 7] = [
    (&["years", "year", "yr", "y"], 365 * 86_400),
    (&["months", "month", "mo"], 30 * 86_400),
    (&["weeks", "week", "wk", "w"], 7 * 86_400),
    (&["days", "day", "d"], 86_400),
    (&["hours", "hour", "hr", "h"], 3_600),
    (&["minutes", "minute", "min", "m"], 60),
    (&["seconds", "second", "sec", "s"], 1),
];

/// The time that lies `offset` (`2 days 3 hours`, `-1h`, or nothing) from `start`; nothing for what is no offset.
pub(crate) fn from_now(offset: &str, start: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = offset.trim();
    let past = text.starts_with('-');
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text).trim_start();
    let mut seconds = 0_i64;
    let mut next = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let amount: i64 = rest[..digits].parse().ok()?;
        let after = rest[digits..].trim_start();
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let unit = after[..letters].to_ascii_lowercase();
        let index = UNITS.iter().position(|(spellings, _)| spellings.contains(&unit.as_str()))?;
        if index < next {
            return None;
        }
        next = index + 1;
        seconds = seconds.checked_add(amount.checked_mul(UNITS[index].1)?)?;
        rest = after[letters..].trim_start();
    }
    start.checked_add_signed(TimeDelta::try_seconds(if past { -seconds } else { seconds })?)
}

/// A time as JavaScript writes it.
pub(super) fn format(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
