use std::fs;

use serde_json::json;

use crate::support::Tc;

#[test]
fn schemas_are_listed_with_those_who_speak_them() {
    let tc = Tc::new();
    let ran = tc.run(&["schema", "list", "secrets"]);
    ran.stdout("secrets\tv1/secret-list.json\tlist (answer)\nsecrets\tv1/secret.json\tset (body), get (answer)\n")
        .stderr("")
        .status(0);
    let all = tc.run(&["schema", "list", "--json"]).json();
    let all = all.as_array().unwrap();
    assert!(all.len() > 180);
    let defined = all.iter().find(|entry| entry["file"] == "v1/task-defined-message.json").unwrap();
    assert_eq!(defined["exchanges"], json!(["taskDefined"]));
    let worker = tc.run(&["schema", "list", "docker-worker"]);
    worker.stdout("docker-worker\tv1/payload.json\t\n").status(0);
}

#[test]
fn a_schema_is_found_by_method_and_by_file() {
    let tc = Tc::new();
    let by_method = tc.run(&["schema", "show", "queue", "createtask"]);
    by_method.stderr("").status(0);
    assert_eq!(by_method.json()["$id"], "/schemas/queue/v1/create-task-request.json#");
    tc.run(&["schema", "show", "Queue", "v1/create-task-request.json#"]).stdout(&by_method.stdout).status(0);
    let output = tc.run(&["schema", "show", "queue", "createTask", "--output"]).json();
    assert_eq!(output["$id"], "/schemas/queue/v1/task-status-response.json#");
    let worker = tc.run(&["schema", "show", "docker-worker", "v1/payload.json"]).json();
    assert_eq!(worker["$id"], "/schemas/docker-worker/v1/payload.json#");
}

#[test]
fn a_skeleton_is_a_body_to_fill_in() {
    let tc = Tc::new();
    tc.run(&["schema", "skeleton", "secrets", "set"])
        .stdout("{\n  \"expires\": \"1970-01-01T00:00:00.000Z\",\n  \"secret\": {}\n}\n")
        .stderr("")
        .status(0);
    let all = tc.run(&["schema", "skeleton", "queue", "createTask", "--all"]);
    assert_eq!(all.json()["priority"], "lowest");
    let checked = Tc::new().stdin(&all.stdout).run(&["schema", "validate", "queue", "createTask", "-"]);
    checked.stdout("valid\n").stderr("").status(0);
}

#[test]
fn faults_are_told_with_their_paths() {
    let tc = Tc::new();
    fs::write(tc.directory().join("secret.yml"), "secret: [1]\nexpires: soon\nextra: 1\n").unwrap();
    let ran = tc.run(&["schema", "validate", "secrets", "set", "secret.yml"]);
    ran.stdout(
        "/: must NOT have additional properties ('extra')\n\
         /secret: must be object\n\
         /expires: must match format \"date-time\"\n",
    )
    .stderr("")
    .status(1);
    let ran = tc.run(&["schema", "validate", "secrets", "set", "secret.yml", "--json"]);
    ran.stderr("").status(1);
    let fault = json!({"path": "/secret", "message": "must be object"});
    assert_eq!(ran.json()["valid"], false);
    assert_eq!(ran.json()["faults"][1], fault);
}

#[test]
fn a_fault_cannot_drive_the_terminal() {
    let tc = Tc::new().terminal().stdin(r#"{"secret": {}, "expires": "2026-01-01T00:00:00Z", "\u001b[2Jx": 1}"#);
    tc.run(&["schema", "validate", "secrets", "set", "-"])
        .stdout("/: must NOT have additional properties ('[2Jx')\n")
        .status(1);
}

#[test]
fn bad_input_is_refused_before_anything_is_printed() {
    let tc = Tc::new();
    fs::write(tc.directory().join("broken.json"), "{\"a\": 1,\n \"b\" 2}").unwrap();
    fs::write(tc.directory().join("broken.yml"), "a: b: c\n").unwrap();
    fs::write(tc.directory().join("binary"), b"\xff\xfe").unwrap();
    let validate = |file| ["schema", "validate", "secrets", "set", file];
    for (args, status, message) in [
        (
            &["schema", "show", "quue", "createTask"][..],
            2,
            "error: unknown service `quue`\nhint: Did you mean `queue`?\n",
        ),
        (
            &["schema", "show", "queue", "creatTask"],
            2,
            "error: `queue.creatTask` is not in the references of Taskcluster 106.0.0\nhint: Did you mean `createTask`",
        ),
        (
            &["schema", "show", "queue", "v1/tsk.json"],
            2,
            "error: the queue service has no schema `v1/tsk.json`\nhint: Did you mean `v1/task.json`?\n",
        ),
        (
            &["schema", "skeleton", "queue", "task"],
            2,
            "error: queue.task takes no body\nhint: --output is for the schema of its answer.\n",
        ),
        (
            &["schema", "show", "queue", "v1/task.json", "--output"],
            2,
            "error: --output goes with a method, not with a file\n",
        ),
        (&["schema", "list", "nope"], 2, "error: unknown service `nope`\n"),
        (&["schema"], 2, ""),
        (
            &validate("broken.json"),
            2,
            "error: broken.json is neither JSON nor YAML\n  caused by: expected `:` at line 2 column 6\n",
        ),
        (&validate("broken.yml"), 2, "error: broken.yml is neither JSON nor YAML\n  caused by: "),
        (&validate("binary"), 2, "error: binary is not UTF-8\n  caused by: "),
        (&validate("missing.json"), 1, "error: cannot read missing.json\n  caused by: "),
        (&validate("-"), 2, "error: standard input is empty\n"),
    ] {
        let ran = tc.run(args);
        ran.stdout("").status(status);
        assert!(ran.stderr.starts_with(message), "{ran}");
    }
}

#[test]
fn a_schema_file_leads_to_the_files_beside_it() {
    let tc = Tc::new();
    tc.run(&["schema", "export", "schemas"]).status(0);
    fs::write(tc.directory().join("task.json"), r#"{"retries": 50}"#).unwrap();
    let schema = "schemas/queue/v1/create-task-request.json";
    let ran = tc.run(&["schema", "validate", "--schema", schema, "task.json"]);
    ran.stderr("").status(1);
    assert!(ran.stdout.contains("/retries: must be <= 49\n"), "{ran}");
}

#[test]
fn schemas_of_workers_are_named_by_their_files() {
    let tc = Tc::new();
    let whole = tc.run(&["schema", "show", "generic-worker", "multiuser_posix.json"]);
    whole.stderr("").status(0);
    tc.run(&["schema", "show", "generic-worker", "multiuser_posix"]).stdout(&whole.stdout).status(0);
    tc.run(&["schema", "show", "docker-worker", "payload"])
        .stdout("")
        .status(2)
        .stderr("error: docker-worker has no schema `payload`\nhint: Choose from v1/payload.json.\n");
}
