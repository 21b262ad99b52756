//! What downloads and uploads many files, and reports.

mod artifacts;
mod download;
mod item;
mod manifest;
mod placement;
mod stdout;
mod summary;
mod upload;

pub(super) use artifacts::{ListedArtifact, NamePatterns, list, list_some, newest_run, unmatched};
pub(super) use download::{DownloadArgs, download, sha256};
pub(super) use item::DownloadItem;
pub(super) use manifest::Manifest;
pub(super) use placement::Placement;
pub(super) use stdout::to_stdout;
pub(super) use upload::{content_type, expiry, upload_all, upload_options};
