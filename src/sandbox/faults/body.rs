//! An answer's body, on its way with the fault that the plan gave it.

use std::io;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use http_body::Body as _;

use super::plan::Trouble;
use crate::clock::SharedClock;

/// Where a body of unknown length is cut that is to be cut half way, in bytes.
const SOMEWHERE: u64 = 1000;
/// How often a second a slow body gets on.
const SLOW_STEPS_PER_SECOND: u64 = 20;
/// How long a body that is cut waits for the connection to pass on what came before.
const DRAIN_DELAY: Duration = Duration::from_millis(20);
/// Length of the checksum and size at the end of a gzip file, in bytes.
const TRAILER_BYTES: u64 = 8;

/// The answer with its body in trouble. `stored` tells that it comes from the storage, where bytes can be wrong.
pub(super) fn spoil(answer: Response, trouble: &Trouble, stored: bool, clock: &SharedClock) -> Response {
    let (mut parts, body) = answer.into_parts();
    let known = body
        .size_hint()
        .exact()
        .or_else(|| parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok()));
    if known == Some(0) {
        return Response::from_parts(parts, body);
    }
    let good = stored && parts.status.is_success();
    let packed = parts.headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding == "gzip");
    let mut feed = Feed {
        inner: body.into_data_stream(),
        rest: Bytes::new(),
        sent: 0,
        end: None,
        truncate: trouble.truncate.map(|at| at.unwrap_or(known.map_or(SOMEWHERE, |length| length / 2))),
        stall: trouble.stall.map(|at| at.unwrap_or(known.map_or(SOMEWHERE, |length| length / 2))),
        flip: None,
        slow: trouble.slow,
        clock: clock.clone(),
    };
    if let Some(mut length) = known {
        if good && trouble.wrong_hash {
            feed.flip = Some(length / 2);
        }
        if good && trouble.wrong_trailer && packed {
            feed.flip = length.checked_sub(TRAILER_BYTES);
        }
        if good && trouble.wrong_length {
            length -= 1;
            feed.end = Some(length);
        }
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    let stream = futures::stream::unfold(Some(feed), |feed| async move {
        let mut feed = feed?;
        match feed.next().await {
            Some(Ok(chunk)) => Some((Ok(chunk), Some(feed))),
            Some(Err(error)) => Some((Err(error), None)),
            None => None,
        }
    });
    Response::from_parts(parts, Body::from_stream(stream))
}

/// A connection that is closed before anything is answered.
pub(super) fn hang_up() -> Response {
    // The head waits for the first piece of the body, and goes with it.
    let stream = futures::stream::once(async { Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset)) });
    Response::new(Body::from_stream(stream))
}

struct Feed {
    inner: BodyDataStream,
    rest: Bytes,
    sent: u64,
    /// Where it ends as if that were all.
    end: Option<u64>,
    truncate: Option<u64>,
    stall: Option<u64>,
    /// Which byte is another.
    flip: Option<u64>,
    slow: Option<u64>,
    clock: SharedClock,
}

impl Feed {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if self.truncate == Some(self.sent) {
            // The connection drops what it has not passed on when a body fails. Only real time lets that get out.
            tokio::time::sleep(DRAIN_DELAY).await;
            return Some(Err(io::Error::from(io::ErrorKind::ConnectionReset)));
        }
        if self.stall == Some(self.sent) {
            std::future::pending::<()>().await;
        }
        if self.end == Some(self.sent) {
            return None;
        }
        while self.rest.is_empty() {
            match self.inner.next().await? {
                Ok(chunk) => self.rest = chunk,
                Err(error) => return Some(Err(io::Error::other(error))),
            }
        }
        let mut count = self.rest.len() as u64;
        for stop in [self.truncate, self.stall, self.end].into_iter().flatten() {
            count = count.min(stop.checked_sub(self.sent).filter(|left| *left > 0).unwrap_or(count));
        }
        if let Some(rate) = self.slow {
            count = count.min((rate / SLOW_STEPS_PER_SECOND).max(1));
            self.clock.sleep(Duration::from_secs_f64(count as f64 / rate as f64)).await;
        }
        let mut chunk = self.rest.split_to(count as usize);
        if let Some(at) = self.flip.filter(|at| (self.sent..self.sent + count).contains(at)) {
            let mut bytes = BytesMut::from(&chunk[..]);
            if let Some(byte) = bytes.get_mut((at - self.sent) as usize) {
                *byte ^= 0x20;
            }
            chunk = bytes.freeze();
        }
        self.sent += count;
        Some(Ok(chunk))
    }
}
