//! What the tests of the services' behaviour share: calls made of values, answers read back.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::auth::Presented;
use super::call::{Answer, Call, Fault, Outcome};
use super::hawk::Signed;
use super::queue;
use super::queue::QueueState;
use super::wire::{parse_time, stamp};
use crate::reference::{Catalogue, Method, Service, Source};
use crate::schema::Validator;

pub(super) const ROOT_URL: &str = "http://localhost:1234";

/// One call in the making.
pub(super) struct Request<'a> {
    pub service: &'a str,
    pub method: &'a str,
    pub params: Vec<(&'a str, String)>,
    pub query: Vec<(&'a str, String)>,
    pub body: Value,
    pub scopes: Vec<String>,
    pub client_id: Option<String>,
}

impl<'a> Request<'a> {
    pub(super) fn new(service: &'a str, method: &'a str) -> Self {
        Self {
            service,
            method,
            params: Vec::new(),
            query: Vec::new(),
            body: Value::Null,
            scopes: vec!["*".into()],
            client_id: Some("tester".into()),
        }
    }

    pub(super) fn param(mut self, name: &'a str, value: impl ToString) -> Self {
        self.params.push((name, value.to_string()));
        self
    }

    pub(super) fn query(mut self, name: &'a str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = body;
        self
    }

    pub(super) fn scopes(mut self, scopes: &[&str]) -> Self {
        self.scopes = scopes.iter().map(ToString::to_string).collect();
        self
    }

    /// Makes the call and hands it to `handle`. As on the server, scopes that the route fills are checked before; and
    /// nothing is answered before somebody has looked at the others.
    pub(super) fn send(self, now: DateTime<Utc>, handle: impl FnOnce(&Call<'_>) -> Option<Outcome>) -> Option<Outcome> {
        let (service, method) = Catalogue::embedded(Source::Current).method(self.service, self.method).unwrap();
        let owned = |pairs: Vec<(&str, String)>| -> IndexMap<String, String> {
            pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        };
        let call = Call {
            service: self.service,
            method,
            params: owned(self.params),
            query: owned(self.query),
            body: self.body,
            client_id: self.client_id,
            scopes: self.scopes,
            now,
            root_url: ROOT_URL,
            authorized: Cell::new(false),
        };
        let expression = serde_json::to_string(&method.scopes).unwrap();
        let unfilled = method.route.params().fold(expression, |text, name| text.replace(&format!("<{name}>"), ""));
        // A loop's list comes from the behaviour, even where its variable has the name of a route parameter.
        if !unfilled.contains('<')
            && !unfilled.contains("\"in\"")
            && let Err(refusal) = call.authorize(&[])
        {
            return Some(Err(refusal));
        }
        let outcome = handle(&call);
        if let Some(Ok(answer)) = &outcome {
            assert!(call.authorized.get(), "{} looked at no scopes", method.name);
            check_output(service, method, answer);
        }
        outcome
    }
}

/// Checks an answer against the method's own schema.
fn check_output(service: &Service, method: &Method, answer: &Answer) {
    thread_local! {
        static VALIDATORS: RefCell<HashMap<String, Validator>> = RefCell::default();
    }
    let (Some(file), (200, body)) = (&method.output, read(Ok(answer.clone()))) else { return };
    let faults = VALIDATORS.with_borrow_mut(|validators| {
        let key = format!("{}/{file}", service.service_name);
        validators.entry(key).or_insert_with(|| Validator::new(service, file).unwrap()).faults(&body)
    });
    // The services of 106.0.0 answer it still; the embedded references may be of a later version, which dropped it.
    let faults: Vec<_> = faults.into_iter().filter(|fault| fault.detail.as_deref() != Some("'actions'")).collect();
    assert!(faults.is_empty(), "{} answered {body}: {faults:?}", method.name);
}

/// Status and body of an outcome, as the server would send them; errors as `{code, message}`.
pub(super) fn read(outcome: Outcome) -> (u16, Value) {
    match outcome {
        Ok(Answer::Json(value)) => (200, value),
        Ok(Answer::Raw(text)) => (200, serde_json::from_str(&text).unwrap()),
        Ok(Answer::NoContent) => (204, json!("")),
        Ok(Answer::NoWork(_)) => (200, json!({"tasks": []})),
        Ok(Answer::Status(status, value)) => (status, value),
        Ok(Answer::Redirect(url, Value::Null)) => (303, json!(format!("See Other. Redirecting to {url}"))),
        Ok(Answer::Redirect(_, value)) => (303, value),
        Ok(Answer::Text(text)) => (200, json!(text)),
        Ok(Answer::WithHeaders(_, answer)) => read(Ok(*answer)),
        Err(Fault { status, code, message }) => (status, json!({"code": code, "message": message})),
    }
}

/// A queue with a clock that stands still until it is told to move.
pub(super) struct Rig {
    pub queue: QueueState,
    pub now: DateTime<Utc>,
}

impl Rig {
    pub(super) fn new() -> Self {
        Self { queue: QueueState::new("queue-token"), now: parse_time("2026-11-22T12:00:00Z").unwrap() }
    }

    pub(super) fn pass(&mut self, time: TimeDelta) {
        self.now += time;
        self.queue.advance(self.now);
    }

    pub(super) fn send(&mut self, request: Request<'_>) -> (u16, Value) {
        read(request.send(self.now, |call| queue::handle(&mut self.queue, call)).unwrap())
    }

    pub(super) fn ok(&mut self, request: Request<'_>) -> Value {
        let (status, value) = self.send(request);
        assert!(status < 300, "{status} {value}");
        value
    }

    /// A method of the queue whose first parameters are `taskId` and, with `run`, `runId`.
    pub(super) fn on(&mut self, method: &str, id: &str, run: Option<usize>, body: Value) -> (u16, Value) {
        let mut request = Request::new("queue", method).param("taskId", id).body(body);
        if let Some(run) = run {
            request = request.param("runId", run);
        }
        self.send(request)
    }

    pub(super) fn definition(&self, group: &str) -> Value {
        json!({
            "taskQueueId": "proj/linux", "schedulerId": "rig", "taskGroupId": group, "retries": 1,
            "created": stamp(self.now), "deadline": stamp(self.now + TimeDelta::hours(2)),
            "expires": stamp(self.now + TimeDelta::days(3)), "payload": {"command": ["true"]},
            "metadata": {"name": "n", "description": "d", "owner": "a@example.com", "source": "https://example.com"},
        })
    }

    /// Creates a task with these properties over [`Rig::definition`]'s.
    pub(super) fn create(&mut self, id: &str, group: &str, over: Value) -> (u16, Value) {
        let mut body = self.definition(group);
        for (key, value) in over.as_object().unwrap() {
            body[key] = value.clone();
        }
        self.on("createTask", id, None, body)
    }

    /// State, reason and number of runs: `exception canceled 1`.
    pub(super) fn summary(&mut self, id: &str) -> String {
        let status = self.on("status", id, None, Value::Null).1["status"].clone();
        let runs = status["runs"].as_array().unwrap();
        let reason = runs.last().and_then(|run| run["reasonResolved"].as_str()).unwrap_or("-");
        format!("{} {reason} {}", status["state"].as_str().unwrap(), runs.len())
    }
}

/// A slugid for a number.
pub(super) fn slug(number: u128) -> String {
    use base64::Engine as _;
    // The variant and version bits of a v4 UUID.
    let bits = (number & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bits.to_be_bytes())
}

/// What a request presents of itself that has no signature.
pub(super) fn nothing_presented() -> Presented<'static> {
    let signed = Signed { verb: "GET", resource: "/", host: "localhost", port: 1234 };
    Presented { signed, authorization: None, payload: None }
}
