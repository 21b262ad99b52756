//! `tc d2g`: the converter as people run it. What it makes of payloads is tested where it is made.

use serde_json::json;
use tc::sandbox::{Options, Sandbox};

use crate::support::Tc;

const PAYLOAD: &str = r#"{"image": "ubuntu", "command": ["bash", "-c", "echo hello world"], "maxRunTime": 300}"#;

#[test]
fn a_payload_on_standard_input_is_converted_as_by_the_go_tool() {
    let ran = Tc::new().stdin(PAYLOAD).run(&["d2g"]);
    ran.stderr("").status(0);
    let name = ran.json()["command"][0][4].as_str().unwrap().to_owned();
    assert!(name.starts_with("taskcontainer_") && name.len() == "taskcontainer_".len() + 22, "{name}");
    let shown = ran.stdout.replace(&name, "taskcontainer");
    let head = "{\n  \"command\": [\n    [\n      \"docker\",\n      \"run\",\n      \"-t\",\n      \"--name\",\n      \"taskcontainer\",\n";
    assert!(shown.starts_with(head), "{shown}");
    let tail = "  \"maxRunTime\": 300,\n  \"osGroups\": [\n    \"docker\"\n  ],\n  \"taskclusterProxyInterface\": \"docker-bridge\"\n}\n";
    assert!(shown.ends_with(tail), "{shown}");
}

#[test]
fn a_definition_in_a_yaml_file_gets_its_scopes_converted() {
    let tc = Tc::new();
    let file =
        "taskQueueId: a/b\nscopes: ['docker-worker:cache:c']\npayload: {image: ubuntu, maxRunTime: 1, env: {A: b}}\n";
    std::fs::write(tc.directory().join("task.yml"), file).unwrap();
    let ran = tc.run(&["d2g", "-t", "-f", "task.yml"]);
    ran.status(0).stderr("warning: the worker sets these variables itself, so the output lacks them: A\n");
    let scopes = json!(["docker-worker:cache:c", "generic-worker:cache:c", "generic-worker:os-group:a/b/docker"]);
    assert_eq!(ran.json()["scopes"], scopes);
}

#[test]
fn roles_are_expanded_by_the_deployment() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let tc = Tc::new()
        .signed_in(&sandbox)
        .stdin(r#"{"description": "d", "scopes": ["docker-worker:capability:privileged"]}"#);
    tc.run(&["api", "auth", "createRole", "x", "-d", "-"]).status(0);
    let task = r#"{"taskQueueId": "a/b", "scopes": ["assume:x"],
        "payload": {"image": "ubuntu", "maxRunTime": 1, "capabilities": {"privileged": true}}}"#;
    let ran = Tc::new().signed_in(&sandbox).stdin(task).run(&["d2g", "--task-def"]);
    ran.stderr("").status(0);
    let scopes = json!(["assume:x", "generic-worker:capability:privileged", "generic-worker:os-group:a/b/docker"]);
    assert_eq!(ran.json()["scopes"], scopes);
}

#[test]
fn a_payload_that_is_none_is_shown_where_it_is_wrong() {
    let ran = Tc::new().stdin("image: ubuntu\nmaxRunTime: 0\n").run(&["d2g"]);
    ran.stdout("").status(1).stderr(
        "error: must be >= 1\n --> standard input:2:13 (/maxRunTime)\n  |\n2 | maxRunTime: 0\n  |             ^\n\
         error: the payload is not a docker-worker payload\n",
    );
    let task = r#"{"taskQueueId": "a/b", "scopes": [], "payload": {"image": "ubuntu", "maxRunTime": 1, "capabilities": {"privileged": true}}}"#;
    Tc::new().stdin(task).run(&["d2g", "-t"]).stdout("").status(1).stderr(
        "error: the payload needs scopes that the task lacks\n\
         hint: Add to `scopes`: docker-worker:capability:privileged or docker-worker:capability:privileged:a/b\n",
    );
}
