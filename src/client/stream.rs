//! Answers that are passed on piece by piece, so that a log of any size takes constant memory.

use std::fmt;
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use reqwest::header::HeaderMap;
use url::Url;

use super::answer::claims_html;
use super::body::is_gzip;
use super::decoding::{Decoder, Encoded};
use super::send::Hop;
use super::transport::Incoming;
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
    encoded: Encoded,
    /// What has arrived and is not expanded yet.
    received: Bytes,
    decoder: Decoder,
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

    /// The same from the first byte on, or else of the last `most` bytes alone, where the body is longer than that, the
    /// server sends parts (RFC 9110, 14.1.2) and what is stored is not compressed; the second value says that it is so.
    /// It takes one request, but where a longer body turns out to be compressed.
    pub(crate) async fn stream_end(
        &self,
        request: &Request,
        options: StreamOptions,
        most: u64,
    ) -> Result<(Streamed, bool)> {
        let range = ("Range".to_owned(), format!("bytes=-{most}"));
        let extra = vec![range, ("Accept-Encoding".to_owned(), "gzip".to_owned())];
        match self.begin(request, extra, options).await {
            Ok((hop, incoming)) => {
                let start = if incoming.status == 206 { range_start(&incoming.headers) } else { Some(0) };
                let is_plain = !incoming.headers.contains_key("content-encoding");
                match start {
                    Some(0) => return Ok((streamed(request, hop, incoming, 0)?, false)),
                    Some(_) if is_plain => return Ok((streamed(request, hop, incoming, 0)?, true)),
                    // The end of something compressed is of no use.
                    _ => {}
                }
            }
            Err(error) if ApiError::of(&error).is_some_and(|refusal| refusal.status == 416) => {}
            Err(error) => return Err(error),
        }
        Ok((self.stream(request, StreamOptions { from: 0, ..options }).await?, false))
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
    let (encoded, decoder) =
        (Encoded::new(what.clone(), arriving), Decoder::new(what.clone(), is_gzip(&headers), skip));
    Ok(Streamed { what, headers, url: hop.url, encoded, received: Bytes::new(), decoder })
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
            let fresh = if self.decoder.is_compressed() {
                let (mut rest, mut content) = (&self.received[..], Vec::new());
                self.decoder.decode(&mut rest, &mut content)?;
                let taken = self.received.len() - rest.len();
                self.received.advance(taken);
                Bytes::from(content)
            } else {
                self.decoder.fresh(std::mem::take(&mut self.received))
            };
            if !fresh.is_empty() {
                return Ok(Some(fresh));
            }
            match self.encoded.next().await? {
                Some(piece) => self.received = piece,
                // What is cut short was handed out as far as it could be decoded.
                None => return self.decoder.finish().map(|()| None),
            }
        }
    }

    /// What arrives, and what makes the content of it, for another thread.
    pub(crate) fn split(self) -> (Encoded, Decoder) {
        (self.encoded, self.decoder)
    }
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
