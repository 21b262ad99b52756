//! What the index keeps: tasks by name within namespaces, and the namespaces themselves.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveTime, Utc};
use serde_json::{Number, Value};

use super::ISSUER;
use crate::sandbox::certificate::Issuer;
use crate::sandbox::wire::Name;

/// A task under one name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    /// The task.
    pub task_id: Box<str>,
    /// Of two tasks under one name, the one of the higher rank stays.
    pub rank: Number,
    /// Whatever belongs to it.
    pub data: Value,
    /// After this it is no longer found.
    pub expires: DateTime<Utc>,
}

/// Everything that the index knows.
pub(crate) struct IndexState {
    pub(super) issuer: Issuer,
    /// By namespace, then by name.
    tasks: BTreeMap<Name, BTreeMap<Name, Entry>>,
    /// By the namespace around them, then by name: until when they are listed.
    namespaces: BTreeMap<Name, BTreeMap<Name, DateTime<Utc>>>,
}

/// The namespace and the last word of a path.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

fn join(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}

/// The next midnight, so that a namespace's expiry moves at most once a day.
fn next_midnight(time: DateTime<Utc>) -> DateTime<Utc> {
    let day = time.date_naive();
    day.checked_add_days(Days::new(1)).unwrap_or(day).and_time(NaiveTime::MIN).and_utc()
}

fn rank(number: &Number) -> f64 {
    number.as_f64().unwrap_or_default()
}

impl IndexState {
    /// An empty index; `access_token` is that of the client [`ISSUER`].
    pub(crate) fn new(access_token: impl Into<String>) -> Self {
        Self {
            issuer: Issuer { client_id: ISSUER.into(), access_token: access_token.into() },
            tasks: BTreeMap::new(),
            namespaces: BTreeMap::new(),
        }
    }

    /// The task under this path.
    pub(super) fn get(&self, path: &str, now: DateTime<Utc>) -> Option<&Entry> {
        let (namespace, name) = split(path);
        let found = self.tasks.get(&Name::new(namespace))?.get(&Name::new(name));
        found.filter(|entry| entry.expires > now)
    }

    /// Puts a task under this path unless one of a higher rank is there, and returns the one that is there then.
    pub(super) fn insert(&mut self, path: &str, entry: Entry, now: DateTime<Utc>) -> &Entry {
        let (namespace, name) = split(path);
        self.ensure_namespace(namespace, entry.expires);
        let kept = self.tasks.entry(Name::new(namespace)).or_default().entry(Name::new(name));
        kept.and_modify(|old| {
            if old.expires <= now || rank(&old.rank) <= rank(&entry.rank) {
                *old = entry.clone();
            }
        })
        .or_insert(entry)
    }

    /// Makes sure that a namespace is listed until after `expires`; those around it live a day longer each.
    fn ensure_namespace(&mut self, namespace: &str, expires: DateTime<Utc>) {
        let (mut namespace, mut expires) = (namespace, expires);
        while !namespace.is_empty() {
            expires = next_midnight(expires);
            let (around, name) = split(namespace);
            let entry = self.namespaces.entry(Name::new(around)).or_default().entry(Name::new(name)).or_insert(expires);
            *entry = expires.max(*entry);
            namespace = around;
        }
    }

    /// Drops the tasks and namespaces that are not found any more.
    pub(crate) fn forget_expired(&mut self, now: DateTime<Utc>) {
        self.tasks.retain(|_, tasks| {
            tasks.retain(|_, entry| entry.expires > now);
            !tasks.is_empty()
        });
        self.namespaces.retain(|_, namespaces| {
            namespaces.retain(|_, expires| *expires > now);
            !namespaces.is_empty()
        });
    }

    /// How many there are.
    #[cfg(test)]
    pub(in crate::sandbox) fn len(&self) -> usize {
        let tasks = self.tasks.values().map(|tasks| tasks.len());
        tasks.sum::<usize>() + self.namespaces.values().map(|spaces| spaces.len()).sum::<usize>()
    }

    /// Everything with its path.
    pub(super) fn all(&self) -> impl Iterator<Item = (String, &Entry)> {
        let spaces = self.tasks.iter();
        spaces.flat_map(|(space, tasks)| tasks.iter().map(move |(name, entry)| (join(&space.0, &name.0), entry)))
    }

    /// Forgets the task under this path; the namespace stays.
    pub(super) fn remove(&mut self, path: &str) {
        let (namespace, name) = split(path);
        if let Some(tasks) = self.tasks.get_mut(&Name::new(namespace)) {
            tasks.remove(&Name::new(name));
        }
    }

    /// Path and task of all that is right in a namespace.
    pub(super) fn tasks(&self, namespace: &str, now: DateTime<Utc>) -> impl Iterator<Item = (String, &Entry)> {
        let found = self.tasks.get(&Name::new(namespace)).into_iter().flatten();
        let live = found.filter(move |(_, entry)| entry.expires > now);
        live.map(move |(name, entry)| (join(namespace, &name.0), entry))
    }

    /// Path, last word and expiry of the namespaces right in a namespace.
    pub(super) fn namespaces(
        &self,
        namespace: &str,
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = (String, &str, DateTime<Utc>)> {
        let found = self.namespaces.get(&Name::new(namespace)).into_iter().flatten();
        let live = found.filter(move |(_, expires)| **expires > now);
        live.map(move |(name, expires)| (join(namespace, &name.0), &*name.0, *expires))
    }
}
