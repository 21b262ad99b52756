//! Writable directory caches: kept between tasks, never in two tasks at once.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

/// The caches that no task has at the moment, by name. A name can have several: two tasks that want it at once
/// get one each, as they would on two machines.
pub(super) struct Caches {
    folder: PathBuf,
    free: Mutex<BTreeMap<String, Vec<Cache>>>,
    count: AtomicU64,
}

/// A cache: a directory that is moved into a task's folder and back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cache {
    pub name: String,
    pub created: DateTime<Utc>,
    /// Where it is while no task has it.
    home: PathBuf,
}

impl Caches {
    /// None yet; they are kept in this folder, which must exist.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, free: Mutex::default(), count: AtomicU64::new(0) }
    }

    fn free(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Cache>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the cache of this name that was used last to `target`; `None` when none is free.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub(super) fn take(&self, name: &str, target: &Path) -> io::Result<Option<Cache>> {
        let Some(cache) = self.free().get_mut(name).and_then(Vec::pop) else { return Ok(None) };
        std::fs::rename(&cache.home, target)?;
        Ok(Some(cache))
    }

    /// A cache of this name that a task has begun in its folder.
    pub(super) fn begin(&self, name: &str, now: DateTime<Utc>) -> Cache {
        let home = self.folder.join(self.count.fetch_add(1, Ordering::Relaxed).to_string());
        Cache { name: name.to_owned(), created: now, home }
    }

    /// Moves a cache back from `source`.
    ///
    /// # Errors
    /// When it is no directory any more, or cannot be moved; the cache is lost then.
    pub(super) fn give_back(&self, cache: Cache, source: &Path) -> io::Result<()> {
        if !std::fs::symlink_metadata(source)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        std::fs::rename(source, &cache.home)?;
        self.free().entry(cache.name.clone()).or_default().push(cache);
        Ok(())
    }

    /// Forgets the free caches of this name that were begun before this time; the folders that can be removed.
    pub(super) fn purge(&self, name: &str, before: DateTime<Utc>) -> Vec<PathBuf> {
        let mut free = self.free();
        let Some(caches) = free.get_mut(name) else { return Vec::new() };
        caches.extract_if(.., |cache| cache.created < before).map(|cache| cache.home).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tasks_at_once_get_a_cache_each_and_the_next_one_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("caches")).unwrap();
        let caches = Caches::new(at("caches"));
        let now = Utc::now();
        assert_eq!(caches.take("a", &at("t1")).unwrap(), None);
        let (one, two) = (caches.begin("a", now), caches.begin("a", now));
        for (cache, place) in [(one, "t1"), (two, "t2")] {
            std::fs::create_dir(at(place)).unwrap();
            std::fs::write(at(place).join("by"), place).unwrap();
            caches.give_back(cache, &at(place)).unwrap();
        }
        let taken = caches.take("a", &at("t3")).unwrap().unwrap();
        assert_eq!(std::fs::read_to_string(at("t3").join("by")).unwrap(), "t2");
        assert!(caches.take("a", &at("t4")).unwrap().is_some());
        assert_eq!(caches.take("a", &at("t5")).unwrap(), None);
        assert_eq!(caches.take("b", &at("t5")).unwrap(), None);
        std::os::unix::fs::symlink("/", at("link")).unwrap();
        assert!(caches.give_back(taken, &at("link")).is_err());
    }

    #[test]
    fn caches_are_purged_by_name_and_age() {
        let folder = tempfile::tempdir().unwrap();
        let caches = Caches::new(folder.path().to_owned());
        let now = Utc::now();
        let place = folder.path().join("t");
        std::fs::create_dir(&place).unwrap();
        caches.give_back(caches.begin("a", now), &place).unwrap();
        assert_eq!(caches.purge("a", now).len(), 0);
        assert_eq!(caches.purge("b", now + chrono::TimeDelta::seconds(1)).len(), 0);
        assert_eq!(caches.purge("a", now + chrono::TimeDelta::seconds(1)).len(), 1);
        assert_eq!(caches.take("a", &place).unwrap(), None);
    }
}
