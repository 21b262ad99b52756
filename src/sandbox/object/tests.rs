use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Objects, handle};
use crate::sandbox::rig::{Request, read, slug};
use crate::sandbox::storage::Storage;

fn now() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn objects() -> Objects {
    Objects::new(Arc::new(Storage::new("http://localhost:1")))
}

fn call(objects: &Objects, method: &str, body: Value) -> (u16, Value) {
    at(objects, now(), method, body)
}

fn at(objects: &Objects, now: DateTime<Utc>, method: &str, body: Value) -> (u16, Value) {
    read(
        Request::new("object", method).param("name", "a/b").body(body).send(now, |call| handle(objects, call)).unwrap(),
    )
}

fn proposal(id: u128, methods: &Value) -> Value {
    json!({"projectId": "p", "uploadId": slug(id), "expires": "2026-11-22T13:00:00Z", "proposedUploadMethods": methods})
}

fn inline() -> Value {
    json!({"dataInline": {"contentType": "text/plain", "objectData": "aGk="}})
}

fn finish(id: u128, sha256: &str) -> Value {
    json!({"projectId": "p", "uploadId": slug(id), "hashes": {"sha256": sha256.repeat(64)}})
}

#[test]
fn an_object_is_there_when_its_upload_is_finished() {
    let objects = objects();
    assert_eq!(call(&objects, "finishUpload", finish(1, "a")).0, 404);
    let put = json!({"putUrl": {"contentType": "text/plain", "contentLength": 2}});
    let (status, answer) = call(&objects, "createUpload", proposal(1, &put));
    assert_eq!((status, &answer["uploadMethod"]["putUrl"]["headers"]["Content-Length"]), (200, &json!("2")));
    let refused = call(&objects, "finishUpload", finish(1, "a"));
    assert_eq!((refused.0, &refused.1["message"]), (400, &json!("Nothing has been uploaded")));
    assert_eq!(call(&objects, "createUpload", proposal(1, &inline())).1["uploadMethod"], json!({"dataInline": true}));
    assert_eq!(call(&objects, "object", Value::Null).0, 404);
    for _ in 0..2 {
        assert_eq!(call(&objects, "finishUpload", finish(1, "a")).0, 200);
    }
    assert_eq!(call(&objects, "object", Value::Null).1["hashes"], json!({"sha256": "a".repeat(64)}));
    assert_eq!(at(&objects, now() + TimeDelta::hours(2), "object", Value::Null).0, 404);
}

#[test]
fn an_upload_is_of_one_id_and_its_hashes_do_not_change() {
    let objects = objects();
    assert_eq!(call(&objects, "createUpload", proposal(1, &json!({}))).1["uploadMethod"], json!({}));
    assert_eq!(call(&objects, "createUpload", proposal(2, &inline())).0, 409);
    assert_eq!(call(&objects, "createUpload", proposal(1, &inline())).0, 200);
    assert_eq!(call(&objects, "finishUpload", finish(2, "a")).0, 409);
    assert_eq!(call(&objects, "finishUpload", finish(1, "a")).0, 200);
    assert_eq!(call(&objects, "finishUpload", finish(1, "b")).0, 409);
    let mut other = finish(1, "a");
    other["hashes"]["sha512"] = "a".repeat(128).into();
    assert_eq!(call(&objects, "finishUpload", other).0, 409);
    assert_eq!(call(&objects, "createUpload", proposal(1, &inline())).0, 409);
    let elsewhere = Request::new("object", "createUpload").param("name", "other").body(proposal(1, &inline()));
    assert_eq!(read(elsewhere.send(now(), |call| handle(&objects, call)).unwrap()).0, 409);
}

#[test]
fn a_download_is_by_the_method_that_the_caller_knows() {
    let objects = objects();
    call(&objects, "createUpload", proposal(1, &inline()));
    call(&objects, "finishUpload", finish(1, "a"));
    let start = |methods: Value| call(&objects, "startDownload", json!({"acceptDownloadMethods": methods}));
    let (_, answer) = start(json!({"getUrl": true, "simple": true}));
    assert_eq!((&answer["method"], &answer["expires"]), (&json!("getUrl"), &json!("2026-11-22T12:01:00.000Z")));
    assert_eq!(start(json!({"simple": true})).1["method"], "simple");
    assert_eq!(start(json!({"simple": false})).0, 406);
}
