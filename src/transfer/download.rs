//! Downloads to a file: resumed, in parallel where that helps, verified, then renamed.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::time::Instant;

use super::awaited::{Awaited, blocking};
use super::digest::{self, Demand};
use super::head::{Encoding, Head, Version};
use super::inspect::digest_file;
use super::job::{Connection, Job, Stop};
use super::options::{Downloaded, Event, Existing, Options};
use super::part::{PartialFile, State};
use super::place::Place;
use super::plan::{Plan, Ranges, Worker};
use super::ramp::{PROBE_INTERVAL, Ramp};
use super::small::{self, SMALL_FILE_BYTES};
use super::source::ContentSource;
use super::stream;
use super::trailer::Trailer;
use super::writer::{Check, FinishedFile, Writer};
use crate::client::Client;
use crate::error::{Error, Result};

/// How often content may change under our hands.
const MAX_VERSION_CHANGES: u32 = 3;

/// Downloads to the file `target`, whose folder is made if need be.
///
/// Nothing stands under that name before it is complete and verified; an existing
/// file keeps its mode. What could not be finished stays beside it, and the next call for the same
/// content goes on with it. A `target` that is a device or a pipe is written to as it arrives.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] when there is no such content; [`crate::error::Kind::Failed`] when it is an error
/// artifact, when a digest differs, when the disk is full; [`crate::error::Kind::Unavailable`] after all
/// tries; [`crate::error::Kind::Auth`]; [`crate::error::Kind::Conflict`] when another process is at it.
pub async fn to_file(client: &Client, source: &ContentSource, target: &Path, options: &Options) -> Result<Downloaded> {
    let mut job = Job::new(client, source, options);
    job.is_resumable = options.resume;
    let outcome = file(&job, target).await;
    job.ended(outcome).await
}

async fn file(job: &Job<'_>, target: &Path) -> Result<Downloaded> {
    let place = Place::resolve(target)?;
    let skipped = Downloaded { skipped: true, ..Downloaded::default() };
    if job.options.existing == Existing::Keep && place.exists() {
        return Ok(skipped);
    }
    let location = job.location().await?;
    if place.is_device {
        return device(job, &place).await;
    }
    let demands = location.demands(job.options);
    let strong = demands.iter().any(|demand| demand.checksum.algorithm.is_strong());
    if strong && let Some(right) = right(job, &place, None, &demands).await? {
        return Ok(right);
    }
    let left = PartialFile::exists(&place);
    let mut download = Download { job, place, demands, strong, left, part: None };
    let mut changes = 0;
    loop {
        match download.attempt(changes == 0).await {
            Ok(found) => return Ok(found),
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::Changed) => {
                changes += 1;
                if changes > MAX_VERSION_CHANGES {
                    return Err(Error::failed(format!("{} changes faster than it can be downloaded", job.what)));
                }
                tracing::debug!(what = job.what, "the content changed; starting over");
                job.options.tell(&Event::Restarted { what: &job.what });
                job.expect(None);
            }
        }
    }
}

/// A device gets the bytes as they come; there is nothing to rename.
async fn device(job: &Job<'_>, place: &Place) -> Result<Downloaded> {
    let file = tokio::fs::File::options().write(true).open(&place.target).await;
    let mut file = file.map_err(|source| Error::io("write", place.target.display(), source))?;
    stream::copy(job, &mut file).await
}

/// The file that is there already, when it has this content.
async fn right(job: &Job<'_>, place: &Place, length: Option<u64>, demands: &[Demand]) -> Result<Option<Downloaded>> {
    if job.options.existing != Existing::Check || demands.is_empty() || !place.exists() {
        return Ok(None);
    }
    let (path, demands) = (place.target.clone(), demands.to_vec());
    let compare = move |awaited: &Awaited| -> std::io::Result<Option<Downloaded>> {
        if length.is_some_and(|length| path.metadata().map_or(true, |found| found.len() != length)) {
            return Ok(None);
        }
        let (bytes, checksums) = digest_file(&path, &digest::algorithms(&demands), awaited)?;
        let same = digest::verify("it", &demands, &checksums).is_ok();
        Ok(same.then(|| Downloaded { bytes, checksums, skipped: true, ..Downloaded::default() }))
    };
    let found = blocking(compare).await;
    let found = found.map_err(|source| Error::failed("reading broke off").caused_by(source))?;
    // A file that cannot be read is not known to be right; replacing it will tell more.
    Ok(found.unwrap_or_default())
}

struct Download<'a> {
    job: &'a Job<'a>,
    place: Place,
    demands: Vec<Demand>,
    strong: bool,
    /// An earlier call left something.
    left: bool,
    part: Option<PartialFile>,
}

/// The first connection, or none when everything is here already.
struct Opened<'a> {
    first: Option<Connection<'a>>,
    head: Option<Head>,
    version: Version,
    here: Ranges,
}

impl<'a> Download<'a> {
    fn names(&self) -> Vec<String> {
        self.demands.iter().map(|demand| demand.checksum.to_string()).collect()
    }

    /// What an earlier call left, if it is of use.
    fn resume(&mut self) -> Result<Option<State>> {
        if !self.job.options.resume || !self.left {
            return Ok(None);
        }
        let mut part = PartialFile::open(&self.place)?;
        let state = part.resume(&self.job.what, &self.names(), self.strong);
        self.part = Some(part);
        Ok(state)
    }

    async fn open(&mut self, may_resume: bool) -> Result<Opened<'a>, Stop> {
        let job = self.job;
        let state = if may_resume { self.resume()? } else { None };
        let Some(state) = state else {
            let (connection, head) = job.open(None).await?;
            let version = head.version.clone();
            return Ok(Opened { first: Some(connection), head: Some(head), version, here: Ranges::default() });
        };
        let (version, here) = (state.version().clone(), state.here());
        job.expect(Some(version.clone()));
        let gap = here.gaps(version.length.unwrap_or(u64::MAX)).first().cloned();
        let (first, head) = match gap {
            Some(gap) => {
                job.open((here.count() > 0).then_some(gap)).await.map(|(first, head)| (Some(first), Some(head)))?
            }
            // Hashes will tell whether all that is here is right.
            None if self.strong => (None, None),
            // Only the storage can tell whether it still has what is here, and what that must be. Its last
            // byte is asked for: a signed URL is not valid for HEAD.
            None => (None, Some(job.open(here.prefix().checked_sub(1).map(|last| last..last + 1)).await?.1)),
        };
        Ok(Opened { first, head, version, here })
    }

    async fn attempt(&mut self, may_resume: bool) -> Result<Downloaded, Stop> {
        let job = self.job;
        let Opened { first: connection, head, version, here } = self.open(may_resume).await?;
        let check = self.check(&version, head.as_ref());
        let content_type = head.as_ref().and_then(|head| head.content_type.clone());
        let resumed = here.count();
        if resumed == 0
            && let Some(right) = self.recognized(&check).await?
        {
            return Ok(Downloaded { content_type, ..right });
        }
        job.options.tell(&Event::Begun { what: &job.what, length: check.length, here: resumed });
        let is_new = !self.left && self.part.is_none();
        let small = is_new && check.length.is_some_and(|length| length <= SMALL_FILE_BYTES);
        let written = match connection {
            Some(connection) if small => self.small(connection, check).await?,
            connection => self.large(connection, version, here, check, head).await?,
        };
        let FinishedFile { bytes, checksums, was_there } = written;
        Ok(Downloaded { bytes, resumed, checksums, content_type, skipped: was_there, ..Downloaded::default() })
    }

    /// The file that is there already, when what the storage tells is enough to know that it is right.
    async fn recognized(&self, check: &Check) -> Result<Option<Downloaded>, Stop> {
        let job = self.job;
        let (mut demands, mut length) = (check.content.clone(), check.content_length);
        if check.encoding == Encoding::Identity {
            demands.extend(check.stored.iter().cloned());
            length = length.or(check.length);
        }
        if let Some(right) = right(job, &self.place, length, &demands).await? {
            return Ok(Some(right));
        }
        let stored = check.length.filter(|length| *length > SMALL_FILE_BYTES);
        let is_worth_asking = check.encoding == Encoding::Gzip && demands.is_empty() && self.place.exists();
        let (true, Existing::Check, Some(stored)) = (is_worth_asking, job.options.existing, stored) else {
            return Ok(None);
        };
        let Some(trailer) = Trailer::fetch(job, stored).await? else { return Ok(None) };
        let path = self.place.target.clone();
        let compare = move |awaited: &Awaited| -> std::io::Result<Option<Downloaded>> {
            if !trailer.is_of(&path, awaited)? {
                return Ok(None);
            }
            let (bytes, checksums) = digest_file(&path, &[], awaited)?;
            Ok(Some(Downloaded { bytes, checksums, skipped: true, ..Downloaded::default() }))
        };
        let found = blocking(compare).await;
        let found = found.map_err(|source| Error::failed("reading broke off").caused_by(source))?;
        // A file that cannot be read is not known to be right; replacing it will tell more.
        Ok(found.unwrap_or_default())
    }

    fn check(&self, version: &Version, head: Option<&Head>) -> Check {
        let (mut stored, mut content, mut content_length) = (Vec::new(), self.demands.clone(), None);
        if let Some(head) = head {
            content.extend(head.content.iter().cloned());
            content_length = head.content_length;
            // An MD5 adds nothing to what a strong hash will tell, and costs as much.
            stored.extend(
                head.stored.iter().filter(|demand| !self.strong || demand.checksum.algorithm.is_strong()).cloned(),
            );
        }
        Check {
            what: self.job.what.clone(),
            encoding: version.encoding,
            length: version.length,
            content_length,
            stored,
            content,
        }
    }

    /// Everything in memory, then to the disk in one go.
    async fn small(&self, mut connection: Connection<'_>, check: Check) -> Result<FinishedFile, Stop> {
        let mut body =
            BytesMut::with_capacity(check.length.and_then(|length| usize::try_from(length).ok()).unwrap_or(0));
        while let Some(piece) = connection.next().await? {
            body.extend_from_slice(&piece);
            self.job.options.tell(&Event::Bytes { what: &self.job.what, count: piece.len() as u64 });
        }
        Ok(small::write(body.freeze(), &self.place, check, self.job.options.existing).await?)
    }

    async fn large(
        &mut self,
        connection: Option<Connection<'_>>,
        version: Version,
        here: Ranges,
        check: Check,
        head: Option<Head>,
    ) -> Result<FinishedFile, Stop> {
        let job = self.job;
        let _permit = match &job.options.large {
            Some(large) => large.acquire().await.ok(),
            None => None,
        };
        let mut part = match self.part.take() {
            Some(part) => part,
            None => PartialFile::open(&self.place)?,
        };
        if here.count() == 0 || part.state.is_none() {
            part.begin(State::new(&job.what, self.names(), version.clone()))?;
        }
        let writer = Writer::start(part, self.place.clone(), here.clone(), check);
        let ranges = head.as_ref().is_some_and(|head| head.ranges) && version.is_known();
        let outcome = match connection {
            Some(connection) => Fetch::new(job, &writer, &version, &here, ranges).run(connection).await,
            None => Ok(()),
        };
        match outcome {
            Ok(()) => Ok(writer.finish(job.options.existing == Existing::Keep).await?),
            Err(stop) => {
                self.part = writer.stop().await?;
                Err(stop)
            }
        }
    }
}

/// The connections of one download, and what they share.
struct Fetch<'a> {
    job: &'a Job<'a>,
    writer: &'a Writer,
    plan: Mutex<Plan>,
    length: Option<u64>,
    /// Bytes that are here already.
    before: u64,
    ranges: bool,
}

impl<'a> Fetch<'a> {
    fn new(job: &'a Job<'a>, writer: &'a Writer, version: &Version, here: &Ranges, ranges: bool) -> Self {
        let plan = Mutex::new(Plan::new(version.length.unwrap_or(u64::MAX), here));
        Self { job, writer, plan, length: version.length, before: here.count(), ranges }
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(&self, first: Connection<'_>) -> Result<(), Stop> {
        let most = if self.ranges { self.job.options.connections } else { 1 };
        let mut ramp = Ramp::new(most);
        let mut workers = FuturesUnordered::new();
        let start = |first: Option<_>| {
            let worker = self.plan().worker();
            async move { (worker, self.work(worker, first).await) }
        };
        workers.push(start(Some(first)));
        let mut seen = (Instant::now(), self.job.transferred.load(Ordering::Relaxed));
        let mut ticks = tokio::time::interval_at(seen.0 + PROBE_INTERVAL, PROBE_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                Some((worker, ended)) = workers.next() => match ended {
                    Ok(()) if workers.is_empty() && self.plan().has_open() => workers.push(start(None)),
                    Ok(()) if workers.is_empty() => return Ok(()),
                    Ok(()) => {}
                    // A server may allow fewer connections than this; the others go on.
                    Err(Stop::Failed(error)) if !workers.is_empty() && error.kind() == crate::error::Kind::Unavailable => {
                        self.plan().release(worker);
                        ramp = Ramp::new(1);
                    }
                    Err(stop) => return Err(stop),
                },
                now = ticks.tick() => {
                    let transferred = self.job.transferred.load(Ordering::Relaxed);
                    let left = self.length.unwrap_or(0).saturating_sub(self.before + transferred);
                    let wanted = ramp.probe(transferred - seen.1, now - seen.0, left);
                    seen = (now, transferred);
                    while workers.len() < wanted && self.may_share() {
                        workers.push(start(None));
                    }
                }
            }
        }
    }

    fn may_share(&self) -> bool {
        !self.job.ignores_ranges.load(Ordering::Relaxed) && self.plan().has_work()
    }

    /// One connection after the other, until there is nothing left to claim.
    async fn work(&self, worker: Worker, mut connection: Option<Connection<'_>>) -> Result<(), Stop> {
        let is_first = connection.is_some();
        loop {
            let Some(range) = self.plan().claim(worker) else { return Ok(()) };
            let mut current = match connection.take() {
                Some(connection) => connection,
                None => self.job.open(Some(range)).await?.0,
            };
            if !is_first && self.job.ignores_ranges.load(Ordering::Relaxed) {
                self.plan().release(worker);
                return Ok(());
            }
            self.drain(worker, &mut current).await?;
            if self.length.is_none() {
                return Ok(());
            }
        }
    }

    async fn drain(&self, worker: Worker, connection: &mut Connection<'_>) -> Result<(), Stop> {
        while let Some(piece) = connection.next().await? {
            let (offset, kept) = {
                let mut plan = self.plan();
                let offset = plan.left(worker).start;
                (offset, plan.advance(worker, piece.len() as u64))
            };
            let kept = usize::try_from(kept).unwrap_or(piece.len());
            if kept > 0 && !self.writer.write(offset, piece.slice(..kept)).await {
                // The writer's own error says more.
                return Err(Stop::Failed(Error::failed("writing broke off")));
            }
            self.job.options.tell(&Event::Bytes { what: &self.job.what, count: kept as u64 });
            if self.plan().left(worker).is_empty() {
                break;
            }
        }
        Ok(())
    }
}

/// The path under which an unfinished download of `target` waits to be resumed.
pub fn unfinished(target: &Path) -> Result<PathBuf> {
    Ok(Place::resolve(target)?.beside(super::part::SUFFIXES[0]))
}
