//! `createUpload` and `finishUpload`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::{Object, Objects, missing};
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::storage::{Blob, Place, UPLOAD};
use crate::sandbox::wire::{parse_time, stamp};

pub(super) fn create(objects: &Objects, call: &Call<'_>) -> Outcome {
    let text = |key: &str| call.body[key].as_str().unwrap_or_default().to_owned();
    let (name, project, upload_id) = (call.param("name"), text("projectId"), text("uploadId"));
    call.authorize(&[("projectId", json!(project))])?;
    let expires = parse_time(&text("expires"))
        .ok_or_else(|| Fault::input(format!("`expires` is not a time: {}", text("expires"))))?;
    if expires < call.now - TimeDelta::minutes(15) {
        return Err(Fault::input("Expires must be in the future"));
    }
    let mut held = objects.lock();
    // The same call once more is no conflict, as long as the upload is not finished.
    let same = |object: &Object| {
        !object.finished && object.upload_id == upload_id && object.project == project && object.expires == expires
    };
    if held.by_name.get(name).is_some_and(|object| !same(object)) {
        return Err(Fault::conflict("Object already exists"));
    }
    if held.uploads.get(&upload_id).is_some_and(|used| used != name) {
        return Err(Fault::conflict(format!("uploadId `{upload_id}` is used for another object already")));
    }
    let mut hashes = held.by_name.get(name).map(|object| object.hashes.clone()).unwrap_or_default();
    add_hashes(&mut hashes, &call.body["hashes"])?;
    let method = method(objects, call)?;
    let answer = json!({
        "projectId": project, "uploadId": upload_id, "expires": stamp(expires), "uploadMethod": method,
    });
    held.add(name, Object::unfinished(&project, &upload_id, expires, hashes));
    Ok(Answer::Json(answer))
}

/// Chooses one of the proposed methods: data that is there already comes first. None is chosen when none fits.
fn method(objects: &Objects, call: &Call<'_>) -> Result<Value, Fault> {
    let proposed = &call.body["proposedUploadMethods"];
    let place = Place::of_object(call.param("name"));
    let content_type = |method: &str| proposed[method]["contentType"].as_str().unwrap_or_default().to_owned();
    if let Some(data) = proposed["dataInline"]["objectData"].as_str() {
        let bytes = STANDARD.decode(data).map_err(|_| Fault::input("`objectData` is not base64"))?;
        objects.storage.put(place, Blob::new(bytes).content_type(content_type("dataInline")));
        return Ok(json!({"dataInline": true}));
    }
    let Some(length) = proposed["putUrl"]["contentLength"].as_f64() else { return Ok(json!({})) };
    let (url, headers) = objects.storage.put_url_with_headers(&place, &content_type("putUrl"), length as u64, call.now);
    let headers: Map<String, Value> =
        headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    Ok(json!({"putUrl": {"url": url, "expires": stamp(call.now + UPLOAD), "headers": headers}}))
}

/// Adds hashes; one that was said before must be said again in the same way.
fn add_hashes(known: &mut Map<String, Value>, given: &Value) -> Result<(), Fault> {
    for (algorithm, hash) in given.as_object().into_iter().flatten() {
        if known.get(algorithm).is_some_and(|before| before != hash) {
            return Err(Fault::conflict("Object hashes have already been set and do not match"));
        }
        known.insert(algorithm.clone(), hash.clone());
    }
    Ok(())
}

pub(super) fn finish(objects: &Objects, call: &Call<'_>) -> Outcome {
    let name = call.param("name");
    call.authorize(&[("projectId", call.body["projectId"].clone())])?;
    let mut held = objects.lock();
    let object = held.by_name.get_mut(name).ok_or_else(|| missing(call))?;
    if call.body["projectId"] != object.project.as_str() {
        return Err(Fault::input("projectId does not match"));
    }
    if call.body["uploadId"] != object.upload_id.as_str() {
        return Err(Fault::conflict("The object has another uploadId"));
    }
    if objects.storage.get(&Place::of_object(name)).is_none() {
        return Err(Fault::input("Nothing has been uploaded"));
    }
    let given = &call.body["hashes"];
    // What is finished never changes: not even by a hash that nobody named before.
    if object.finished && given.as_object().into_iter().flatten().any(|(name, _)| !object.hashes.contains_key(name)) {
        return Err(Fault::conflict("The object is finished, with other hashes"));
    }
    add_hashes(&mut object.hashes, given)?;
    object.finished = true;
    Ok(Answer::Json(json!({})))
}
