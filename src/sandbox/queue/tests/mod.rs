//! Tests of the queue as a whole, by calls; one file a subject.

mod artifacts;
mod claims;
mod create;
mod dependencies;
mod groups;
mod invariants;
mod transitions;
mod workers;

use serde_json::{Value, json};

use super::QueueState;
use crate::sandbox::rig::{Rig, slug};

/// A rig with tasks of these numbers, all in the group of number 0.
fn with_tasks(numbers: &[u128]) -> Rig {
    let mut rig = Rig::new();
    for number in numbers {
        let (status, answer) = rig.create(&slug(*number), &slug(0), json!({}));
        assert_eq!(status, 200, "{answer}");
    }
    rig
}

fn claim(rig: &mut Rig, id: &str, run: usize) -> (u16, Value) {
    rig.on("claimTask", id, Some(run), json!({"workerGroup": "g", "workerId": "w"}))
}

/// Claims the run and reports it completed.
fn complete(rig: &mut Rig, id: &str, run: usize) {
    assert_eq!(claim(rig, id, run).0, 200);
    assert_eq!(rig.on("reportCompleted", id, Some(run), Value::Null).0, 200);
}

fn message(answer: &(u16, Value)) -> &str {
    answer.1["message"].as_str().unwrap_or_default()
}

impl QueueState {
    /// How many things of each kind the queue holds.
    pub(in crate::sandbox) fn held(&self) -> Vec<(&'static str, usize)> {
        vec![
            ("tasks", self.tasks.len()),
            ("dependents", self.dependents.len()),
            ("groups", self.groups.len()),
            ("task queues", self.queues.len()),
            ("texts", self.texts.len()),
            ("deadlines", self.deadlines.len()),
            ("expiries", self.expiries.len()),
            ("claims", self.claims.len()),
            ("built-in runs", self.built_in.len()),
            ("resolutions", self.resolutions.len()),
            ("completed", self.completed.len()),
            ("artifact expiries", self.artifact_expiries.len()),
            ("task queues seen", self.workers.queues.len()),
            ("workers seen", self.workers.workers.values().map(|workers| workers.len()).sum()),
        ]
    }
}
