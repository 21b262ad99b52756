//! Decoding of content encodings, in constant memory.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::FrameDecoder;

use super::head::Encoding;

/// Bytes that are read at once.
const DECODE_BUFFER_BYTES: usize = 1 << 16;

/// What `source` is when decoded.
pub(super) fn reader<'a>(encoding: Encoding, source: impl Read + 'a) -> Box<dyn Read + 'a> {
    let source = BufReader::with_capacity(DECODE_BUFFER_BYTES, source);
    match encoding {
        Encoding::Identity => Box::new(source),
        Encoding::Gzip => Box::new(Gzip::Unread(Some(source))),
        Encoding::Zstd => Box::new(Zstd { source, frame: FrameDecoder::new(), started: false }),
    }
}

/// Gzip members one after the other, or nothing at all: an empty file is said to be compressed, too.
enum Gzip<R> {
    /// Nothing was read yet. The reader is there until then.
    Unread(Option<BufReader<R>>),
    Reading(Box<MultiGzDecoder<BufReader<R>>>),
}

impl<R: Read> Read for Gzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self {
                Self::Reading(decoder) => return decoder.read(out),
                Self::Unread(source) => {
                    if source.as_mut().map_or(Ok(true), |source| source.fill_buf().map(<[u8]>::is_empty))? {
                        return Ok(0);
                    }
                    let Some(source) = source.take() else { return Ok(0) };
                    *self = Self::Reading(Box::new(MultiGzDecoder::new(source)));
                }
            }
        }
    }
}

/// Zstandard frames one after the other; each must match its checksum, if it has one.
struct Zstd<R> {
    source: BufReader<R>,
    frame: FrameDecoder,
    started: bool,
}

impl<R: Read> Zstd<R> {
    /// Starts the next frame; false at the end.
    fn start(&mut self) -> io::Result<bool> {
        use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.frame.reset(&mut self.source) {
                Ok(()) => {
                    self.started = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let length = u64::from(length);
                    let skipped = io::copy(&mut self.source.by_ref().take(length), &mut io::sink())?;
                    if skipped < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(source) => return Err(io::Error::new(io::ErrorKind::InvalidData, source)),
            }
        }
    }

    fn check(&self) -> io::Result<()> {
        match (self.frame.get_checksum_from_data(), self.frame.get_calculated_checksum()) {
            (Some(wanted), Some(found)) if wanted != found => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "a frame does not match its checksum"))
            }
            _ => Ok(()),
        }
    }
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        use ruzstd::decoding::BlockDecodingStrategy::UptoBytes;
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.started && !self.start()? {
                return Ok(0);
            }
            let wanted = out.len();
            while self.frame.can_collect() < wanted && !self.frame.is_finished() {
                self.frame
                    .decode_blocks(&mut self.source, UptoBytes(wanted))
                    .map_err(|source| io::Error::new(io::ErrorKind::InvalidData, source))?;
            }
            let read = self.frame.read(out)?;
            if read > 0 {
                return Ok(read);
            }
            self.check()?;
            self.started = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write as _;

    fn decoded(encoding: Encoding, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        reader(encoding, bytes).read_to_end(&mut out).map(|_| out)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn text() -> Vec<u8> {
        (0..200_000_u32).flat_map(|n| (n / 7).to_string().into_bytes()).collect()
    }

    #[test]
    fn each_encoding_is_decoded_also_in_several_members() {
        assert_eq!(decoded(Encoding::Identity, b"plain").unwrap(), b"plain");
        for (encoding, encode) in [(Encoding::Gzip, gzip as fn(&[u8]) -> Vec<u8>), (Encoding::Zstd, zstd)] {
            let text = text();
            assert!(decoded(encoding, &encode(&text)).unwrap() == text);
            assert_eq!(decoded(encoding, &[encode(b"one "), encode(b"two")].concat()).unwrap(), b"one two");
            assert_eq!(decoded(encoding, &encode(b"")).unwrap(), b"");
            assert_eq!(
                decoded(encoding, b"").unwrap(),
                b"",
                "an empty body is an empty file, whatever it is said to be"
            );
        }
        let skippable = [b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec(), zstd(b"x")].concat();
        assert_eq!(decoded(Encoding::Zstd, &skippable).unwrap(), b"x");
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in any::<usize>()) {
            for (encoding, encode) in [(Encoding::Gzip, gzip as fn(&[u8]) -> Vec<u8>), (Encoding::Zstd, zstd)] {
                let _outcome = decoded(encoding, &bytes);
                let whole = encode(&bytes);
                prop_assert_eq!(&decoded(encoding, &whole).unwrap(), &bytes);
                let mut damaged = whole.clone();
                let at = at % damaged.len();
                damaged[at] ^= 1;
                let _outcome = decoded(encoding, &damaged);
            }
        }
    }

    #[test]
    fn what_is_cut_or_damaged_is_an_error() {
        for (encoding, whole) in [(Encoding::Gzip, gzip(&text())), (Encoding::Zstd, zstd(&text()))] {
            assert!(decoded(encoding, &whole[..whole.len() - 1]).is_err(), "{encoding:?} cut");
            assert!(decoded(encoding, &whole[..whole.len() / 2]).is_err(), "{encoding:?} cut in half");
            assert!(decoded(encoding, b"not compressed at all").is_err(), "{encoding:?}");
        }
        let mut wrong = gzip(&text());
        let trailer = wrong.len() - 6;
        wrong[trailer] ^= 1;
        assert!(decoded(Encoding::Gzip, &wrong).is_err(), "a wrong trailer");
        let mut wrong = zstd(&text());
        if let Some(last) = wrong.last_mut() {
            *last ^= 1;
        }
        assert!(decoded(Encoding::Zstd, &wrong).is_err(), "a wrong checksum");
    }
}
