//! `tc task cot` over tasks that the sandbox's workers ran and signed.

use chrono::Utc;
use serde_json::json;
use tc::sandbox::Sandbox;

use crate::support::Tc;
use crate::support::execute::{ENOUGH, sandbox, script, with};
use crate::support::task::{definition, queue};

/// Creates a signed task with this ID in a group, and lets it run.
fn run(sandbox: &Sandbox, id: &str, group: &str, command: &str, artifacts: serde_json::Value) {
    let now = Utc::now();
    let payload = with(script(command), json!({"features": {"chainOfTrust": true}, "artifacts": artifacts}));
    let body = with(definition(now, id), json!({"taskGroupId": group, "payload": payload}));
    queue(sandbox, now, "PUT", &format!("/task/{id}"), &body).is(200, "");
    assert!(sandbox.wait_until_idle(ENOUGH));
}

#[test]
fn a_rerun_keeps_the_chain_of_trust_and_a_retrigger_loses_it() {
    let sandbox = sandbox(1);
    let tc = Tc::new().signed_in(&sandbox);
    let key = sandbox.chain_of_trust_key().unwrap();
    let (decision, build) = (slugid::nice(), slugid::nice());
    let graph = json!([{"type": "file", "path": "graph", "name": "public/task-graph.json"}]);
    run(&sandbox, &decision, &decision, &format!("echo '{{\"{build}\": {{\"label\": \"build\"}}}}' > graph"), graph);
    run(&sandbox, &build, &decision, "true", json!([]));
    let expected = |run: u32| {
        format!(
            "{build} n\n  run {run}, worker sandbox/worker-1\n  signature: verified\n  definition: as signed\n  \
             created by: task {decision}, which lists it\n  artifacts: 1 of 1 as signed\n"
        )
    };
    tc.run(&["task", "cot", &build, "--key", &key]).stdout(&expected(0)).stderr("").status(0);
    tc.run(&["task", "cot", &decision, "--key", &key]).stderr("").status(0);

    tc.run(&["task", "rerun", &build, "--force"]).status(0);
    assert!(sandbox.wait_until_idle(ENOUGH));
    tc.run(&["task", "cot", &build, "--key", &key]).stdout(&expected(1)).stderr("").status(0);

    let report = tc.run(&["task", "retrigger", &build, "--json"]).json();
    let copy = report["answers"][0]["created"][0]["taskId"].as_str().unwrap();
    assert!(sandbox.wait_until_idle(ENOUGH));
    let ran = tc.run(&["task", "cot", copy, "--key", &key]);
    ran.status(3).stderr("error: the chain of trust does not hold: 1 check failed\n");
    let failed =
        format!("  FAILED: task {decision} is said to have created it, and does not list it: it may be a copy\n");
    assert!(ran.stdout.contains("  signature: verified\n") && ran.stdout.ends_with(&failed), "{ran}");
    let found = tc.run(&["task", "cot", copy, "--json"]).json();
    assert_eq!(found["parent"], json!({"taskId": decision, "listsTask": false}));
}
