//! Stored credentials, one set per root URL, in a file that nobody else may read.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::entry::Contents;
use super::{Paths, Stored, private};
use crate::domain::RootUrl;
use crate::env::Environment;
use crate::error::{Error, Result};

/// The credentials that a user has stored. Nothing is read or written until a method says so.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    /// None when the user has no home directory.
    path: Option<PathBuf>,
}

/// What the store knows of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// Nothing.
    Absent,
    /// Credentials that ended then.
    Expired(DateTime<Utc>),
    /// Credentials that are good.
    Found(Stored),
}

impl Store {
    /// The store of the user whose environment this is. Reads nothing yet.
    pub(crate) fn open(environment: &Environment) -> Self {
        Self { path: Paths::of(environment).map(|paths| paths.credentials) }
    }

    /// A store in a file of its own.
    #[cfg(test)]
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: Some(path.into()) }
    }

    /// The file; none when no home directory is known.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The credentials for a deployment, unless they have ended.
    ///
    /// # Errors
    /// When the file is refused, because others can read it, or broken.
    pub(crate) fn get(&self, root: &RootUrl, now: DateTime<Utc>) -> Result<Option<Stored>> {
        Ok(match self.look_up(root, now)? {
            Lookup::Found(stored) => Some(stored),
            Lookup::Absent | Lookup::Expired(_) => None,
        })
    }

    /// The credentials for a deployment, or when they ended.
    pub(crate) fn look_up(&self, root: &RootUrl, now: DateTime<Utc>) -> Result<Lookup> {
        let Some(path) = &self.path else { return Ok(Lookup::Absent) };
        let stored = load(path)?.and_then(|contents| contents.get(root));
        Ok(match stored {
            None => Lookup::Absent,
            Some(Stored { expires: Some(expires), .. }) if expires <= now => Lookup::Expired(expires),
            Some(stored) => Lookup::Found(stored),
        })
    }

    /// Stores credentials for a deployment in the place of those that were there, and drops what has ended.
    ///
    /// # Errors
    /// When there is no home directory, or the file is refused, broken (it is then left as it is), or
    /// cannot be written.
    pub(crate) fn put(&self, root: &RootUrl, stored: &Stored, now: DateTime<Utc>) -> Result<()> {
        self.change(|contents| {
            contents.drop_expired(now);
            contents.put(root, stored);
        })
    }

    /// Removes the credentials for a deployment; tells whether there were any.
    pub(crate) fn remove(&self, root: &RootUrl) -> Result<bool> {
        if self.is_absent() {
            return Ok(false);
        }
        self.change(|contents| contents.remove(root))
    }

    /// Removes all credentials; returns the root URLs they were for.
    pub(crate) fn remove_all(&self) -> Result<Vec<String>> {
        if self.is_absent() {
            return Ok(Vec::new());
        }
        self.change(|contents| {
            let roots = contents.roots();
            contents.clear();
            roots
        })
    }

    /// A link that leads nowhere is there, and is refused when it is read.
    fn is_absent(&self) -> bool {
        self.path.as_deref().is_none_or(|path| path.symlink_metadata().is_err())
    }

    /// Reads, changes and replaces the file while nobody else does.
    fn change<T>(&self, change: impl FnOnce(&mut Contents) -> T) -> Result<T> {
        let path = self.path.as_deref().ok_or_else(|| {
            Error::failed("credentials cannot be stored: no home directory is known")
                .hint("Set HOME, or use the environment in place of the store.")
        })?;
        let _lock = private::lock(path)?;
        let mut contents = load(path)?.unwrap_or_default();
        let before = contents.clone();
        let outcome = change(&mut contents);
        if contents != before {
            private::write(path, &contents.render())?;
        }
        Ok(outcome)
    }
}

fn load(path: &Path) -> Result<Option<Contents>> {
    let Some(text) = private::read(path)? else { return Ok(None) };
    Contents::parse(&text).map(Some).map_err(|fault| {
        Error::failed(format!("the stored credentials in {} cannot be read", path.display()))
            .caused_by(fault)
            .hint("Repair the file, or remove it and sign in again; it was left as it is.")
    })
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
