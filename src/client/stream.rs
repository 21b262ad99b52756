//! Answers that are passed on piece by piece, so that a log of any size takes constant memory.

use std::fmt;
use std::io::{self, Write as _};
use std::time::Duration;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use reqwest::header::HeaderMap;
use url::Url;

use super::answer::claims_html;
use super::body::{GZIP_STEP_BYTES, is_gzip};
use super::send::Hop;
use super::transport::{Arriving, Incoming};
use super::{ApiError, Client, Request};
use crate::error::{Error, Result};

/// How an answer is to be streamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamOptions {
    /// Decoded bytes of the body that the caller has already.
    pub from: u64,
    /// Give up on an answer of which nothing comes for so long.
    pub stall: Duration,
    /// Sign, where the request's host is asked for. Signatures are for the deployment alone, so a
    /// request to any other place must not be signed.
    pub sign: bool,
}

/// An answer that is still arriving.
pub struct Streamed {
    what: String,
    /// The headers.
    pub headers: HeaderMap,
    /// Where the answer comes from, after redirects.
    pub url: Url,
    arriving: Arriving,
    /// What has arrived and was not looked at.
    received: Bytes,
    is_compressed: bool,
    /// Made when something arrives: an empty body may be said to be compressed, too.
    decoder: Option<MultiGzDecoder<Vec<u8>>>,
    /// Decoded bytes that are still to be dropped, because the caller has them already.
    skip: u64,
}

impl fmt::Debug for Streamed {
    /// Without the headers, which can be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streamed").field("what", &self.what).finish_non_exhaustive()
    }
}

impl Client {
    /// Sends a request, with retries and redirects, and returns the successful answer as it arrives,
    /// from the byte `options.from` of the decoded body on.
    ///
    /// What has been read already is asked for with `Range`, where the server can do that and the
    /// body is not compressed; otherwise it is read again and dropped.
    pub async fn stream(&self, request: &Request, options: StreamOptions) -> Result<Streamed> {
        if options.from > 0 {
            // One byte that is known already, so that the request can be satisfied at the very end, too.
            let range = format!("bytes={}-", options.from - 1);
            let extra = vec![("Range".to_owned(), range), ("Accept-Encoding".to_owned(), "identity".to_owned())];
            match self.begin(request, extra, options).await {
                Ok((hop, incoming)) => {
                    let start = if incoming.status == 206 { range_start(&incoming.headers) } else { Some(0) };
                    let countable = incoming.status != 206 || !is_gzip(&incoming.headers);
                    let usable = start.filter(|start| *start < options.from && countable);
                    if let (Some(start), true) = (usable, incoming.arriving.is_some()) {
                        return streamed(request, hop, incoming, options.from - start);
                    }
                    // The offset was taken for one of compressed bytes, which is of no use here.
                }
                Err(error) if ApiError::of(&error).is_some_and(|refusal| refusal.status == 416) => {}
                Err(error) => return Err(error),
            }
        }
        let extra = vec![("Accept-Encoding".to_owned(), "gzip".to_owned())];
        let (hop, incoming) = self.begin(request, extra, options).await?;
        streamed(request, hop, incoming, options.from)
    }

    async fn begin(
        &self,
        request: &Request,
        extra: Vec<(String, String)>,
        options: StreamOptions,
    ) -> Result<(Hop, Incoming)> {
        self.follow(request, Hop::streamed(request, extra, options.stall, options.sign)).await
    }
}

fn streamed(request: &Request, hop: Hop, incoming: Incoming, skip: u64) -> Result<Streamed> {
    let what = request.what.clone();
    let (status, headers) = (incoming.status, incoming.headers);
    let Some(arriving) = incoming.arriving else {
        return Err(Error::failed(format!("{what} failed: the server answered {status}, and nothing to read")));
    };
    // A deployment without such a service answers with its web page.
    if is_web_page(request, &hop, &headers) {
        return Err(Error::failed(format!("{what} answered {status} with a web page"))
            .hint("The deployment may lack this service, or the root URL may belong to another web site."));
    }
    let is_compressed = is_gzip(&headers);
    Ok(Streamed { what, headers, url: hop.url, arriving, received: Bytes::new(), is_compressed, decoder: None, skip })
}

fn is_web_page(request: &Request, hop: &Hop, headers: &HeaderMap) -> bool {
    hop.url == request.url && request.url.path().starts_with("/api/") && claims_html(headers)
}

impl Streamed {
    /// The next piece, decoded; none at the end.
    ///
    /// # Errors
    /// [`crate::error::Kind::Unavailable`] when the connection breaks off, or nothing comes for too
    /// long; [`crate::error::Kind::Failed`] when what is said to be compressed is not.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            let piece = self.step().await?;
            if self.is_compressed && piece.is_some() {
                self.decoder.get_or_insert_with(|| MultiGzDecoder::new(Vec::new()));
            }
            let decoded = match (&mut self.decoder, piece) {
                (None, None) => return Ok(None),
                (None, Some(piece)) => piece,
                (Some(decoder), Some(piece)) => decode(decoder, &piece).map_err(|source| self.corrupt(source))?,
                (Some(_), None) => match self.decoder.take().map(MultiGzDecoder::finish) {
                    Some(Ok(rest)) => Bytes::from(rest),
                    // What is cut short was handed out as far as it could be decoded.
                    Some(Err(source)) => return Err(self.corrupt(source)),
                    None => return Ok(None),
                },
            };
            if let Some(fresh) = self.fresh(decoded) {
                return Ok(Some(fresh));
            }
        }
    }

    /// Bytes of the wire to look at next: few where they are compressed, because they may become many.
    async fn step(&mut self) -> Result<Option<Bytes>> {
        if self.received.is_empty() {
            match self.arriving.next().await.map_err(|broken| broken.into_error(&self.what, 1))? {
                Some(piece) => self.received = piece,
                None => return Ok(None),
            }
        }
        let length = if self.is_compressed { GZIP_STEP_BYTES } else { usize::MAX };
        Ok(Some(self.received.split_to(length.min(self.received.len()))))
    }

    /// What the caller does not have yet of a piece.
    fn fresh(&mut self, mut piece: Bytes) -> Option<Bytes> {
        let known = usize::try_from(self.skip).unwrap_or(usize::MAX).min(piece.len());
        self.skip -= known as u64;
        let fresh = piece.split_off(known);
        (!fresh.is_empty()).then_some(fresh)
    }

    fn corrupt(&self, source: io::Error) -> Error {
        Error::failed(format!("{} sent something that cannot be decompressed", self.what)).caused_by(source)
    }
}

fn decode(decoder: &mut MultiGzDecoder<Vec<u8>>, piece: &[u8]) -> io::Result<Bytes> {
    decoder.write_all(piece)?;
    decoder.flush()?;
    // The next piece will be about as large: room that is made at once need not grow step by step.
    let room = Vec::with_capacity(decoder.get_ref().len());
    Ok(Bytes::from(std::mem::replace(decoder.get_mut(), room)))
}

/// Where a partial answer starts: `bytes 100-199/200` (RFC 9110, 14.4).
fn range_start(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get("content-range")?.to_str().ok()?.trim().strip_prefix("bytes ")?;
    range.split('-').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_answer_says_where_it_starts() {
        let start = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("content-range", value.parse().unwrap());
            range_start(&headers)
        };
        assert_eq!(start("bytes 100-199/200"), Some(100));
        assert_eq!(start("bytes 0-0/*"), Some(0));
        assert_eq!(start("bytes */200"), None);
        assert_eq!(start("lines 1-2/3"), None);
        assert_eq!(range_start(&HeaderMap::new()), None);
    }
}
