//! The object service: named bytes that are uploaded once and never change (spec, section 9).

mod download;
#[cfg(test)]
mod tests;
mod upload;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Fault, Outcome};
use super::storage::{Blob, DOWNLOAD, Place, Storage};
use super::wire::stamp;

/// All objects. The queue looks into it for artifacts of type `object`.
pub(super) struct Objects {
    storage: Arc<Storage>,
    by_name: Mutex<BTreeMap<String, Object>>,
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
        Self { storage, by_name: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Object>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a finished object can be read for a while.
    pub(super) fn url(&self, name: &str, now: DateTime<Utc>) -> Option<String> {
        let finished = self.lock().get(name).is_some_and(|object| object.finished && object.expires >= now);
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
        self.lock().insert(name.to_owned(), object);
    }

    /// Forgets an object and its bytes.
    pub(super) fn remove(&self, name: &str) {
        self.lock().remove(name);
        self.storage.remove(&Place::of_object(name));
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
    let found = objects.lock().get(call.param("name")).filter(|object| object.finished).cloned();
    found.filter(|object| object.expires >= call.now).ok_or_else(|| Fault::not_found("Object not found"))
}

fn describe(objects: &Objects, call: &Call<'_>) -> Outcome {
    let object = find(objects, call)?;
    Ok(Answer::Json(json!({
        "projectId": object.project, "expires": stamp(object.expires), "hashes": object.hashes,
    })))
}
