//! Requests of others that are passed on to the deployment, with a signature and nothing else of ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use url::Url;

use super::Client;
use super::connection_error::{ConnectionError, ConnectionFault, host_of};
use super::request::redacted;
use super::transport::{Arriving, over_time};
use crate::error::{Error, Kind, Result};
use crate::reference::Verb;

/// A body in pieces, as it arrives.
pub(crate) type Pieces = BoxStream<'static, std::io::Result<Bytes>>;

/// A request of someone else's.
pub(crate) struct PassOn<'a> {
    /// The HTTP verb.
    pub(crate) verb: Verb,
    /// Where to.
    pub(crate) url: &'a Url,
    /// Its headers, without those of the connection alone (RFC 9110, section 7.6.1).
    pub(crate) headers: HeaderMap,
    /// Its body, if it has one.
    pub(crate) body: Option<Pieces>,
}

/// The answer to it, whose body is still arriving as it stands on the wire.
#[derive(Debug)]
pub(crate) struct Passed {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// Whether the signature was refused for the time in it, and the next one will have the server's time.
    pub(crate) clock_was_corrected: bool,
    arriving: Arriving,
}

impl Passed {
    /// The next piece of the body; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, ConnectionError> {
        self.arriving.next().await
    }
}

impl Client {
    /// Signs a request and sends it, once. Redirects are not followed. Its body is not signed, because a hash of it would
    /// have to come first. It is given up when nothing moves for as long as a try may take.
    ///
    /// # Errors
    /// The outer one when no request can be sent at all: TLS cannot be set up, or the credentials cannot sign.
    pub(crate) async fn pass_on(&self, request: PassOn<'_>) -> Result<Result<Passed, ConnectionError>> {
        let PassOn { verb, url, mut headers, body } = request;
        // A signed URL says already who asks.
        let sign = !url.query_pairs().any(|(name, _)| name == "bewit");
        for (_, value) in self.headers(verb, url, None, sign)? {
            let mut value = HeaderValue::try_from(value)
                .map_err(|source| Error::new(Kind::Auth, "cannot sign with these credentials").caused_by(source))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let moved = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&moved);
        let body = body.map(|pieces| {
            reqwest::Body::wrap_stream(pieces.inspect_ok(move |_| _ = counter.fetch_add(1, Ordering::Relaxed)).boxed())
        });
        let limit = self.0.transport.timeout();
        let started = Instant::now();
        let sending = self.0.transport.exchange_open(verb, url, headers, body, limit);
        let mut sending = std::pin::pin!(sending);
        let outcome = loop {
            let before = moved.load(Ordering::Relaxed);
            match tokio::time::timeout(limit, &mut sending).await {
                Ok(outcome) => break outcome?,
                Err(_) if moved.load(Ordering::Relaxed) != before => {}
                Err(_) => break Err(over_time(&host_of(url), ConnectionFault::TimeLimit(limit))),
            }
        };
        let (shown, elapsed) = (redacted(url), started.elapsed());
        match &outcome {
            Ok((status, ..)) => tracing::debug!(%verb, url = %shown, status, ?elapsed, signed = sign, "passed on"),
            Err(broken) => tracing::debug!(%verb, url = %shown, error = %broken.summary(), ?elapsed, "failed"),
        }
        Ok(outcome.map(|(status, headers, arriving)| {
            let clock_was_corrected =
                status == 401 && sign && self.credentials().is_some() && self.correct_clock(&headers);
            Passed { status, headers, clock_was_corrected, arriving }
        }))
    }
}
