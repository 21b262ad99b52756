//! The object service: named bytes that are uploaded once and never change.

mod download;
#[cfg(test)]
mod tests;
mod upload;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Fault, Outcome};
use super::storage::{Blob, DOWNLOAD, Place, Storage};
use super::wire::stamp;

/// All objects. The queue looks into it for artifacts of type `object`.
pub(super) struct Objects {
    storage: Arc<Storage>,
    held: Mutex<ObjectStore>,
}

#[derive(Default)]
struct ObjectStore {
    by_name: BTreeMap<String, Object>,
    /// The name that each upload ID was used for.
    uploads: HashMap<String, String>,
}

/// One object, maybe still being uploaded.
#[derive(Debug, Clone)]
struct Object {
    project: String,
    upload_id: String,
    expires: DateTime<Utc>,
    hashes: Map<String, Value>,
    finished: bool,
}

impl Objects {
    /// None yet; their bytes go to this storage.
    pub(super) fn new(storage: Arc<Storage>) -> Self {
        Self { storage, held: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, ObjectStore> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the upload of an artifact, before anybody says how; false when the name or the upload ID is taken.
    pub(super) fn reserve(&self, name: &str, project: &str, upload_id: &str, expires: DateTime<Utc>) -> bool {
        let mut held = self.lock();
        if held.by_name.contains_key(name) || held.uploads.contains_key(upload_id) {
            return false;
        }
        held.add(name, Object::unfinished(project, upload_id, expires, Map::new()));
        true
    }

    /// Whether an object is there and whole.
    pub(super) fn is_finished(&self, name: &str) -> bool {
        self.lock().by_name.get(name).is_some_and(|object| object.finished)
    }

    /// Where a finished object can be read for a while.
    pub(super) fn url(&self, name: &str, now: DateTime<Utc>) -> Option<String> {
        let finished = self.lock().by_name.get(name).is_some_and(|object| object.finished && object.expires >= now);
        finished.then(|| self.storage.get_url(&Place::of_object(name), now, DOWNLOAD))
    }

    /// Stores a finished object as if it had been uploaded.
    pub(super) fn put(&self, name: &str, project: &str, upload_id: &str, expires: DateTime<Utc>, blob: Blob) {
        let (sha256, sha512) = blob.hashes();
        let hashes = json!({"sha256": sha256, "sha512": sha512});
        self.storage.put(Place::of_object(name), blob);
        let object = Object {
            project: project.to_owned(),
            upload_id: upload_id.to_owned(),
            expires,
            hashes: hashes.as_object().cloned().unwrap_or_default(),
            finished: true,
        };
        self.lock().add(name, object);
    }

    /// Forgets the objects that expired before a time, and their bytes.
    pub(super) fn forget_expired(&self, before: DateTime<Utc>) {
        let expired = |object: &Object| object.expires < before;
        let names: Vec<String> = {
            let held = self.lock();
            let found = held.by_name.iter().filter(|(_, object)| expired(object));
            found.map(|(name, _)| name.clone()).collect()
        };
        for name in names {
            self.remove(&name);
        }
    }

    /// How many there are.
    #[cfg(test)]
    pub(in crate::sandbox) fn len(&self) -> usize {
        let held = self.lock();
        held.by_name.len() + held.uploads.len()
    }

    /// Forgets an object and its bytes.
    pub(super) fn remove(&self, name: &str) {
        let mut held = self.lock();
        if let Some(object) = held.by_name.remove(name) {
            held.uploads.remove(&object.upload_id);
        }
        drop(held);
        self.storage.remove(&Place::of_object(name));
    }
}

impl ObjectStore {
    fn add(&mut self, name: &str, object: Object) {
        self.uploads.insert(object.upload_id.clone(), name.to_owned());
        self.by_name.insert(name.to_owned(), object);
    }
}

impl Object {
    fn unfinished(project: &str, upload_id: &str, expires: DateTime<Utc>, hashes: Map<String, Value>) -> Self {
        Self { project: project.to_owned(), upload_id: upload_id.to_owned(), expires, hashes, finished: false }
    }
}

/// Answers a call of the object service; none for methods without behaviour.
pub(super) fn handle(objects: &Objects, call: &Call<'_>) -> Option<Outcome> {
    Some(match call.method.name.as_str() {
        "createUpload" => upload::create(objects, call),
        "finishUpload" => upload::finish(objects, call),
        "startDownload" => download::start(objects, call),
        "download" => download::redirect(objects, call),
        "object" => describe(objects, call),
        _ => return None,
    })
}

/// The finished object that the route names.
fn find(objects: &Objects, call: &Call<'_>) -> Result<Object, Fault> {
    let found = objects.lock().by_name.get(call.param("name")).filter(|object| object.finished).cloned();
    found.filter(|object| object.expires >= call.now).ok_or_else(|| missing(call))
}

fn missing(call: &Call<'_>) -> Fault {
    Fault::not_found(format!("Object \"{}\" not found", call.param("name")))
}

fn describe(objects: &Objects, call: &Call<'_>) -> Outcome {
    let object = find(objects, call)?;
    Ok(Answer::Json(json!({
        "projectId": object.project, "expires": stamp(object.expires), "hashes": object.hashes,
    })))
}
