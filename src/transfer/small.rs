//! Small files: fetched into memory, verified there, put on the disk in one go.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::decode;
use super::digest::{self, Digests};
use super::head::Encoding;
use super::place::Place;
use super::writer::{self, Check, Written, undecodable};
use crate::error::{Error, Result};

/// What is not larger is fetched into memory first: a file for it is not worth resuming.
pub(super) const SMALL: u64 = 256 << 10;
/// Decoded content up to here is kept in memory.
const MOST_DECODED: u64 = 8 << 20;
/// What takes no longer is done where it comes up: to hand it to another thread and to wake up for its end takes
/// two switches of the processor, about as long.
const QUICK: Duration = Duration::from_micros(300);

/// How long small files take to be verified and put on this disk, as the last one had it.
#[derive(Debug)]
pub struct Pace {
    nanoseconds: AtomicU64,
    /// Held by the first file, while it is put.
    first: tokio::sync::Mutex<()>,
}

/// Nothing was put yet.
const UNKNOWN: u64 = u64::MAX;

impl Default for Pace {
    /// Of a disk that nothing is known of.
    fn default() -> Self {
        Self { nanoseconds: AtomicU64::new(UNKNOWN), first: tokio::sync::Mutex::default() }
    }
}

impl Pace {
    fn is_known(&self) -> bool {
        self.nanoseconds.load(Ordering::Relaxed) != UNKNOWN
    }

    /// Waits until a first file has been put, or makes this the first one.
    ///
    /// Dozens may arrive at once. A thread for each of them would be made in vain where the disk is quick.
    async fn wait_for_first(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        if self.is_known() {
            return None;
        }
        let first = self.first.lock().await;
        (!self.is_known()).then_some(first)
    }

    fn is_quick(&self) -> bool {
        u128::from(self.nanoseconds.load(Ordering::Relaxed)) <= QUICK.as_nanos()
    }

    fn saw(&self, took: Duration) {
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(UNKNOWN).min(UNKNOWN - 1);
        self.nanoseconds.store(nanoseconds, Ordering::Relaxed);
    }

    fn timed<T>(&self, work: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let outcome = work();
        self.saw(begun.elapsed());
        outcome
    }
}

/// Verifies content that is in memory, and writes it: on this thread where that is quick, or else on one that may
/// wait for the disk.
///
/// # Errors
/// [`crate::error::Kind::Failed`] when it is not what it should be, or cannot be written.
pub(super) async fn write(body: Bytes, place: &Place, check: Check, keep: bool, pace: &Arc<Pace>) -> Result<Written> {
    let _first = pace.wait_for_first().await;
    // Compressed content may be a lot more than it looks.
    if pace.is_quick() && check.encoding == Encoding::Identity {
        return pace.timed(|| small_file(&body, place, &check, keep));
    }
    let (place, pace) = (place.clone(), Arc::clone(pace));
    let work = tokio::task::spawn_blocking(move || pace.timed(|| small_file(&body, &place, &check, keep)));
    work.await.map_err(|source| Error::failed("writing broke off").caused_by(source))?
}

fn small_file(body: &Bytes, place: &Place, check: &Check, keep: bool) -> Result<Written> {
    let mut stored = Digests::new(&digest::algorithms(&check.stored));
    stored.update(body);
    digest::verify(&check.what, &check.stored, &stored.finish())?;
    let decoded = match check.encoding {
        Encoding::Identity => body.clone(),
        encoding => {
            let mut decoded = Vec::new();
            let mut reader = decode::reader(encoding, body.as_ref()).take(MOST_DECODED);
            reader.read_to_end(&mut decoded).map_err(|source| undecodable(&check.what, source))?;
            if decoded.len() as u64 == MOST_DECODED {
                // A little that is a lot when it is decoded goes by way of a file.
                return writer::from_memory(body, place, check, keep);
            }
            Bytes::from(decoded)
        }
    };
    let mut content = Digests::new(&check.of_content());
    content.update(&decoded);
    let checksums = content.finish();
    digest::verify(&check.what, &check.content, &checksums)?;
    check.length_of_content(decoded.len() as u64)?;
    place.put(&decoded, keep)?;
    Ok(Written { bytes: decoded.len() as u64, checksums })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check() -> Check {
        Check {
            what: "x".to_owned(),
            encoding: Encoding::Identity,
            length: Some(7),
            content_length: None,
            stored: Vec::new(),
            content: Vec::new(),
        }
    }

    /// Whether a file was written before anything else was done, with the only other thread being busy.
    fn is_written_here(pace: Pace) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::resolve(&folder.path().join("x")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            let (release, released) = std::sync::mpsc::channel::<()>();
            let other = tokio::task::spawn_blocking(move || released.recv());
            let pace = Arc::new(pace);
            let mut writing = std::pin::pin!(write(Bytes::from_static(b"content"), &place, check(), false, &pace));
            let is_here = match futures::poll!(&mut writing) {
                std::task::Poll::Ready(written) => written.is_ok(),
                std::task::Poll::Pending => {
                    release.send(()).unwrap();
                    writing.await.unwrap();
                    false
                }
            };
            drop(release);
            drop(other.await);
            assert_eq!(std::fs::read(&place.target).unwrap(), b"content");
            assert!(pace.is_known(), "how long it took is known now");
            is_here
        })
    }

    #[test]
    fn another_thread_waits_for_a_disk_unless_the_last_file_was_quick() {
        let after = |took| {
            let pace = Pace::default();
            pace.saw(took);
            is_written_here(pace)
        };
        assert!(!is_written_here(Pace::default()), "nothing is known of the disk yet");
        assert!(after(QUICK));
        assert!(!after(QUICK + Duration::from_nanos(1)));
        assert!(!after(Duration::MAX));
    }
    #[tokio::test]
    async fn all_wait_for_the_first_file_and_then_for_none() {
        let pace = Pace::default();
        let first = pace.wait_for_first().await;
        assert!(first.is_some());
        let mut second = std::pin::pin!(pace.wait_for_first());
        let mut third = std::pin::pin!(pace.wait_for_first());
        assert!(futures::poll!(&mut second).is_pending() && futures::poll!(&mut third).is_pending());
        pace.saw(Duration::MAX);
        drop(first);
        assert!(second.await.is_none() && third.await.is_none(), "they may go side by side");
        assert!(pace.wait_for_first().await.is_none());
    }

    #[tokio::test]
    async fn when_the_first_file_is_given_up_another_one_is_the_first() {
        let pace = Pace::default();
        drop(pace.wait_for_first().await);
        assert!(pace.wait_for_first().await.is_some());
    }
}
