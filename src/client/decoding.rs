//! A body as it stands on the wire, and what makes its content of it: two halves, because to expand takes a processor
//! for longer than to receive.

use std::fmt;
use std::io;

use bytes::Bytes;

use super::gunzip::{Gunzip, MAGIC};
use super::transport::Arriving;
use crate::error::{Error, Result};

/// Room that is made at least for what compressed bytes become, in bytes.
const LEAST_ROOM_BYTES: usize = 4 << 10;
/// Most room that is made at once: gzip can make a thousand bytes of one.
const MOST_ROOM_BYTES: usize = 128 << 10;
/// Logs become some four to eight times as long when they are expanded.
const USUAL_FACTOR: usize = 8;

/// A body that is still arriving, as it stands on the wire.
pub(crate) struct Encoded {
    what: String,
    arriving: Arriving,
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoded").field("what", &self.what).finish_non_exhaustive()
    }
}

impl Encoded {
    pub(super) fn new(what: String, arriving: Arriving) -> Self {
        Self { what, arriving }
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// [`crate::error::Kind::Unavailable`] when the connection breaks off, or nothing comes for too long.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        self.arriving.next().await.map_err(|broken| broken.into_error(&self.what, 1))
    }
}

/// Makes the content of a body.
#[derive(Debug)]
pub(crate) struct Decoder {
    what: String,
    is_compressed: bool,
    /// Made when something arrives: an empty body may be said to be compressed, too.
    gunzip: Option<Gunzip>,
    /// Bytes of the content that are still to be dropped, because the caller has them already.
    skip: u64,
}

impl Decoder {
    /// For a body that is compressed, or is not, of whose content the caller has so many bytes.
    pub(super) fn new(what: String, is_compressed: bool, skip: u64) -> Self {
        Self { what, is_compressed, gunzip: None, skip }
    }

    /// Whether what arrives is not the content itself.
    pub(super) fn is_compressed(&self) -> bool {
        self.is_compressed
    }

    /// Takes a body that begins like gzip for gzip, whatever its headers say: files can be stored compressed. To be called
    /// with what arrives first.
    pub(crate) fn sniff(&mut self, start: &[u8]) {
        self.is_compressed |= start.starts_with(&MAGIC);
    }

    /// Adds to the content what comes first in `arrived`, which is cut off by as much: a bounded piece of it. When nothing
    /// is added, nothing is left.
    ///
    /// # Errors
    /// [`crate::error::Kind::Failed`] when what is said to be compressed is not.
    pub(crate) fn decode(&mut self, arrived: &mut &[u8], content: &mut Vec<u8>) -> Result<()> {
        let length = content.len();
        loop {
            let room = arrived.len().saturating_mul(USUAL_FACTOR).clamp(LEAST_ROOM_BYTES, MOST_ROOM_BYTES);
            content.reserve(room);
            if self.is_compressed {
                if arrived.is_empty() && self.gunzip.is_none() {
                    return Ok(());
                }
                let expanded = self.gunzip.get_or_insert_default().expand(arrived, content);
                expanded.map_err(|source| self.corrupt(source))?;
            } else {
                let (first, rest) = arrived.split_at(room.min(arrived.len()));
                content.extend_from_slice(first);
                *arrived = rest;
            }
            let added = content.len() - length;
            let known = self.known(added);
            content.drain(length..length + known);
            if known < added || added == 0 {
                return Ok(());
            }
        }
    }

    /// What the caller does not have yet of content that has arrived.
    pub(super) fn fresh(&mut self, mut content: Bytes) -> Bytes {
        content.split_off(self.known(content.len()))
    }

    /// How many of so many bytes of content the caller has already.
    fn known(&mut self, length: usize) -> usize {
        let known = usize::try_from(self.skip).unwrap_or(usize::MAX).min(length);
        self.skip -= known as u64;
        known
    }

    /// Says that nothing more arrives.
    ///
    /// # Errors
    /// [`crate::error::Kind::Failed`] when it is cut short.
    pub(crate) fn finish(&self) -> Result<()> {
        self.gunzip.as_ref().map_or(Ok(()), Gunzip::finish).map_err(|source| self.corrupt(source))
    }

    fn corrupt(&self, source: io::Error) -> Error {
        Error::failed(format!("{} sent something that cannot be decompressed", self.what)).caused_by(source)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;

    use super::*;

    fn decode(mut decoder: Decoder, pieces: &[&[u8]]) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        decoder.sniff(pieces.first().copied().unwrap_or_default());
        for mut piece in pieces.iter().copied() {
            loop {
                let length = content.len();
                decoder.decode(&mut piece, &mut content)?;
                assert!(content.len() - length <= 2 * MOST_ROOM_BYTES + content.capacity() / 2);
                if content.len() == length {
                    break;
                }
            }
            assert!(piece.is_empty());
        }
        decoder.finish().map(|()| content)
    }

    proptest! {
        #[test]
        fn what_the_caller_has_is_left_out_compressed_or_not(
            text in prop::collection::vec(any::<u8>(), 0..3000),
            skip in 0_usize..3500,
            size in 2_usize..900,
            is_said in any::<bool>(),
        ) {
            // Text that itself begins like gzip would be taken for gzip.
            prop_assume!(!text.starts_with(&MAGIC));
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&text).unwrap();
            let gzip = encoder.finish().unwrap();
            let fresh = &text[skip.min(text.len())..];
            for (stored, is_compressed) in [(&gzip, is_said), (&text, false)] {
                let pieces: Vec<&[u8]> = stored.chunks(size).collect();
                let found = decode(Decoder::new("reading".into(), is_compressed, skip as u64), &pieces).unwrap();
                prop_assert_eq!(found, fresh);
            }
        }
    }

    #[test]
    fn an_empty_body_may_be_said_to_be_compressed() {
        assert_eq!(decode(Decoder::new("reading".into(), true, 0), &[]).unwrap(), b"");
        let error = decode(Decoder::new("reading".into(), true, 0), &[b"plain"]).unwrap_err();
        assert_eq!(error.message(), "reading sent something that cannot be decompressed");
    }
}
