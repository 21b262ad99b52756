//! Downloads to any writer, or into memory: decoded on the way, verified at the end.

use std::io::{self, Read};
use std::sync::atomic::Ordering;

use bytes::Bytes;
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
use crate::error::{Error, Result};

const STREAM_QUEUE_PIECES: usize = 8;
const COPY_BUFFER_BYTES: usize = 1 << 16;

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
    options.tell(&Event::Ended { what: &job.what });
    let found = outcome?;
    Ok(Downloaded {
        transferred: job.transferred.load(Ordering::Relaxed),
        retries: job.retries.load(Ordering::Relaxed),
        url: job.shown_url().await,
        ..found
    })
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

/// Copies the content to `out`.
pub(super) async fn copy(job: &Job<'_>, out: &mut (impl AsyncWrite + Unpin)) -> Result<Downloaded> {
    let changed = || {
        Error::failed(format!("{} changed while it was downloaded", job.what))
            .hint("What was written is of two versions. Run the command again, to a file if it happens often.")
    };
    let told = |stop| match stop {
        Stop::Changed => changed(),
        Stop::Failed(error) => error,
    };
    let location = job.location().await?;
    let (connection, head) = job.open(None).await.map_err(told)?;
    let mut content = location.demands(job.options);
    content.extend(head.content.iter().cloned());
    let (encoding, length) = (head.version.encoding, head.version.length);
    let (what, content_length) = (job.what.clone(), head.content_length);
    let check = Check { what, encoding, length, content_length, stored: head.stored, content };
    job.options.tell(&Event::Begun { what: &job.what, length, here: 0 });
    // Decoding blocks and computes, so it has a thread; both queues are short.
    let (feed, stored) = mpsc::channel(STREAM_QUEUE_PIECES);
    let (pieces, mut decoded) = mpsc::channel(STREAM_QUEUE_PIECES);
    let digests = Digests::new(&check.of_content());
    let decoding = tokio::task::spawn_blocking(move || decode_all(encoding, stored, &pieces, digests));
    let write = async {
        let mut bytes = 0;
        while let Some(piece) = decoded.recv().await {
            let piece: Bytes = piece;
            out.write_all(&piece).await?;
            bytes += piece.len() as u64;
        }
        // An error here must end the decoding, too.
        drop(decoded);
        out.flush().await?;
        io::Result::Ok(bytes)
    };
    let fetch = async { fetch(job, connection, feed, &check).await.map_err(told) };
    let (fetched, written) = futures::future::join(fetch, write).await;
    let bytes = written.map_err(|source| Error::io("write", "the output", source))?;
    fetched?;
    let outcome = decoding.await.map_err(|source| Error::failed("decoding broke off").caused_by(source))?;
    let checksums = outcome.map_err(|source| undecodable(&job.what, source))?.finish();
    digest::verify(&job.what, &check.content, &checksums)?;
    check.length_of_content(bytes)?;
    Ok(Downloaded { bytes, checksums, content_type: head.content_type, ..Downloaded::default() })
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
