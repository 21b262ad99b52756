//! How long to wait between tries to connect, and when to give up. Pure.

use std::time::Duration;

/// How long a connection that was there may be gone before a consumer gives up.
pub(super) const OUTAGE_LIMIT: Duration = Duration::from_secs(600);

const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Tries to connect that failed, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Outage {
    tries: u32,
    limit: Limit,
}

#[derive(Debug, Clone, Copy)]
enum Limit {
    Tries(u32),
    Time(Duration),
}

impl Outage {
    /// Of a connection that was there: until `limit` has passed.
    pub(super) fn of_connection(limit: Duration) -> Self {
        Self { tries: 0, limit: Limit::Time(limit) }
    }

    /// Of one that never was: `retries` tries after the first.
    pub(super) fn of_start(retries: u32) -> Self {
        Self { tries: 0, limit: Limit::Tries(retries) }
    }

    /// How many tries failed.
    pub(super) fn tries(&self) -> u32 {
        self.tries
    }

    /// Counts a failed try; how long to wait before the next, or none when it is enough. `elapsed` is the time since
    /// the outage began, `chance` in 0..1 keeps consumers from coming back all at once.
    pub(super) fn next_wait(&mut self, elapsed: Duration, chance: f64) -> Option<Duration> {
        self.tries += 1;
        let doubled = FIRST_WAIT.saturating_mul(1 << (self.tries - 1).min(16)).min(LONGEST_WAIT);
        let wait = doubled.mul_f64(0.75 + chance.clamp(0.0, 1.0) / 2.0);
        match self.limit {
            Limit::Tries(retries) => (self.tries <= retries).then_some(wait),
            Limit::Time(limit) => (elapsed < limit).then(|| wait.min(limit - elapsed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let mut outage = Outage::of_connection(OUTAGE_LIMIT);
        let waits: Vec<u128> = (0..9).map(|_| outage.next_wait(Duration::ZERO, 0.5).unwrap().as_millis()).collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 8000, 16000, 20000, 20000]);
        assert_eq!(outage.tries(), 9);
    }

    #[test]
    fn chance_spreads_them() {
        let wait = |chance| Outage::of_start(1).next_wait(Duration::ZERO, chance).unwrap().as_micros();
        assert_eq!((wait(0.0), wait(1.0), wait(7.0)), (187_500, 312_500, 312_500));
    }

    #[test]
    fn it_is_given_up_at_the_limit() {
        let mut start = Outage::of_start(1);
        assert!(start.next_wait(Duration::ZERO, 0.5).is_some());
        assert!(start.next_wait(Duration::ZERO, 0.5).is_none());
        assert!(Outage::of_start(0).next_wait(Duration::ZERO, 0.5).is_none());
        let mut outage = Outage::of_connection(Duration::from_secs(1));
        assert_eq!(outage.next_wait(Duration::from_millis(950), 0.5), Some(Duration::from_millis(50)));
        assert_eq!(outage.next_wait(Duration::from_secs(1), 0.5), None);
    }
}
