//! A file for an editor that nobody else can read, and that leaves nothing behind.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{Error, Result};

/// A file in a directory of its own, where an editor's backups and swap files end up, too. When it is dropped all of them are
/// overwritten and removed; on file systems that write elsewhere than before this is the best that can be done.
#[derive(Debug)]
pub(super) struct PrivateFile {
    directory: TempDir,
    path: PathBuf,
}

impl PrivateFile {
    /// A file (mode 0600, in a directory of mode 0700 in `parent`) with this text.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn create(name: &str, text: &str, parent: &Path) -> Result<Self> {
        let cannot = |source: std::io::Error| Error::failed("cannot make a file for the editor").caused_by(source);
        let mut builder = tempfile::Builder::new();
        builder.prefix("tc-secret-");
        // Without this others could list what an editor leaves there, and read what it copies without care.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let directory = builder.tempdir_in(parent).map_err(cannot)?;
        let path = directory.path().join(name);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = Self { directory, path };
        options.open(&file.path).and_then(|mut opened| opened.write_all(text.as_bytes())).map_err(cannot)?;
        Ok(file)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What is in it now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read(&self) -> Result<Vec<u8>> {
        fs::read(&self.path).map_err(|source| Error::io("read", self.path.display(), source))
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        for entry in fs::read_dir(self.directory.path()).into_iter().flatten().flatten() {
            // The directory is removed after this; a file that cannot be overwritten is at least that.
            drop(overwrite(&entry.path()));
        }
    }
}

fn overwrite(path: &Path) -> std::io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_file() {
        return Ok(());
    }
    let mut file = fs::OpenOptions::new().write(true).open(path)?;
    let zeros = vec![0; usize::try_from(metadata.len()).unwrap_or(usize::MAX).min(1 << 16)];
    let mut left = metadata.len();
    while left > 0 {
        let step = usize::try_from(left).unwrap_or(usize::MAX).min(zeros.len());
        file.write_all(zeros.get(..step).unwrap_or_default())?;
        left -= step as u64;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it_and_nothing_is_left() {
        use std::os::unix::fs::PermissionsExt as _;

        let parent = tempfile::tempdir().unwrap();
        let file = PrivateFile::create("secret.json", "hunter2", parent.path()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(file.path()), 0o600);
        assert_eq!(mode(file.directory.path()), 0o700);
        // A hard link sees what became of the bytes.
        let elsewhere = tempfile::tempdir().unwrap();
        let link = elsewhere.path().join("link");
        fs::hard_link(file.path(), &link).unwrap();
        let backup = file.path().with_extension("json~");
        fs::write(&backup, "hunter1").unwrap();
        let directory = file.directory.path().to_owned();
        drop(file);
        assert!(!directory.exists());
        assert_eq!(fs::read(&link).unwrap(), [0; 7]);
    }
}
