//! Where a result goes: standard output, or a file that appears only when it is complete.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::Ui;

/// A place for a result.
pub(crate) enum Sink<'a> {
    /// Standard output.
    Out(Box<dyn Write + 'a>),
    /// A regular file: written beside the target, renamed when it is complete.
    File {
        /// The file beside the target.
        temporary: io::BufWriter<NamedTempFile>,
        /// The final name.
        target: PathBuf,
    },
    /// A device or a pipe, which cannot be replaced.
    Device(File),
}

impl<'a> Sink<'a> {
    /// Standard output.
    pub(crate) fn out(ui: &'a Ui) -> Self {
        Self::Out(Box::new(ui.out()))
    }

    /// The file at `target`; nothing stands under this name before [`Sink::finish`].
    ///
    /// # Errors
    /// When its directory cannot be written, or the device not opened.
    pub(crate) fn file(target: &Path) -> io::Result<Self> {
        // A symbolic link is followed, so that the link stays one.
        let target = target.canonicalize().unwrap_or_else(|_| target.to_owned());
        match target.metadata() {
            Ok(found) if found.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
            Ok(found) if !found.is_file() => File::options().write(true).open(&target).map(Self::Device),
            found => {
                let directory = match target.parent() {
                    Some(parent) if !parent.as_os_str().is_empty() => parent,
                    _ => Path::new("."),
                };
                let temporary = temporary_in(directory, found.ok().map(|found| found.permissions()))?;
                Ok(Self::File { temporary: io::BufWriter::new(temporary), target })
            }
        }
    }

    /// Makes the result visible.
    ///
    /// # Errors
    /// When what is buffered cannot be written, or the file not be renamed.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Out(mut out) => out.flush(),
            Self::Device(mut file) => file.flush(),
            Self::File { temporary, target } => {
                let temporary = temporary.into_inner().map_err(io::IntoInnerError::into_error)?;
                temporary.as_file().sync_all()?;
                temporary.persist(target).map(drop).map_err(|error| error.error)
            }
        }
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Out(out) => out.write(bytes),
            Self::File { temporary, .. } => temporary.write(bytes),
            Self::Device(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Out(out) => out.flush(),
            Self::File { temporary, .. } => temporary.flush(),
            Self::Device(file) => file.flush(),
        }
    }
}

/// A temporary file with the mode of the file that it replaces, or the one that the umask gives.
fn temporary_in(directory: &Path, replaced: Option<Permissions>) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tc-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(Permissions::from_mode(0o666));
    }
    let temporary = builder.tempfile_in(directory)?;
    if let Some(permissions) = replaced {
        temporary.as_file().set_permissions(permissions)?;
    }
    Ok(temporary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_seen_before_the_end() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("answer.json");
        std::fs::write(&target, "old").unwrap();
        let mut sink = Sink::file(&target).unwrap();
        sink.write_all(b"new").unwrap();
        sink.flush().unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "old");
        sink.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "new");
        let mut dropped = Sink::file(&target).unwrap();
        dropped.write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "new");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_written_and_directories_refused() {
        let mut sink = Sink::file(Path::new("/dev/null")).unwrap();
        assert!(matches!(sink, Sink::Device(_)));
        sink.write_all(b"x").unwrap();
        sink.finish().unwrap();
        assert!(Sink::file(&std::env::temp_dir()).is_err());
    }
}
