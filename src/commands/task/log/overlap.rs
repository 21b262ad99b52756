//! What was read last, to be found again where a log goes on elsewhere. Pure.

use std::collections::VecDeque;

/// How much is compared, in bytes.
const OVERLAP_BYTES: usize = 1024;

/// The end of what was read, and how much of it comes again.
#[derive(Debug, Default)]
pub(super) struct Overlap {
    last: VecDeque<u8>,
    /// What must come next.
    expected: VecDeque<u8>,
    /// Something else came.
    differs: bool,
    is_told: bool,
}

impl Overlap {
    /// Notes what was read.
    pub(super) fn add(&mut self, piece: &[u8]) {
        self.last.extend(piece.iter().rev().take(OVERLAP_BYTES).rev());
        let surplus = self.last.len().saturating_sub(OVERLAP_BYTES);
        self.last.drain(..surplus);
    }

    /// How many bytes before the end the next stream has to start.
    pub(super) fn length(&self) -> u64 {
        self.last.len() as u64
    }

    /// The next stream starts there.
    pub(super) fn expect(&mut self) {
        self.expected.clone_from(&self.last);
    }

    /// What of a piece is new: all behind as many bytes as must come again.
    pub(super) fn fresh<'a>(&mut self, piece: &'a [u8]) -> &'a [u8] {
        let (known, fresh) = piece.split_at(piece.len().min(self.expected.len()));
        self.differs |= !self.expected.drain(..known.len()).eq(known.iter().copied());
        fresh
    }

    /// Whether something else came than what must come again; reported once.
    pub(super) fn found_difference(&mut self) -> bool {
        let is_news = self.differs && !self.is_told;
        self.is_told |= is_news;
        is_news
    }

    /// A stream has ended, and should have repeated all that it must.
    pub(super) fn end(&mut self) {
        self.differs |= !std::mem::take(&mut self.expected).is_empty();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_is_left_out_whatever_the_pieces() {
        let mut overlap = Overlap::default();
        overlap.add(b"abc");
        overlap.add(b"def");
        assert_eq!(overlap.length(), 6);
        overlap.expect();
        assert_eq!(overlap.fresh(b"abcd"), b"");
        assert!(!overlap.expected.is_empty());
        assert_eq!(overlap.fresh(b"efgh"), b"gh");
        overlap.end();
        assert!(!overlap.found_difference());
        overlap.expect();
        assert_eq!(overlap.fresh(b"abX"), b"");
        assert!(overlap.found_difference());
        overlap.end();
        assert!(!overlap.found_difference(), "it is told once");
        assert_eq!(overlap.fresh(b"new"), b"new");
    }

    #[test]
    fn a_stream_that_ends_early_differs() {
        let mut overlap = Overlap::default();
        overlap.add(b"abc");
        overlap.expect();
        assert_eq!(overlap.fresh(b"ab"), b"");
        assert!(!overlap.found_difference());
        overlap.end();
        assert!(overlap.found_difference());
    }

    #[test]
    fn no_more_than_the_end_is_kept() {
        let mut overlap = Overlap::default();
        overlap.add(&[b'x'; 700]);
        overlap.add(&[b'y'; 700]);
        assert_eq!(overlap.length(), OVERLAP_BYTES as u64);
        overlap.add(&[b'z'; 5000]);
        assert!(overlap.last.iter().all(|byte| *byte == b'z') && overlap.last.len() == OVERLAP_BYTES);
    }
}
