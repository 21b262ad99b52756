//! Buffers of large answers that nobody needs any more, for the answers to come.
//!
//! A page of a list takes megabytes. The system hands out memory page by page and clears each, which takes longer
//! than to receive what is put there; so memory that was used once is used again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};

/// What is smaller is not worth the trouble.
const LARGE: usize = 64 << 10;

/// Buffers that are kept: a list has no more pages in memory at once.
const KEPT: usize = 2;

/// Buffers that are free.
#[derive(Debug, Default)]
pub(super) struct Buffers(Mutex<Vec<BytesMut>>);

impl Buffers {
    /// A buffer with room for `length` bytes.
    pub(super) fn take(&self, length: usize) -> BytesMut {
        let free = if length >= LARGE { self.free().pop() } else { None };
        let mut buffer = free.unwrap_or_default();
        buffer.reserve(length);
        buffer
    }

    /// Takes back the buffer of an answer, unless someone else still looks at it.
    pub(super) fn give(&self, body: Bytes) {
        if body.len() < LARGE {
            return;
        }
        if let Ok(mut buffer) = body.try_into_mut() {
            buffer.clear();
            let mut free = self.free();
            if free.len() < KEPT {
                free.push(buffer);
            }
        }
    }

    fn free(&self) -> MutexGuard<'_, Vec<BytesMut>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer, and where it lies.
    fn answer(mut buffer: BytesMut, length: usize) -> (Bytes, usize) {
        buffer.resize(length, b'x');
        let body = buffer.freeze();
        let place = body.as_ptr().addr();
        (body, place)
    }

    #[test]
    fn a_large_answer_is_put_where_one_was_before() {
        let buffers = Buffers::default();
        let (body, place) = answer(buffers.take(2 * LARGE), 2 * LARGE);
        buffers.give(body);
        assert_ne!(buffers.take(10).as_ptr().addr(), place, "a small one leaves it for a large one");
        let (_body, again) = answer(buffers.take(2 * LARGE), LARGE);
        assert_eq!(again, place);
    }

    #[test]
    fn what_someone_holds_stays_as_it_is() {
        let buffers = Buffers::default();
        let (body, place) = answer(buffers.take(LARGE), LARGE);
        buffers.give(body.clone());
        assert_ne!(answer(buffers.take(LARGE), LARGE).1, place);
        assert_eq!(body, vec![b'x'; LARGE]);
    }
}
