//! Reads an artifact: what arrives is collected here, and expanded and searched on threads for it.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

use crate::client::{Decoder, Encoded, Streamed};
use crate::context::blocking;
use crate::diagnosis::log::Picker;
use crate::diagnosis::report::Report;
use crate::error::Result;

/// What is collected before it is searched, as it arrives, in bytes: to hand over less at once takes longer.
const BATCH_BYTES: usize = 128 << 10;
/// What arrives at once is hardly ever more, in bytes.
const MOST_PIECE_BYTES: usize = 16 << 10;
/// With one for each processor these are idle for a tenth of the time, from the end of a batch until the next one is there.
const SEARCHES_PER_PROCESSOR: usize = 2;
/// Artifacts that are read at once: each has a stream that keeps up to two megabytes.
const MAX_CONCURRENT_STREAMS: usize = 12;
/// When nothing has come from a live log for so long, all that there is has been read.
const CATCH_UP_TIMEOUT: Duration = Duration::from_millis(700);
/// A live log is read for so long at most.
const MAX_LIVE_TIME: Duration = Duration::from_secs(10);
/// An artifact is read up to so many bytes, expanded.
const MAX_READ_BYTES: u64 = 4 << 30;

/// Takes an artifact piece by piece.
pub(super) trait Reader: Send + 'static {
    /// Lets content be added to what is kept, and reads that; returns how much was added.
    ///
    /// # Errors
    /// Those of adding.
    fn read(&mut self, add: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<usize>;

    /// Exchanges the room for content: what is kept is in the other then. Room is lent for as long as a thread reads.
    fn exchange_room(&mut self, room: Vec<u8>) -> Vec<u8>;
}

impl Reader for Picker {
    fn exchange_room(&mut self, room: Vec<u8>) -> Vec<u8> {
        self.exchange_kept(room)
    }

    fn read(&mut self, add: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<usize> {
        self.push_with(add)
    }
}

/// A report, and room for what comes next of it.
pub(super) struct ReportReader {
    pub(super) report: Report,
    room: Vec<u8>,
}

impl ReportReader {
    pub(super) fn new(report: Report) -> Self {
        Self { report, room: Vec::new() }
    }
}

impl Reader for ReportReader {
    fn exchange_room(&mut self, room: Vec<u8>) -> Vec<u8> {
        std::mem::replace(&mut self.room, room)
    }

    fn read(&mut self, add: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<usize> {
        self.room.clear();
        add(&mut self.room)?;
        self.report.push(&self.room);
        Ok(self.room.len())
    }
}

/// What is done on a thread for it.
struct Work<R> {
    reader: R,
    decoder: Decoder,
    batch: Vec<u8>,
    /// Bytes that were read, expanded.
    read: u64,
}

impl<R: Reader> Work<R> {
    fn step(&mut self, is_end: bool, rooms: &Rooms) -> Result<()> {
        let lent = rooms.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        self.reader.exchange_room(lent);
        let outcome = self.search(is_end);
        self.batch.clear();
        let room = self.reader.exchange_room(Vec::new());
        rooms.lock().unwrap_or_else(PoisonError::into_inner).push(room);
        outcome
    }

    fn search(&mut self, is_end: bool) -> Result<()> {
        if self.read == 0 {
            self.decoder.sniff(&self.batch);
        }
        let mut rest = self.batch.as_slice();
        while self.read < MAX_READ_BYTES {
            let added = self.reader.read(|content| self.decoder.decode(&mut rest, content))?;
            if added == 0 {
                break;
            }
            self.read += added as u64;
        }
        // What is cut short was read as far as it can be expanded, but it may lack what matters.
        if is_end && self.read < MAX_READ_BYTES { self.decoder.finish() } else { Ok(()) }
    }
}

/// Reads artifacts, of any number at once.
#[derive(Clone)]
pub(super) struct Reading {
    /// So many search at once: each that does takes room.
    searching: Arc<Semaphore>,
    /// So many artifacts are read at once.
    streams: Arc<Semaphore>,
    rooms: Arc<Rooms>,
}

/// Room for content, as much of it as threads search at once.
type Rooms = Mutex<Vec<Vec<u8>>>;

impl Default for Reading {
    fn default() -> Self {
        let processors = available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            searching: Arc::new(Semaphore::new(SEARCHES_PER_PROCESSOR * processors)),
            streams: Arc::new(Semaphore::new(MAX_CONCURRENT_STREAMS)),
            rooms: Arc::default(),
        }
    }
}

impl Reading {
    /// Waits until an artifact may be read, which it may until the turn is dropped. Whoever has one must not wait for another.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.streams.acquire().await.ok()
    }

    /// Reads all of an artifact; of one that still grows, what there is. With it comes what kept it from reading all: a
    /// connection that broke off, something that cannot be expanded.
    ///
    /// # Errors
    /// When a thread broke off.
    pub(super) async fn read<R: Reader>(&self, stream: Streamed, is_over: bool, reader: R) -> Result<(R, Result<()>)> {
        let (mut encoded, decoder) = stream.split();
        let batch = Vec::with_capacity(BATCH_BYTES + MOST_PIECE_BYTES);
        let mut work = Work { reader, decoder, batch, read: 0 };
        let until = (!is_over).then(|| Instant::now() + MAX_LIVE_TIME);
        loop {
            let collected = collect(&mut encoded, &mut work.batch, until).await;
            // Of what broke off, and of what still grows, the end may be missing.
            let is_whole = is_over && matches!(collected, Ok(true));
            // It is never closed.
            let _permit = self.searching.acquire().await;
            let (rooms, mut mine) = (Arc::clone(&self.rooms), work);
            let searched;
            (work, searched) = blocking(move || {
                let searched = mine.step(is_whole, &rooms);
                Ok((mine, searched))
            })
            .await?;
            match collected.and_then(|is_end| searched.map(|()| is_end)) {
                Ok(false) if work.read < MAX_READ_BYTES => {}
                outcome => return Ok((work.reader, outcome.map(drop))),
            }
        }
    }
}

/// Adds what arrives until there is enough; true at the end.
async fn collect(encoded: &mut Encoded, batch: &mut Vec<u8>, until: Option<Instant>) -> Result<bool> {
    while batch.len() < BATCH_BYTES {
        let next = match until {
            None => encoded.next().await?,
            // A live log goes on for as long as the task runs.
            Some(until) => match timeout(CATCH_UP_TIMEOUT, encoded.next()).await {
                Ok(next) if Instant::now() < until => next?,
                _ => None,
            },
        };
        let Some(piece) = next else { return Ok(true) };
        batch.extend_from_slice(&piece);
    }
    Ok(false)
}
