//! Workers that run tasks for real: payloads of generic-worker, on this machine, as the user who started the sandbox.
//!
//! Everything that belongs to a task (its folder, its processes, its proxy) ends with it; what belongs to the
//! workers (caches, the signing key) ends with the sandbox.

mod abort;
mod api;
mod archive;
mod artifacts;
mod caches;
mod command;
mod fetch;
mod host;
mod limits;
mod log;
mod mounts;
mod payload;
mod process;
mod proxy;
mod run;
mod sign;
mod stages;
mod trouble;
mod trust;
mod watch;

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;

use self::caches::Caches;
use self::fetch::Fetcher;
pub(super) use self::host::Host;
use self::process::Processes;
pub(super) use self::run::run;
use self::sign::Credentials;
use self::trust::SigningKey;
use crate::domain::Secret;
use crate::error::{Error, Result};
use crate::sandbox::auth::ROOT;

/// What all workers that execute have in common.
pub(in crate::sandbox) struct Executor {
    /// Where tasks and caches are; its path has no links in it.
    folder: PathBuf,
    /// Removes it in the end.
    temporary: Mutex<Option<TempDir>>,
    host: Host,
    caches: Caches,
    processes: Arc<Processes>,
    fetcher: Fetcher,
    key: SigningKey,
    /// Those of the workers themselves.
    credentials: Credentials,
    tasks: AtomicU64,
}

impl Executor {
    /// Makes a folder and a key.
    ///
    /// # Errors
    /// When the folder cannot be made, or the system gives no randomness.
    pub(in crate::sandbox) fn new(host: Host, access_token: &Secret) -> Result<Self> {
        let parent = host.temporary();
        let cannot = |source: io::Error| Error::io("write in", parent.display(), source);
        let temporary = tempfile::Builder::new().prefix("tc-sandbox-").tempdir_in(&parent).map_err(cannot)?;
        let folder = temporary.path().canonicalize().map_err(cannot)?;
        let caches = folder.join("caches");
        for part in [&caches, &folder.join("tasks")] {
            std::fs::create_dir(part).map_err(cannot)?;
        }
        let (client_id, access_token) = (ROOT.to_owned(), access_token.reveal().to_owned());
        Ok(Self {
            folder,
            temporary: Mutex::new(Some(temporary)),
            caches: Caches::new(caches),
            processes: Arc::default(),
            fetcher: Fetcher::new(host.clone()),
            host,
            key: SigningKey::new()?,
            credentials: Credentials { client_id, access_token, certificate: None, authorized_scopes: None },
            tasks: AtomicU64::new(0),
        })
    }

    /// The public half of the key that chains of trust are signed with: 32 bytes in base64.
    pub(in crate::sandbox) fn public_key(&self) -> String {
        self.key.public()
    }

    /// A folder for the next task, and one for what the worker keeps aside while it runs.
    fn folders(&self) -> io::Result<(PathBuf, PathBuf)> {
        let number = self.tasks.fetch_add(1, Ordering::Relaxed);
        let (own, aside) = (self.folder.join(format!("tasks/task_{number}")), format!("tasks/aside_{number}"));
        let aside = self.folder.join(aside);
        std::fs::create_dir(&own)?;
        std::fs::create_dir(&aside)?;
        Ok((own, aside))
    }

    /// Ends all that tasks have started, and removes all that they have written.
    pub(in crate::sandbox) fn stop(&self) {
        self.processes.stop();
        process::end_leftovers(&self.folder);
        let Some(temporary) = self.temporary.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let folder = temporary.keep();
        if let Err(error) = remove_folder(&folder) {
            tracing::warn!("cannot remove {}: {error}", folder.display());
        }
    }
}

/// Removes a folder with all that is in it, even what a task has made unwritable.
fn remove_folder(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(folder)?;
            std::fs::remove_dir_all(folder)
        }
        // Something was written there meanwhile.
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => std::fs::remove_dir_all(folder),
        done => done,
    }
}

/// Lets the owner write in all directories of a folder. Links are not followed.
fn open_up(folder: &Path) -> io::Result<()> {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_a_task_has_locked_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a");
        std::fs::create_dir_all(folder.join("b/c")).unwrap();
        std::fs::write(folder.join("b/c/file"), "x").unwrap();
        for locked in ["b/c", "b"] {
            std::fs::set_permissions(folder.join(locked), std::fs::Permissions::from_mode(0o000)).unwrap();
        }
        remove_folder(&folder).unwrap();
        assert!(!folder.exists());
        remove_folder(&folder).unwrap();
    }

    #[test]
    fn nothing_is_left_of_an_executor_that_has_stopped() {
        let parent = tempfile::tempdir().unwrap();
        let host = Host::new([("TMPDIR", parent.path())]);
        let executor = Executor::new(host, &Secret::new("t")).unwrap();
        let (own, aside) = executor.folders().unwrap();
        assert!(own.is_dir() && aside.is_dir());
        executor.stop();
        executor.stop();
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
        assert!(executor.folders().is_err());
    }
}
