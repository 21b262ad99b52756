//! Gzip (RFC 1952) that is expanded as it arrives, a bounded piece at a time.
//!
//! Headers and checksums are read here, because the checksum of the inflating library is slow: without it, the failures of
//! 300 logs take 18 % less processor time (`scripts/bench failures`).

use std::io;

use crc32fast::Hasher;
use flate2::{Decompress, FlushDecompress, Status};

/// The first bytes of a member: the magic, and the only compression method (RFC 1952, 2.3.1).
const START: [u8; 3] = [MAGIC[0], MAGIC[1], 8];
/// The bytes that tell gzip from other files (RFC 1952, 2.3.1).
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Bytes of a header before its optional parts.
const FIXED_BYTES: usize = 10;
/// Bytes behind the compressed text: its checksum and its length.
const TRAILER_BYTES: usize = 8;
/// Longest header: a name has no limit of its own.
const MAX_HEADER_BYTES: usize = 1 << 17;
/// Bytes of a header that are looked at in one step.
const HEADER_STEP_BYTES: usize = 256;

/// Expands members that follow each other as one text.
pub(super) struct Gunzip {
    part: Part,
    inflate: Decompress,
    checksum: Hasher,
    /// Bytes of the member, expanded, as far as its trailer counts them.
    length: u32,
}

/// What of a member comes next, with what has arrived of it.
enum Part {
    Header(Vec<u8>),
    Text,
    Trailer(Vec<u8>),
}

impl std::fmt::Debug for Gunzip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gunzip").field("length", &self.length).finish_non_exhaustive()
    }
}

impl Default for Gunzip {
    fn default() -> Self {
        let (inflate, checksum) = (Decompress::new(false), Hasher::new());
        Self { part: Part::Header(Vec::new()), inflate, checksum, length: 0 }
    }
}

impl Gunzip {
    /// Expands what comes first of `input`, which is cut off by as much, into the room that is left in `output`. When
    /// nothing is added, nothing is left to be expanded.
    ///
    /// # Errors
    /// When it is not gzip, or damaged.
    pub(super) fn expand(&mut self, input: &mut &[u8], output: &mut Vec<u8>) -> io::Result<()> {
        let length = output.len();
        while output.len() == length && output.len() < output.capacity() {
            match &mut self.part {
                Part::Header(arrived) => {
                    let known = arrived.len();
                    let step = input.get(..HEADER_STEP_BYTES.min(input.len())).unwrap_or_default();
                    if step.is_empty() {
                        return Ok(());
                    }
                    arrived.extend_from_slice(step);
                    let end = header_length(arrived)?;
                    *input = input.get(end.map_or(step.len(), |end| end - known)..).unwrap_or_default();
                    if end.is_some() {
                        self.part = Part::Text;
                    }
                }
                Part::Text => {
                    if !self.inflate(input, output)? {
                        return Ok(());
                    }
                }
                Part::Trailer(arrived) => {
                    let step = input.get(..(TRAILER_BYTES - arrived.len()).min(input.len())).unwrap_or_default();
                    arrived.extend_from_slice(step);
                    *input = input.get(step.len()..).unwrap_or_default();
                    if arrived.len() < TRAILER_BYTES {
                        return Ok(());
                    }
                    let expected = [self.checksum.clone().finalize().to_le_bytes(), self.length.to_le_bytes()].concat();
                    if *arrived != expected {
                        return Err(invalid("the checksum is wrong"));
                    }
                    self.inflate.reset(false);
                    self.checksum.reset();
                    (self.length, self.part) = (0, Part::Header(Vec::new()));
                }
            }
        }
        Ok(())
    }

    /// Inflates some of a member's text; false when that needs more input.
    fn inflate(&mut self, input: &mut &[u8], output: &mut Vec<u8>) -> io::Result<bool> {
        let (before, length) = (self.inflate.total_in(), output.len());
        let status = self.inflate.decompress_vec(input, output, FlushDecompress::None)?;
        let taken = usize::try_from(self.inflate.total_in() - before).unwrap_or(usize::MAX);
        *input = input.get(taken..).unwrap_or_default();
        let added = output.get(length..).unwrap_or_default();
        self.checksum.update(added);
        self.length = self.length.wrapping_add(added.len() as u32);
        match status {
            Status::StreamEnd => self.part = Part::Trailer(Vec::new()),
            _ if input.is_empty() => return Ok(false),
            _ if taken == 0 && added.is_empty() => return Err(invalid("it makes no sense")),
            Status::Ok | Status::BufError => {}
        }
        Ok(true)
    }

    /// Says that nothing more comes.
    ///
    /// # Errors
    /// When the last member is cut short.
    pub(super) fn finish(&self) -> io::Result<()> {
        match &self.part {
            Part::Header(arrived) if arrived.is_empty() => Ok(()),
            _ => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ends too early")),
        }
    }
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// How long the header is that these bytes begin with; none when it is not all there.
fn header_length(bytes: &[u8]) -> io::Result<Option<usize>> {
    if bytes.iter().zip(&START).any(|(byte, expected)| byte != expected) {
        return Err(invalid("it is not gzip"));
    }
    if bytes.len() > MAX_HEADER_BYTES {
        return Err(invalid("its header is too long"));
    }
    let Some(flags) = bytes.get(3).filter(|_| bytes.len() >= FIXED_BYTES) else { return Ok(None) };
    let mut end = FIXED_BYTES;
    if flags & 4 != 0 {
        let Some(&[low, high]) = bytes.get(end..end + 2) else { return Ok(None) };
        end += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    // A name and a comment, each up to a zero.
    for flag in [8, 16] {
        if flags & flag != 0 {
            let Some(length) = bytes.get(end..).and_then(|rest| memchr::memchr(0, rest)) else { return Ok(None) };
            end += length + 1;
        }
    }
    end += if flags & 2 != 0 { 2 } else { 0 };
    Ok((bytes.len() >= end).then_some(end))
}

/// Expands pieces one after the other, with so much room for each step.
///
/// # Errors
/// When they are not gzip, damaged, or cut short.
#[cfg(any(fuzzing, test))]
pub(crate) fn expand_pieces<'a>(pieces: impl Iterator<Item = &'a [u8]>, room: usize) -> io::Result<Vec<u8>> {
    let (mut gunzip, mut all) = (Gunzip::default(), Vec::new());
    for mut piece in pieces {
        loop {
            let mut output = Vec::with_capacity(room);
            gunzip.expand(&mut piece, &mut output)?;
            if output.is_empty() {
                assert!(piece.is_empty(), "what arrived is not used up");
                break;
            }
            all.extend(output);
        }
    }
    gunzip.finish().map(|()| all)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    proptest! {
        #[test]
        fn a_text_is_the_same_however_it_arrives(
            texts in prop::collection::vec(prop::collection::vec(0_u8..4, 0..300), 1..4),
            size in 1_usize..40,
            room in 1_usize..60,
        ) {
            let stored: Vec<u8> = texts.iter().flat_map(|text| gzip(text)).collect();
            prop_assert_eq!(expand_pieces(stored.chunks(size), room).unwrap(), texts.concat());
            prop_assert!(expand_pieces(stored[..stored.len() - 1].chunks(size), room).is_err(), "it is cut short");
        }

        #[test]
        fn no_bytes_make_it_panic_or_turn_for_ever(bytes: Vec<u8>, size in 1_usize..40) {
            drop(expand_pieces(bytes.chunks(size), 16));
        }
    }

    #[test]
    fn headers_with_all_their_parts_are_passed_over() {
        let mut encoder = flate2::GzBuilder::new()
            .extra(vec![7; 300])
            .filename("live.log")
            .comment("the log of a task")
            .write(Vec::new(), Compression::default());
        encoder.write_all(b"text").unwrap();
        let mut stored = encoder.finish().unwrap();
        for size in [1, 7, 1000] {
            assert_eq!(expand_pieces(stored.chunks(size), 100).unwrap(), b"text");
        }
        let endless = [&[0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 0][..], &[b'x'; 1 << 18]].concat();
        assert_eq!(expand_pieces(endless.chunks(1000), 100).unwrap_err().to_string(), "its header is too long");
        stored[2] = 7;
        assert_eq!(expand_pieces(stored.chunks(1000), 100).unwrap_err().to_string(), "it is not gzip");
    }

    #[test]
    fn what_arrived_can_be_read_before_the_rest_comes() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"the first line\n").unwrap();
        encoder.flush().unwrap();
        let (mut gunzip, mut output) = (Gunzip::default(), Vec::with_capacity(100));
        gunzip.expand(&mut encoder.get_ref().as_slice(), &mut output).unwrap();
        assert_eq!(output, b"the first line\n");
        assert!(gunzip.finish().is_err());
    }

    #[test]
    fn a_damaged_text_is_noticed() {
        let mut stored = gzip(&[b'x'; 1000]);
        let place = stored.len() - 6;
        stored[place] ^= 1;
        assert!(expand_pieces(std::iter::once(stored.as_slice()), 4096).is_err());
        assert!(expand_pieces(std::iter::once(b"not compressed".as_slice()), 4096).is_err());
    }
}
