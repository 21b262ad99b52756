//! One download's connections: opened, retried, renewed, continued where they broke off.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::head::{Head, Version};
use super::options::{Downloaded, Event, Options};
use super::source::{ContentSource, Location};
use super::storage::{self, ContentRequest, Refusal};
use crate::client::{Client, Lost, RawAnswer, redacted, retry};
use crate::error::{Error, Kind, Result};

/// Why a connection ends before its time.
#[derive(Debug)]
pub(super) enum Stop {
    /// It is another version than before: all starts over.
    Changed,
    /// All tries are used up, or there is no point in trying.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// One download.
pub(super) struct Job<'a> {
    pub(super) client: &'a Client,
    pub(super) what: String,
    pub(super) options: &'a Options,
    source: &'a ContentSource,
    location: tokio::sync::Mutex<Option<Location>>,
    /// The version that the bytes so far are of.
    version: Mutex<Option<Version>>,
    /// Tries after failures.
    pub(super) retries: AtomicU64,
    /// Bytes that came over the wire.
    pub(super) transferred: AtomicU64,
    /// The server sent everything when it was asked for a part.
    pub(super) ignores_ranges: AtomicBool,
    /// What has come by the end of a failure is kept for another call.
    pub(super) is_resumable: bool,
    /// It is a stream of a length that nobody knows yet, such as the log of a running task.
    live: AtomicBool,
}

/// Failures in a row, without a byte in between.
#[derive(Debug, Default)]
struct Failures {
    tries: u32,
    /// The URL was renewed since the last byte.
    renewed: bool,
}

impl<'a> Job<'a> {
    pub(super) fn new(client: &'a Client, source: &'a ContentSource, options: &'a Options) -> Self {
        Self {
            client,
            what: source.to_string(),
            options,
            source,
            location: tokio::sync::Mutex::new(None),
            version: Mutex::new(None),
            retries: AtomicU64::new(0),
            transferred: AtomicU64::new(0),
            ignores_ranges: AtomicBool::new(false),
            is_resumable: false,
            live: AtomicBool::new(false),
        }
    }

    /// Where the content is; asked for once, and again when the URL is past its time.
    pub(super) async fn location(&self) -> Result<Location> {
        let mut known = self.location.lock().await;
        let now = self.client.clock().now();
        if let Some(location) = known.as_ref().filter(|location| location.expires.is_none_or(|end| end > now)) {
            return Ok(location.clone());
        }
        let fresh = self.source.locate(self.client).await?;
        // A log that was live has no hashes before it is stored.
        let is_settled = |old: &&Location| old.demands != fresh.demands && !(self.is_live() && old.demands.is_empty());
        if let Some(old) = known.as_ref().filter(is_settled) {
            tracing::debug!(?old.demands, ?fresh.demands, "the content changed");
            return Err(Error::failed(format!("{} was replaced while it was downloaded", self.what))
                .hint("Run the command again to get the new content."));
        }
        *known = Some(fresh.clone());
        Ok(fresh)
    }

    /// Reports the end of the download, and adds what all of its connections took.
    pub(super) async fn ended(&self, outcome: Result<Downloaded>) -> Result<Downloaded> {
        self.options.tell(&Event::Ended { what: &self.what });
        let found = outcome?;
        Ok(Downloaded {
            transferred: self.transferred.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            url: self.shown_url().await,
            ..found
        })
    }

    /// The URL that was used last, be it past its time by now, as it can be shown; nothing before there is one.
    async fn shown_url(&self) -> String {
        self.location.lock().await.as_ref().map(|location| redacted(&location.url).to_string()).unwrap_or_default()
    }

    /// The next look at the location asks anew, unless another connection had it renewed already.
    async fn forget(&self, refused: &Location) {
        let mut known = self.location.lock().await;
        if let Some(location) = known.as_mut().filter(|location| location.url == refused.url) {
            location.expires = Some(chrono::DateTime::UNIX_EPOCH);
        }
    }

    /// Whether it is a stream of a length that nobody knows yet, or was one.
    pub(super) fn is_live(&self) -> bool {
        self.live.load(Ordering::Relaxed)
    }

    /// The next look at the location asks anew.
    pub(super) async fn relocate(&self) {
        if let Some(location) = self.location.lock().await.as_mut() {
            location.expires = Some(chrono::DateTime::UNIX_EPOCH);
        }
    }

    /// All bytes from here on must be of this version.
    pub(super) fn expect(&self, version: Option<Version>) {
        *self.version.lock().unwrap_or_else(PoisonError::into_inner) = version;
    }

    /// The version that the bytes so far are of.
    pub(super) fn version(&self) -> Option<Version> {
        self.version.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Opens a connection for a part, or for everything, until one is there or there is no point.
    pub(super) async fn open(&self, range: Option<Range<u64>>) -> Result<(Connection<'_>, Head), Stop> {
        let (start, end) = range.as_ref().map_or((0, u64::MAX), |range| (range.start, range.end));
        let mut connection = Connection {
            job: self,
            answer: None,
            at: start,
            end,
            skip: 0,
            failures: Failures::default(),
            head_only: false,
        };
        let head = connection.reopen(range.is_none()).await?;
        Ok((connection, head))
    }

    /// Asks about the content only.
    pub(super) async fn head(&self) -> Result<Head, Stop> {
        let failures = Failures::default();
        let mut connection =
            Connection { job: self, answer: None, at: 0, end: u64::MAX, skip: 0, failures, head_only: true };
        connection.reopen(true).await
    }

    /// Waits before the next try, or says why there is none.
    async fn pause(&self, failures: &mut Failures, error: Error, asked: Option<Duration>) -> Result<(), Stop> {
        failures.tries += 1;
        let passing = retry::Failure::Passing { retry_after: asked };
        match retry::decide(passing, failures.tries, self.client.retries(), fastrand::f64()) {
            retry::Decision::Retry(wait) => {
                self.retries.fetch_add(1, Ordering::Relaxed);
                self.options.tell(&Event::Retrying { what: &self.what, because: error.message() });
                tracing::debug!(what = self.what, error = error.message(), ?wait, "trying again");
                if asked.is_some() {
                    self.client.announce(&self.what, wait);
                }
                self.client.clock().sleep(wait).await;
                Ok(())
            }
            decision => {
                let error = retry::worded(decision, error, failures.tries);
                let goes_on = failures.tries > 1 && self.is_resumable;
                Err(if goes_on { error.hint("The same command goes on where this one stopped.") } else { error }.into())
            }
        }
    }
}

/// A stream of bytes on the wire, which survives broken connections.
pub(super) struct Connection<'a> {
    job: &'a Job<'a>,
    answer: Option<RawAnswer>,
    /// The next byte that the caller gets.
    at: u64,
    end: u64,
    /// Bytes to drop, from a server that sends everything when it is asked for a part.
    skip: u64,
    failures: Failures,
    head_only: bool,
}

impl Connection<'_> {
    /// The next piece; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Stop> {
        loop {
            let lost = match &mut self.answer {
                None => {
                    self.reopen(false).await?;
                    continue;
                }
                Some(answer) => match answer.next().await {
                    Ok(Some(piece)) => match self.fresh(piece)? {
                        Some(fresh) => return Ok(Some(fresh)),
                        None => continue,
                    },
                    Ok(None) if self.is_complete() => return Ok(None),
                    Ok(None) => Lost {
                        error: Error::new(Kind::Unavailable, format!("{}: the answer ended too early", self.job.what)),
                        passing: true,
                    },
                    Err(lost) => lost,
                },
            };
            self.answer = None;
            match Refusal::from(lost) {
                Refusal::Passing(error, wait) => self.job.pause(&mut self.failures, error, wait).await?,
                Refusal::Lasting(error) | Refusal::Expired(error) => return Err(error.into()),
                Refusal::Changed => return Err(Stop::Changed),
            }
        }
    }

    fn is_complete(&self) -> bool {
        let length = self.job.version().and_then(|version| version.length);
        length.is_none_or(|length| self.at >= length.min(self.end))
    }

    /// What of it is not here yet.
    fn fresh(&mut self, mut piece: Bytes) -> Result<Option<Bytes>> {
        self.job.transferred.fetch_add(piece.len() as u64, Ordering::Relaxed);
        let known = usize::try_from(self.skip).unwrap_or(usize::MAX).min(piece.len());
        self.skip -= known as u64;
        let fresh = piece.split_off(known);
        if fresh.is_empty() {
            return Ok(None);
        }
        self.at += fresh.len() as u64;
        self.failures = Failures::default();
        match self.job.version().and_then(|version| version.length) {
            Some(length) if self.at > length => Err(Error::failed(format!(
                "{}: the storage sends more than the {length} bytes it announced",
                self.job.what
            ))),
            _ => Ok(Some(fresh)),
        }
    }

    /// Asks for what is still missing.
    async fn reopen(&mut self, whole: bool) -> Result<Head, Stop> {
        loop {
            let location = self.job.location().await?;
            let version = self.job.version();
            // What cannot be distinguished from another version must not be put together from parts of two.
            let immutable = location.storage == super::source::Storage::Object;
            let divisible = version.as_ref().is_some_and(|version| version.is_known() || immutable);
            if self.at > 0 && !divisible {
                return Err(Stop::Changed);
            }
            let range = (!whole && self.at > 0 || self.end < u64::MAX).then_some(self.at..self.end);
            let wanted = ContentRequest {
                what: &self.job.what,
                range: range.clone(),
                version: version.as_ref(),
                stall: self.job.options.stall,
                head_only: self.head_only,
            };
            match storage::get(self.job.client, &location, &wanted).await {
                Ok((mut answer, head)) => {
                    if head.version.length.is_none() && location.storage == super::source::Storage::Reference {
                        self.job.live.store(true, Ordering::Relaxed);
                        answer.bear_silence(self.job.options.stall_of_stream());
                    }
                    let same = version.as_ref().is_none_or(|version| version.is_same(&head.version));
                    if !same || head.start > self.at {
                        return Err(Stop::Changed);
                    }
                    if version.is_none() {
                        self.job.expect(Some(head.version.clone()));
                    }
                    if range.is_some() && answer.status != 206 {
                        self.job.ignores_ranges.store(true, Ordering::Relaxed);
                    }
                    self.skip = self.at - head.start;
                    self.answer = Some(answer);
                    return Ok(head);
                }
                Err(Refusal::Expired(_)) if !self.failures.renewed => {
                    self.failures.renewed = true;
                    self.job.forget(&location).await;
                }
                Err(Refusal::Passing(error, wait)) => {
                    // It may have moved to where it is kept.
                    if self.job.is_live() {
                        self.job.forget(&location).await;
                    }
                    self.job.pause(&mut self.failures, error, wait).await?;
                }
                Err(Refusal::Changed) => return Err(Stop::Changed),
                Err(Refusal::Expired(error) | Refusal::Lasting(error)) => return Err(error.into()),
            }
        }
    }
}
