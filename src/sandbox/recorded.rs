//! Replays calls that were recorded on real services, and compares the answers: status, key order, values but for times
//! and random parts.

use std::fs;
use std::path::Path;

use chrono::TimeDelta;
use regex::Regex;
use serde_json::Value;

use super::queue::QueueState;
use super::rig::{ROOT_URL, Request, read};
use super::wire::parse_time;
use super::{index, queue, secrets};

/// Answers that differ: about an object whose upload had another ID, and (139, 165) listings that show what was on the
/// recorded deployment before.
const DIFFERENT: &[usize] = &[66, 75, 76, 77, 78, 85, 86, 87, 88, 107, 139, 165];

fn parts(recording: &Value) -> Option<Request<'_>> {
    let (service, method) = (recording["service"].as_str()?, recording["method"].as_str()?);
    if !["queue", "index", "secrets"].contains(&service) {
        return None;
    }
    // What the server checks before a behaviour is asked.
    if ["InputValidationError", "MalformedPayload", "InvalidRequestArguments"]
        .contains(&recording["response"]["code"].as_str().unwrap_or_default())
    {
        return None;
    }
    let (_, found) =
        crate::reference::Catalogue::embedded(crate::reference::Source::Current).method(service, method).ok()?;
    let mut request = Request::new(service, method).body(recording["body"].clone());
    for (name, value) in found.args.iter().zip(recording["args"].as_array()?) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        request = request.param(name, value);
    }
    for (name, value) in recording["query"].as_object().into_iter().flatten() {
        request = request.query(name, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    if recording["note"] == "insufficient scopes" {
        request = request.scopes(&["auth:current-scopes"]);
        request.client_id = Some("rec/one".into());
    }
    if recording["signed"] == false {
        request = request.scopes(&["queue:get-artifact:public/*"]);
        request.client_id = None;
    }
    Some(request)
}

/// The text of an answer without what differs from run to run.
fn blur(value: &Value) -> String {
    let mut value = value.clone();
    if let Some(object) = value.as_object_mut() {
        object.shift_remove("requestInfo");
        if let Some(Value::String(message)) = object.get_mut("message") {
            *message = message.split("\n\n---\n\n").next().unwrap_or_default().to_owned();
        }
    }
    let blurs = [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|\+00:00)", "<time>"),
        (r"until/[0-9.]+", "until/<time>"),
        (r#""accessToken":"[^"]*""#, r#""accessToken":"<token>""#),
        (r#""continuationToken":"[^"]*""#, r#""continuationToken":"<token>""#),
        (r#"\\"(start|expiry)\\":\d+"#, r#"\"$1\":<time>"#),
        (r#""uploadId":"[^"]*""#, r#""uploadId":"<random>""#),
        (r"X-Amz-(Date|Signature|Credential)=[^&]*", "X-Amz-$1=<varies>"),
        ("http://localhost:1/|<storage>/", "<storage>/"),
        (r#"\\"(seed|signature)\\":\\"[^"]*""#, r#"\"$1\":\"<random>""#),
    ];
    blurs.iter().fold(value.to_string().replace("<root>", ROOT_URL), |text, (pattern, with)| {
        Regex::new(pattern).unwrap().replace_all(&text, *with).into_owned()
    })
}

#[test]
fn answers_agree_with_recorded_ones() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/recordings.json");
    let Ok(text) = fs::read_to_string(path) else { return };
    let recordings: Vec<Value> = serde_json::from_str(&text).unwrap();
    // On the recorded deployment dependents were not looked at before the recording was over.
    let mut queue = QueueState::new("token").with_dependency_delay(TimeDelta::days(1));
    let (mut index, mut secrets) = (index::IndexState::new("token"), secrets::SecretsState::default());
    let mut now = parse_time("2026-11-22T12:54:12.000Z").unwrap();
    let (mut agree, mut different, mut shown) = (0, Vec::new(), Vec::new());
    for (number, recording) in recordings.iter().enumerate() {
        let Some(request) = parts(recording) else { continue };
        now += TimeDelta::milliseconds(20);
        let outcome = request.send(now, |call| match call.service {
            "queue" => queue::handle(&mut queue, call),
            "index" => index::handle(&mut index, call),
            _ => secrets::handle(&mut secrets, call),
        });
        let (status, body) = outcome.map_or((501, Value::Null), read);
        let (expected, found) = (blur(&recording["response"]), blur(&body));
        if recording["status"] == status && expected == found {
            agree += 1;
            continue;
        }
        different.push(number);
        if !DIFFERENT.contains(&number) {
            let (method, recorded) = (&recording["method"], &recording["status"]);
            shown.push(format!("#{number} {method}\n  recorded {recorded} {expected}\n  answered {status} {found}"));
        }
    }
    assert!(shown.is_empty(), "{agree} agree; not:\n{}", shown.join("\n"));
    assert_eq!(different, DIFFERENT, "more answers agree now: shorten the list");
}
