//! Tasks that a sandbox really runs.

use std::io::Read as _;
use std::time::Duration;

use chrono::Utc;
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tc::sandbox::{Options, Sandbox, Workers};

use super::task::{definition, queue};
use super::wire::{Reply, Wire};

/// How long the tasks of a test may take.
pub const ENOUGH: Duration = Duration::from_secs(180);

/// A sandbox whose workers run tasks.
pub fn sandbox(workers: usize) -> Sandbox {
    let variables = ["PATH", "TMPDIR"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    Sandbox::start(Options::default().workers(Workers::new(workers).execute(variables))).unwrap()
}

/// A payload that runs this script.
pub fn script(text: &str) -> Value {
    json!({"command": [["/bin/sh", "-c", text]], "maxRunTime": 60})
}

/// The first value with the members of the second as well.
pub fn with(mut value: Value, more: Value) -> Value {
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value
}

/// Creates a task with this payload; `more` are other members of its definition.
pub fn create(sandbox: &Sandbox, payload: Value, more: Value) -> String {
    let (id, now) = (slugid::nice(), Utc::now());
    let body = with(with(definition(now, &id), json!({"payload": payload})), more);
    queue(sandbox, now, "PUT", &format!("/task/{id}"), &body).is(200, "");
    id
}

/// A task that is over.
#[derive(Debug)]
pub struct Done {
    pub id: String,
    pub state: String,
    /// Why each of its runs was resolved.
    pub reasons: Vec<String>,
    pub log: String,
}

impl Done {
    /// The log without the worker's own lines.
    pub fn output(&self) -> String {
        self.log.lines().filter(|line| !line.starts_with("[taskcluster")).map(|line| format!("{line}\n")).collect()
    }

    /// What went wrong, as the log has it.
    pub fn errors(&self) -> Vec<&str> {
        self.log.lines().filter_map(|line| line.strip_prefix("[taskcluster:error] ")).collect()
    }

    /// The state and the reason of the last run.
    #[track_caller]
    pub fn is(&self, state: &str, reason: &str) -> &Self {
        let last = self.reasons.last().map_or("", String::as_str);
        assert_eq!((self.state.as_str(), last), (state, reason), "{}", self.log);
        self
    }
}

/// Creates a task and lets it run to its end.
pub fn run(sandbox: &Sandbox, payload: Value) -> Done {
    run_with(sandbox, payload, json!({}))
}

/// The same with other members of the definition.
pub fn run_with(sandbox: &Sandbox, payload: Value, more: Value) -> Done {
    let id = create(sandbox, payload, more);
    assert!(sandbox.wait_until_idle(ENOUGH), "{id} goes on");
    done(sandbox, &id)
}

/// What has become of a task that is over.
pub fn done(sandbox: &Sandbox, id: &str) -> Done {
    let status = get(sandbox, &format!("/task/{id}/status"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let runs = status["status"]["runs"].as_array().unwrap();
    Done {
        id: id.to_owned(),
        state: text(&status["status"]["state"]),
        reasons: runs.iter().map(|run| text(&run["reasonResolved"])).collect(),
        log: String::from_utf8_lossy(&artifact(sandbox, id, "public/logs/live_backing.log")).into_owned(),
    }
}

/// Calls the queue for something that is there.
pub fn get(sandbox: &Sandbox, route: &str) -> Value {
    queue(sandbox, Utc::now(), "GET", route, &Value::Null).is(200, "").value()
}

/// The answer of the storage for an artifact of the latest run.
pub fn stored(sandbox: &Sandbox, id: &str, name: &str) -> Reply {
    let route = format!("/task/{id}/artifacts/{}", name.replace('/', "%2F"));
    let redirect = queue(sandbox, Utc::now(), "GET", &route, &Value::Null);
    assert_eq!(redirect.status, 303, "{name}: {}", redirect.text());
    Wire::to(redirect.header("location").unwrap(), "GET").send()
}

/// The content of an artifact, expanded.
pub fn artifact(sandbox: &Sandbox, id: &str, name: &str) -> Vec<u8> {
    let reply = stored(sandbox, id, name);
    assert_eq!(reply.status, 200, "{name}");
    if reply.header("content-encoding") != Some("gzip") {
        return reply.body;
    }
    let mut content = Vec::new();
    GzDecoder::new(reply.body.as_slice()).read_to_end(&mut content).unwrap();
    content
}

/// All artifacts of the latest run but the logs, as `storageType name`.
pub fn artifacts(sandbox: &Sandbox, id: &str) -> Vec<String> {
    let listed = get(sandbox, &format!("/task/{id}/artifacts"));
    let shown = |it: &Value| format!("{} {}", it["storageType"].as_str().unwrap(), it["name"].as_str().unwrap());
    let all = listed["artifacts"].as_array().unwrap().iter().map(shown);
    all.filter(|it| !it.contains(" public/logs/")).collect()
}

/// Waits until something holds, as processes outside of the test come to it.
#[track_caller]
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = std::time::Instant::now() + ENOUGH;
    while !holds() {
        assert!(std::time::Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
