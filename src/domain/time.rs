//! Relative times such as `1 day 2 hours` and `-15m`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Datelike as _, Months, TimeDelta, Utc};
use thiserror::Error;

/// The last year that a time of RFC 3339 can name (section 5.6: four digits); the first is 0.
const LAST_YEAR: i32 = 9999;

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum TimeError {
    /// Not of the form `2 days 3 hours`.
    #[error("string '{0}' is not a valid time expression")]
    Expression(String),
    /// Not a duration such as `30s` or `2 hours`.
    #[error("invalid duration `{0}`")]
    Duration(String),
    /// Neither RFC 3339 nor seconds since the epoch.
    #[error("'{0}' is not a time")]
    Time(String),
    /// Beyond the calendar.
    #[error("{0} lies beyond the calendar")]
    Range(String),
}

/// A span of calendar and clock time, into the future or the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Offset {
    /// Whether the whole of it leads into the past.
    pub past: bool,
    /// Amounts in the order of [`UNITS`].
    amounts: [u32; 7],
}

/// Units in the order in which an expression may name them, each with its spellings, longest first.
pub(crate) const UNITS: [[&str; 4]; 7] = [
    ["years", "year", "yr", "y"],
    ["months", "month", "mo", "mo"],
    ["weeks", "week", "wk", "w"],
    ["days", "day", "d", "d"],
    ["hours", "hour", "hr", "h"],
    ["minutes", "minute", "min", "m"],
    ["seconds", "second", "sec", "s"],
];

impl FromStr for Offset {
    type Err = TimeError;

    /// Case and white space do not count; units come in order, each at most once.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        Self::read(text).ok_or_else(|| TimeError::Expression(text.into()))
    }
}

impl Offset {
    fn read(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        let mut rest = lower.trim();
        let past = rest.starts_with('-');
        rest = rest.strip_prefix(['-', '+']).unwrap_or(rest).trim_start();
        if rest.is_empty() {
            return None;
        }
        let mut offset = Self { past, amounts: [0; 7] };
        let mut next_unit = 0;
        while !rest.is_empty() {
            let (digits, after) = split(rest, |c| c.is_ascii_digit());
            let (word, after) = split(after.trim_start(), |c| c.is_ascii_alphabetic());
            let unit =
                UNITS.iter().position(|spellings| spellings.contains(&word)).filter(|unit| *unit >= next_unit)?;
            offset.amounts[unit] = digits.parse().ok()?;
            next_unit = unit + 1;
            rest = after.trim_start();
        }
        Some(offset)
    }

    /// The time that lies this far from `start`. Years and months go by the calendar: from the 31st
    /// they lead to the last day of a shorter month. The rest goes by the clock.
    ///
    /// # Errors
    /// [`TimeError::Range`] when the calendar does not reach that far.
    pub(crate) fn from(self, start: DateTime<Utc>) -> Result<DateTime<Utc>, TimeError> {
        let time = self.add_to(start).filter(|time| (0..=LAST_YEAR).contains(&time.year()));
        time.ok_or_else(|| TimeError::Range(format!("{self} from {}", start.format("%F"))))
    }

    fn add_to(self, start: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let [years, months, weeks, days, hours, minutes, seconds] = self.amounts;
        let calendar = Months::new(years.checked_mul(12)?.checked_add(months)?);
        let clock = [weeks, days, hours, minutes, seconds].into_iter().zip(UNIT_SECONDS);
        let total = clock.map(|(amount, (_, unit))| i64::from(amount) * i64::from(unit)).sum();
        let clock = TimeDelta::try_seconds(total)?;
        if self.past {
            start.checked_sub_months(calendar)?.checked_sub_signed(clock)
        } else {
            start.checked_add_months(calendar)?.checked_add_signed(clock)
        }
    }
}

impl fmt::Display for Offset {
    /// `-1 day 2 hours`; an offset of nothing is `0 seconds`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = UNITS
            .iter()
            .zip(self.amounts)
            .filter(|(_, amount)| *amount > 0)
            .map(|([plural, singular, ..], amount)| format!("{amount} {}", if amount == 1 { singular } else { plural }))
            .collect();
        let sign = if self.past { "-" } else { "" };
        if parts.is_empty() { write!(f, "{sign}0 seconds") } else { write!(f, "{sign}{}", parts.join(" ")) }
    }
}

/// A point in time: RFC 3339, or whole seconds since the epoch.
///
/// # Errors
/// [`TimeError::Time`].
pub(crate) fn parse_time(text: &str) -> Result<DateTime<Utc>, TimeError> {
    let text = text.trim();
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.to_utc())
        .ok()
        .or_else(|| DateTime::from_timestamp(text.parse().ok()?, 0))
        .ok_or_else(|| TimeError::Time(text.into()))
}

/// A length of time: a relative time without a sign, such as `30s` or `1 hour 30 minutes`; milliseconds
/// (`500ms`); one unit with a fraction (`1.5m`); or a bare number of seconds. Years and months have no fixed length.
///
/// # Errors
/// [`TimeError::Duration`].
pub(crate) fn parse_duration(text: &str) -> Result<Duration, TimeError> {
    read_duration(text.trim()).ok_or_else(|| TimeError::Duration(text.into()))
}

fn read_duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text, |c| c.is_ascii_digit() || c == '.');
    let unit = unit.trim_start().to_lowercase();
    match (number.contains('.'), unit.as_str()) {
        (false, "") => Some(Duration::from_secs(number.parse().ok()?)),
        (false, "ms") => Some(Duration::from_millis(number.parse().ok()?)),
        (true, unit) => {
            let seconds = UNIT_SECONDS.iter().find(|(index, _)| UNITS[*index].contains(&unit))?.1;
            let number = number.parse::<f64>().ok()?;
            Duration::try_from_secs_f64(number * f64::from(seconds)).ok()
        }
        (false, _) if text.starts_with(['-', '+']) => None,
        (false, _) => {
            let amounts = Offset::read(text)?.amounts;
            let seconds = UNIT_SECONDS.iter().map(|(index, seconds)| u64::from(amounts[*index]) * u64::from(*seconds));
            let has_fixed_length = amounts[0] == 0 && amounts[1] == 0;
            has_fixed_length.then(|| Duration::from_secs(seconds.sum()))
        }
    }
}

/// Units of a fixed length: their places in [`UNITS`], and their seconds.
const UNIT_SECONDS: [(usize, u32); 5] = [(2, 604_800), (3, 86_400), (4, 3_600), (5, 60), (6, 1)];

/// A time as the services write it: ISO 8601, UTC, milliseconds, `Z`.
pub(crate) fn to_iso(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn from(start: &str, expression: &str) -> String {
        let offset: Offset = expression.parse().unwrap();
        to_iso(offset.from(parse_time(start).unwrap()).unwrap())
    }

    #[test]
    fn a_duration_has_a_unit_or_is_in_seconds() {
        for (text, milliseconds) in [
            ("90", 90_000),
            (" 90 ", 90_000),
            ("0", 0),
            ("30s", 30_000),
            ("1 h", 3_600_000),
            ("2 hours", 7_200_000),
            ("1h30m", 5_400_000),
            ("2 weeks", 1_209_600_000),
            ("500ms", 500),
            ("1.5m", 90_000),
            ("0.5 Seconds", 500),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in
            ["soon", "", " ", "s", "ms", "-5m", "+5m", "-1", "1 month", "1 year", "1.5", "1.5ms", "1e3s", ".", ". s"]
        {
            assert_eq!(parse_duration(text), Err(TimeError::Duration(text.into())));
        }
        assert!(parse_duration("99999999999999999999s").is_err() && parse_duration("99999999999999999999").is_err());
    }

    #[test]
    fn every_spelling_of_every_unit_counts() {
        for (unit, expected) in [
            ("years|year|yr|y", "2027-01-31T00:00:00.000Z"),
            ("months|month|mo", "2026-02-28T00:00:00.000Z"),
            ("weeks|week|wk|w", "2026-02-07T00:00:00.000Z"),
            ("days|day|d", "2026-02-01T00:00:00.000Z"),
            ("hours|hour|hr|h", "2026-01-31T01:00:00.000Z"),
            ("minutes|minute|min|m", "2026-01-31T00:01:00.000Z"),
            ("seconds|second|sec|s", "2026-01-31T00:00:01.000Z"),
        ] {
            for spelling in unit.split('|') {
                for text in [format!("1{spelling}"), format!(" + 1 {} ", spelling.to_uppercase())] {
                    assert_eq!(from("2026-01-31T00:00:00Z", &text), expected, "{text}");
                }
            }
        }
    }

    #[test]
    fn a_minus_turns_the_whole_offset() {
        assert_eq!(from("2026-03-31T12:00:00Z", "-1 month 1 day 30m"), "2026-02-27T11:30:00.000Z");
        assert_eq!(from("2024-02-29T00:00:00Z", "- 1y"), "2023-02-28T00:00:00.000Z");
    }

    #[test]
    fn calendar_months_end_where_they_end() {
        assert_eq!(from("2026-01-31T00:00:00Z", "1 month"), "2026-02-28T00:00:00.000Z");
        assert_eq!(from("2024-02-29T00:00:00Z", "1 year"), "2025-02-28T00:00:00.000Z");
        assert_eq!(from("2026-11-30T00:00:00Z", "15 months"), "2028-02-29T00:00:00.000Z");
    }

    #[test]
    fn what_is_no_offset_is_refused() {
        for text in [
            "nope",
            "",
            "-",
            "1",
            "day",
            "1 day 2",
            "1 hour 1 day",
            "1 day 1 day",
            "1.5 hours",
            "1 fortnight",
            "--1 day",
            "-1 day -1 hour",
            "99999999999 days",
            "١ day",
            "1 day, 2 hours",
        ] {
            let error = text.parse::<Offset>().unwrap_err();
            assert_eq!(error.to_string(), format!("string '{text}' is not a valid time expression"));
        }
        let far: Offset = "4000000 years".parse().unwrap();
        let error = far.from(parse_time("2026-01-01T00:00:00Z").unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "4000000 years from 2026-01-01 lies beyond the calendar");
    }

    /// `+12026-01-01T00:00:00Z` is no time of RFC 3339, and no service reads it.
    #[test]
    fn a_year_that_no_timestamp_can_name_is_refused() {
        let start = parse_time("2026-01-01T00:00:00Z").unwrap();
        let from = |text: &str| text.parse::<Offset>().unwrap().from(start);
        assert_eq!(to_iso(from("7973 years").unwrap()), "9999-01-01T00:00:00.000Z");
        assert!(matches!(from("7974 years"), Err(TimeError::Range(_))));
        assert!(from("-2026 years").is_ok());
        assert!(matches!(from("-2027 years"), Err(TimeError::Range(_))));
    }

    #[test]
    fn a_time_is_rfc_3339_or_seconds() {
        assert_eq!(to_iso(parse_time("2026-01-01T01:00:00.5+01:00").unwrap()), "2026-01-01T00:00:00.500Z");
        assert_eq!(to_iso(parse_time("0").unwrap()), "1970-01-01T00:00:00.000Z");
        assert_eq!(parse_time("noon").unwrap_err().to_string(), "'noon' is not a time");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(past: bool, amounts: [u32; 7]) {
            let offset = Offset { past, amounts };
            prop_assert_eq!(offset.to_string().parse::<Offset>().unwrap(), offset);
        }

        #[test]
        fn spelling_does_not_matter(
            past: bool,
            amounts: [u16; 7],
            spelling in prop::array::uniform7(0_usize..4),
            gap in prop::array::uniform7("[ \t]{0,2}"),
        ) {
            let mut text = String::from(if past { "-" } else { "" });
            for unit in 0..7 {
                text += &format!("{}{}{}{}", gap[unit], amounts[unit], gap[6 - unit], UNITS[unit][spelling[unit]]);
            }
            let amounts = amounts.map(u32::from);
            prop_assert_eq!(text.parse::<Offset>().unwrap(), Offset { past, amounts });
        }

        #[test]
        fn no_text_makes_the_reader_panic(text: String) {
            drop(text.parse::<Offset>());
            drop(parse_time(&text));
        }
    }
}
