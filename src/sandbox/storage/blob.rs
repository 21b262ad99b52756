//! What is stored under one name: bytes that were uploaded, or a pattern that is made up while it is read.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::ops::Range;
use std::sync::OnceLock;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use flate2::Compression;
use flate2::write::GzEncoder;
use md5::Md5;
use sha2::{Digest as _, Sha256, Sha512};

/// Period of the pattern, in bytes. A prime, so that no block that a client asks for by mistake looks like another.
const PATTERN_BYTES: usize = 1_048_573;
/// The most that goes out at once.
const CHUNK_BYTES: u64 = 256 * 1024;

/// So much is copied rather than kept in the buffer that it came in, in bytes.
const SMALL: usize = 64 * 1024;

/// Something stored, with the headers that it is answered with.
#[derive(Debug, Clone)]
pub struct Blob {
    content: Content,
    etag: Box<str>,
    content_type: Cow<'static, str>,
    content_encoding: Option<Cow<'static, str>>,
    metadata: Box<[(String, String)]>,
}

#[derive(Debug, Clone)]
enum Content {
    Bytes(Bytes),
    /// The one block of this process, repeated from an offset up to a length.
    Pattern {
        offset: usize,
        length: u64,
    },
}

/// The block that patterns are made of: it looks random, and is always the same.
fn block() -> &'static Bytes {
    static BLOCK: OnceLock<Bytes> = OnceLock::new();
    BLOCK.get_or_init(|| {
        let mut block = vec![0; PATTERN_BYTES];
        fastrand::Rng::with_seed(1).fill(&mut block);
        block.into()
    })
}

/// What most blobs are said to be, or else this text.
fn shared(text: String) -> Cow<'static, str> {
    const USUAL: [&str; 8] =
        [OCTETS, LOG, "gzip", "identity", "text/plain", "application/json", "application/x-xz", "application/zstd"];
    USUAL.into_iter().find(|usual| *usual == text).map_or(Cow::Owned(text), Cow::Borrowed)
}

/// What is said of bytes of which nothing is known.
const OCTETS: &str = "application/octet-stream";
/// What logs are.
const LOG: &str = "text/plain; charset=utf-8";

impl Blob {
    /// These bytes, as `application/octet-stream`. Their ETag is their MD5.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        let mut bytes: Bytes = bytes.into();
        if bytes.len() <= SMALL {
            // Nothing is kept of a buffer that was larger.
            bytes = Bytes::from(Box::<[u8]>::from(&*bytes));
        }
        let etag = HEXLOWER.encode(&Md5::digest(&bytes));
        Self::of(Content::Bytes(bytes), etag)
    }

    /// `length` bytes that look random and take no memory. The same numbers give the same bytes. As with everything large
    /// in S3, the ETag is not an MD5.
    pub fn generated(length: u64, seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let offset = rng.usize(0..PATTERN_BYTES);
        let etag = format!("{:016x}{:016x}-{}", rng.u64(..), seed, length.div_ceil(8 << 20).max(1));
        Self::of(Content::Pattern { offset, length }, etag)
    }

    /// The log of a task, compressed as workers do.
    ///
    /// # Errors
    /// None that is known of: it is compressed in memory.
    pub(in crate::sandbox) fn log(text: &[u8]) -> io::Result<Self> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text)?;
        Ok(Self::new(encoder.finish()?).content_type(LOG).content_encoding("gzip"))
    }

    fn of(content: Content, etag: String) -> Self {
        let (etag, content_type) = (etag.into(), Cow::Borrowed(OCTETS));
        Self { content, etag, content_type, content_encoding: None, metadata: Box::default() }
    }

    /// The same with this content type.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = shared(content_type.into());
        self
    }

    /// The same, said to be encoded like this; the bytes are not touched.
    #[must_use]
    pub fn content_encoding(mut self, content_encoding: impl Into<String>) -> Self {
        self.content_encoding = Some(shared(content_encoding.into()));
        self
    }

    /// The same with a header of its own: `sha256` is answered as `x-amz-meta-sha256`.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let mut metadata = std::mem::take(&mut self.metadata).into_vec();
        metadata.push((name.into(), value.into()));
        self.metadata = metadata.into();
        self
    }

    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        match &self.content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Pattern { length, .. } => *length,
        }
    }

    /// Its content type.
    pub(in crate::sandbox) fn media_type(&self) -> &str {
        &self.content_type
    }

    /// The ETag without its quotes.
    pub fn etag(&self) -> &str {
        &self.etag
    }

    /// SHA-256 and SHA-512 in hexadecimal digits. It reads the whole blob.
    pub fn hashes(&self) -> (String, String) {
        let (mut sha256, mut sha512) = (Sha256::new(), Sha512::new());
        for chunk in self.chunks(0..self.length()) {
            sha256.update(&chunk);
            sha512.update(&chunk);
        }
        (HEXLOWER.encode(&sha256.finalize()), HEXLOWER.encode(&sha512.finalize()))
    }

    /// The bytes of this range in pieces that share the blob's memory. The range must lie within the length.
    pub fn chunks(&self, range: Range<u64>) -> impl Iterator<Item = Bytes> + Send + 'static {
        let content = self.content.clone();
        let (mut at, end) = (range.start, range.end.min(self.length()));
        std::iter::from_fn(move || {
            let most = CHUNK_BYTES.min(end.saturating_sub(at));
            if most == 0 {
                return None;
            }
            let chunk = match &content {
                Content::Bytes(bytes) => bytes.slice(at as usize..(at + most) as usize),
                Content::Pattern { offset, .. } => {
                    let start = ((*offset as u64 + at) % PATTERN_BYTES as u64) as usize;
                    block().slice(start..PATTERN_BYTES.min(start + most as usize))
                }
            };
            at += chunk.len() as u64;
            Some(chunk)
        })
    }

    /// The headers that describe it, but for its length.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let mut headers = vec![
            ("etag".to_owned(), format!("\"{}\"", self.etag)),
            ("content-type".into(), self.content_type.to_string()),
        ];
        headers.extend(self.content_encoding.iter().map(|value| ("content-encoding".to_owned(), value.to_string())));
        headers.extend(self.metadata.iter().map(|(name, value)| (format!("x-amz-meta-{name}"), value.clone())));
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(blob: &Blob, range: Range<u64>) -> Vec<u8> {
        blob.chunks(range).flatten().collect()
    }

    #[test]
    fn the_etag_of_bytes_is_their_md5_and_the_hashes_are_known_ones() {
        let blob = Blob::new("hello object");
        assert_eq!(blob.etag(), "537b5d3c49e31bc3b5abc518ed5afe33");
        assert_eq!(blob.hashes().0, "5cd9289a69664e69c5e2c3015062796590a2d6ed5f32fe9d4ec1f3c94636e457");
        assert_eq!(Blob::new("").etag(), "d41d8cd98f00b204e9800998ecf8427e");
    }

    #[test]
    fn any_range_of_a_pattern_is_that_part_of_the_whole() {
        let blob = Blob::generated(3_000_000, 1);
        let whole = read(&blob, 0..3_000_000);
        assert_eq!(whole.len(), 3_000_000);
        for range in [0..1, 999_999..2_222_222, 1_048_572..1_048_574, 2_999_999..3_000_000, 5..5] {
            assert_eq!(read(&blob, range.clone()), whole[range.start as usize..range.end as usize], "{range:?}");
        }
        assert_ne!(whole[..1 << 20], whole[1 << 20..2 << 20]);
        assert!(!blob.etag().chars().all(|c| c.is_ascii_hexdigit()), "{}", blob.etag());
    }

    #[test]
    fn ten_terabytes_take_no_memory() {
        let blob = Blob::generated(10 << 40, 1);
        assert_eq!(read(&blob, (10 << 40) - 10..10 << 40).len(), 10);
    }
}
