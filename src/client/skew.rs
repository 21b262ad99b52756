//! Why a signature was refused: a clock that is off, or a certificate that is not valid now. Pure.

use chrono::{DateTime, SecondsFormat, TimeZone as _, Utc};
use serde_json::Value;

use super::Credentials;

/// A difference that cannot come from the time that an answer takes, in seconds.
const NOTEWORTHY_SKEW_SECONDS: i64 = 60;

/// How far the server's clock is ahead of `now`, in seconds, by its `Date` header; none when they agree.
pub(super) fn measure(date: Option<&str>, now: DateTime<Utc>) -> Option<i64> {
    let server: DateTime<Utc> = httpdate::parse_http_date(date?).ok()?.into();
    let ahead = (server - now).num_seconds();
    (ahead.abs() > NOTEWORTHY_SKEW_SECONDS).then_some(ahead)
}

/// The sentence about a clock that is off by `ahead` seconds.
pub(super) fn describe(ahead: i64) -> String {
    let direction = if ahead > 0 { "behind" } else { "ahead of" };
    format!("The clock of this machine is {} {direction} the server's.", span(ahead.unsigned_abs()))
}

/// A number of seconds as people say it, in its two largest units.
fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds % 60, "s")];
    let shown: Vec<String> = parts
        .iter()
        .skip_while(|(count, _)| *count == 0)
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    shown.join(" ")
}

/// What is wrong with the certificate of temporary credentials at `now`, which is the server's time.
pub(super) fn certificate_fault(credentials: &Credentials, now: DateTime<Utc>) -> Option<String> {
    let certificate: Value = serde_json::from_str(credentials.certificate.as_ref()?.reveal()).ok()?;
    let time = |name: &str| Utc.timestamp_millis_opt(certificate.get(name)?.as_i64()?).single();
    let shown = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    match (time("start"), time("expiry")) {
        (_, Some(expiry)) if expiry < now => {
            Some(format!("The certificate of these credentials expired at {}.", shown(expiry)))
        }
        (Some(start), _) if start > now => {
            Some(format!("The certificate of these credentials is not valid before {}.", shown(start)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn only_a_clock_that_is_really_off_counts() {
        let date = Some("Sun, 22 Nov 2026 12:00:00 GMT");
        assert_eq!(measure(date, at("2026-11-22T11:59:30Z")), None);
        assert_eq!(measure(date, at("2026-11-22T12:01:01Z")), Some(-61));
        assert_eq!(measure(date, at("2026-11-22T10:00:00Z")), Some(7200));
        assert_eq!(measure(Some("yesterday"), at("2026-11-22T10:00:00Z")), None);
        assert_eq!(measure(None, at("2026-11-22T10:00:00Z")), None);
    }

    #[test]
    fn a_skew_is_told_in_words() {
        assert_eq!(describe(7200), "The clock of this machine is 2 h behind the server's.");
        assert_eq!(describe(-5430), "The clock of this machine is 1 h 30 min ahead of the server's.");
        assert_eq!(describe(90), "The clock of this machine is 1 min 30 s behind the server's.");
    }

    #[test]
    fn a_certificate_is_faulted_for_its_times_only() {
        let with = |certificate: &str| Credentials::new("c", "t").with_certificate(certificate);
        let times = with(r#"{"start": 1700000000000, "expiry": 1700003600000}"#);
        assert_eq!(certificate_fault(&times, at("2023-11-14T22:30:00Z")), None);
        assert_eq!(
            certificate_fault(&times, at("2023-11-15T00:00:00Z")).as_deref(),
            Some("The certificate of these credentials expired at 2023-11-14T23:13:20Z.")
        );
        assert_eq!(
            certificate_fault(&times, at("2023-11-14T00:00:00Z")).as_deref(),
            Some("The certificate of these credentials is not valid before 2023-11-14T22:13:20Z.")
        );
        assert_eq!(certificate_fault(&with("{}"), at("2023-11-14T00:00:00Z")), None);
        assert_eq!(certificate_fault(&Credentials::new("c", "t"), at("2023-11-14T00:00:00Z")), None);
    }
}
