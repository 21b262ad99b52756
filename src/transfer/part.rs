//! The unfinished file beside the target, and its state, from which another call can resume.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::head::Version;
use super::own;
use super::place::Place;
use super::plan::Ranges;
use crate::error::{Advice, Error, Kind, Result};

/// The suffixes of files that are not finished.
pub(crate) const SUFFIXES: [&str; 4] = [".tc.part", ".tc.part.json", ".tc.part.json.new", ".tc.decoded"];

/// What is known about an unfinished file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    format: u32,
    /// What it is, in words.
    source: String,
    /// What the content must be.
    demands: Vec<String>,
    version: Version,
    here: Vec<(u64, u64)>,
    /// Since when the machine is up: what it had not yet written when it went down is not there.
    boot: Option<String>,
    /// All that is said to be here was on the disk when this was written.
    synced: bool,
}

const STATE_FORMAT_VERSION: u32 = 1;

impl State {
    pub(super) fn new(source: &str, demands: Vec<String>, version: Version) -> Self {
        let (source, boot) = (source.to_owned(), boot());
        Self { format: STATE_FORMAT_VERSION, source, demands, version, here: Vec::new(), boot, synced: false }
    }

    pub(super) fn here(&self) -> Ranges {
        Ranges::from_pairs(self.here.iter().copied())
    }

    pub(super) fn version(&self) -> &Version {
        &self.version
    }

    /// Whether a call for the same content can resume a file of this length.
    ///
    /// What may be missing after a crash of the machine is only trusted where a hash will tell.
    fn is_usable(&self, source: &str, demands: &[String], boot: Option<&str>, hashed: bool, length: u64) -> bool {
        let is_safe = hashed || self.synced || (boot.is_some() && boot == self.boot.as_deref());
        let fits = self.version.length.is_some_and(|total| self.here().fits(total.min(length)));
        self.format == STATE_FORMAT_VERSION && self.source == source && self.demands == demands && is_safe && fits
    }
}

/// When this machine was started, as something to compare.
fn boot() -> Option<String> {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|id| id.trim().to_owned())
}

/// An unfinished file, which no other process writes to.
pub(super) struct PartialFile {
    pub(super) file: File,
    pub(super) path: PathBuf,
    state_path: PathBuf,
    pub(super) state: Option<State>,
}

impl PartialFile {
    /// Whether an earlier call left something.
    pub(super) fn exists(place: &Place) -> bool {
        place.beside(SUFFIXES[0]).symlink_metadata().is_ok()
    }

    /// Opens the unfinished file, or starts one.
    pub(super) fn open(place: &Place) -> Result<Self> {
        let path = place.beside(SUFFIXES[0]);
        let failed = |source| Error::io("write", path.display(), source);
        let file = loop {
            let file = own::open(&path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(fs::TryLockError::WouldBlock) => {
                    return Err(Error::new(
                        Kind::Conflict,
                        format!("another process is writing {}", place.target.display()),
                    )
                    .advise(Advice::ChooseFile));
                }
                // Some network file systems have no locks.
                Err(fs::TryLockError::Error(_)) => {}
            }
            // Whoever had the lock may have given the file its final name since.
            if is_at(&file, &path) {
                break file;
            }
        };
        place.adopt_for_now(&file).map_err(failed)?;
        Ok(Self { file, state_path: place.beside(SUFFIXES[1]), path, state: None })
    }

    /// Takes up what an earlier call left, if it is of use.
    pub(super) fn resume(&mut self, source: &str, demands: &[String], hashed: bool) -> Option<State> {
        let mut text = String::new();
        own::read(&self.state_path).and_then(|file| file.take(1 << 20).read_to_string(&mut text)).ok()?;
        let state: State = serde_json::from_str(&text).ok()?;
        let length = self.file.metadata().ok()?.len();
        if !state.is_usable(source, demands, boot().as_deref(), hashed, length) {
            return None;
        }
        // What is beyond the end is nothing of this content.
        if let Some(total) = state.version.length.filter(|total| *total < length) {
            self.file.set_len(total).ok()?;
        }
        self.state = Some(state.clone());
        Some(state)
    }

    /// Starts from nothing.
    pub(super) fn begin(&mut self, state: State) -> Result<()> {
        // The old state must not outlive the old bytes.
        remove(&self.state_path)?;
        self.file.set_len(0).map_err(|source| Error::io("write", self.path.display(), source))?;
        self.state = Some(state);
        self.save(&Ranges::default(), false)
    }

    /// Writes down which bytes are here.
    pub(super) fn save(&mut self, here: &Ranges, synced: bool) -> Result<()> {
        let Some(state) = self.state.as_mut() else { return Ok(()) };
        state.here = here.pairs();
        state.synced = synced;
        state.boot = boot();
        // What cannot be distinguished from another version cannot be resumed, either.
        if state.version.length.is_none() {
            return Ok(());
        }
        let failed = |source| Error::io("write", self.state_path.display(), source);
        let text = serde_json::to_vec(state).map_err(|source| failed(source.into()))?;
        let fresh = self.state_path.with_extension("json.new");
        let outcome = own::create(&fresh)
            .and_then(|mut file| file.write_all(&text).and_then(|()| if synced { file.sync_all() } else { Ok(()) }))
            .and_then(|()| fs::rename(&fresh, &self.state_path));
        if outcome.is_err() {
            drop(own::remove(&fresh));
        }
        outcome.map_err(failed)
    }

    /// Gives the file its final name.
    pub(super) fn publish(self, place: &Place, keep: bool) -> Result<()> {
        let failed = |source| Error::io("write", self.path.display(), source);
        place.adopt(&self.file).and_then(|()| self.file.sync_all()).map_err(failed)?;
        place.publish(&self.path, keep)?;
        remove(&self.state_path)
    }

    /// Removes it, because it is of no use to anyone.
    pub(super) fn discard(self) -> Result<()> {
        remove(&self.state_path)?;
        remove(&self.path)
    }
}

impl Drop for PartialFile {
    /// Ends the lock. To close the file would not, while somebody has a copy of it: a thread that syncs it, or a process
    /// that is being started.
    fn drop(&mut self) {
        // Some network file systems have no locks.
        drop(self.file.unlock());
    }
}

fn remove(path: &Path) -> Result<()> {
    own::remove(path).map_err(|source| Error::io("remove", path.display(), source))
}

/// Whether the file is the one at this path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    matches!((file.metadata().map(id), path.symlink_metadata().map(id)), (Ok(mine), Ok(theirs)) if mine == theirs)
}

/// Files that are open cannot be renamed here.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// Writes at an offset.
#[cfg(unix)]
pub(super) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// Reads at an offset.
#[cfg(unix)]
pub(super) fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, offset)
}

/// Writes at an offset.
#[cfg(windows)]
pub(super) fn write_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}

/// Reads at an offset.
#[cfg(windows)]
pub(super) fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::head::Encoding;

    fn version() -> Version {
        Version { etag: Some("\"a\"".into()), modified: None, length: Some(100), encoding: Encoding::Identity }
    }

    #[test]
    fn only_what_surely_is_here_is_gone_on_with() {
        let mut state = State::new("x", vec!["sha256 ab".into()], version());
        state.here = vec![(0, 40), (60, 70)];
        let demands = ["sha256 ab".to_owned()];
        let boot = state.boot.clone().or(Some("b".into()));
        state.boot = boot.clone();
        let usable =
            |state: &State, hashed, boot: Option<&str>, length| state.is_usable("x", &demands, boot, hashed, length);
        assert!(usable(&state, false, boot.as_deref(), 70));
        assert!(!usable(&state, false, Some("another"), 70), "the machine was restarted");
        assert!(usable(&state, true, Some("another"), 70), "and a hash will tell");
        assert!(!usable(&state, true, boot.as_deref(), 69), "the file is too short");
        assert!(!state.is_usable("y", &demands, boot.as_deref(), true, 70), "something else");
        assert!(!state.is_usable("x", &[], boot.as_deref(), true, 70), "other hashes");
        state.synced = true;
        assert!(usable(&state, false, None, 70));
    }

    #[test]
    fn a_copy_of_the_open_file_does_not_keep_the_lock() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::resolve(&directory.path().join("x")).unwrap();
        let part = PartialFile::open(&place).unwrap();
        let _copy = part.file.try_clone().unwrap();
        drop(part);
        PartialFile::open(&place).unwrap();
    }

    #[test]
    fn a_second_writer_is_kept_out() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::resolve(&directory.path().join("x")).unwrap();
        let mut part = PartialFile::open(&place).unwrap();
        assert_eq!(PartialFile::open(&place).map(drop).unwrap_err().kind(), Kind::Conflict);
        part.begin(State::new("x", Vec::new(), version())).unwrap();
        write_at(&part.file, b"abc", 2).unwrap();
        part.save(&Ranges::from_pairs([(2, 5)]), true).unwrap();
        drop(part);
        let mut part = PartialFile::open(&place).unwrap();
        assert_eq!(part.resume("x", &[], false).unwrap().here().pairs(), [(2, 5)]);
        part.publish(&place, false).unwrap();
        assert_eq!(fs::read(directory.path().join("x")).unwrap(), b"\0\0abc");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
