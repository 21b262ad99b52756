//! Where a file is to be put, and how it gets there: all at once, with the right mode.

use std::fs::{self, File, Permissions};
use std::io;
use std::path::{Path, PathBuf};

use super::own;
use crate::error::{Error, Result};

/// A file's final place.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) target: PathBuf,
    /// The mode of the file that is to be replaced.
    replaced: Option<Permissions>,
    /// It can only be written to, not replaced: a device, a pipe.
    pub(super) is_device: bool,
}

impl Place {
    /// Looks at `target`; symbolic links are followed, so that a link stays one. Folders are made.
    pub(super) fn resolve(target: &Path) -> Result<Self> {
        let mut target = target.to_owned();
        let mut found = target.symlink_metadata();
        if found.as_ref().is_ok_and(fs::Metadata::is_symlink) {
            target = target.canonicalize().unwrap_or(target);
            found = target.metadata();
        }
        let failed = |source| Error::io("write", target.display(), source);
        match found {
            Ok(found) if found.is_dir() => Err(failed(io::Error::from(io::ErrorKind::IsADirectory))),
            Ok(found) => {
                let is_device = !found.is_file();
                Ok(Self { replaced: Some(found.permissions()), is_device, target })
            }
            Err(_) => {
                let folder = folder(&target);
                if !folder.is_dir() {
                    let failed = |source| Error::io("make the folder", folder.display(), source);
                    fs::create_dir_all(folder).map_err(failed)?;
                }
                Ok(Self { target, replaced: None, is_device: false })
            }
        }
    }

    /// Whether something is there already.
    pub(super) fn exists(&self) -> bool {
        self.target.symlink_metadata().is_ok()
    }

    /// Whether the file that is there has this content; one that cannot be read has not.
    pub(super) fn has(&self, content: &[u8]) -> bool {
        let is_as_long =
            self.target.metadata().is_ok_and(|found| found.is_file() && found.len() == content.len() as u64);
        is_as_long && fs::read(&self.target).is_ok_and(|found| found == content)
    }

    /// The path beside it with this added to its name, shortened where names may not be that long.
    pub(super) fn beside(&self, suffix: &str) -> PathBuf {
        const MAX_NAME_BYTES: usize = 255;
        let name = self.target.file_name().unwrap_or_default().to_string_lossy();
        let mut end = name.len().min(MAX_NAME_BYTES.saturating_sub(suffix.len()));
        if end < name.len() {
            // Two long names that begin alike must not share a file.
            let mark = format!("{:016x}", fingerprint(&name));
            end = end.saturating_sub(mark.len());
            while !name.is_char_boundary(end) {
                end -= 1;
            }
            return self.target.with_file_name(format!("{}{mark}{suffix}", &name[..end]));
        }
        self.target.with_file_name(format!("{name}{suffix}"))
    }

    /// Gives `file` the mode that the final file will have.
    pub(super) fn adopt(&self, file: &File) -> io::Result<()> {
        self.replaced.clone().map_or(Ok(()), |permissions| file.set_permissions(permissions))
    }

    /// The same for a file that is not finished: a later call must be able to go on with it.
    pub(super) fn adopt_for_now(&self, file: &File) -> io::Result<()> {
        let Some(mut permissions) = self.replaced.clone() else { return Ok(()) };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            permissions.set_mode(permissions.mode() | 0o600);
        }
        #[cfg(not(unix))]
        permissions.set_readonly(false);
        file.set_permissions(permissions)
    }

    /// Writes a small file in one go.
    pub(super) fn put(&self, bytes: &[u8], keep: bool) -> Result<()> {
        let failed = |source| Error::io("write", self.target.display(), source);
        let mut builder = tempfile::Builder::new();
        builder.prefix(".tc-").suffix(".part");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(Permissions::from_mode(0o666));
        }
        let mut temporary = builder.tempfile_in(folder(&self.target)).map_err(failed)?;
        self.adopt(temporary.as_file()).map_err(failed)?;
        io::Write::write_all(&mut temporary, bytes).map_err(failed)?;
        temporary.as_file().sync_all().map_err(failed)?;
        let outcome = if keep { temporary.persist_noclobber(&self.target) } else { temporary.persist(&self.target) };
        outcome.map(drop).map_err(|error| failed(error.error))
    }

    /// Gives a finished file beside the target its final name.
    pub(super) fn publish(&self, from: &Path, keep: bool) -> Result<()> {
        let outcome = if keep {
            // A link is made only where nothing is, even if it came a moment ago.
            fs::hard_link(from, &self.target).and_then(|()| own::remove(from))
        } else {
            fs::rename(from, &self.target)
        };
        outcome.map_err(|source| Error::io("write", self.target.display(), source))
    }
}

/// The folder that a path is in.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// FNV-1a: only to tell names apart.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_beside_is_never_too_long() {
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| Place::resolve(&directory.path().join(name)).unwrap();
        assert!(place("x.zip").beside(".tc.part").ends_with("x.zip.tc.part"));
        let (one, two) = (place(&format!("{}1", "ä".repeat(127))), place(&format!("{}2", "ä".repeat(127))));
        let (one, two) = (one.beside(".tc.part"), two.beside(".tc.part"));
        assert_ne!(one, two);
        assert!(one.file_name().unwrap().len() <= 255);
        fs::write(&one, "x").unwrap();
    }

    #[test]
    fn a_file_that_is_there_is_kept_when_it_must_be() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("x");
        let place = Place::resolve(&target).unwrap();
        fs::write(&target, "old").unwrap();
        assert!(place.put(b"new", true).is_err());
        let part = place.beside(".tc.part");
        fs::write(&part, "new").unwrap();
        assert!(place.publish(&part, true).is_err());
        assert_eq!(fs::read_to_string(&target).unwrap(), "old");
        place.publish(&part, false).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
    }

    #[cfg(unix)]
    #[test]
    fn the_mode_of_the_replaced_file_stays() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("x");
        fs::write(&target, "old").unwrap();
        fs::set_permissions(&target, Permissions::from_mode(0o640)).unwrap();
        Place::resolve(&target).unwrap().put(b"new", false).unwrap();
        assert_eq!(target.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    }
}
