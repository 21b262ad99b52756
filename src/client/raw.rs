//! Requests to storages: unsigned, as they stand, once. Whoever sends them decides about redirects and retries.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use url::Url;

use super::Client;
use super::connection_error::ConnectionError;
use super::head_log;
use super::request::redacted;
use super::transport::Arriving;
use crate::error::{Advice, Error, Result};
use crate::reference::Verb;

/// One request to a storage.
pub(crate) struct RawRequest<'a> {
    /// What is being done, as messages name it.
    pub(crate) what: &'a str,
    /// The HTTP verb.
    pub(crate) verb: Verb,
    /// Where to.
    pub(crate) url: &'a Url,
    /// Sent as they are, and no others but what HTTP itself needs.
    pub(crate) headers: &'a [(String, String)],
    /// What to send.
    pub(crate) body: Option<reqwest::Body>,
    /// Give up when nothing comes for so long.
    pub(crate) stall: Duration,
}

/// A storage's answer.
pub(crate) struct RawAnswer {
    what: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body of anything but a success.
    pub(crate) body: Bytes,
    arriving: Option<Arriving>,
}

/// A try that brought no whole answer.
#[derive(Debug)]
pub(crate) struct Lost {
    /// What happened.
    pub(crate) error: Error,
    /// Whether another try may do better.
    pub(crate) passing: bool,
}

impl Lost {
    fn new(what: &str, broken: ConnectionError) -> Self {
        let passing = broken.may_pass();
        let mut error = broken.into_error(what, 1);
        // A storage has another host than the root URL.
        let advice = error.take_advice().into_iter().filter(|advice| *advice != Advice::CheckRootUrl);
        Self { error: advice.fold(error, Error::advise), passing }
    }
}

impl RawAnswer {
    /// The next piece of a success; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Lost> {
        match &mut self.arriving {
            Some(arriving) => arriving.next().await.map_err(|broken| Lost::new(&self.what, broken)),
            None => Ok(None),
        }
    }

    /// From here on so much may pass between two pieces.
    pub(crate) fn bear_silence(&mut self, length: Duration) {
        if let Some(arriving) = &mut self.arriving {
            arriving.stall = length;
        }
    }

    /// A header's value, when it is there and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Client {
    /// How long a transfer may stand still: the time limit of a try, where the caller set one.
    pub(crate) fn given_timeout(&self) -> Option<Duration> {
        self.0.transport.given_timeout()
    }

    /// Sends a request to a storage, once and unsigned.
    ///
    /// # Errors
    /// The outer one when no try could do better: TLS cannot be set up.
    pub(crate) async fn send_raw(&self, request: RawRequest<'_>) -> Result<Result<RawAnswer, Lost>> {
        let RawRequest { what, verb, url, headers, body, stall } = request;
        head_log::request(headers);
        let outcome = self.0.transport.exchange_raw(verb, url, headers, body, stall).await?;
        let shown = redacted(url);
        Ok(match outcome {
            Ok(incoming) => {
                tracing::debug!(%verb, url = %shown, status = incoming.status, "storage answered");
                head_log::answer(&incoming.headers);
                let what = what.to_owned();
                let (status, headers) = (incoming.status, incoming.headers);
                Ok(RawAnswer { what, status, headers, body: incoming.body, arriving: incoming.arriving })
            }
            Err(broken) => {
                tracing::debug!(%verb, url = %shown, error = %broken.summary(), cause = %broken, "storage failed");
                Err(Lost::new(what, broken))
            }
        })
    }
}
