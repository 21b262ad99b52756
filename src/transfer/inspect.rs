//! What can be found out about content and files without fetching the content.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::awaited::{Awaited, blocking};
use super::digest::{self, Algorithm, Checksum, Digests};
use super::head::{Encoding, Head};
use super::job::{Job, Stop};
use super::options::{Downloaded, Options};
use super::source::{ContentSource, Storage};
use super::trailer::Trailer;
use crate::client::{Client, redacted};
use crate::error::{Error, Result};

/// Length and digests of a file: these, and a SHA-256 for the record.
pub(super) fn digest_file(
    path: &Path,
    algorithms: &[Algorithm],
    awaited: &Awaited,
) -> std::io::Result<(u64, Vec<Checksum>)> {
    let mut algorithms = algorithms.to_vec();
    if !algorithms.contains(&Algorithm::Sha256) {
        algorithms.push(Algorithm::Sha256);
    }
    let mut file = File::open(path)?;
    let (mut digests, mut buffer, mut bytes) = (Digests::new(&algorithms), vec![0; 1 << 18], 0);
    loop {
        awaited.check()?;
        match file.read(&mut buffer)? {
            0 => return Ok((bytes, digests.finish())),
            read => {
                digests.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}

/// Whether a file has this length and this digest; one that cannot be read has not.
pub async fn has_content(file: &Path, length: u64, checksum: &Checksum) -> bool {
    let (path, checksum) = (file.to_owned(), checksum.clone());
    let compare = move |awaited: &Awaited| {
        path.metadata().is_ok_and(|found| found.is_file() && found.len() == length)
            && digest_file(&path, &[checksum.algorithm], awaited).is_ok_and(|(_, found)| found.contains(&checksum))
    };
    blocking(compare).await.unwrap_or_default()
}

async fn head(job: &Job<'_>) -> Result<Head> {
    job.head().await.map_err(told(job))
}

fn told(job: &Job<'_>) -> impl Fn(Stop) -> Error {
    |stop| match stop {
        Stop::Failed(error) => error,
        Stop::Changed => Error::failed(format!("{} changed just now", job.what)),
    }
}

/// How many bytes the storage has of `source`, as they are encoded; none when it does not say.
///
/// # Errors
/// Those of finding the content.
pub async fn stored_size(client: &Client, source: &ContentSource, options: &Options) -> Result<Option<u64>> {
    Ok(head(&Job::new(client, source, options)).await?.version.length)
}

/// How many bytes `source` has when it is decoded; none when neither the storage nor the content itself tells.
pub(crate) async fn content_size(client: &Client, source: &ContentSource, options: &Options) -> Result<Option<u64>> {
    let job = Job::new(client, source, options);
    let Head { version, content_length, .. } = head(&job).await?;
    match (version.encoding, content_length, version.length) {
        (_, Some(length), _) => Ok(Some(length)),
        (Encoding::Identity, None, length) => Ok(length),
        (Encoding::Gzip, None, Some(stored)) => {
            let trailer = Trailer::fetch(&job, stored).await.map_err(told(&job))?;
            Ok(trailer.and_then(|trailer| trailer.content_length(stored)))
        }
        _ => Ok(None),
    }
}

/// Checks that a file has the content of `source`, as far as its storage tells, like [`to_file`](super::to_file) does.
///
/// # Errors
/// [`crate::error::Kind::Failed`] when it differs, with both digests, or when the storage gives nothing to
/// compare with; those of finding the content.
pub async fn verify_file(
    client: &Client,
    source: &ContentSource,
    file: &Path,
    options: &Options,
) -> Result<Downloaded> {
    let job = Job::new(client, source, options);
    let location = job.location().await?;
    let mut demands = location.demands(options);
    let mut length = None;
    if location.storage != Storage::Object {
        let head = head(&job).await?;
        demands.extend(head.content);
        length = head.content_length;
        if head.version.encoding == Encoding::Identity {
            demands.extend(head.stored);
            length = length.or(head.version.length);
        }
    }
    if demands.is_empty() && length.is_none() {
        return Err(Error::failed(format!("the storage of {source} gives nothing to compare a file with"))
            .hint("Download it to another place, and compare."));
    }
    let (path, algorithms) = (file.to_owned(), digest::algorithms(&demands));
    let digested = blocking(move |awaited| digest_file(&path, &algorithms, awaited)).await;
    let digested = digested.map_err(|source| Error::failed("reading broke off").caused_by(source))?;
    let (bytes, checksums) = digested.map_err(|source| Error::io("read", file.display(), source))?;
    let what = file.display().to_string();
    if let Some(length) = length.filter(|length| *length != bytes) {
        return Err(Error::failed(format!("{what} has {bytes} bytes, but {source} has {length}")));
    }
    if let Err(error) = digest::verify(&what, &demands, &checksums) {
        return Err(Error::failed(error.message()).hint(format!("The file is not {source}.")));
    }
    let url = redacted(&location.url).to_string();
    Ok(Downloaded { bytes, checksums, skipped: true, url, ..Downloaded::default() })
}
