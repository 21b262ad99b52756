//! Replays calls that were recorded on real services, in order, and compares the sandbox's answers with theirs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use regex::Regex;
use serde_json::{Value, json};
use tc::clock::Clock;
use tc::sandbox::{Options, Sandbox};

use crate::support::wire::{Reply, Wire};

/// Calls whose answers depend on what else lives on the recorded deployment, or on its version: their shape must
/// agree, their values need not.
const SHAPE_ONLY: &[usize] = &[1, 4, 5, 139, 165];

/// Calls of a service that the sandbox does not have: hooks.
const MISSING: &[usize] = &[144, 145, 146, 147, 148, 149, 150, 151, 152, 153, 154, 155];

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

fn time(text: &str) -> Option<DateTime<Utc>> {
    // Only what the services write: milliseconds, and `Z` or a zero offset.
    let shape = text.len() >= 24 && text.as_bytes()[10] == b'T' && text.as_bytes()[19] == b'.';
    shape.then(|| DateTime::parse_from_rfc3339(text).ok()).flatten().map(|time| time.to_utc())
}

fn times(value: &Value, found: &mut Vec<DateTime<Utc>>) {
    match value {
        Value::String(text) => found.extend(time(text)),
        Value::Array(items) => items.iter().for_each(|item| times(item, found)),
        Value::Object(members) => members.values().for_each(|member| times(member, found)),
        _ => {}
    }
}

/// When each call was made: the latest time in its answer that is not in the future of the whole recording.
fn timeline(recordings: &[Value]) -> Vec<DateTime<Utc>> {
    let end = time("2026-11-22T12:54:18.000Z").unwrap();
    let mut now = time("2026-11-22T12:54:11.850Z").unwrap();
    recordings
        .iter()
        .map(|recording| {
            let mut found = Vec::new();
            times(&recording["response"], &mut found);
            now = found.into_iter().filter(|time| *time < end).fold(now, DateTime::max);
            now
        })
        .collect()
}

struct Replay {
    sandbox: Sandbox,
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
        let replay = Self { sandbox, clock, made_up: BTreeMap::new(), client_token: String::new() };
        replay.furnish();
        replay
    }

    /// What was on the recorded deployment before the recording.
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

    fn send(&mut self, number: usize, recording: &Value) -> Reply {
        let text = |name: &str| recording[name].as_str().unwrap_or_default().to_owned();
        let mut wire = self.signed(Wire::new(&self.sandbox, &text("verb"), &self.translate(&text("path"))));
        wire = match &recording["body"] {
            Value::Null => wire,
            Value::String(malformed) => wire.body("application/json", malformed),
            body => wire.body("application/json", &self.translate(&body.to_string())),
        };
        wire = match (number, recording["note"].as_str().unwrap_or_default()) {
            _ if recording["signed"] == false => wire.anonymous(),
            (14 | 16, _) | (_, "insufficient scopes") => wire.signed_by("rec/one", &self.client_token),
            (_, "authorizedScopes") => wire.ext(json!({"authorizedScopes": ["queue:get-artifact:x"]})),
            (_, "empty authorizedScopes") => wire.ext(json!({"authorizedScopes": []})),
            (_, "bad token") => wire.signed_by(self.sandbox.client_id(), "wrong"),
            (_, "unknown client") => wire.signed_by("no/such", "wrong"),
            (24 | 25, _) => wire.signed_by("tester", "no-secret"),
            _ => wire,
        };
        wire.send()
    }

    fn translate(&self, text: &str) -> String {
        self.made_up.iter().fold(text.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
    }

    /// What differs between the answers; nothing when they agree.
    fn compare(&mut self, number: usize, recording: &Value, reply: &Reply) -> Option<String> {
        if recording["status"] != reply.status {
            return Some(format!("status {} in place of {}: {}", reply.status, recording["status"], reply.text()));
        }
        if let Some(difference) = self.differ_headers(recording, reply) {
            return Some(difference);
        }
        let ours = reply.value();
        let shape_only = SHAPE_ONLY.contains(&number);
        if let Some(token) = ours["accessToken"].as_str().filter(|_| ours["clientId"] == "rec/one") {
            token.clone_into(&mut self.client_token);
        }
        let mut difference = None;
        self.differ("", &recording["response"], &ours, shape_only, &mut difference);
        difference
    }

    fn differ_headers(&self, recording: &Value, reply: &Reply) -> Option<String> {
        const COMPARED: [&str; 6] = [
            "content-type",
            "cache-control",
            "location",
            "www-authenticate",
            "x-content-type-options",
            "x-taskcluster-artifact-storage-type",
        ];
        COMPARED.iter().find_map(|name| {
            let theirs = recording["headers"][name].as_str().map(|value| blur(&self.hosts(value)));
            let ours = reply.header(name).map(blur);
            (theirs != ours).then(|| format!(" {name}: {ours:?} in place of {theirs:?}"))
        })
    }

    fn differ(&mut self, path: &str, theirs: &Value, ours: &Value, shape: bool, found: &mut Option<String>) {
        let mut report = |what: String| {
            found.get_or_insert(format!("{path}: {what}"));
        };
        match (theirs, ours) {
            (Value::Object(theirs), Value::Object(ours)) => {
                let names = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<BTreeSet<_>>();
                if names(theirs) != names(ours) {
                    return report(format!("members {:?} in place of {:?}", names(ours), names(theirs)));
                }
                for (name, theirs) in theirs {
                    self.differ(&format!("{path}/{name}"), theirs, &ours[name], shape, found);
                }
            }
            (Value::Array(theirs), Value::Array(ours)) => {
                if !shape && theirs.len() != ours.len() {
                    return report(format!("{} items in place of {}", ours.len(), theirs.len()));
                }
                for (index, ours) in ours.iter().enumerate() {
                    let Some(theirs) = theirs.get(index).or(theirs.first()) else { break };
                    self.differ(&format!("{path}/{index}"), theirs, ours, shape, found);
                }
            }
            (Value::String(theirs), Value::String(ours)) => {
                if let Some(what) = self.differ_text(path, theirs, ours, shape) {
                    report(what);
                }
            }
            (Value::Number(_), Value::Number(_)) if shape || path == "/uptime" => {}
            (Value::Bool(_), Value::Bool(_)) if shape => {}
            _ if theirs == ours => {}
            _ => report(format!("{ours} in place of {theirs}")),
        }
    }

    fn differ_text(&mut self, path: &str, theirs: &str, ours: &str, shape: bool) -> Option<String> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let differ = || Some(format!("{ours:?} in place of {theirs:?}"));
        if let (Some(there), Some(here)) = (time(theirs), time(ours)) {
            // What was there before the recording has its own times.
            let near = shape
                || there < time("2026-11-22T12:54:11.000Z").unwrap()
                || (there - here).abs() < TimeDelta::milliseconds(250);
            let same_form = theirs.len() == ours.len() && theirs[23..] == ours[23..];
            return if near && same_form { None } else { differ() };
        }
        match name {
            "accessToken" | "uploadId" | "continuationToken" if !theirs.is_empty() && !ours.is_empty() => {
                self.made_up.insert(theirs.into(), ours.into());
                let same_length = theirs.len() == ours.len() || name == "continuationToken";
                return if same_length { None } else { differ() };
            }
            "certificate" => return self.differ_certificate(path, theirs, ours),
            _ if shape => return None,
            _ => {}
        }
        if blur(&self.hosts(theirs)) == blur(ours) { None } else { differ() }
    }

    /// Their text with our hosts.
    fn hosts(&self, text: &str) -> String {
        text.replace("<root>", self.sandbox.root_url()).replace("<storage>", self.sandbox.storage_url())
    }

    fn differ_certificate(&mut self, path: &str, theirs: &str, ours: &str) -> Option<String> {
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
        self.differ(path, &theirs, &ours, false, &mut found);
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

#[test]
fn answers_agree_with_those_of_real_services() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/recordings.json");
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let recordings: Vec<Value> = serde_json::from_str(&text).unwrap();
    let timeline = timeline(&recordings);
    let mut replay = Replay::start(timeline[0]);
    let (mut agree, mut different, mut shown) = (0, Vec::new(), Vec::new());
    for (number, (recording, now)) in recordings.iter().zip(timeline).enumerate() {
        *replay.clock.0.lock().unwrap() = now;
        let reply = replay.send(number, recording);
        match replay.compare(number, recording, &reply) {
            None => agree += 1,
            Some(difference) => {
                different.push(number);
                let (service, method) = (&recording["service"], &recording["method"]);
                if !MISSING.contains(&number) {
                    shown.push(format!("#{number} {service} {method}{difference}"));
                }
            }
        }
    }
    println!("{agree} of {} recorded answers agree", recordings.len());
    assert!(shown.is_empty(), "{agree} of {} agree; these do not:\n{}", recordings.len(), shown.join("\n"));
    assert_eq!(different, MISSING, "more answers agree now: shorten the list");
}
