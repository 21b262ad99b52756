//! Digests that are made beside what moves the bytes: a thread for each algorithm.

use std::io;
use std::thread;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::digest::{Algorithm, Checksum, Digests};
use crate::error::{Error, Result};

/// Pieces that wait for each thread: one that is slow for a moment holds up nobody, and memory stays flat.
const HASHING_QUEUE_PIECES: usize = 2;

/// Digests of content that is still arriving, each made by a thread of its own.
///
/// Hashing costs more than moving bytes over a fast network, and SHA-512 twice as much as all the rest.
/// Threads that nobody waits for any more end by themselves.
pub(super) struct Hashing(Vec<Hasher>);

struct Hasher {
    pieces: mpsc::Sender<Bytes>,
    outcome: oneshot::Receiver<Vec<Checksum>>,
}

impl Hashing {
    /// Starts a thread for each of these.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(algorithms: &[Algorithm]) -> Result<Self> {
        let start = |algorithm: &Algorithm| Hasher::start(*algorithm);
        let hashers = algorithms.iter().map(start).collect::<io::Result<_>>();
        hashers.map(Self).map_err(|source| Error::failed("cannot start a thread that hashes").caused_by(source))
    }

    /// Whether there is nothing to compute.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Hands over the next bytes, from a thread that may wait.
    pub(super) fn feed(&self, piece: &Bytes) {
        for hasher in &self.0 {
            // One that has ended has no outcome, which `finish` tells.
            drop(hasher.pieces.blocking_send(piece.clone()));
        }
    }

    /// Hands over the next bytes.
    pub(super) async fn send(&self, piece: &Bytes) {
        for hasher in &self.0 {
            drop(hasher.pieces.send(piece.clone()).await);
        }
    }

    /// The digests of all that was handed over.
    ///
    /// # Errors
    /// When a thread broke off.
    pub(super) async fn finish(self) -> Result<Vec<Checksum>> {
        let mut checksums = Vec::new();
        for outcome in self.end() {
            checksums.extend(outcome.await.map_err(broken)?);
        }
        Ok(checksums)
    }

    /// [`Hashing::finish`] for a thread that may wait.
    pub(super) fn wait(self) -> Result<Vec<Checksum>> {
        let mut checksums = Vec::new();
        for outcome in self.end() {
            checksums.extend(outcome.blocking_recv().map_err(broken)?);
        }
        Ok(checksums)
    }

    /// Lets all threads come to their end at the same time.
    fn end(self) -> Vec<oneshot::Receiver<Vec<Checksum>>> {
        self.0.into_iter().map(|hasher| hasher.outcome).collect()
    }
}

impl Hasher {
    fn start(algorithm: Algorithm) -> io::Result<Self> {
        let (pieces, mut arriving) = mpsc::channel::<Bytes>(HASHING_QUEUE_PIECES);
        let (end, outcome) = oneshot::channel();
        thread::Builder::new().name(algorithm.name().to_owned()).spawn(move || {
            let mut digests = Digests::new(&[algorithm]);
            while let Some(piece) = arriving.blocking_recv() {
                digests.update(&piece);
            }
            // Nobody may want to know any more.
            drop(end.send(digests.finish()));
        })?;
        Ok(Self { pieces, outcome })
    }
}

fn broken(source: oneshot::error::RecvError) -> Error {
    Error::failed("hashing broke off").caused_by(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn threads_make_the_digests_that_one_makes_alone() {
        let algorithms = [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512];
        let pieces: Vec<Bytes> = (0..50_u8).map(|byte| Bytes::from(vec![byte; 999])).collect();
        let mut alone = Digests::new(&algorithms);
        let hashing = Hashing::start(&algorithms).unwrap();
        for piece in &pieces {
            alone.update(piece);
            hashing.send(piece).await;
        }
        let alone = alone.finish();
        assert_eq!(hashing.finish().await.unwrap(), alone);
        let waited = tokio::task::spawn_blocking(move || {
            let hashing = Hashing::start(&algorithms).unwrap();
            pieces.iter().for_each(|piece| hashing.feed(piece));
            hashing.wait().unwrap()
        });
        assert_eq!(waited.await.unwrap(), alone);
    }
}
