//! The body of an answer, put together from what arrives, and expanded where it is compressed.

use std::io::{self, Write as _};

use bytes::buf::{BufMut as _, Writer};
use bytes::{Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use reqwest::header::HeaderMap;

/// A body that is arriving.
pub(super) enum Body {
    Plain(BytesMut),
    /// Nothing has arrived of it yet; an answer without a body may say that it is compressed, too.
    Announced(BytesMut),
    Compressed(Box<MultiGzDecoder<Writer<BytesMut>>>),
}

impl Body {
    /// Takes out of an answer's headers what holds for the body only while it is compressed; `buffer` gets the body.
    pub(super) fn new(headers: &mut HeaderMap, buffer: BytesMut) -> Self {
        if !is_compressed(headers) {
            return Self::Plain(buffer);
        }
        headers.remove("content-encoding");
        headers.remove("content-length");
        Self::Announced(buffer)
    }

    /// Adds what has arrived.
    pub(super) fn add(&mut self, chunk: &[u8]) -> io::Result<()> {
        if let Self::Announced(buffer) = self {
            *self = Self::Compressed(Box::new(MultiGzDecoder::new(std::mem::take(buffer).writer())));
        }
        match self {
            Self::Compressed(decoder) => decoder.write_all(chunk),
            Self::Plain(buffer) | Self::Announced(buffer) => {
                buffer.extend_from_slice(chunk);
                Ok(())
            }
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// When it is compressed and not whole.
    pub(super) fn finish(self) -> io::Result<Bytes> {
        Ok(match self {
            Self::Plain(buffer) | Self::Announced(buffer) => buffer.freeze(),
            Self::Compressed(decoder) => decoder.finish()?.into_inner().freeze(),
        })
    }
}

/// Whether an answer says that its body is compressed, in the one way that is asked for.
pub(super) fn is_compressed(headers: &HeaderMap) -> bool {
    let coding = headers.get("content-encoding").and_then(|value| value.to_str().ok());
    coding.is_some_and(|coding| matches!(coding.trim().to_ascii_lowercase().as_str(), "gzip" | "x-gzip"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;

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

    fn read<'a>(encoding: &'static str, mut chunks: impl Iterator<Item = &'a [u8]>) -> (HeaderMap, io::Result<Bytes>) {
        let mut headers = headers(encoding);
        let mut body = Body::new(&mut headers, BytesMut::new());
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
        assert!(read("gzip", [b"not compressed at all".as_slice()].into_iter()).1.is_err());
    }
}
