//! `startDownload` and `download`.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Objects, find};
use crate::sandbox::call::{Answer, Call, Fault, Outcome};
use crate::sandbox::storage::{DOWNLOAD, Place};
use crate::sandbox::wire::stamp;

/// How long the URL of `getUrl` is said to be good; it really is for twice as long.
const SIMPLE_URL_LIFETIME: TimeDelta = TimeDelta::minutes(1);

pub(super) fn start(objects: &Objects, call: &Call<'_>) -> Outcome {
    let object = find(objects, call)?;
    let place = Place::of_object(call.param("name"));
    let accepts = |method: &str| call.body["acceptDownloadMethods"][method] == true;
    if accepts("getUrl") {
        return Ok(Answer::Json(json!({
            "method": "getUrl",
            "url": objects.storage.get_url(&place, call.now, SIMPLE_URL_LIFETIME * 2),
            "expires": stamp(call.now + SIMPLE_URL_LIFETIME),
            "hashes": object.hashes,
        })));
    }
    if accepts("simple") {
        let url = objects.storage.get_url(&place, call.now, DOWNLOAD);
        return Ok(Answer::Json(json!({"method": "simple", "url": url})));
    }
    Err(Fault::new(406, "NoMatchingMethod", "Object supports methods simple, getUrl"))
}

pub(super) fn redirect(objects: &Objects, call: &Call<'_>) -> Outcome {
    find(objects, call)?;
    let url = objects.storage.get_url(&Place::of_object(call.param("name")), call.now, DOWNLOAD);
    Ok(Answer::Redirect(url, Value::Null))
}
