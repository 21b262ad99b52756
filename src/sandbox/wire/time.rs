//! Times as the services read and write them: ISO 8601, UTC, milliseconds.

use chrono::{DateTime, DurationRound as _, SecondsFormat, TimeDelta, Utc};

/// `2026-11-22T12:54:12.000Z`.
pub(crate) fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Times of a struct that is answered, for `serialize_with`.
pub(crate) mod stamped {
    use chrono::{DateTime, Utc};
    use serde::Serializer;

    use super::stamp;

    pub(crate) fn time<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&stamp(*time))
    }

    /// A time that may be missing, which is for `skip_serializing_if` to leave out.
    pub(crate) fn some<S: Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(at) => serializer.serialize_some(&stamp(*at)),
            None => serializer.serialize_none(),
        }
    }
}

/// Reads a time that the schema's `date-time` let pass; anything finer than a millisecond is dropped.
pub(crate) fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| round_to_millis(time.to_utc()))
}

/// The time without what is finer than a millisecond, so that it equals itself after a trip over the wire.
pub(crate) fn round_to_millis(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::milliseconds(1)).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_back_in_milliseconds_and_utc() {
        for (text, expected) in [
            ("2026-11-22T12:54:12Z", "2026-11-22T12:54:12.000Z"),
            ("2026-11-22T12:54:12.0519Z", "2026-11-22T12:54:12.051Z"),
            ("2026-11-22T14:54:12.5+02:00", "2026-11-22T12:54:12.500Z"),
        ] {
            assert_eq!(stamp(parse_time(text).unwrap()), expected);
        }
        assert_eq!(parse_time("yesterday"), None);
    }
}
