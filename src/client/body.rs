//! The body of an answer, put together from what arrives, decompressed, and bounded.

use std::io::{self, Write as _};

use bytes::{Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use reqwest::header::HeaderMap;

/// Compressed bytes that are expanded in one step: gzip makes at most a thousand times as many of them.
pub(super) const GZIP_STEP_BYTES: usize = 4 << 10;

/// What is wrong with a body.
#[derive(Debug)]
pub(super) enum BodyFault {
    /// It is said to be compressed, and cannot be decompressed.
    Damaged(io::Error),
    /// It is larger than it may be.
    TooLarge,
}

/// A body that is arriving.
#[derive(Debug, Default)]
pub(super) struct Body {
    content: BytesMut,
    /// Most bytes that the content may have.
    limit: usize,
    is_compressed: bool,
    /// Made when something arrives: an answer without a body may say that it is compressed, too.
    decoder: Option<Box<MultiGzDecoder<Vec<u8>>>>,
}

impl Body {
    /// Takes out of an answer's headers what holds for the body only while it is compressed.
    pub(super) fn new(headers: &mut HeaderMap, limit: usize) -> Self {
        let is_compressed = is_gzip(headers);
        if is_compressed {
            headers.remove("content-encoding");
            headers.remove("content-length");
        }
        Self { limit, is_compressed, ..Self::default() }
    }

    /// Adds what has arrived.
    pub(super) fn add(&mut self, chunk: &[u8]) -> Result<(), BodyFault> {
        if !self.is_compressed {
            return self.append(chunk);
        }
        let mut decoder = self.decoder.take().unwrap_or_else(|| Box::new(MultiGzDecoder::new(Vec::new())));
        for step in chunk.chunks(GZIP_STEP_BYTES) {
            decoder.write_all(step).map_err(BodyFault::Damaged)?;
            self.append(decoder.get_ref())?;
            decoder.get_mut().clear();
        }
        self.decoder = Some(decoder);
        Ok(())
    }

    fn append(&mut self, content: &[u8]) -> Result<(), BodyFault> {
        if self.content.len() + content.len() > self.limit {
            return Err(BodyFault::TooLarge);
        }
        self.content.extend_from_slice(content);
        Ok(())
    }

    /// The whole body.
    ///
    /// # Errors
    /// When it is compressed and not whole, or too large.
    pub(super) fn finish(mut self) -> Result<Bytes, BodyFault> {
        if let Some(decoder) = self.decoder.take() {
            let rest = decoder.finish().map_err(BodyFault::Damaged)?;
            self.append(&rest)?;
        }
        Ok(self.content.freeze())
    }
}

/// Whether an answer says that its body is compressed, in the one way that is asked for.
pub(super) fn is_gzip(headers: &HeaderMap) -> bool {
    let coding = headers.get("content-encoding").and_then(|value| value.to_str().ok());
    coding.is_some_and(|coding| matches!(coding.trim().to_ascii_lowercase().as_str(), "gzip" | "x-gzip"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;

    const LIMIT: usize = 1 << 20;

    fn headers(encoding: &'static str) -> HeaderMap {
        [("content-encoding", encoding), ("content-length", "7"), ("etag", "x")]
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .into_iter()
            .collect()
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read<'a>(
        encoding: &'static str,
        mut chunks: impl Iterator<Item = &'a [u8]>,
    ) -> (HeaderMap, Result<Bytes, BodyFault>) {
        let mut headers = headers(encoding);
        let mut body = Body::new(&mut headers, LIMIT);
        let added = chunks.try_for_each(|chunk| body.add(chunk));
        (headers, added.and_then(|()| body.finish()))
    }

    proptest! {
        #[test]
        fn a_body_is_the_same_however_it_arrives(text in prop::collection::vec(any::<u8>(), 0..2000), size in 1_usize..50) {
            for (encoding, stored) in [("identity", text.clone()), ("gzip", gzip(&text)), ("X-GZIP", gzip(&text))] {
                let (headers, body) = read(encoding, stored.chunks(size));
                prop_assert_eq!(&body.unwrap()[..], &text[..]);
                prop_assert_eq!(headers.contains_key("content-length"), encoding == "identity");
                prop_assert_eq!(headers.contains_key("content-encoding"), encoding == "identity");
                prop_assert!(headers.contains_key("etag"));
            }
            let whole = gzip(&text);
            prop_assert!(read("gzip", whole[..whole.len() - 1].chunks(size)).1.is_err(), "it is cut short");
        }
    }

    #[test]
    fn an_answer_without_a_body_may_say_that_it_is_compressed() {
        assert!(read("gzip", std::iter::empty()).1.unwrap().is_empty());
    }

    #[test]
    fn what_is_not_compressed_is_damaged() {
        let (_, body) = read("gzip", [b"not compressed at all".as_slice()].into_iter());
        assert!(matches!(body, Err(BodyFault::Damaged(_))));
    }

    #[test]
    fn a_body_over_the_limit_is_refused_compressed_or_not() {
        let zeros = vec![0; LIMIT + 1];
        let bomb = gzip(&zeros);
        assert!(bomb.len() < LIMIT / 100);
        assert!(matches!(read("gzip", bomb.chunks(bomb.len())).1, Err(BodyFault::TooLarge)));
        assert!(matches!(read("identity", zeros.chunks(1 << 16)).1, Err(BodyFault::TooLarge)));
        assert_eq!(read("identity", zeros[1..].chunks(1 << 16)).1.unwrap().len(), LIMIT);
    }
}
