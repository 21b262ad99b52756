//! Replays calls that were recorded on real services, in order, and compares the sandbox's answers with theirs.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use regex::Regex;
use serde::Deserialize;
use serde_json::{Value, json};
use tc::clock::Clock;
use tc::sandbox::{Options, Sandbox};

use crate::support::recorded::{data, differ_shape, root, shape, time, whole};
use crate::support::wire::{Reply, Wire};

/// A call that a real service answered, as `scripts/distill-test-data` keeps it.
#[derive(Deserialize)]
struct Recording {
    /// When it was made, in milliseconds since 1970.
    at: i64,
    service: String,
    method: String,
    verb: String,
    path: String,
    signed: bool,
    #[serde(default)]
    body: Value,
    #[serde(default)]
    note: String,
    /// The caller had these scopes alone.
    scopes: Option<Vec<String>>,
    status: u16,
    /// Those of [`HEADERS`] that the answer had.
    headers: BTreeMap<String, String>,
    code: Option<String>,
    /// Keys and types of the answer.
    response: Value,
    /// What the deployment made up in the answer and later requests repeat, by JSON pointer.
    #[serde(default)]
    made_up: BTreeMap<String, String>,
}

/// Calls that the sandbox answers otherwise, by number, each with the reason: `tests/data/recordings-open.json`.
#[derive(Deserialize)]
struct Open {
    /// Status, code or shape differ. What agrees must be struck out.
    open: BTreeMap<usize, String>,
    /// Values depend on what else lived on the recorded deployment, or on its version: they are not compared.
    values: BTreeMap<usize, String>,
}

/// Headers that are compared.
const HEADERS: [&str; 5] = [
    "content-type",
    "cache-control",
    "www-authenticate",
    "x-content-type-options",
    "x-taskcluster-artifact-storage-type",
];

/// A clock that stands where the recording stood.
#[derive(Clone)]
struct Recorded(Arc<Mutex<DateTime<Utc>>>);

impl Clock for Recorded {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> futures::future::BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

struct Replay {
    sandbox: Sandbox,
    start: DateTime<Utc>,
    clock: Recorded,
    /// What the recorded deployment made up, and what ours made up in its place.
    made_up: BTreeMap<String, String>,
    client_token: String,
}

impl Replay {
    fn start(at: DateTime<Utc>) -> Self {
        let clock = Recorded(Arc::new(Mutex::new(at)));
        // There, dependents were not looked at before the recording was over.
        let options = Options::default().clock(Arc::new(clock.clone())).dependency_delay(TimeDelta::days(1));
        let sandbox = Sandbox::start(options).unwrap();
        Self { sandbox, start: at, clock, made_up: BTreeMap::new(), client_token: String::new() }
    }

    /// What was on the deployment before the first recording.
    fn furnish(&self) {
        let role = json!({"description": "", "scopes": [
            "queue:create-task:highest:proj-rig/worker-ekqslnqk", "queue:create-task:project:rig", "queue:scheduler-id:-",
        ]});
        let put = |target: &str, body: &Value| {
            self.signed(Wire::new(&self.sandbox, "PUT", target).json(body)).send().is(200, "");
        };
        put("/api/auth/v1/roles/hook-id%3Arig%2Fh-I4QvK_6RT1-YZHPe9W9n5w", &role);
        for client in ["rig%2Fhuman", "rig%2FYmd4IIKnQuWp17vxP0Dnrg"] {
            let client_body = json!({"expires": "2036-11-19T12:50:35.617Z", "description": "d", "scopes": ["*"]});
            put(&format!("/api/auth/v1/clients/{client}"), &client_body);
        }
        let worker_pool = |description: &str, owner: &str| json!({"providerId": "static", "description": description, "config": {}, "owner": owner, "emailOnError": false});
        let pools = "/api/worker-manager/v1/worker-pool";
        put(&format!("{pools}/docker-compose%2Fgeneric-worker"), &worker_pool("rig", "developer@taskcluster.local"));
        put(&format!("{pools}/rig%2Fxka6grj1sfuoag17bszq3qz"), &worker_pool("d", "a@example.com"));
        for (target, body, status) in [
            ("/api/purge-cache/v1/purge-cache/proj-rig%2Fworker-ekqslnqk", json!({"cacheName": "c"}), 204),
            ("/api/notify/v1/denylist/add", json!({"notificationType": "email", "notificationAddress": "x@y.z"}), 200),
        ] {
            let reply = self.signed(Wire::new(&self.sandbox, "POST", target).json(&body)).send();
            assert_eq!(reply.status, status, "{}", reply.text());
        }
        let anonymous = "/api/auth/v1/roles/anonymous";
        let mut role = self.signed(Wire::new(&self.sandbox, "GET", anonymous)).send().value();
        role = json!({"description": "as docker/tc-admin", "scopes": role["scopes"]});
        self.signed(Wire::new(&self.sandbox, "POST", anonymous).json(&role)).send().is(200, "");
    }

    fn signed(&self, wire: Wire) -> Wire {
        wire.at(self.clock.now())
    }

    fn send(&mut self, number: usize, recording: &Recording) -> Reply {
        let mut wire = self.signed(Wire::new(&self.sandbox, &recording.verb, &self.translate(&recording.path)));
        wire = match &recording.body {
            Value::Null => wire,
            Value::String(malformed) => wire.body("application/json", malformed),
            body => wire.body("application/json", &self.translate(&body.to_string())),
        };
        if let Some(scopes) = &recording.scopes {
            return wire.ext(json!({ "authorizedScopes": scopes })).send();
        }
        wire = match (number, recording.note.as_str()) {
            _ if !recording.signed => wire.anonymous(),
            (14 | 16, _) if recording.service == "auth" => wire.signed_by("rec/one", &self.client_token),
            (_, "insufficient scopes") => wire.signed_by("rec/one", &self.client_token),
            (_, "authorizedScopes") => wire.ext(json!({"authorizedScopes": ["queue:get-artifact:x"]})),
            (_, "empty authorizedScopes") => wire.ext(json!({"authorizedScopes": []})),
            (_, "bad token") => wire.signed_by(self.sandbox.client_id(), "wrong"),
            (_, "unknown client") => wire.signed_by("no/such", "wrong"),
            (24 | 25, _) if recording.service == "auth" => wire.signed_by("tester", "no-secret"),
            _ => wire,
        };
        wire.send()
    }

    fn translate(&self, text: &str) -> String {
        self.made_up.iter().fold(text.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
    }

    /// What differs between the answers in status, headers, code, keys and types; nothing when they agree.
    fn compare(&mut self, recording: &Recording, reply: &Reply, any_items: bool) -> Option<String> {
        if recording.status != reply.status {
            return Some(format!(" status {} in place of {}: {}", reply.status, recording.status, reply.text()));
        }
        for name in HEADERS {
            let (theirs, ours) = (recording.headers.get(name).map(|value| blur(value)), reply.header(name).map(blur));
            if theirs != ours {
                return Some(format!(" {name}: {ours:?} in place of {theirs:?}"));
            }
        }
        let ours = reply.value();
        if let Some(token) = ours["accessToken"].as_str().filter(|_| ours["clientId"] == "rec/one") {
            token.clone_into(&mut self.client_token);
        }
        for (pointer, theirs) in &recording.made_up {
            if let Some(ours) = ours.pointer(pointer).and_then(Value::as_str) {
                self.made_up.insert(theirs.clone(), ours.to_owned());
            }
        }
        if ours["code"].as_str() != recording.code.as_deref() {
            return Some(format!("/code: {} in place of {:?}", ours["code"], recording.code));
        }
        differ_shape("", &recording.response, &shape(&ours), any_items)
    }

    /// What differs between the whole answers.
    fn compare_whole(&self, recording: &Value, reply: &Reply) -> Option<String> {
        let theirs = recording["headers"]["location"].as_str().map(|value| blur(&self.hosts(value)));
        let ours = reply.header("location").map(blur);
        if theirs != ours {
            return Some(format!(" location: {ours:?} in place of {theirs:?}"));
        }
        // A body that is no JSON, or none at all.
        let theirs = match &recording["response"] {
            Value::Object(members) if members.contains_key("<text>") => &members["<text>"],
            Value::Null if reply.status == 204 => &Value::String(String::new()),
            theirs => theirs,
        };
        let mut difference = None;
        self.differ("", theirs, &reply.value(), &mut difference);
        difference
    }

    fn differ(&self, path: &str, theirs: &Value, ours: &Value, found: &mut Option<String>) {
        let mut report = |what: String| {
            found.get_or_insert(format!("{path}: {what}"));
        };
        match (theirs, ours) {
            (Value::Object(theirs), Value::Object(ours)) => {
                for (name, theirs) in theirs {
                    self.differ(&format!("{path}/{name}"), theirs, &ours[name], found);
                }
            }
            (Value::Array(theirs), Value::Array(ours)) => {
                if theirs.len() != ours.len() {
                    return report(format!("{} items in place of {}", ours.len(), theirs.len()));
                }
                for (index, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                    self.differ(&format!("{path}/{index}"), theirs, ours, found);
                }
            }
            (Value::String(theirs), Value::String(ours)) => {
                if let Some(what) = self.differ_text(path, theirs, ours) {
                    report(what);
                }
            }
            (Value::Number(_), Value::Number(_)) if path == "/uptime" => {}
            _ if theirs == ours => {}
            _ => report(format!("{ours} in place of {theirs}")),
        }
    }

    fn differ_text(&self, path: &str, theirs: &str, ours: &str) -> Option<String> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let differ = || Some(format!("{ours:?} in place of {theirs:?}"));
        if let (Some(there), Some(here)) = (time(theirs), time(ours)) {
            // What was there before the recording has its own times.
            let near = there < self.start || (there - here).abs() < TimeDelta::milliseconds(250);
            let same_form = theirs.len() == ours.len() && theirs[23..] == ours[23..];
            return if near && same_form { None } else { differ() };
        }
        match name {
            "accessToken" | "uploadId" | "continuationToken" | "token" if !theirs.is_empty() && !ours.is_empty() => {
                let same_length = theirs.len() == ours.len() || name == "continuationToken";
                return if same_length { None } else { differ() };
            }
            "certificate" => return self.differ_certificate(path, theirs, ours),
            _ => {}
        }
        if blur(&self.translate(&self.hosts(theirs))) == blur(ours) { None } else { differ() }
    }

    /// Their text with our hosts.
    fn hosts(&self, text: &str) -> String {
        text.replace("<root>", self.sandbox.root_url()).replace("<storage>", self.sandbox.storage_url())
    }

    fn differ_certificate(&self, path: &str, theirs: &str, ours: &str) -> Option<String> {
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let (mut theirs, mut ours) = (parse(theirs), parse(ours));
        for certificate in [&mut theirs, &mut ours] {
            for (name, length) in [("seed", 44), ("signature", 44)] {
                assert_eq!(certificate[name].as_str().map(str::len), Some(length), "{name}");
                certificate[name] = "..".into();
            }
            for name in ["start", "expiry"] {
                let seconds = certificate[name].as_i64().expect("milliseconds") / 10_000;
                certificate[name] = seconds.into();
            }
        }
        let mut found = None;
        self.differ(path, &theirs, &ours, &mut found);
        found
    }
}

/// Texts without the times and signatures in them, and without a parser's own words.
fn blur(text: &str) -> String {
    let text = match text.split_once("Failed to parse JSON: ") {
        Some((before, after)) => format!("{before}{}", after.split_once("\n\n---").map_or("", |(_, rest)| rest)),
        None => text.to_owned(),
    };
    static TIMES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|until/[0-9.]+|X-Amz-Date=[0-9TZ]{16}|X-Amz-Signature=[0-9a-f]{64}|X-Amz-Credential=[a-z]+%2F\d{8}").unwrap()
    });
    TIMES.replace_all(&text, "<time>").into_owned()
}

/// Replays all calls of a file and compares the answers: in shape, and whole where the whole recording is at hand. Says
/// how many agree.
fn replay(name: &str, furnish: fn(&Replay)) -> String {
    let recordings: Vec<Recording> = data(name);
    let Open { open, values } = data::<BTreeMap<String, Open>>("recordings-open.json").remove(name).unwrap();
    let whole: Option<Vec<Value>> = whole(name);
    let moment = |recording: &Recording| DateTime::from_timestamp_millis(recording.at).unwrap();
    let mut replay = Replay::start(moment(&recordings[0]));
    furnish(&replay);
    let (mut agree, mut shown, mut agree_now) = (0, Vec::new(), Vec::new());
    for (number, recording) in recordings.iter().enumerate() {
        *replay.clock.0.lock().unwrap() = moment(recording);
        let reply = replay.send(number, recording);
        let shape_only = values.contains_key(&number);
        let mut difference = replay.compare(recording, &reply, shape_only);
        if let (None, false, Some(whole)) = (&difference, shape_only, &whole) {
            difference = replay.compare_whole(&whole[number], &reply);
            assert!(difference.is_none() || !open.contains_key(&number), "#{number} of {name} belongs to `values`");
        }
        match difference {
            None if open.contains_key(&number) => agree_now.push(number),
            None => agree += 1,
            Some(_) if open.contains_key(&number) => {}
            Some(difference) => shown.push(format!("#{number} {} {}{difference}", recording.service, recording.method)),
        }
    }
    let how = if whole.is_some() { "whole" } else { "in shape" };
    assert!(shown.is_empty(), "{agree} of {} agree; these do not:\n{}", recordings.len(), shown.join("\n"));
    assert!(agree_now.is_empty(), "strike out of tests/data/recordings-open.json, {name}: {agree_now:?}");
    format!("{name}: {agree} of {} recorded answers agree, compared {how}; {} are open", recordings.len(), open.len())
}

#[test]
fn answers_agree_with_those_of_real_services() {
    println!("{}", replay("recordings.json", Replay::furnish));
}

#[test]
fn answers_agree_with_those_of_more_real_services() {
    println!("{}", replay("recordings-2.json", |_| {}));
}

/// The facts in tests/data/ are those of the recordings, where these are at hand.
#[test]
fn distilled_test_data_is_fresh() {
    let recordings = root().join("../shared/data");
    if !recordings.exists() {
        println!("the recordings are not at hand: nothing to compare tests/data/ with");
        return;
    }
    let script = root().join("scripts/distill-test-data");
    let ran = std::process::Command::new(&script).arg("--check").arg(&recordings).output().unwrap();
    assert!(ran.status.success(), "{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
}
