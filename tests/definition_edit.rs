//! `tc task edit` and `tc task cot`.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tc::sandbox::{Options, Sandbox};

use crate::support::Tc;
use crate::support::task::{queue, running};

fn sandbox() -> (Sandbox, Tc) {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new().signed_in(&sandbox).env("PATH", &std::env::var("PATH").unwrap());
    (sandbox, tc)
}

/// A task that validates.
fn create(tc: &Tc) -> String {
    let file = "taskQueueId: proj/pool\npayload: {command: [['true']], maxRunTime: 60}\nmetadata: {name: example, description: d, owner: o@example.com, source: 'https://example.com'}\n";
    fs::write(tc.directory().join("task.yml"), file).unwrap();
    let ran = tc.run(&["task", "create", "task.yml"]);
    ran.status(0).stdout.strip_prefix("Task ").and_then(|rest| rest.strip_suffix(" created\n")).unwrap().to_owned()
}

#[cfg(unix)]
#[test]
fn an_edited_definition_becomes_a_new_task() {
    let (_sandbox, tc) = sandbox();
    let id = create(&tc);
    let tc = tc.env("EDITOR", r#"sed -i 's/"maxRunTime": 60/"maxRunTime": 61/'"#);
    let ran = tc.run(&["task", "edit", &id]);
    ran.stdout("").status(2);
    assert!(ran.stderr.contains("-     \"maxRunTime\": 60\n+     \"maxRunTime\": 61\n"), "{ran}");
    assert!(ran.stderr.contains("error: cannot create an edited task without confirmation: standard input is not a terminal\nhint: Add --yes\n"), "{ran}");
    let ran = tc.run(&["task", "edit", &id, "--yes"]);
    ran.status(0);
    let new = ran.stdout.strip_prefix("Task ").and_then(|rest| rest.strip_suffix(" created\n")).unwrap().to_owned();
    assert_ne!(new, id);
    let definition = tc.run(&["task", "def", &new]).json();
    assert_eq!((&definition["payload"]["maxRunTime"], &definition["taskGroupId"]), (&json!(61), &json!(id)));
}

#[cfg(unix)]
#[test]
fn an_editor_that_fails_or_changes_nothing_creates_nothing() {
    let (_sandbox, tc) = sandbox();
    let id = create(&tc);
    let tc = tc.env("EDITOR", "true");
    tc.run(&["task", "edit", &id]).stdout("").stderr("Nothing has changed; nothing was created.\n").status(0);
    let tc = tc.env("EDITOR", "false");
    let ran = tc.run(&["task", "edit", &id]);
    ran.stdout("").status(1);
    assert!(
        ran.stderr.starts_with("error: the editor `false` ended with exit status: 1\nhint: The edited text is in "),
        "{ran}"
    );
    let kept = ran.stderr.trim_end().rsplit(' ').next().unwrap();
    assert!(fs::read_to_string(kept).unwrap().contains("maxRunTime"));
    fs::remove_file(kept).unwrap();
    let tc = tc.env("EDITOR", r#"sed -i 's/"maxRunTime": 60/"maxRunTime": 0/'"#);
    let ran = tc.run(&["task", "edit", &id, "--yes"]);
    ran.stdout("").status(1);
    assert!(ran.stderr.contains("expected at least 1, found 0\n"), "{ran}");
    fs::remove_file(ran.stderr.trim_end().rsplit(' ').next().unwrap()).unwrap();
}

/// A running task with a signed chain of trust over one artifact; its ID and the key.
fn signed(sandbox: &Sandbox, tc: &Tc, change: impl FnOnce(&mut Value)) -> (String, String) {
    let id = running(sandbox, Utc::now());
    let definition = queue(sandbox, Utc::now(), "GET", &format!("/task/{id}"), &Value::Null).is(200, "").value();
    let hash: String = Sha256::digest(b"content").iter().map(|byte| format!("{byte:02x}")).collect();
    let mut chain = json!({
        "chainOfTrustVersion": 1, "artifacts": {"public/a.txt": {"sha256": hash}}, "task": definition, "taskId": id,
        "runId": 0, "workerGroup": "g", "workerId": "w", "environment": {},
    });
    change(&mut chain);
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let text = format!("{chain:#}");
    for (name, bytes) in [
        ("a.txt", b"content".to_vec()),
        ("chain-of-trust.json", text.clone().into_bytes()),
        ("chain-of-trust.json.sig", pair.sign(text.as_bytes()).as_ref().to_vec()),
    ] {
        fs::write(tc.directory().join(name), bytes).unwrap();
        tc.run(&["artifact", "upload", name, "--task", &id]).status(0);
    }
    (id, STANDARD.encode(pair.public_key()))
}

#[test]
fn a_chain_of_trust_that_holds_is_verified() {
    let (sandbox, tc) = sandbox();
    let (id, key) = signed(&sandbox, &tc, |_| {});
    tc.run(&["task", "cot", &id, "--key", &key])
        .stdout(&format!("{id} n\n  run 0, worker g/w\n  signature: verified\n  definition: as signed\n  artifacts: 1 of 1 as signed\n"))
        .stderr("")
        .status(0);
    fs::write(tc.directory().join("key.b64"), &key).unwrap();
    let found = tc.run(&["task", "cot", &id, "--key", "key.b64", "--json"]).json();
    assert_eq!(
        (&found["signature"], &found["definitionMatches"], &found["problems"]),
        (&json!("verified"), &json!(true), &json!([]))
    );
    assert_eq!(tc.run(&["task", "cot", &id, "--json"]).json()["signature"], "unchecked");
}

#[test]
fn what_does_not_hold_is_named() {
    let (sandbox, tc) = sandbox();
    let (id, key) = signed(&sandbox, &tc, |chain| {
        chain["artifacts"]["public/a.txt"]["sha256"] = "00".into();
        chain["artifacts"]["public/none"] = json!({"sha256": "00"});
        chain["task"]["payload"] = json!({"other": 1});
    });
    let other = STANDARD.encode([1; 32]);
    let ran = tc.run(&["task", "cot", &id, "--key", &other]);
    ran.status(3);
    assert!(ran.stdout.contains("FAILED: the signature is not that of the key\n"), "{ran}");
    assert!(ran.stdout.contains("FAILED: the signed definition differs from the task's in payload\n"), "{ran}");
    assert!(ran.stdout.contains("FAILED: public/a.txt: SHA-256 is ed7002b4"), "{ran}");
    assert!(ran.stdout.contains("FAILED: public/none: cannot be read: "), "{ran}");
    ran.stderr("error: the chain of trust does not hold: 4 checks failed\n");
    let ran = tc.run(&["task", "cot", &id, "--key", &key]);
    assert!(ran.stdout.contains("  signature: verified\n"), "{ran}");
    ran.status(3);
    tc.run(&["task", "cot", &id, "--key", "nonsense"])
        .stdout("")
        .stderr("error: invalid ed25519 public key: 32 bytes of base64 are expected\n")
        .status(2);
}

#[test]
fn a_task_without_a_chain_of_trust_says_so() {
    let (sandbox, tc) = sandbox();
    let id = running(&sandbox, Utc::now());
    tc.run(&["task", "cot", &id, "--deep"]).stdout(&format!("{id} n\n  no chain of trust\n")).stderr("").status(0);
}
