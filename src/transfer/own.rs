//! Files beside a target, in folders where others may have put something in their place: no link is followed, and
//! nothing is written through one.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// How often something may be in the way: who puts links there faster than they are removed wants harm.
const MAX_REMOVALS: u32 = 8;

/// Opens a file that has this name alone, or makes one. A link, a pipe, or another name of a file elsewhere is removed.
pub(super) fn open(path: &Path) -> io::Result<File> {
    for _ in 0..MAX_REMOVALS {
        match unlinked(OpenOptions::new().read(true).write(true), path) {
            Ok(file) if is_alone(&file)? => return Ok(file),
            Ok(_) => {}
            Err(source) if source.kind() == io::ErrorKind::NotFound => match fresh(path) {
                Err(source) if source.kind() == io::ErrorKind::AlreadyExists => continue,
                outcome => return outcome,
            },
            Err(_) if is_link(path) => {}
            Err(source) => return Err(source),
        }
        remove(path)?;
    }
    Err(in_the_way())
}

/// Makes a file that was not there. What has this name is removed, and never written to.
pub(super) fn create(path: &Path) -> io::Result<File> {
    for _ in 0..MAX_REMOVALS {
        match fresh(path) {
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => remove(path)?,
            outcome => return outcome,
        }
    }
    Err(in_the_way())
}

/// Opens a file to read it, unless it is a link or no file.
///
/// # Errors
/// Those of the system, and for anything but a file.
pub(super) fn read(path: &Path) -> io::Result<File> {
    let file = unlinked(OpenOptions::new().read(true), path)?;
    if is_alone(&file)? { Ok(file) } else { Err(in_the_way()) }
}

/// Removes what has this name, which need not be there; of a link the link alone.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(source),
        _ => Ok(()),
    }
}

fn fresh(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

fn is_link(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_symlink())
}

fn in_the_way() -> io::Error {
    io::Error::other("something else has this name: a link, a pipe, or another file's")
}

/// Opens what is no link, without waiting for the other end of a pipe.
#[cfg(unix)]
fn unlinked(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    options.custom_flags(flags.bits().cast_signed()).open(path)
}

/// Opens what is no link. Links need a privilege here, so a look before is enough.
#[cfg(not(unix))]
fn unlinked(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    if is_link(path) { Err(in_the_way()) } else { options.open(path) }
}

/// Whether it is a file with no other name.
fn is_alone(file: &File) -> io::Result<bool> {
    let found = file.metadata()?;
    Ok(found.is_file() && !has_other_names(&found))
}

#[cfg(unix)]
fn has_other_names(found: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(found) > 1
}

#[cfg(not(unix))]
fn has_other_names(_: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::os::unix::fs::symlink;

    /// Puts something in place of a file, opens it for writing, and says what became of a file elsewhere.
    fn written_through(put: impl Fn(&Path, &Path), open: impl Fn(&Path) -> io::Result<File>) -> (String, String) {
        let directory = tempfile::tempdir().unwrap();
        let (other, path) = (directory.path().join("other"), directory.path().join("x.tc.part"));
        fs::write(&other, "theirs").unwrap();
        put(&other, &path);
        let mut file = open(&path).unwrap();
        file.write_all(b"ours").unwrap();
        assert!(path.symlink_metadata().unwrap().is_file());
        (fs::read_to_string(&other).unwrap(), fs::read_to_string(&path).unwrap())
    }

    #[test]
    fn what_is_in_the_way_is_replaced_and_never_written_through() {
        let link = |other: &Path, path: &Path| symlink(other, path).unwrap();
        let dangling = |other: &Path, path: &Path| symlink(other.with_extension("none"), path).unwrap();
        let name = |other: &Path, path: &Path| fs::hard_link(other, path).unwrap();
        for open in [open, create] {
            for put in [link as fn(&Path, &Path), dangling, name] {
                assert_eq!(written_through(put, open), ("theirs".into(), "ours".into()));
            }
        }
        let pipe = |_: &Path, path: &Path| {
            rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
        };
        assert_eq!(written_through(pipe, open).1, "ours");
    }

    #[test]
    fn a_file_of_ours_is_kept_and_a_link_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let (path, link) = (directory.path().join("x"), directory.path().join("link"));
        fs::write(&path, "ours").unwrap();
        symlink(&path, &link).unwrap();
        assert_eq!(open(&path).unwrap().metadata().unwrap().len(), 4);
        assert!(read(&path).is_ok());
        assert!(read(&link).is_err());
        assert!(open(directory.path()).is_err(), "a folder is not removed");
    }
}
