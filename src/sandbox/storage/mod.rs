//! Storage in the manner of S3 on an origin of its own: what artifacts and objects point to.
//!
//! Everything is in memory. `serve` speaks HTTP; the services use [`Storage`] to make URLs and to look things up.

mod blob;
mod live;
mod range;
mod serve;
mod sign;
mod xml;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

pub use blob::Blob;
pub(super) use live::LiveLog;
pub(super) use serve::handle;
use sign::{Grant, Signer, encode_path};

/// How long a URL to upload to is said to be good.
pub(super) const UPLOAD: TimeDelta = TimeDelta::minutes(45);
/// By how much longer it really is.
const UPLOAD_SLACK: TimeDelta = TimeDelta::seconds(10);
/// How long the URL of a private artifact is valid.
pub(super) const DOWNLOAD: TimeDelta = TimeDelta::minutes(30);

/// How an artifact is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// As an artifact of type `s3`: in storage that the queue knows.
    S3,
    /// As an artifact of type `object`: in the object service, with hashes.
    Object,
}

/// Where something is stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub bucket: &'static str,
    pub key: Box<str>,
}

impl Place {
    /// Open to everybody.
    pub(super) const PUBLIC: &'static str = "public-bucket";
    /// For those with a signed URL.
    pub(super) const PRIVATE: &'static str = "private-bucket";

    /// Where an artifact of type `s3` is.
    pub(super) fn of_artifact(task_id: &str, run_id: usize, name: &str) -> Self {
        let bucket = if name.starts_with("public/") { Self::PUBLIC } else { Self::PRIVATE };
        Self { bucket, key: format!("{task_id}/{run_id}/{name}").into() }
    }

    /// Where an object of the object service is.
    pub(super) fn of_object(name: &str) -> Self {
        Self { bucket: Self::PUBLIC, key: name.into() }
    }

    fn path(&self) -> String {
        format!("/{}/{}", self.bucket, self.key)
    }
}

/// All that is stored.
pub(super) struct Storage {
    url: String,
    signer: Signer,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    blobs: HashMap<Place, Arc<Blob>>,
    /// Where uploads can come, until what they are of has expired; with the length that one was signed for, in bytes.
    awaited: HashMap<Place, Option<u64>>,
    live: HashMap<String, Arc<LiveLog>>,
}

impl Storage {
    /// An empty storage that is reached at this URL: `http://localhost:1234`.
    pub(super) fn new(url: impl Into<String>) -> Self {
        let signer = Signer { key_id: "sandbox".into(), secret: slugid::v4() };
        Self { url: url.into(), signer, held: Mutex::default() }
    }

    /// Where it is reached.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The URL of something that everybody may read.
    pub(super) fn public_url(&self, place: &Place) -> String {
        format!("{}{}", self.url, encode_path(&place.path()))
    }

    /// A URL to read from for a time.
    pub(super) fn get_url(&self, place: &Place, now: DateTime<Utc>, lifetime: TimeDelta) -> String {
        self.signed("GET", place, &[], "GetObject", now, lifetime)
    }

    /// A URL to upload to for a while, with any headers.
    pub(super) fn put_url(&self, place: &Place, now: DateTime<Utc>) -> String {
        self.held().awaited.insert(place.clone(), None);
        self.signed("PUT", place, &[], "PutObject", now, UPLOAD + UPLOAD_SLACK)
    }

    /// A URL to upload to for a while, and the headers for the upload. Type and length are signed; the encoding is not,
    /// and may be left out.
    pub(super) fn put_url_with_headers(
        &self,
        place: &Place,
        content_type: &str,
        length: u64,
        now: DateTime<Utc>,
    ) -> (String, Vec<(&'static str, String)>) {
        self.held().awaited.insert(place.clone(), Some(length));
        let length = length.to_string();
        let headers = vec![
            ("Content-Type", content_type.to_owned()),
            ("Content-Length", length.clone()),
            ("Content-Encoding", "identity".to_owned()),
        ];
        let signed = [("content-length", length.as_str()), ("content-type", content_type)];
        (self.signed("PUT", place, &signed, "PutObject", now, UPLOAD + UPLOAD_SLACK), headers)
    }

    fn signed(
        &self,
        verb: &str,
        place: &Place,
        headers: &[(&str, &str)],
        operation: &str,
        at: DateTime<Utc>,
        lifetime: TimeDelta,
    ) -> String {
        let host = self.url.split_once("://").map_or("", |(_, host)| host);
        let query = [("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), ("x-id", operation)];
        let path = place.path();
        let query = self.signer.sign(&Grant { verb, host, path: &path, headers, query: &query, at, lifetime });
        format!("{}{}?{query}", self.url, encode_path(&path))
    }

    /// Stores something, in place of what was there.
    pub(super) fn put(&self, place: Place, blob: Blob) {
        self.held().blobs.insert(place, Arc::new(blob));
    }

    /// Stores what an upload has brought, unless what it is of was forgotten while it came.
    pub(super) fn put_awaited(&self, place: Place, blob: Blob) {
        let mut held = self.held();
        if held.awaited.contains_key(&place) {
            held.blobs.insert(place, Arc::new(blob));
        }
    }

    /// What is stored there.
    pub(super) fn get(&self, place: &Place) -> Option<Arc<Blob>> {
        self.held().blobs.get(place).cloned()
    }

    /// Forgets what is stored there, and what is uploaded to there from now on.
    pub(super) fn remove(&self, place: &Place) {
        let mut held = self.held();
        held.blobs.remove(place);
        held.awaited.remove(place);
    }

    /// How many there are.
    #[cfg(test)]
    pub(in crate::sandbox) fn len(&self) -> usize {
        let held = self.held();
        held.blobs.len() + held.awaited.len() + held.live.len()
    }

    fn promised(&self, place: &Place) -> Option<u64> {
        self.held().awaited.get(place).copied().flatten()
    }

    /// Opens a log under a secret name and returns it with its URL.
    pub(super) fn open_log(&self) -> (String, Arc<LiveLog>) {
        let (secret, log) = (slugid::v4(), LiveLog::new());
        self.held().live.insert(secret.clone(), Arc::clone(&log));
        (format!("{}/log/{secret}", self.url), log)
    }

    /// Ends a log; its URL leads nowhere any more, but those who read it get to its end.
    pub(super) fn close_log(&self, url: &str) {
        let secret = url.rsplit('/').next().unwrap_or_default();
        if let Some(log) = self.held().live.remove(secret) {
            log.close();
        }
    }

    fn log(&self, secret: &str) -> Option<Arc<LiveLog>> {
        self.held().live.get(secret).cloned()
    }
}
