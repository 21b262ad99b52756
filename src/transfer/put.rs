//! One upload to a storage: streamed, hashed on the way, tried again from the start.

use std::future::Future;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::stream;
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;
use url::Url;

use super::digest::{Algorithm, Checksum};
use super::hashing::Hashing;
use super::options::{Event, Options};
use super::readers::{PIECE_SIZE, Readers};
use super::storage::{Refusal, reason};
use crate::client::{Client, RawAnswer, RawRequest, host_of, retry};
use crate::error::{Error, Kind, Result};
use crate::reference::Verb;

/// Pieces on their way to the network.
const UPLOAD_QUEUE_PIECES: usize = 4;
/// A storage may need a while to take in what it got.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// Where to put something.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) url: Url,
    /// Sent exactly as they are.
    pub(super) headers: Vec<(String, String)>,
}

/// What is uploaded, and how.
pub(super) struct Put<'a> {
    pub(super) client: &'a Client,
    pub(super) what: &'a str,
    pub(super) readers: &'a dyn Readers,
    /// Digests to make on the way.
    pub(super) algorithms: &'a [Algorithm],
    pub(super) options: &'a Options,
}

/// Uploads, with retries; `slot` says where to, and is asked again when that is past its time.
/// Returns the digests and how many tries failed.
pub(super) async fn put<Slots>(put: &Put<'_>, mut slot: impl FnMut() -> Slots) -> Result<(Vec<Checksum>, u64)>
where
    Slots: Future<Output = Result<Slot>>,
{
    let (mut tries, mut renewed) = (0_u32, false);
    let mut place = slot().await?;
    put.options.tell(&Event::Begun { what: put.what, length: Some(put.readers.length()), here: 0 });
    loop {
        tries += 1;
        let (error, asked) = match put.once(&place).await {
            Ok(checksums) => {
                // The bytes are on the other side; whether they are one version of the file is checked here.
                put.readers.check()?;
                return Ok((checksums, u64::from(tries - 1)));
            }
            Err(Refusal::Expired(_)) if !renewed => {
                // That is no failure, and the next URL may expire on its way, too.
                (renewed, tries) = (true, tries - 1);
                place = slot().await?;
                continue;
            }
            Err(Refusal::Passing(error, wait)) => (error, wait),
            Err(Refusal::Expired(error) | Refusal::Lasting(error)) => return Err(error),
            Err(Refusal::Changed) => return Err(changed(put.what)),
        };
        let passing = retry::Failure::Passing { retry_after: asked };
        match retry::decide(passing, tries, put.client.retries(), fastrand::f64()) {
            retry::Decision::Retry(wait) => {
                put.options.tell(&Event::Retrying { what: put.what, because: error.message() });
                tracing::debug!(what = put.what, error = error.message(), ?wait, "uploading again");
                if asked.is_some() {
                    put.client.announce(put.what, wait);
                }
                put.client.clock().sleep(wait).await;
                put.options.tell(&Event::Restarted { what: put.what });
                put.options.tell(&Event::Begun { what: put.what, length: Some(put.readers.length()), here: 0 });
            }
            decision => return Err(retry::worded(decision, error, tries)),
        }
    }
}

fn changed(what: &str) -> Error {
    Error::failed(format!("{what}: its length changed while it was uploaded"))
        .hint("Upload it again when nothing writes to it any more.")
}

impl Put<'_> {
    async fn once(&self, slot: &Slot) -> Result<Vec<Checksum>, Refusal> {
        let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(UPLOAD_QUEUE_PIECES);
        let pieces =
            stream::unfold(receiver, |mut receiver| async { receiver.recv().await.map(|piece| (piece, receiver)) });
        let mut headers = slot.headers.clone();
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
            headers.push(("Content-Length".to_owned(), self.readers.length().to_string()));
        }
        let request = RawRequest {
            what: self.what,
            verb: Verb::Put,
            url: &slot.url,
            headers: &headers,
            body: Some(reqwest::Body::wrap_stream(pieces)),
            stall: self.options.stall,
        };
        let mut produce = std::pin::pin!(self.produce(sender));
        let mut send = std::pin::pin!(self.client.send_raw(request));
        let mut hashing = None;
        let answer = loop {
            tokio::select! {
                produced = &mut produce, if hashing.is_none() => match produced {
                    Ok(found) => hashing = Some(found),
                    Err(refusal) => return Err(refusal),
                },
                outcome = &mut send => break outcome,
                () = tokio::time::sleep(self.taking_in()), if hashing.is_some() => {
                    return Err(Refusal::Passing(self.silent(self.taking_in()), None));
                }
            }
        };
        let answer = answer.map_err(Refusal::Lasting)??;
        self.judge(slot, &answer)?;
        // The answer may come before the end of the file was seen here: it was expected by its length.
        let hashing = match hashing {
            Some(hashing) => hashing,
            None => produce.await?,
        };
        match hashing {
            Some(hashing) => hashing.finish().await.map_err(Refusal::Lasting),
            // It was content with less than all of it.
            None => Err(Refusal::Lasting(Error::failed(format!("{}: the storage did not take all of it", self.what)))),
        }
    }

    /// How long the storage may take nothing.
    fn stall(&self) -> Duration {
        self.client.given_timeout().map_or(self.options.stall, |limit| limit.min(self.options.stall))
    }

    /// How long the storage may take to answer once it has everything.
    fn taking_in(&self) -> Duration {
        self.client.given_timeout().unwrap_or_else(|| ANSWER_TIMEOUT.max(self.options.stall))
    }

    fn silent(&self, length: Duration) -> Error {
        let seconds = length.as_secs_f64();
        Error::new(Kind::Unavailable, format!("{}: the storage did not move for {seconds} s", self.what))
    }

    /// Reads, has it hashed and hands it over; none when the other side wants no more.
    async fn produce(&self, sender: mpsc::Sender<std::io::Result<Bytes>>) -> Result<Option<Hashing>, Refusal> {
        let unread = |source| Refusal::Lasting(Error::io("read", self.what, source));
        let mut reader = self.readers.open().await.map_err(unread)?;
        let hashing = Hashing::start(self.algorithms).map_err(Refusal::Lasting)?;
        let mut left = self.readers.length();
        loop {
            let mut piece = BytesMut::with_capacity(PIECE_SIZE);
            // A reader may bring little at a time, and small pieces are slow ones.
            while piece.len() < PIECE_SIZE && reader.read_buf(&mut piece).await.map_err(unread)? > 0 {}
            if piece.is_empty() {
                return if left == 0 { Ok(Some(hashing)) } else { Err(Refusal::Changed) };
            }
            left = left.checked_sub(piece.len() as u64).ok_or(Refusal::Changed)?;
            let piece = piece.freeze();
            let count = piece.len() as u64;
            hashing.send(&piece).await;
            match tokio::time::timeout(self.stall(), sender.send(Ok(piece))).await {
                Err(_) => return Err(Refusal::Passing(self.silent(self.stall()), None)),
                // The storage has answered; its answer says more.
                Ok(Err(_)) => return Ok(None),
                Ok(Ok(())) => self.options.tell(&Event::Bytes { what: self.what, count }),
            }
        }
    }

    fn judge(&self, slot: &Slot, answer: &RawAnswer) -> Result<(), Refusal> {
        let host = host_of(&slot.url);
        let error = |kind| {
            let reason = reason(answer);
            Error::new(kind, format!("{}: {host} answered {}{reason} to the upload", self.what, answer.status))
        };
        let now = self.client.clock().now();
        let wait = answer.header("retry-after").and_then(|text| retry::retry_after(text, now));
        match answer.status {
            200..=299 => Ok(()),
            401 | 403 => Err(Refusal::Expired(error(Kind::Failed))),
            408 => Err(Refusal::Passing(error(Kind::Unavailable), wait)),
            status => match retry::failure(status, wait) {
                Some(retry::Failure::Passing { .. }) => Err(Refusal::Passing(error(Kind::Unavailable), wait)),
                _ => Err(Refusal::Lasting(error(Kind::Failed))),
            },
        }
    }
}
