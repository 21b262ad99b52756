//! Downloads to any writer, or into memory: decoded on the way, verified at the end.

use std::io::{self, Read};
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;

use super::decode;
use super::digest::{self, Digests};
use super::head::Encoding;
use super::job::{Connection, Job, Stop};
use super::options::{Downloaded, Event, Options};
use super::source::ContentSource;
use super::writer::{Check, undecodable};
use crate::client::Client;
use crate::error::{Error, Kind, Result};

const STREAM_QUEUE_PIECES: usize = 8;
const COPY_BUFFER_BYTES: usize = 1 << 16;
/// How often in a row a stream may be read again and bring nothing new.
const MAX_FRUITLESS_RESTARTS: u32 = 6;
const RESTART_DELAY: Duration = Duration::from_secs(3);

/// Downloads to a writer. A broken connection is continued where it broke off.
///
/// What was written when an error is returned is a beginning of the content, or has the wrong
/// digest: only with `Ok` is it right. Use [`super::to_file`] where that matters.
///
/// # Errors
/// Those of [`super::to_file`], and those of the writer.
pub async fn to_writer(
    client: &Client,
    source: &ContentSource,
    out: &mut (impl AsyncWrite + Unpin),
    options: &Options,
) -> Result<Downloaded> {
    let job = Job::new(client, source, options);
    let outcome = copy(&job, out).await;
    job.ended(outcome).await
}

/// Downloads into memory, verified; at most `limit` bytes.
///
/// # Errors
/// Those of [`super::to_file`]; [`crate::error::Kind::Failed`] when there is more.
pub async fn to_buffer(client: &Client, source: &ContentSource, limit: usize, options: &Options) -> Result<Vec<u8>> {
    let mut buffer = Limited { bytes: Vec::new(), limit };
    to_writer(client, source, &mut buffer, options).await?;
    Ok(buffer.bytes)
}

struct Limited {
    bytes: Vec<u8>,
    limit: usize,
}

impl AsyncWrite for Limited {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        if bytes.len() > self.limit - self.bytes.len() {
            return std::task::Poll::Ready(Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("there are more than {} bytes", self.limit),
            )));
        }
        self.bytes.extend_from_slice(bytes);
        std::task::Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}

/// What the output has got so far.
#[derive(Default)]
struct Passed {
    bytes: u64,
    /// Kept only where it may be needed to check that what comes anew begins like this: of a stream that cannot be
    /// asked for from the middle.
    digest: Option<Sha256>,
}

impl Passed {
    fn add(&mut self, piece: &[u8]) {
        self.bytes += piece.len() as u64;
        if let Some(digest) = &mut self.digest {
            digest.update(piece);
        }
    }
}

/// Copies the content to `out`.
///
/// A stream that cannot be asked for from the middle, such as the log of a running task, is read from its beginning
/// when its connection breaks, and goes on when that beginning is what was written already.
pub(super) async fn copy(job: &Job<'_>, out: &mut (impl AsyncWrite + Unpin)) -> Result<Downloaded> {
    let mut passed = Passed::default();
    let mut fruitless = 0;
    loop {
        let before = passed.bytes;
        let error = match attempt(job, out, &mut passed).await {
            Ok(found) => return Ok(found),
            Err(Stop::Failed(error)) if !job.is_live() || error.kind() != Kind::Unavailable => return Err(error),
            Err(Stop::Failed(error)) => error,
            Err(Stop::Changed) => changed(&job.what),
        };
        fruitless = if passed.bytes > before { 0 } else { fruitless + 1 };
        if !job.is_live() || job.client.retries() == 0 || fruitless > MAX_FRUITLESS_RESTARTS {
            return Err(error);
        }
        tracing::debug!(what = job.what, written = passed.bytes, error = error.message(), "reading it again");
        job.options.tell(&Event::Restarted { what: &job.what });
        job.expect(None);
        job.relocate().await;
        if fruitless > 0 {
            // Where the log of a task is changes when the task ends, and that may take a while.
            job.client.clock().sleep(RESTART_DELAY).await;
        }
    }
}

fn changed(what: &str) -> Error {
    Error::failed(format!("{what} changed while it was downloaded"))
        .hint("What was written is of two versions. Run the command again, to a file if it happens often.")
}

/// Reads all of it once, and hands on what the output does not have yet.
async fn attempt(job: &Job<'_>, out: &mut (impl AsyncWrite + Unpin), passed: &mut Passed) -> Result<Downloaded, Stop> {
    let location = job.location().await?;
    let (connection, head) = job.open(None).await?;
    let mut content = location.demands(job.options);
    content.extend(head.content.iter().cloned());
    let (encoding, length) = (head.version.encoding, head.version.length);
    let (what, content_length) = (job.what.clone(), head.content_length);
    let check = Check { what, encoding, length, content_length, stored: head.stored, content };
    if job.is_live() && passed.bytes == 0 {
        passed.digest = Some(Sha256::new());
    }
    job.options.tell(&Event::Begun { what: &job.what, length, here: 0 });
    // Decoding blocks and computes, so it has a thread; both queues are short.
    let (feed, stored) = mpsc::channel(STREAM_QUEUE_PIECES);
    let (pieces, mut decoded) = mpsc::channel(STREAM_QUEUE_PIECES);
    let digests = Digests::new(&check.of_content());
    let decoding = tokio::task::spawn_blocking(move || decode_all(encoding, stored, &pieces, digests));
    let mut again = Again::new(passed);
    let write = async {
        let mut bytes = 0;
        while let Some(piece) = decoded.recv().await {
            let piece: Bytes = piece;
            bytes += piece.len() as u64;
            let Some(fresh) = again.fresh(piece) else { return Ok(None) };
            if !fresh.is_empty() {
                out.write_all(&fresh).await?;
                passed.add(&fresh);
                // Who reads along wants it now.
                if job.is_live() {
                    out.flush().await?;
                }
            }
        }
        // An error here must end the decoding, too.
        drop(decoded);
        out.flush().await?;
        io::Result::Ok(Some(bytes))
    };
    let fetch = fetch(job, connection, feed, &check);
    let (fetched, written) = futures::future::join(fetch, write).await;
    let bytes = written.map_err(|source| Error::io("write", "the output", source))?;
    let Some(bytes) = bytes else { return Err(changed(&job.what).into()) };
    fetched?;
    let outcome = decoding.await.map_err(|source| Error::failed("decoding broke off").caused_by(source))?;
    let checksums = outcome.map_err(|source| undecodable(&job.what, source))?.finish();
    digest::verify(&job.what, &check.content, &checksums)?;
    check.length_of_content(bytes)?;
    if !again.is_over() {
        return Err(changed(&job.what).into());
    }
    Ok(Downloaded { bytes, checksums, content_type: head.content_type, ..Downloaded::default() })
}

/// What comes a second time, and must be what came the first time.
struct Again {
    left: u64,
    /// Of what comes now, and of what came before.
    digests: Option<(Sha256, Sha256)>,
}

impl Again {
    fn new(passed: &Passed) -> Self {
        let digests = passed.digest.clone().filter(|_| passed.bytes > 0).map(|before| (Sha256::new(), before));
        Self { left: passed.bytes, digests }
    }

    /// Whether all has come again.
    fn is_over(&self) -> bool {
        self.left == 0
    }

    /// What of a piece is new; none when the beginning is another one than before.
    fn fresh(&mut self, mut piece: Bytes) -> Option<Bytes> {
        if self.left == 0 {
            return Some(piece);
        }
        let known = usize::try_from(self.left).unwrap_or(usize::MAX).min(piece.len());
        self.left -= known as u64;
        let fresh = piece.split_off(known);
        let (now, before) = self.digests.as_mut()?;
        now.update(&piece);
        let is_same = self.left > 0 || now.clone().finalize() == before.clone().finalize();
        is_same.then_some(fresh)
    }
}

/// Hands the bytes on the wire to the thread that decodes.
async fn fetch(
    job: &Job<'_>,
    mut connection: Connection<'_>,
    feed: mpsc::Sender<Bytes>,
    check: &Check,
) -> Result<(), Stop> {
    let mut stored = Digests::new(&digest::algorithms(&check.stored));
    while let Some(piece) = connection.next().await? {
        stored.update(&piece);
        job.options.tell(&Event::Bytes { what: &job.what, count: piece.len() as u64 });
        if feed.send(piece).await.is_err() {
            // Decoding has failed, and says itself how.
            return Ok(());
        }
    }
    digest::verify(&check.what, &check.stored, &stored.finish()).map_err(Stop::Failed)
}

/// Decodes until the pieces end.
fn decode_all(
    encoding: Encoding,
    stored: mpsc::Receiver<Bytes>,
    pieces: &mpsc::Sender<Bytes>,
    mut digests: Digests,
) -> io::Result<Digests> {
    let mut reader = decode::reader(encoding, Pieces { stored, piece: Bytes::new() });
    let mut buffer = vec![0; COPY_BUFFER_BYTES];
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            return Ok(digests);
        }
        digests.update(&buffer[..read]);
        if pieces.blocking_send(Bytes::copy_from_slice(&buffer[..read])).is_err() {
            // Nobody wants more; whoever stopped reading says why.
            return Ok(digests);
        }
    }
}

struct Pieces {
    stored: mpsc::Receiver<Bytes>,
    piece: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() {
            // No sender means the end, or an error that the sender tells.
            let Some(piece) = self.stored.blocking_recv() else { return Ok(0) };
            self.piece = piece;
        }
        let count = out.len().min(self.piece.len());
        out[..count].copy_from_slice(&self.piece.split_to(count));
        Ok(count)
    }
}
