//! Puts a task's mounts into its folder, and takes its caches out again.

use std::fs;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use super::Executor;
use super::api::Api;
use super::archive::{self, ArchiveError, Format};
use super::caches::Cache;
use super::fetch::with_causes;
use super::log::TaskLog;
use super::payload::{Content, Mount};
use super::trouble::Trouble;
use crate::domain::root_url::encode_component;
use crate::sandbox::wire::parse_time;

/// What mounting needs besides the mount.
pub(super) struct Mounter<'a> {
    pub executor: &'a Executor,
    pub api: &'a Api,
    pub log: &'a TaskLog,
    /// The task's folder.
    pub folder: &'a Path,
    /// A folder of the worker's own for what is downloaded.
    pub aside: &'a Path,
}

/// A cache in a task's folder.
#[derive(Debug)]
pub(super) struct Mounted {
    cache: Cache,
    at: PathBuf,
}

impl Mounter<'_> {
    /// Puts one mount into the folder; a cache has to be taken out again.
    ///
    /// # Errors
    /// When its content cannot be had or unpacked, or its place is taken.
    pub(super) async fn mount(&self, mount: &Mount) -> Result<Option<Mounted>, Trouble> {
        let target = self.place(mount.path())?;
        if let Some(name) = &mount.cache_name {
            return self.mount_cache(name, mount, target).await.map(Some);
        }
        let Some(content) = &mount.content else { return Ok(None) };
        if mount.file.is_some() {
            self.mount_file(content, mount.format.as_deref(), &target).await?;
        } else {
            self.unpack(content, mount.format.as_deref(), &target).await?;
        }
        Ok(None)
    }

    /// Where a mount goes. What leads there is made, and is within the folder in fact and not only by its name.
    fn place(&self, path: &str) -> Result<PathBuf, Trouble> {
        let target = self.folder.join(path);
        let cannot = |error| Trouble::io(format_args!("[mounts] cannot make the way to {}", target.display()), &error);
        let parent = target.parent().unwrap_or(self.folder);
        fs::create_dir_all(parent).map_err(cannot)?;
        if !parent.canonicalize().map_err(cannot)?.starts_with(self.folder) {
            return Err(Trouble::Failed(format!("[mounts] {path} leads out of the task's folder")));
        }
        Ok(target)
    }

    async fn mount_file(&self, content: &Content, format: Option<&str>, target: &Path) -> Result<(), Trouble> {
        if target.is_dir() {
            return Err(taken(target));
        }
        if format.is_none() {
            return self.executor.fetcher.fetch(self.api, self.log, content, target).await;
        }
        let packed = self.aside.join("content");
        self.executor.fetcher.fetch(self.api, self.log, content, &packed).await?;
        self.log.info(format_args!("[mounts] Unpacking it to {}", target.display()));
        let to = target.to_owned();
        blocking(move || {
            let mut from = MultiGzDecoder::new(std::io::BufReader::new(fs::File::open(&packed)?));
            std::io::copy(&mut from, &mut fs::File::create(&to)?)?;
            fs::remove_file(&packed)
        })
        .await
        .map_err(|error| unpacking(target, &error.into()))
    }

    async fn unpack(&self, content: &Content, format: Option<&str>, target: &Path) -> Result<(), Trouble> {
        // The payload was checked for formats that are not known.
        let Some((name, format)) = format.and_then(|name| Some((name, Format::parse(name)?))) else { return Ok(()) };
        if fs::symlink_metadata(target).is_ok_and(|found| !found.is_dir()) {
            return Err(taken(target));
        }
        let packed = self.aside.join("content");
        self.executor.fetcher.fetch(self.api, self.log, content, &packed).await?;
        self.log.info(format_args!("[mounts] Unpacking {name} to {}", target.display()));
        let to = target.to_owned();
        let unpacked = tokio::task::spawn_blocking(move || {
            archive::unpack(format, &packed, &to)?;
            fs::remove_file(&packed).map_err(ArchiveError::Io)
        });
        unpacked
            .await
            .unwrap_or_else(|error| Err(ArchiveError::Io(std::io::Error::other(error))))
            .map_err(|error| unpacking(target, &error))
    }

    async fn mount_cache(&self, name: &str, mount: &Mount, target: PathBuf) -> Result<Mounted, Trouble> {
        // An empty directory may stand there, as the way to another mount.
        if fs::symlink_metadata(&target).is_ok() && fs::remove_dir(&target).is_err() {
            return Err(taken(&target));
        }
        let cannot = |error| Trouble::io(format_args!("[mounts] cannot mount the cache {name}"), &error);
        if let Some(cache) = self.executor.caches.take(name, &target).map_err(cannot)? {
            self.log.info(format_args!("[mounts] Moving the cache {name} to {}", target.display()));
            return Ok(Mounted { cache, at: target });
        }
        self.log.info(format_args!("[mounts] No cache {name} is free: beginning one in {}", target.display()));
        fs::create_dir(&target).map_err(cannot)?;
        if let Some(content) = &mount.content {
            self.unpack(content, mount.format.as_deref(), &target).await?;
        }
        let cache = self.executor.caches.begin(name, self.api.shared().clock.now());
        Ok(Mounted { cache, at: target })
    }

    /// Takes a cache out of the folder, to be kept unless it is to be purged.
    pub(super) fn unmount(&self, mounted: Mounted, purge: bool) {
        let Mounted { cache, at } = mounted;
        let name = cache.name.clone();
        if purge {
            self.log.info(format_args!("[mounts] Purging the cache {name}, as the exit code asks for it"));
            return;
        }
        match self.executor.caches.give_back(cache, &at) {
            Ok(()) => self.log.info(format_args!("[mounts] Preserving the cache {name}")),
            Err(error) => self.log.warn(format_args!("[mounts] Cannot preserve the cache {name}: {error}")),
        }
    }
}

/// Drops the caches that were to be purged since they were begun. Asked as the worker, not as its task.
///
/// # Errors
/// When the service refuses to tell, or what was dropped cannot be removed.
pub(super) async fn purge(
    executor: &Executor,
    worker: &Api,
    log: &TaskLog,
    task_queue: &str,
    mounts: &[Mount],
) -> Result<(), Trouble> {
    if mounts.iter().all(|mount| mount.cache_name.is_none()) {
        return Ok(());
    }
    let path = format!("purge-cache/v1/purge-cache/{}", encode_component(task_queue));
    let answer: Value = worker
        .call("GET", &path, &Value::Null)
        .await
        .map_err(|refused| Trouble::Exception(super::trouble::Reason::InternalError, refused.to_string()))?;
    for request in answer["requests"].as_array().into_iter().flatten() {
        let (name, before) = (request["cacheName"].as_str(), request["before"].as_str().and_then(parse_time));
        let Some((name, before)) = name.zip(before) else { continue };
        for folder in executor.caches.purge(name, before) {
            log.info(format_args!("[mounts] Purging the cache {name}, as was asked for"));
            let removed = blocking(move || super::remove_folder(&folder)).await;
            removed.map_err(|error| Trouble::io(format_args!("[mounts] cannot remove the cache {name}"), &error))?;
        }
    }
    Ok(())
}

fn taken(target: &Path) -> Trouble {
    Trouble::Failed(format!("[mounts] there is something at {} already", target.display()))
}

fn unpacking(target: &Path, error: &ArchiveError) -> Trouble {
    let what = format!("[mounts] cannot unpack to {}", target.display());
    match error {
        ArchiveError::Io(source) | ArchiveError::Zip(zip::result::ZipError::Io(source)) if lacks_room(source) => {
            // The error that wraps it has lost its kind.
            Trouble::io(what, &std::io::Error::new(std::io::ErrorKind::StorageFull, source.to_string()))
        }
        // What else goes wrong lies in the archive.
        error => Trouble::Failed(format!("{what}: {}", with_causes(error))),
    }
}

/// Whether the disk is full, however deep that lies in the chain of causes.
fn lacks_room(error: &std::io::Error) -> bool {
    let mut kind = Some(error);
    while let Some(error) = kind {
        if matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) {
            return true;
        }
        kind = error.get_ref().and_then(|inner| inner.source()).and_then(|inner| inner.downcast_ref());
    }
    false
}

/// Runs what may wait for the disk on a thread for such.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write as _};

    use super::*;
    use crate::sandbox::workers::execute::trouble::Reason;

    /// Wraps an error as libraries do, and keeps nothing of its kind.
    #[derive(Debug, thiserror::Error)]
    #[error("it went wrong")]
    struct Wrapped(#[source] io::Error);

    #[test]
    fn a_full_disk_is_known_however_deep_it_lies() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        for error in
            [ArchiveError::Io(full), ArchiveError::Io(io::Error::other(Wrapped(io::ErrorKind::StorageFull.into())))]
        {
            let trouble = unpacking(Path::new("d"), &error);
            assert!(matches!(trouble, Trouble::Exception(Reason::ResourceUnavailable, _)), "{trouble:?}");
        }
        let broken = ArchiveError::Io(io::Error::other(Wrapped(io::ErrorKind::InvalidData.into())));
        let trouble = unpacking(Path::new("d"), &broken);
        assert_eq!(trouble.message(), "[mounts] cannot unpack to d: it went wrong: invalid data");
        assert!(matches!(trouble, Trouble::Failed(_)));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_real_full_device_is_a_lack_of_resources() {
        let mut device = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = device.write_all(b"x").unwrap_err();
        assert!(matches!(unpacking(Path::new("d"), &error.into()), Trouble::Exception(Reason::ResourceUnavailable, _)));
    }
}
