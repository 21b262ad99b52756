//! How to transfer, and what can be seen of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::digest::Checksum;

/// No byte in this time is a failure, unless someone says otherwise.
pub const DEFAULT_STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// A task may write nothing to its log for so long.
const STREAM_STALL_TIMEOUT: Duration = Duration::from_secs(600);

/// Connections for one file, at most, when nobody says otherwise: by measurement, a server that gives
/// each connection a share is used well by eight, and more of them only cost memory.
pub const DEFAULT_CONNECTIONS: usize = 8;

/// What to do about a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// Keep it when it is known to be right; replace it otherwise.
    #[default]
    Check,
    /// Replace it.
    Replace,
    /// Leave it, whatever is in it.
    Keep,
}

/// How to download.
#[derive(Clone)]
pub struct Options {
    /// What the content must be, besides what the storage says.
    pub checksums: Vec<Checksum>,
    /// Whether to resume what an earlier call left.
    pub resume: bool,
    /// What to do about a file that is there already.
    pub existing: Existing,
    /// Connections for one file, at most.
    pub connections: usize,
    /// No byte in this time is a failure. With [`DEFAULT_STALL_TIMEOUT`] a stream whose length nobody knows, such as
    /// the log of a running task, may be silent for ten minutes.
    pub stall: Duration,
    /// Whether uploaded objects get a SHA-512 however large they are: see [`super::SHA512_UP_TO`].
    pub sha512: bool,
    /// Receives the events of a transfer.
    pub watch: Option<Arc<dyn Watch>>,
    /// Permits for large files, where several calls share them: each takes memory for what is on its
    /// way to the disk.
    pub large: Option<Arc<tokio::sync::Semaphore>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            checksums: Vec::new(),
            resume: true,
            existing: Existing::default(),
            connections: DEFAULT_CONNECTIONS,
            stall: DEFAULT_STALL_TIMEOUT,
            sha512: false,
            watch: None,
            large: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("checksums", &self.checksums)
            .field("resume", &self.resume)
            .field("existing", &self.existing)
            .field("connections", &self.connections)
            .field("stall", &self.stall)
            .field("sha512", &self.sha512)
            .finish_non_exhaustive()
    }
}

impl Options {
    /// The longest silence of a stream whose length nobody knows.
    pub(super) fn stall_of_stream(&self) -> Duration {
        if self.stall == DEFAULT_STALL_TIMEOUT { STREAM_STALL_TIMEOUT } else { self.stall }
    }

    pub(super) fn tell(&self, event: &Event<'_>) {
        if let Some(watch) = &self.watch {
            watch.see(event);
        }
    }
}

/// Something that happens during a transfer; `what` names the transfer.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// It has begun: bytes in all, where that is known, and those that are here already.
    Begun {
        /// The transfer.
        what: &'a str,
        /// Bytes in all.
        length: Option<u64>,
        /// Bytes of an earlier call.
        here: u64,
    },
    /// So many bytes more.
    Bytes {
        /// The transfer.
        what: &'a str,
        /// How many.
        count: u64,
    },
    /// It starts over: what came so far is of no use.
    Restarted {
        /// The transfer.
        what: &'a str,
    },
    /// Something failed that may pass.
    Retrying {
        /// The transfer.
        what: &'a str,
        /// What failed.
        because: &'a str,
    },
    /// It has ended, well or not.
    Ended {
        /// The transfer.
        what: &'a str,
    },
}

/// Sees what happens; called often, from any thread.
pub trait Watch: Send + Sync {
    /// Sees one event.
    fn see(&self, event: &Event<'_>);
}

/// What a download came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Downloaded {
    /// Bytes of content, decoded.
    pub bytes: u64,
    /// Bytes that came over the wire.
    pub transferred: u64,
    /// Bytes on the wire that an earlier call had fetched.
    pub resumed: u64,
    /// Tries after failures.
    pub retries: u64,
    /// Whether the file was there and right, or was to be kept.
    pub skipped: bool,
    /// Digests of the content; a SHA-256 is among them unless it was skipped.
    pub checksums: Vec<Checksum>,
    /// The content type that the storage gave.
    pub content_type: Option<String>,
    /// Where it came from, without what would let others in.
    pub url: String,
}
