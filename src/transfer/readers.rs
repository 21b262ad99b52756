//! What is uploaded: something that can be read from its start as often as need be.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use tokio::io::AsyncRead;

use crate::error::{Error, Result};

/// What is read, hashed and sent at once.
pub(super) const PIECE_SIZE: usize = 1 << 19;

/// One reading of it.
pub type Reader = Box<dyn AsyncRead + Send + Unpin>;

/// Something that can be read from its start as often as need be: each try of an upload does.
///
/// Every reading must bring the same bytes, [`Readers::length`] of them.
pub trait Readers: Send + Sync {
    /// How many bytes there are.
    fn length(&self) -> u64;
    /// Starts to read from the first byte.
    fn open(&self) -> BoxFuture<'_, io::Result<Reader>>;
    /// Says what is wrong when it is no longer what it was at the beginning.
    ///
    /// # Errors
    /// [`crate::error::Kind::Failed`] when it changed.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

/// A file, which must not change during its upload.
#[derive(Debug, Clone)]
pub struct FileReaders {
    path: PathBuf,
    before: Metadata,
}

impl FileReaders {
    /// Takes note of the file as it is now.
    ///
    /// # Errors
    /// When it is not there, or is no file.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let before = path.metadata().map_err(|source| Error::io("read", path.display(), source))?;
        if !before.is_file() {
            return Err(Error::failed(format!("{} is not a file", path.display())));
        }
        Ok(Self { path, before })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Readers for FileReaders {
    fn length(&self) -> u64 {
        self.before.len()
    }

    fn open(&self) -> BoxFuture<'_, io::Result<Reader>> {
        async {
            let mut file = tokio::fs::File::open(&self.path).await?;
            file.set_max_buf_size(PIECE_SIZE);
            Ok(Box::new(file) as Reader)
        }
        .boxed()
    }

    fn check(&self) -> Result<()> {
        let now = self.path.metadata().map_err(|source| Error::io("read", self.path.display(), source))?;
        if mark(&now) == mark(&self.before) {
            return Ok(());
        }
        Err(Error::failed(format!("{} changed while it was uploaded", self.path.display()))
            .hint("Upload it again when nothing writes to it any more."))
    }
}

/// What differs when a file was written to or replaced, even by one as long and as old.
#[cfg(unix)]
fn mark(file: &Metadata) -> impl PartialEq + use<> {
    use std::os::unix::fs::MetadataExt as _;
    (file.dev(), file.ino(), file.len(), (file.mtime(), file.mtime_nsec()), (file.ctime(), file.ctime_nsec()))
}

/// What differs when a file was written to.
#[cfg(not(unix))]
fn mark(file: &Metadata) -> impl PartialEq + use<> {
    (file.len(), file.modified().ok(), file.created().ok())
}

/// Bytes in memory.
#[derive(Debug, Clone)]
pub struct MemoryReaders(pub Bytes);

impl Readers for MemoryReaders {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn open(&self) -> BoxFuture<'_, io::Result<Reader>> {
        std::future::ready(Ok(Box::new(io::Cursor::new(self.0.clone())) as Reader)).boxed()
    }
}
