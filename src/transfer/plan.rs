//! Which bytes are here, which are on their way, and which to ask for next. Pure.

use std::ops::Range;

/// The least that is worth a request of its own: below it, the round trip costs more than it gains.
pub(super) const MIN_REQUEST_BYTES: u64 = 4 << 20;

/// A set of bytes, as ranges in order that neither overlap nor touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ranges(Vec<Range<u64>>);

impl Ranges {
    /// From ranges in any order.
    pub(super) fn from_pairs(pairs: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut ranges = Self::default();
        for (start, end) in pairs {
            ranges.add(start..end);
        }
        ranges
    }

    /// As pairs of first byte and the byte after the last.
    pub(super) fn pairs(&self) -> Vec<(u64, u64)> {
        self.0.iter().map(|range| (range.start, range.end)).collect()
    }

    /// Adds a range.
    pub(super) fn add(&mut self, new: Range<u64>) {
        if new.start >= new.end {
            return;
        }
        let first = self.0.partition_point(|range| range.end < new.start);
        let after = self.0.partition_point(|range| range.start <= new.end);
        let touched = self.0.get(first..after).unwrap_or_default();
        let start = touched.first().map_or(new.start, |range| range.start.min(new.start));
        let end = touched.last().map_or(new.end, |range| range.end.max(new.end));
        self.0.splice(first..after, std::iter::once(start..end));
    }

    /// Drops all from so many bytes before the last end on, and says where that is.
    pub(super) fn drop_last(&mut self, bytes: u64) -> u64 {
        let end = self.0.last().map_or(0, |range| range.end).saturating_sub(bytes);
        self.0.retain(|range| range.start < end);
        if let Some(last) = self.0.last_mut() {
            last.end = last.end.min(end);
        }
        end
    }

    /// How many bytes there are.
    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|range| range.end - range.start).sum()
    }

    /// Where the bytes end that are there from the beginning on.
    pub(super) fn prefix(&self) -> u64 {
        self.0.first().filter(|range| range.start == 0).map_or(0, |range| range.end)
    }

    /// The ranges up to `length` that are not there.
    pub(super) fn gaps(&self, length: u64) -> Vec<Range<u64>> {
        let mut gaps = Vec::new();
        let mut at = 0;
        for range in &self.0 {
            if range.start > at {
                gaps.push(at..range.start.min(length));
            }
            at = at.max(range.end);
        }
        if at < length {
            gaps.push(at..length);
        }
        gaps
    }

    /// Whether the last byte that is there lies before `length`.
    pub(super) fn fits(&self, length: u64) -> bool {
        self.0.last().is_none_or(|range| range.end <= length)
    }
}

/// What one connection is to fetch. `at` moves on; `end` moves back when another takes over its tail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Claim {
    at: u64,
    end: u64,
}

/// The work of one download, shared by its connections.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    open: Vec<Range<u64>>,
    claims: Vec<Option<Claim>>,
}

/// A connection's number in its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Worker(usize);

impl Plan {
    /// All that is missing from `length` bytes. An unknown length is `u64::MAX`.
    pub(super) fn new(length: u64, here: &Ranges) -> Self {
        let mut open = here.gaps(length);
        open.reverse();
        Self { open, claims: Vec::new() }
    }

    /// A new connection.
    pub(super) fn worker(&mut self) -> Worker {
        self.claims.push(None);
        Worker(self.claims.len() - 1)
    }

    /// The bytes that this connection should fetch next: a gap, or the later half of what
    /// another one still has to do; none when there is too little left to share.
    pub(super) fn claim(&mut self, worker: Worker) -> Option<Range<u64>> {
        let range = self.open.pop().or_else(|| self.split())?;
        if let Some(slot) = self.claims.get_mut(worker.0) {
            *slot = Some(Claim { at: range.start, end: range.end });
        }
        Some(range)
    }

    /// Whether there are bytes that no connection fetches.
    pub(super) fn has_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether one more connection would find something to do.
    pub(super) fn has_work(&self) -> bool {
        !self.open.is_empty() || self.largest().is_some()
    }

    fn largest(&self) -> Option<usize> {
        let left = |claim: &Option<Claim>| claim.map_or(0, |claim| claim.end - claim.at);
        let (index, most) =
            self.claims.iter().map(left).enumerate().max_by_key(|(index, left)| (*left, usize::MAX - index))?;
        (most >= 2 * MIN_REQUEST_BYTES).then_some(index)
    }

    fn split(&mut self) -> Option<Range<u64>> {
        let index = self.largest()?;
        let claim = self.claims.get_mut(index)?.as_mut()?;
        let middle = claim.at + (claim.end - claim.at).div_ceil(2);
        let end = std::mem::replace(&mut claim.end, middle);
        Some(middle..end)
    }

    /// What a connection still has to fetch.
    pub(super) fn left(&self, worker: Worker) -> Range<u64> {
        let claim = self.claims.get(worker.0).copied().flatten();
        claim.map_or(0..0, |claim| claim.at..claim.end)
    }

    /// A connection got so many bytes more: how many of them it was still meant to fetch.
    pub(super) fn advance(&mut self, worker: Worker, bytes: u64) -> u64 {
        let Some(slot) = self.claims.get_mut(worker.0) else { return 0 };
        let Some(claim) = slot.as_mut() else { return 0 };
        let kept = bytes.min(claim.end - claim.at);
        claim.at += kept;
        if claim.at == claim.end {
            *slot = None;
        }
        kept
    }

    /// A connection gives up: what it did not fetch is open again.
    pub(super) fn release(&mut self, worker: Worker) {
        if let Some(claim) = self.claims.get_mut(worker.0).and_then(Option::take) {
            self.open.push(claim.at..claim.end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_that_touch_become_one() {
        let mut ranges = Ranges::from_pairs([(10, 20), (30, 40)]);
        assert_eq!(ranges.prefix(), 0);
        ranges.add(20..30);
        assert_eq!(ranges.pairs(), [(10, 40)]);
        ranges.add(0..5);
        ranges.add(4..11);
        assert_eq!((ranges.pairs(), ranges.prefix(), ranges.count()), (vec![(0, 40)], 40, 40));
        ranges.add(7..7);
        assert_eq!(ranges.gaps(50).first(), Some(&(40..50)));
        assert!(ranges.gaps(40).is_empty());
        assert!(ranges.fits(40) && !ranges.fits(39));
        ranges.add(60..70);
        assert_eq!((ranges.drop_last(35), ranges.pairs()), (35, vec![(0, 35)]));
        assert_eq!((ranges.drop_last(100), ranges.count()), (0, 0));
    }

    #[test]
    fn a_second_connection_takes_the_later_half() {
        let mut plan = Plan::new(100 << 20, &Ranges::default());
        let (first, second) = (plan.worker(), plan.worker());
        assert_eq!(plan.claim(first), Some(0..100 << 20));
        assert_eq!(plan.advance(first, 20 << 20), 20 << 20);
        assert_eq!(plan.claim(second), Some(60 << 20..100 << 20));
        assert_eq!(plan.left(first), 20 << 20..60 << 20);
        assert_eq!(plan.advance(first, 50 << 20), 40 << 20, "the rest is the other's");
        assert_eq!(plan.left(first), 0..0);
    }

    #[test]
    fn what_is_left_of_a_broken_connection_is_taken_up() {
        let mut plan = Plan::new(100, &Ranges::from_pairs([(0, 60)]));
        let (first, second) = (plan.worker(), plan.worker());
        assert_eq!(plan.claim(first), Some(60..100));
        assert!(!plan.has_work() && plan.claim(second).is_none(), "too little to share");
        plan.advance(first, 10);
        plan.release(first);
        assert!(plan.has_work());
        assert_eq!(plan.claim(second), Some(70..100));
    }

    proptest! {
        #[test]
        fn ranges_hold_what_was_added(pairs in proptest::collection::vec((0_u64..64, 0_u64..64), 0..12)) {
            let ranges = Ranges::from_pairs(pairs.iter().copied());
            let mut known = [false; 64];
            for (start, end) in pairs {
                for byte in start..end {
                    known[byte as usize] = true;
                }
            }
            let mut found = [false; 64];
            for (start, end) in ranges.pairs() {
                prop_assert!(start < end);
                for byte in start..end {
                    found[byte as usize] = true;
                }
            }
            prop_assert_eq!(found, known);
            let gaps: u64 = ranges.gaps(64).iter().map(|gap| gap.end - gap.start).sum();
            prop_assert_eq!(gaps + ranges.count(), 64);
        }

        #[test]
        fn every_byte_is_fetched_once(
            length in 0_u64..200 << 20,
            steps in proptest::collection::vec((0_usize..5, 0_u64..30 << 20, any::<bool>()), 0..200),
        ) {
            let mut plan = Plan::new(length, &Ranges::default());
            let workers: Vec<Worker> = (0..5).map(|_| plan.worker()).collect();
            let (mut here, mut fetched) = (Ranges::default(), 0);
            let mut step = |plan: &mut Plan, worker: Worker, bytes: u64| {
                if plan.left(worker).is_empty() && plan.claim(worker).is_none() {
                    return false;
                }
                let at = plan.left(worker).start;
                let kept = plan.advance(worker, bytes);
                here.add(at..at + kept);
                fetched += kept;
                true
            };
            for (index, bytes, breaks) in steps {
                step(&mut plan, workers[index], bytes);
                if breaks {
                    plan.release(workers[index]);
                }
            }
            for worker in workers {
                while step(&mut plan, worker, u64::MAX) {}
            }
            prop_assert_eq!((here.count(), fetched), (length, length));
        }
    }
}
