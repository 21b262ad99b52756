//! How many connections one file is worth. Pure.

use std::time::Duration;

/// How long each number of connections is given to show its rate.
pub(super) const PROBE_INTERVAL: Duration = Duration::from_millis(250);
/// What would be done in this time anyway is not worth another connection.
const SOON: Duration = Duration::from_millis(750);
/// Bytes a second that no server means when it gives each connection a share: one that is this fast is
/// held up by the network or by this machine, and parts that come out of order cost both more.
const FAST_BYTES_PER_SECOND: f64 = 200e6;
/// Twice as many connections must bring this much more.
const MIN_GAIN: f64 = 1.25;

/// So many measurements in a row must say that it does not: a machine that is busy for a moment is no full line.
const MAX_MISSES: u32 = 2;

/// Doubles the connections while that pays.
///
/// A server that gives each connection a share of its own is at full speed after a second; one that
/// is fast by itself never sees a second connection.
#[derive(Debug, Clone)]
pub(super) struct Ramp {
    most: usize,
    connections: usize,
    best: f64,
    misses: u32,
    settled: bool,
}

impl Ramp {
    /// At most `most` connections.
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.max(1), connections: 1, best: 0.0, misses: 0, settled: most <= 1 }
    }

    /// After [`PROBE_INTERVAL`] at this many `bytes`, with `left` to go: how many connections there should be.
    pub(super) fn probe(&mut self, bytes: u64, elapsed: Duration, left: u64) -> usize {
        let rate = bytes as f64 / elapsed.as_secs_f64().max(1e-9);
        if self.settled || left as f64 <= rate * SOON.as_secs_f64() {
            return self.connections;
        }
        if rate < self.best * MIN_GAIN {
            self.misses += 1;
            self.settled = self.misses == MAX_MISSES;
            return self.connections;
        }
        if rate >= FAST_BYTES_PER_SECOND * self.connections as f64 {
            self.settled = true;
            return self.connections;
        }
        (self.best, self.misses) = (rate, 0);
        self.connections = (2 * self.connections).min(self.most);
        self.settled = self.connections == self.most;
        self.connections
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: u64 = 1_000_000;

    /// The numbers of connections that a server with this rate (MB/s, by connections) is asked with.
    fn course(most: usize, rate: impl Fn(usize) -> u64) -> Vec<usize> {
        let (mut ramp, mut left, mut connections) = (Ramp::new(most), 512 * MB, 1);
        let mut course = vec![1];
        while left > 0 && course.len() < 8 {
            let bytes = (rate(connections) * MB / 4).min(left);
            left -= bytes;
            connections = ramp.probe(bytes, PROBE_INTERVAL, left);
            course.push(connections);
        }
        course
    }

    #[test]
    fn a_server_that_limits_connections_gets_more_of_them() {
        assert_eq!(course(8, |connections| 20 * connections as u64), [1, 2, 4, 8, 8, 8, 8, 8]);
        assert_eq!(course(3, |connections| 20 * connections as u64)[..4], [1, 2, 3, 3]);
    }

    #[test]
    fn a_line_that_is_full_gets_no_more() {
        assert_eq!(course(8, |_| 20)[..6], [1, 2, 2, 2, 2, 2]);
        assert_eq!(course(1, |_| 20)[..3], [1, 1, 1]);
    }

    #[test]
    fn one_bad_measurement_does_not_end_it() {
        let mut ramp = Ramp::new(8);
        let mut probe = |rate: u64| ramp.probe(rate * MB / 4, PROBE_INTERVAL, 512 * MB);
        assert_eq!([20, 22, 40, 70].map(&mut probe), [2, 2, 4, 8]);
        let mut ramp = Ramp::new(8);
        let mut probe = |rate: u64| ramp.probe(rate * MB / 4, PROBE_INTERVAL, 512 * MB);
        assert_eq!([20, 22, 22, 40].map(&mut probe), [2, 2, 2, 2]);
    }

    #[test]
    fn a_connection_that_is_fast_stays_alone() {
        assert_eq!(course(8, |_| 250)[..4], [1, 1, 1, 1]);
        assert_eq!(course(8, |connections| 150 * connections as u64)[..4], [1, 2, 4, 4]);
    }

    #[test]
    fn what_is_done_soon_anyway_gets_no_more() {
        assert_eq!(course(8, |_| 1000), [1, 1, 1, 1]);
    }
}
