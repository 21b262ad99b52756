//! The thread that writes what arrives, has it hashed and synced on the way, and finishes the file.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::awaited::{Awaited, Waiter};
use super::decode;
use super::digest::{self, Algorithm, Checksum, Demand, Digests};
use super::flush::Flusher;
use super::hashing::Hashing;
use super::head::Encoding;
use super::own;
use super::part::{PartialFile, SUFFIXES, read_at, write_at};
use super::place::Place;
use super::plan::Ranges;
use crate::error::{Error, Result};

/// Pieces on their way to the disk: enough to keep both sides busy, few enough for flat memory.
const WRITER_QUEUE_PIECES: usize = 3;
/// How often it is written down which bytes are here.
const STATE_SAVE_INTERVAL: Duration = Duration::from_millis(100);
const READ_BUFFER_BYTES: usize = 1 << 18;
/// What is hashed from the file, in buffers, for each piece that comes out of order.
const CATCH_UP_BUFFERS: usize = 4;
/// Bytes that the record of an unfinished file surely fits into.
const STATE_MAX_BYTES: u64 = 64 << 10;

/// What the file must be in the end.
#[derive(Debug, Clone)]
pub(super) struct Check {
    pub(super) what: String,
    pub(super) encoding: Encoding,
    /// Bytes on the wire, where it is known.
    pub(super) length: Option<u64>,
    /// Bytes of content, where it is known.
    pub(super) content_length: Option<u64>,
    /// What the bytes on the wire must be.
    pub(super) stored: Vec<Demand>,
    /// What the content must be.
    pub(super) content: Vec<Demand>,
}

impl Check {
    /// Digests to make of the content: those that are demanded, and one for the record.
    pub(super) fn of_content(&self) -> Vec<Algorithm> {
        let mut all = digest::algorithms(&self.content);
        if !all.contains(&Algorithm::Sha256) {
            all.push(Algorithm::Sha256);
        }
        all
    }

    /// Digests to make of the bytes on the wire.
    pub(super) fn of_stored(&self) -> Vec<Algorithm> {
        let mut all = digest::algorithms(&self.stored);
        if self.encoding == Encoding::Identity {
            all.extend(self.of_content());
            all.sort_unstable();
            all.dedup();
        }
        all
    }

    /// Checks the length of content.
    pub(super) fn length_of_content(&self, found: u64) -> Result<()> {
        match self.content_length.filter(|wanted| *wanted != found) {
            Some(wanted) => Err(Error::failed(format!(
                "{} is not what it should be: it has {found} bytes, but its storage says {wanted}",
                self.what
            ))),
            None => Ok(()),
        }
    }
}

/// What a finished file is.
#[derive(Debug)]
pub(super) struct FinishedFile {
    pub(super) bytes: u64,
    pub(super) checksums: Vec<Checksum>,
    /// The file that was there already has this content, and was left alone.
    pub(super) was_there: bool,
}

enum Message {
    Piece(u64, Bytes),
    Finish { keep: bool },
}

/// The thread, as seen from the one that fetches.
pub(super) struct Writer {
    sender: mpsc::Sender<Message>,
    thread: JoinHandle<(Option<PartialFile>, Result<Option<FinishedFile>>)>,
    /// Without it the thread leaves what is here for another call, and does no more.
    waiting: Waiter,
}

impl Writer {
    pub(super) fn start(part: PartialFile, place: Place, here: Ranges, check: Check) -> Self {
        let (sender, receiver) = mpsc::channel(WRITER_QUEUE_PIECES);
        let (waiting, awaited) = Waiter::new();
        let thread = tokio::task::spawn_blocking(move || match Hashing::start(&check.of_stored()) {
            Ok(hashing) => Writing::new(part, here, hashing, awaited).run(receiver, &place, &check),
            Err(error) => (Some(part), Err(error)),
        });
        Self { sender, thread, waiting }
    }

    /// Hands over bytes; false when the thread has given up, and [`Writer::stop`] says why.
    pub(super) async fn write(&self, offset: u64, piece: Bytes) -> bool {
        self.sender.send(Message::Piece(offset, piece)).await.is_ok()
    }

    /// Verifies and finishes the file.
    pub(super) async fn finish(self, keep: bool) -> Result<FinishedFile> {
        // When the thread has given up, its own error is the one to tell.
        drop(self.sender.send(Message::Finish { keep }).await);
        drop(self.sender);
        let ended = self.thread.await;
        drop(self.waiting);
        let (_, outcome) = ended.map_err(lost)?;
        outcome?.ok_or_else(|| Error::failed("the file was not finished"))
    }

    /// Stops in the middle; what is here is kept for another try.
    pub(super) async fn stop(self) -> Result<Option<PartialFile>> {
        drop(self.sender);
        let ended = self.thread.await;
        drop(self.waiting);
        let (part, outcome) = ended.map_err(lost)?;
        outcome.map(|_| part)
    }
}

fn lost(source: tokio::task::JoinError) -> Error {
    Error::failed("writing broke off").caused_by(source)
}

struct Writing {
    part: PartialFile,
    here: Ranges,
    hashing: Hashing,
    /// Bytes that were hashed, or are about to be.
    hashed: u64,
    flusher: Flusher,
    saved: Instant,
    awaited: Awaited,
}

impl Writing {
    fn new(part: PartialFile, here: Ranges, hashing: Hashing, awaited: Awaited) -> Self {
        Self { part, here, hashing, hashed: 0, flusher: Flusher::default(), saved: Instant::now(), awaited }
    }

    fn run(
        mut self,
        mut receiver: mpsc::Receiver<Message>,
        place: &Place,
        check: &Check,
    ) -> (Option<PartialFile>, Result<Option<FinishedFile>>) {
        while let Some(message) = receiver.blocking_recv() {
            match message {
                Message::Piece(offset, piece) => {
                    if let Err(error) = self.piece(offset, &piece) {
                        drop(self.flusher.end());
                        self.keep_what_fits();
                        return (Some(self.part), Err(error));
                    }
                }
                Message::Finish { keep } => return (None, self.finish(place, check, keep).map(Some)),
            }
        }
        let outcome = self.leave();
        (Some(self.part), outcome.map(|()| None))
    }

    fn piece(&mut self, offset: u64, piece: &Bytes) -> Result<()> {
        let length = piece.len() as u64;
        if offset == self.hashed {
            self.hashing.feed(piece);
            self.hashed += length;
        }
        write_at(&self.part.file, piece, offset).map_err(|source| self.unwritten(source))?;
        self.here.add(offset..offset + length);
        self.catch_up(CATCH_UP_BUFFERS)?;
        self.flusher.wrote(length, &self.part.file).map_err(|source| self.unwritten(source))?;
        if self.saved.elapsed() >= STATE_SAVE_INTERVAL {
            self.part.save(&self.here, false)?;
            self.saved = Instant::now();
        }
        Ok(())
    }

    /// After a failure to write: what is here stays. On a full disk its end makes room for its record.
    fn keep_what_fits(&mut self) {
        if self.part.save(&self.here, false).is_ok() {
            return;
        }
        let end = self.here.drop_last(STATE_MAX_BYTES);
        // There is an error already, which says more than that this failed, too.
        drop(self.part.file.set_len(end).is_ok().then(|| self.part.save(&self.here, false)));
    }

    fn unwritten(&self, source: io::Error) -> Error {
        Error::io("write", self.part.path.display(), source)
            .hint("What was fetched so far is kept: the same command goes on from there.")
    }

    /// Keeps what is here for another call.
    fn leave(&mut self) -> Result<()> {
        let synced = self.flusher.end().and_then(|()| self.part.file.sync_data());
        synced.map_err(|source| self.unwritten(source))?;
        self.part.save(&self.here, true)
    }

    /// Hashes what came out of order, or with an earlier call: so many buffers of it, at most.
    fn catch_up(&mut self, buffers: usize) -> Result<()> {
        let end = self.here.prefix();
        if self.hashing.is_empty() {
            return Ok(());
        }
        for _ in 0..buffers {
            if self.hashed >= end {
                break;
            }
            let most = usize::try_from(end - self.hashed).unwrap_or(READ_BUFFER_BYTES).min(READ_BUFFER_BYTES);
            let mut buffer = vec![0; most];
            let read = read_at(&self.part.file, &mut buffer, self.hashed);
            let read = read.map_err(|source| Error::io("read", self.part.path.display(), source))?;
            if read == 0 {
                return Err(Error::failed(format!("{} became shorter meanwhile", self.part.path.display())));
            }
            buffer.truncate(read);
            self.hashing.feed(&Bytes::from(buffer));
            self.hashed += read as u64;
        }
        Ok(())
    }

    fn finish(mut self, place: &Place, check: &Check, keep: bool) -> Result<FinishedFile> {
        let length = check.length.unwrap_or_else(|| self.here.prefix());
        if self.here.prefix() != length || !self.here.fits(length) {
            self.leave()?;
            return Err(Error::failed(format!("{}: bytes are missing", check.what)));
        }
        // Nothing beyond its end belongs to it.
        self.part.file.set_len(length).map_err(|source| self.unwritten(source))?;
        while self.hashed < length && !self.hashing.is_empty() {
            if let Err(source) = self.awaited.check() {
                self.leave()?;
                return Err(self.unwritten(source));
            }
            self.catch_up(CATCH_UP_BUFFERS)?;
        }
        let synced = self.flusher.end();
        synced.map_err(|source| self.unwritten(source))?;
        let found = self.hashing.wait()?;
        if let Err(error) = digest::verify(&check.what, &check.stored, &found) {
            self.part.discard()?;
            return Err(error);
        }
        if check.encoding != Encoding::Identity {
            // Should there be no room for what it decodes to, the next call need not fetch it again.
            self.part.save(&self.here, false)?;
            return decoded(self.part, place, check, keep, &self.awaited);
        }
        if let Err(error) = digest::verify(&check.what, &check.content, &found).and(check.length_of_content(length)) {
            self.part.discard()?;
            return Err(error);
        }
        self.part.publish(place, keep)?;
        Ok(FinishedFile { bytes: length, checksums: found, was_there: false })
    }
}

/// Decodes into another file beside the target, which becomes the final one. What was fetched stays for another call when
/// nobody waits any more.
fn decoded(part: PartialFile, place: &Place, check: &Check, keep: bool, awaited: &Awaited) -> Result<FinishedFile> {
    let from_start = |mut file: File| file.seek(SeekFrom::Start(0)).map(|_| file);
    let stored = part.file.try_clone().and_then(from_start);
    let stored = stored.map_err(|source| Error::io("read", part.path.display(), source))?;
    match decode_to(stored, place, check, keep, awaited) {
        // What is on the way to a full disk need not be fetched again.
        Err(Undecoded::Disk(error)) => Err(error),
        Err(Undecoded::Content(error)) => part.discard().and(Err(error)),
        Ok(written) => part.discard().map(|()| written),
    }
}

/// The same for encoded content that is in memory.
pub(super) fn from_memory(
    stored: &[u8],
    place: &Place,
    check: &Check,
    keep: bool,
    awaited: &Awaited,
) -> Result<FinishedFile> {
    // The other file has one name only, so no other process may be at it.
    let part = PartialFile::open(place)?;
    let outcome = decode_to(stored, place, check, keep, awaited);
    part.discard()?;
    outcome.map_err(|(Undecoded::Disk(error) | Undecoded::Content(error))| error)
}

enum Undecoded {
    /// It would be as wrong another time.
    Content(Error),
    /// There was no place for it.
    Disk(Error),
}

fn decode_to(
    stored: impl Read,
    place: &Place,
    check: &Check,
    keep: bool,
    awaited: &Awaited,
) -> Result<FinishedFile, Undecoded> {
    let path = place.beside(SUFFIXES[3]);
    let outcome = copy_decoded(stored, &path, place, check, awaited);
    let outcome = outcome.and_then(|written| {
        place.publish(&path, keep).map_err(Undecoded::Disk)?;
        Ok(written)
    });
    if outcome.is_err() {
        drop(own::remove(&path));
    }
    outcome
}

fn copy_decoded(
    stored: impl Read,
    path: &Path,
    place: &Place,
    check: &Check,
    awaited: &Awaited,
) -> Result<FinishedFile, Undecoded> {
    let unwritten = |source| Undecoded::Disk(Error::io("write", path.display(), source));
    let mut file = own::create(path).map_err(unwritten)?;
    place.adopt(&file).map_err(unwritten)?;
    let mut reader = decode::reader(check.encoding, stored);
    let mut digests = Digests::new(&check.of_content());
    let (mut buffer, mut bytes) = (vec![0; READ_BUFFER_BYTES], 0);
    loop {
        awaited.check().map_err(unwritten)?;
        let read = reader.read(&mut buffer).map_err(|source| Undecoded::Content(undecodable(&check.what, source)))?;
        if read == 0 {
            break;
        }
        digests.update(&buffer[..read]);
        file.write_all(&buffer[..read]).map_err(unwritten)?;
        bytes += read as u64;
    }
    let checksums = digests.finish();
    digest::verify(&check.what, &check.content, &checksums)
        .and(check.length_of_content(bytes))
        .map_err(Undecoded::Content)?;
    file.sync_all().map_err(unwritten)?;
    Ok(FinishedFile { bytes, checksums, was_there: false })
}

/// The error for content that is not what its encoding says.
pub(super) fn undecodable(what: &str, source: io::Error) -> Error {
    Error::failed(format!("{what} is said to be compressed, and cannot be decompressed"))
        .caused_by(source)
        .hint("The stored content is damaged, or was uploaded with the wrong content encoding.")
}
