//! When to try again, and after how long. Pure.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::error::Error;

/// Retries when nobody says otherwise.
pub(super) const DEFAULT_RETRIES: u32 = 5;

const FIRST_RETRY_DELAY: Duration = Duration::from_millis(100);
const MAX_RETRY_DELAY: Duration = Duration::from_secs(30);
/// How long a server may make us wait before giving up is the better answer.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);
const RETRY_JITTER_SHARE: f64 = 0.25;

/// How a try failed, as far as retrying goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It may pass: the network, a timeout, an overloaded or broken server.
    Passing {
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// The next try would fail alike.
    Lasting,
}

/// What to do after a failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Try again after this delay.
    Retry(Duration),
    /// That was the last try.
    GiveUp,
    /// The server wants a longer wait than is reasonable.
    TooLong(Duration),
}

/// Decides after the try number `tries` (from 1); `chance` is a random number from 0 to 1.
pub(crate) fn decide(failure: Failure, tries: u32, retries: u32, chance: f64) -> Decision {
    let Failure::Passing { retry_after } = failure else { return Decision::GiveUp };
    if tries > retries {
        return Decision::GiveUp;
    }
    match retry_after {
        Some(wait) if wait > MAX_RETRY_AFTER => Decision::TooLong(wait),
        Some(wait) => Decision::Retry(wait.max(delay(tries, chance))),
        None => Decision::Retry(delay(tries, chance)),
    }
}

/// The error of a transfer whose tries have ended with this decision: its cause stays.
pub(crate) fn worded(decision: Decision, error: Error, tries: u32) -> Error {
    let error = match tries {
        0 | 1 => error,
        tries => {
            let message = format!("{} (after {tries} tries)", error.message());
            error.reworded(message)
        }
    };
    match decision {
        Decision::TooLong(wait) => error.hint(too_long(wait)),
        Decision::Retry(_) | Decision::GiveUp => error,
    }
}

/// What is said of a server that wants a longer wait than is reasonable.
pub(super) fn too_long(wait: Duration) -> String {
    format!("The server asks to wait {} s before the next try.", wait.as_secs())
}

/// 100 ms x 2^n, at most 30 s, give or take 25 %.
fn delay(tries: u32, chance: f64) -> Duration {
    let doubled = FIRST_RETRY_DELAY.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1)));
    let jittered = doubled
        .min(MAX_RETRY_DELAY)
        .mul_f64(1.0 - RETRY_JITTER_SHARE + 2.0 * RETRY_JITTER_SHARE * chance.clamp(0.0, 1.0));
    jittered.min(MAX_RETRY_DELAY)
}

/// How an answer with this status fails; none for one that is no failure of this kind.
///
/// 501 is left out of the 5xx: what a server has not implemented it will not have in a second.
pub(crate) fn failure(status: u16, retry_after: Option<Duration>) -> Option<Failure> {
    match status {
        429 | 500 | 502..=599 => Some(Failure::Passing { retry_after }),
        400.. => Some(Failure::Lasting),
        _ => None,
    }
}

/// The wait that a `Retry-After` header asks for: seconds, or an HTTP date (RFC 9110, 10.2.3).
pub(crate) fn retry_after(header: &str, now: DateTime<Utc>) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date: DateTime<Utc> = httpdate::parse_http_date(header).ok()?.into();
    Some((date - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: &str = "2026-11-22T12:00:00Z";

    fn passing(retry_after: Option<Duration>) -> Failure {
        Failure::Passing { retry_after }
    }

    #[test]
    fn delays_double_up_to_a_limit() {
        let delays: Vec<u128> = (1..=11).map(|tries| delay(tries, 0.5).as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
        assert_eq!(delay(1, 0.0).as_millis(), 75);
        assert_eq!(delay(1, 1.0).as_millis(), 125);
    }

    #[test]
    fn five_retries_are_six_tries() {
        let decisions: Vec<Decision> = (1..=6).map(|tries| decide(passing(None), tries, 5, 0.5)).collect();
        assert!(decisions[..5].iter().all(|decision| matches!(decision, Decision::Retry(_))));
        assert_eq!(decisions[5], Decision::GiveUp);
        assert_eq!(decide(passing(None), 1, 0, 0.5), Decision::GiveUp);
        assert_eq!(decide(Failure::Lasting, 1, 5, 0.5), Decision::GiveUp);
    }

    #[test]
    fn the_server_says_how_long_to_wait() {
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(decide(passing(seconds(7)), 1, 5, 0.5), Decision::Retry(Duration::from_secs(7)));
        assert_eq!(decide(passing(seconds(0)), 1, 5, 0.5), Decision::Retry(Duration::from_millis(100)));
        assert_eq!(decide(passing(seconds(3600)), 1, 5, 0.5), Decision::TooLong(Duration::from_secs(3600)));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = NOW.parse().unwrap();
        assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Sun, 22 Nov 2026 12:00:30 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Sun, 22 Nov 2026 11:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-1", now), None);
    }

    #[test]
    fn only_what_may_pass_is_retried() {
        for status in [429, 500, 502, 503, 504, 599] {
            assert_eq!(failure(status, None), Some(passing(None)), "{status}");
        }
        for status in [400, 401, 403, 404, 409, 410, 413, 424, 501] {
            assert_eq!(failure(status, None), Some(Failure::Lasting), "{status}");
        }
        for status in [200, 204, 303, 304] {
            assert_eq!(failure(status, None), None, "{status}");
        }
    }

    proptest! {
        #[test]
        fn no_delay_leaves_its_bounds(tries in 1_u32.., chance in 0.0_f64..=1.0) {
            let delay = delay(tries, chance);
            prop_assert!(delay >= Duration::from_millis(75) && delay <= MAX_RETRY_DELAY);
        }
    }
}
