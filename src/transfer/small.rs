//! Small files: fetched into memory, verified there, put on the disk in one go.

use std::io::Read as _;

use bytes::Bytes;

use super::awaited::{Awaited, blocking};
use super::decode;
use super::digest::{self, Digests};
use super::head::Encoding;
use super::options::Existing;
use super::place::Place;
use super::writer::{self, Check, FinishedFile, undecodable};
use crate::error::{Error, Result};

/// What is not larger is fetched into memory first: a file for it is not worth resuming.
pub(super) const SMALL_FILE_BYTES: u64 = 256 << 10;
/// Decoded content up to here is kept in memory.
const MAX_DECODED_IN_MEMORY_BYTES: u64 = 8 << 20;
/// Verifies content that is in memory, and writes it.
///
/// # Errors
/// [`crate::error::Kind::Failed`] when it is not what it should be, or cannot be written.
pub(super) async fn write(body: Bytes, place: &Place, check: Check, existing: Existing) -> Result<FinishedFile> {
    let place = place.clone();
    let work = blocking(move |awaited| small_file(&body, &place, &check, existing, awaited));
    work.await.map_err(|source| Error::failed("writing broke off").caused_by(source))?
}

fn small_file(
    body: &Bytes,
    place: &Place,
    check: &Check,
    existing: Existing,
    awaited: &Awaited,
) -> Result<FinishedFile> {
    let keep = existing == Existing::Keep;
    let mut stored = Digests::new(&digest::algorithms(&check.stored));
    stored.update(body);
    digest::verify(&check.what, &check.stored, &stored.finish())?;
    let decoded = match check.encoding {
        Encoding::Identity => body.clone(),
        encoding => {
            let mut decoded = Vec::new();
            let mut reader = decode::reader(encoding, body.as_ref()).take(MAX_DECODED_IN_MEMORY_BYTES);
            reader.read_to_end(&mut decoded).map_err(|source| undecodable(&check.what, source))?;
            if decoded.len() as u64 == MAX_DECODED_IN_MEMORY_BYTES {
                // A little that is a lot when it is decoded goes by way of a file.
                return writer::from_memory(body, place, check, keep, awaited);
            }
            Bytes::from(decoded)
        }
    };
    let mut content = Digests::new(&check.of_content());
    content.update(&decoded);
    let checksums = content.finish();
    digest::verify(&check.what, &check.content, &checksums)?;
    check.length_of_content(decoded.len() as u64)?;
    let was_there = existing == Existing::Check && place.has(&decoded);
    if !was_there {
        place.put(&decoded, keep)?;
    }
    Ok(FinishedFile { bytes: decoded.len() as u64, checksums, was_there })
}
