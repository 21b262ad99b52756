//! The settings file on disk: read, and replaced at once while nobody else writes it.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::document::{Contents, Document, Fault};
use super::{GoTool, Paths, private};
use crate::env::Environment;
use crate::error::{Advice, Error, Result};

/// The settings file of a user, which need not exist.
#[derive(Debug, Clone)]
pub(crate) struct SettingsFile {
    path: PathBuf,
}

impl SettingsFile {
    /// The file of the user whose environment this is. Reads nothing yet.
    ///
    /// # Errors
    /// When no home directory is known.
    pub(crate) fn of(environment: &Environment) -> Result<Self> {
        Paths::required(environment).map(|paths| Self::at(paths.settings))
    }

    /// The file at `path`. Reads nothing yet.
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its text, whatever it is; none when there is no file.
    ///
    /// # Errors
    /// When it cannot be read or is no UTF-8.
    pub(crate) fn text(&self) -> Result<Option<String>> {
        read(&self.path)
    }

    /// Reads the file; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read or is no TOML; the place is named.
    pub(crate) fn read(&self) -> Result<Option<Document>> {
        let Some(text) = read(&self.path)? else { return Ok(None) };
        Document::parse(&text).map(Some).map_err(|fault| self.broken(fault))
    }

    /// What stands in a document of this file.
    ///
    /// # Errors
    /// When a value is not what its key wants; the place is named.
    pub(crate) fn contents(&self, document: &Document) -> Result<Contents> {
        document.contents().map_err(|fault| self.broken(fault))
    }

    /// Changes the file while nobody else does; one that is broken is left as it is.
    ///
    /// # Errors
    /// When the file is no TOML, `change` fails, or the file cannot be written.
    pub(crate) fn change(&self, change: impl FnOnce(&Document) -> Result<Document, Fault>) -> Result<()> {
        let _lock = private::lock(&self.path)?;
        let document = match self.read()? {
            Some(document) => document,
            None => Document::parse("").map_err(|fault| self.broken(fault))?,
        };
        let changed = change(&document).map_err(|fault| self.broken(fault))?;
        if changed.text() == document.text() { Ok(()) } else { self.replace(changed.text()) }
    }

    /// Replaces the file by `text`, unless it is no longer what it was when `before` was read.
    ///
    /// # Errors
    /// When someone else has changed it since, or it cannot be written.
    pub(crate) fn replace_if_unchanged(&self, before: Option<&str>, text: &str) -> Result<()> {
        let _lock = private::lock(&self.path)?;
        if read(&self.path)?.as_deref() != before {
            return Err(Error::new(
                crate::error::Kind::Conflict,
                format!("{} has been changed by someone else in the meantime", self.path.display()),
            ));
        }
        self.replace(text)
    }

    /// A link, as people keep who share their settings between machines, stays one.
    fn replace(&self, text: &str) -> Result<()> {
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let cannot = |source: io::Error| Error::io("write", path.display(), source);
        let directory = path.parent().unwrap_or(Path::new("."));
        private::create_directory(directory)?;
        let mut file = tempfile::Builder::new().prefix(".tc-").tempfile_in(directory).map_err(cannot)?;
        if let Ok(metadata) = fs::metadata(&path) {
            file.as_file().set_permissions(metadata.permissions()).map_err(cannot)?;
        }
        file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(cannot)?;
        file.persist(&path).map_err(|fault| cannot(fault.error))?;
        Ok(())
    }

    /// The error for a file with a fault in it.
    pub(crate) fn broken(&self, fault: Fault) -> Error {
        let Fault { line, column, message } = fault;
        Error::failed(format!("{}:{line}:{column}: {message}", self.path.display())).advise(Advice::EditSettings)
    }
}

impl GoTool {
    /// Reads the Go tool's file; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read or has another form.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>> {
        let Some(text) = read(path)? else { return Ok(None) };
        Self::parse(&text).map(Some).map_err(|Fault { line, column, message }| {
            Error::failed(format!("{}:{line}:{column}: {message}", path.display()))
                .hint("It is read because tc has no settings of its own yet, and is ignored once it has.")
        })
    }
}

fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(fault) if matches!(fault.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(fault) => Err(Error::io("read", path.display(), fault)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Slot, Value};

    fn set(file: &SettingsFile, key: &str, number: u32) -> Result<()> {
        file.change(|document| document.with(&Slot::parse(key).unwrap(), &Value::Count(number)))
    }

    #[test]
    fn a_broken_file_is_named_with_its_place_and_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = SettingsFile::at(directory.path().join("config.toml"));
        fs::write(file.path(), "retries = 1\nretries ==\n").unwrap();
        let error = set(&file, "retries", 2).unwrap_err();
        assert!(error.to_string().starts_with(&format!("{}:2:10: ", file.path().display())), "{error}");
        assert_eq!(fs::read_to_string(file.path()).unwrap(), "retries = 1\nretries ==\n");
    }

    #[test]
    fn many_writers_lose_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let file = SettingsFile::at(directory.path().join("tc/config.toml"));
        std::thread::scope(|scope| {
            for i in 0..16 {
                let file = &file;
                scope.spawn(move || set(file, &format!("profiles.p{i}.retries"), i).unwrap());
            }
        });
        let contents = file.contents(&file.read().unwrap().unwrap()).unwrap();
        assert_eq!(contents.values.len(), 16);
    }

    #[test]
    fn an_edit_does_not_undo_someone_elses() {
        let directory = tempfile::tempdir().unwrap();
        let file = SettingsFile::at(directory.path().join("config.toml"));
        file.replace_if_unchanged(None, "retries = 1\n").unwrap();
        let error = file.replace_if_unchanged(None, "retries = 2\n").unwrap_err();
        assert_eq!(error.kind(), crate::error::Kind::Conflict);
        file.replace_if_unchanged(Some("retries = 1\n"), "retries = 2\n").unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_mode_stays_a_mode() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let directory = tempfile::tempdir().unwrap();
        let real = directory.path().join("dotfiles.toml");
        fs::write(&real, "").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        let file = SettingsFile::at(directory.path().join("config.toml"));
        symlink(&real, file.path()).unwrap();
        set(&file, "retries", 2).unwrap();
        assert!(fs::symlink_metadata(file.path()).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "retries = 2\n");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
