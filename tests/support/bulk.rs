//! Groups and calls of bulk actions on a scripted server.

use std::collections::HashSet;

use chrono::Utc;
use serde_json::json;

use super::Tc;
use super::fake_clock::FakeClock;
use super::fake_server::{Answer, FakeServer};

pub const GROUP: &str = "VESwp9JaRo-XkFN_bemBhw";

pub fn id(number: usize) -> String {
    format!("{number:08}QACAAAAAAAAAAA")
}

/// A page with the tasks of these numbers, all pending.
pub fn page(numbers: impl IntoIterator<Item = usize>, token: Option<&str>) -> String {
    let tasks: Vec<_> = numbers
        .into_iter()
        .map(|number| {
            json!({"status": {"taskId": id(number), "state": "pending", "taskQueueId": "p/w"},
                   "task": {"metadata": {"name": format!("task {number}")}}})
        })
        .collect();
    json!({"taskGroupId": GROUP, "tasks": tasks, "continuationToken": token}).to_string()
}

pub fn list(token: Option<&str>) -> String {
    let query = token.map(|token| format!("?continuationToken={token}")).unwrap_or_default();
    format!("GET /api/queue/v1/task-group/{GROUP}/list{query}")
}

pub fn cancel(number: usize) -> String {
    format!("POST /api/queue/v1/task/{}/cancel", id(number))
}

/// The answer to the cancellation of the task of this number.
pub fn done(number: usize) -> Answer {
    let status = json!({"status": {"taskId": id(number), "state": "exception", "runs": []}});
    Answer::json(200, status.to_string())
}

/// `tc` for this server, with a clock on which waiting takes no time.
pub fn tc(server: &FakeServer) -> Tc {
    let clock = FakeClock::at(&Utc::now().to_rfc3339());
    Tc::new().env("TASKCLUSTER_ROOT_URL", server.url()).environment(|environment| environment.with_clock(clock))
}

pub fn lines(text: &str) -> HashSet<String> {
    let lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
    let set: HashSet<String> = lines.iter().cloned().collect();
    assert_eq!(set.len(), lines.len(), "something was said twice");
    set
}
