//! One file to download.

use std::path::PathBuf;

use crate::transfer::ContentSource;

/// One file to download.
#[derive(Debug, Clone)]
pub(crate) struct DownloadItem {
    /// What.
    pub source: ContentSource,
    /// Where to.
    pub target: PathBuf,
    /// Whether it is as well when there is no such thing.
    pub may_be_missing: bool,
}

impl DownloadItem {
    /// Something that has to be there.
    pub(crate) fn new(source: ContentSource, target: PathBuf) -> Self {
        Self { source, target, may_be_missing: false }
    }
}
