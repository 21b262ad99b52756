//! What the end of a compressed content tells of it: RFC 1952, 2.3.1. With it a file that is there already can be
//! recognized and measured without fetching it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::atomic::Ordering;

use super::awaited::Awaited;
use super::job::{Job, Stop};

/// A CRC-32 and a length, four bytes each.
const TRAILER_BYTES: u64 = 8;
/// A trailer has the length modulo 2^32 only. What is smaller than this is surely smaller than that when it is expanded,
/// unless it is made of next to nothing.
const MAX_MEASURED_BYTES: u64 = 200 << 20;

/// The end of a gzip member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trailer {
    /// CRC-32 of the content.
    crc: u32,
    /// Its length, modulo 2^32.
    length: u32,
}

impl Trailer {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (crc, length) = bytes.split_first_chunk::<4>()?;
        let (length, _) = length.split_first_chunk::<4>()?;
        Some(Self { crc: u32::from_le_bytes(*crc), length: u32::from_le_bytes(*length) })
    }

    /// Asks for the end of so many bytes of gzip; none when the server sends no parts.
    pub(super) async fn fetch(job: &Job<'_>, stored: u64) -> Result<Option<Self>, Stop> {
        let Some(start) = stored.checked_sub(TRAILER_BYTES) else { return Ok(None) };
        let (mut connection, _) = job.open(Some(start..stored)).await?;
        if job.ignores_ranges.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let mut end = Vec::new();
        while let Some(piece) = connection.next().await? {
            end.extend_from_slice(&piece);
            if end.len() as u64 >= TRAILER_BYTES {
                break;
            }
        }
        Ok(Self::read(&end))
    }

    /// The length of the content that is stored in so many bytes, where it is clear.
    pub(super) fn content_length(self, stored: u64) -> Option<u64> {
        (stored <= MAX_MEASURED_BYTES).then_some(u64::from(self.length))
    }

    /// Whether a file has this content.
    ///
    /// # Errors
    /// When it cannot be read, or nobody waits for the answer any more.
    pub(super) fn is_of(self, path: &Path, awaited: &Awaited) -> io::Result<bool> {
        let mut file = File::open(path)?;
        if file.metadata()?.len() & u64::from(u32::MAX) != u64::from(self.length) {
            return Ok(false);
        }
        let (mut crc, mut buffer) = (flate2::Crc::new(), vec![0; 1 << 18]);
        loop {
            awaited.check()?;
            match file.read(&mut buffer)? {
                0 => return Ok(crc.sum() == self.crc),
                read => crc.update(&buffer[..read]),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn the_end_of_gzip_tells_a_file() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"content").unwrap();
        let stored = encoder.finish().unwrap();
        let trailer = Trailer::read(&stored[stored.len() - 8..]).unwrap();
        assert_eq!(trailer.content_length(stored.len() as u64), Some(7));
        assert_eq!(trailer.content_length(1 << 40), None);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        let (_waiting, awaited) = crate::transfer::awaited::Waiter::new();
        for (text, is_same) in [("content", true), ("contend", false), ("content ", false), ("", false)] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(trailer.is_of(&path, &awaited).unwrap(), is_same, "{text}");
        }
        assert_eq!(Trailer::read(b"short"), None);
    }
}
