//! What downloads and uploads many files, and reports.

mod artifacts;
mod download;
mod item;
mod manifest;
mod placement;
mod stdout;
mod summary;
mod upload;

pub use artifacts::{ListedArtifact, NamePatterns, list, newest_run};
pub use download::{DownloadArgs, download, sha256};
pub use item::DownloadItem;
pub use manifest::Manifest;
pub use placement::Placement;
pub use stdout::to_stdout;
pub use upload::{content_type, expiry, upload_all, upload_options};
