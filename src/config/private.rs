//! Files that nobody else may read: made so, replaced at once, written by one at a time.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::error::{Error, Result};

/// The text of a private file; none when there is no such file.
///
/// # Errors
/// When it is a symbolic link or no regular file, belongs to someone else, or others can read
/// or replace it; when it cannot be read or is no UTF-8.
pub(super) fn read(path: &Path) -> Result<Option<String>> {
    let cannot = |source: io::Error| Error::io("read", path.display(), source);
    match fs::symlink_metadata(path) {
        Ok(metadata) => check_type(path, &metadata)?,
        Err(fault) if is_absent(&fault) => return Ok(None),
        Err(fault) => return Err(cannot(fault)),
    }
    let mut file = open(path).map_err(cannot)?;
    check_access(path, &file.metadata().map_err(cannot)?)?;
    if let Some(directory) = path.parent() {
        check_directory(path, &fs::metadata(directory).map_err(cannot)?)?;
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(cannot)?;
    Ok(Some(text))
}

/// Replaces a file at once by one that only its owner can read, in a directory only they can enter.
///
/// # Errors
/// When the directory or the file cannot be written; the old file is then as it was.
pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    let cannot = |source: io::Error| Error::io("write", path.display(), source);
    let directory = path.parent().unwrap_or(Path::new("."));
    create_directory(directory)?;
    // Created with mode 0600 and renamed: at no time is there a file that others can read.
    let mut file = tempfile::Builder::new().prefix(".tc-").tempfile_in(directory).map_err(cannot)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(cannot)?;
    file.persist(path).map_err(|fault| cannot(fault.error))?;
    Ok(())
}

/// Makes a directory that only its owner can enter, unless it exists.
///
/// # Errors
/// When it cannot be made.
pub(super) fn create_directory(directory: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(|source| Error::io("create the directory", directory.display(), source))
}

/// Waits until no other process holds the lock beside `path`, and holds it until dropped.
///
/// # Errors
/// When the lock file cannot be made or the file system has no locks.
pub(super) fn lock(path: &Path) -> Result<File> {
    create_directory(path.parent().unwrap_or(Path::new(".")))?;
    let name = path.with_extension("lock");
    let cannot = |source: io::Error| Error::io("lock", name.display(), source);
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&name).map_err(cannot)?;
    file.lock().map_err(cannot)?;
    Ok(file)
}

fn is_absent(fault: &io::Error) -> bool {
    matches!(fault.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn check_type(path: &Path, metadata: &Metadata) -> Result<()> {
    let what = if metadata.is_symlink() {
        "is a symbolic link"
    } else if !metadata.is_file() {
        "is not a regular file"
    } else {
        return Ok(());
    };
    Err(refused(path, what).hint("Put a file of your own in its place, or remove it and sign in again."))
}

fn refused(path: &Path, why: &str) -> Error {
    Error::failed(format!("refusing to read credentials from {}: it {why}", path.display()))
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // Whoever swaps the file for a link or a pipe after the look at it gains nothing.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(unix)]
fn check_access(path: &Path, metadata: &Metadata) -> Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let own = rustix::process::geteuid().as_raw();
    if metadata.uid() != own {
        return Err(refused(path, &format!("belongs to user {}, and this is user {own}", metadata.uid()))
            .hint("Remove it, or run as its owner."));
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(refused(path, &format!("is open to other users (mode {mode:o})"))
            .hint(format!("Close it with `chmod 600 {}`, or remove it and sign in again.", path.display()))
            .hint("Anyone who has read it can use the credentials in it until they expire."));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_access(_path: &Path, _metadata: &Metadata) -> Result<()> {
    // Files in a user's profile directory are closed to others by inheritance.
    Ok(())
}

#[cfg(unix)]
fn check_directory(path: &Path, metadata: &Metadata) -> Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let mode = metadata.mode() & 0o777;
    if mode & 0o022 != 0 {
        let directory = path.parent().unwrap_or(path).display();
        return Err(refused(path, &format!("lies in a directory that others can write to (mode {mode:o})"))
            .hint(format!("Close it with `chmod 700 {directory}`.")));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_directory(_path: &Path, _metadata: &Metadata) -> Result<()> {
    Ok(())
}
