//! Lengths of time for people. Pure.

use chrono::{DateTime, TimeDelta, Utc};

/// From this many days on, years are shown.
const DAYS_IN_TWO_YEARS: i64 = 730;

/// The two largest units: `3 d 4 h`, `1 h 5 min`, `12 min 30 s`, `9 s`; for years about how many.
pub(crate) fn duration(length: TimeDelta) -> String {
    let seconds = length.num_seconds().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        (DAYS_IN_TWO_YEARS.., ..) => format!("{} years", days * 4 / 1461),
        _ => format!("{days} d {hours} h"),
    }
}

/// `5 min 3 s ago`, `in 2 h 0 min`.
pub(crate) fn ago(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if time > now { format!("in {}", duration(time - now)) } else { format!("{} ago", duration(now - time)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_units_say_enough() {
        for (seconds, expected) in [
            (-5, "0 s"),
            (9, "9 s"),
            (750, "12 min 30 s"),
            (3900, "1 h 5 min"),
            (273_700, "3 d 4 h"),
            (86_400 * 729, "729 d 0 h"),
            (86_400 * 365_242, "999 years"),
            (86_400 * 366_000, "1002 years"),
        ] {
            assert_eq!(duration(TimeDelta::seconds(seconds)), expected);
        }
    }
}
