use serde_json::{Value, json};

use super::*;

fn definition(payload: Value) -> Value {
    json!({
        "taskQueueId": "proj/pool", "created": "2026-11-26T00:00:00.000Z", "deadline": "2026-11-27T00:00:00.000Z",
        "expires": "2026-12-27T00:00:00.000Z", "scopes": [], "payload": payload,
        "metadata": {"name": "n", "description": "d", "owner": "o@example.com", "source": "https://example.com"},
    })
}

fn found_by(worker: &str, definition: &Value, clock: Clock) -> Vec<String> {
    let worker = worker.parse().unwrap();
    let findings = check_definition(definition, "", Checks { worker, clock }).unwrap();
    let letter = |severity| if severity == Severity::Error { 'E' } else { 'W' };
    findings.iter().map(|found| format!("{} {}: {}", letter(found.severity), found.path, found.message)).collect()
}

fn found(definition: &Value) -> Vec<String> {
    found_by("auto", definition, Clock::None)
}

#[test]
fn a_good_definition_of_each_worker_has_no_fault() {
    for (worker, payload) in [
        ("auto", json!({"command": [["/bin/bash", "-c", "true"]], "maxRunTime": 60})),
        ("auto", json!({"command": ["echo hello"], "maxRunTime": 60})),
        ("auto", json!({"image": "ubuntu", "maxRunTime": 60})),
        ("generic-worker:insecure", json!({"command": [["true"]], "maxRunTime": 60})),
        (
            "generic-worker:10.11",
            json!({
                "command": ["set", "echo hello world > hello_world.txt"], "maxRunTime": 86400, "env": {"A": "b"},
                "artifacts": [{"path": "dist\\x.exe", "type": "file", "name": "public/x.exe", "contentType": "text/plain"}],
                "features": {"chainOfTrust": true, "taskclusterProxy": true}, "supersederUrl": "https://example.com/",
                "mounts": [{"file": "f", "content": {"url": "https://example.com/f"}}],
            }),
        ),
    ] {
        assert_eq!(found_by(worker, &definition(payload.clone()), Clock::None), [""; 0], "{payload}");
    }
}

#[test]
fn times_must_follow_each_other() {
    let mut task = definition(json!({
        "command": [["true"]], "maxRunTime": 1,
        "artifacts": [
            {"path": "a", "type": "file", "expires": "2027-01-01T00:00:00Z"},
            {"path": "b", "type": "file", "expires": "2026-11-26T12:00:00Z"},
        ],
    }));
    assert_eq!(
        found(&task),
        [
            "E /payload/artifacts/0/expires: the artifact expires after the task",
            "W /payload/artifacts/1/expires: the artifact expires before the task's deadline",
        ]
    );
    task["payload"]["artifacts"] = json!([]);
    task["deadline"] = "2026-12-02T00:00:00.000Z".into();
    task["expires"] = "2026-12-01T00:00:00.000Z".into();
    assert_eq!(
        found(&task),
        [
            "E /deadline: the deadline is more than 5 days after `created`",
            "E /expires: the task expires before its deadline"
        ]
    );
    task["deadline"] = "2026-11-25T00:00:00.000Z".into();
    assert_eq!(found(&task), ["E /deadline: the deadline is before `created`"]);
}

#[test]
fn how_far_times_are_from_now_counts_when_the_task_is_created() {
    let task = definition(json!({"command": [["true"]], "maxRunTime": 1}));
    let later = "2026-12-26T00:00:00Z".parse().unwrap();
    let expected = ["/created: `created` is more than 15 minutes from now", "/deadline: the deadline is in the past"];
    assert_eq!(found_by("auto", &task, Clock::Writing(later)), expected.map(|text| format!("W {text}")));
    assert_eq!(found_by("auto", &task, Clock::Creating(later)), expected.map(|text| format!("E {text}")));
    let now = "2026-11-26T00:10:00Z".parse().unwrap();
    assert_eq!(found_by("auto", &task, Clock::Creating(now)), [""; 0]);
}

#[test]
fn scopes_that_the_payload_needs_are_named() {
    let task_id = "fN1SbArXTPSVFNUvaOlinQ";
    let mut task = definition(json!({
        "command": [["true"]], "maxRunTime": 1, "osGroups": ["docker"], "features": {"runTaskAsCurrentUser": true},
        "mounts": [
            {"cacheName": "c", "directory": "d"},
            {"file": "f", "content": {"taskId": task_id, "artifact": "private/a"}},
            {"file": "g", "content": {"taskId": task_id, "artifact": "public/a"}},
        ],
    }));
    assert_eq!(
        found(&task),
        [
            "E /payload/osGroups/0: the task lacks the scope `generic-worker:os-group:proj/pool/docker`",
            "E /payload/features/runTaskAsCurrentUser: the task lacks the scope `generic-worker:run-task-as-current-user:proj/pool`",
            "E /payload/mounts/0/cacheName: the task lacks the scope `generic-worker:cache:c`",
            "E /payload/mounts/1/content/artifact: the task lacks the scope `queue:get-artifact:private/a`",
        ]
    );
    task["scopes"] = json!(["generic-worker:*", "assume:x"]);
    assert_eq!(
        found(&task),
        ["W /payload/mounts/1/content/artifact: the task lacks the scope `queue:get-artifact:private/a`"]
    );
    let docker = definition(json!({
        "image": "ubuntu", "maxRunTime": 1, "cache": {"a/b": "/x"}, "features": {"allowPtrace": true},
        "capabilities": {"privileged": true, "devices": {"kvm": true}},
    }));
    assert_eq!(
        found(&docker),
        [
            "E /payload/cache/a~1b: the task lacks the scope `docker-worker:cache:a/b`",
            "E /payload/features/allowPtrace: the task lacks the scope `docker-worker:feature:allowPtrace`",
            "E /payload/capabilities/privileged: the task lacks the scope `docker-worker:capability:privileged`",
            "E /payload/capabilities/devices/kvm: the task lacks the scope `docker-worker:capability:device:kvm`",
        ]
    );
}

#[test]
fn an_old_worker_does_not_know_what_came_later() {
    let mut task = definition(json!({
        "command": ["x"], "maxRunTime": 1, "rdpInfo": "login-identity/x/rdp.txt", "osGroups": ["a"],
        "artifacts": [{"path": "a", "type": "file", "contentType": "text/plain"}],
        "features": {"taskclusterProxy": true},
        "mounts": [{"directory": "d", "cacheName": "c", "format": "zip", "content": {"url": "https://example.com/"}}],
    }));
    task["scopes"] = json!(["generic-worker:*"]);
    assert_eq!(found_by("generic-worker:10.6.0", &task, Clock::None), [""; 0]);
    assert_eq!(
        found_by("generic-worker:10.3", &task, Clock::None),
        [
            "E /payload/rdpInfo: generic-worker 10.3 does not know `rdpInfo`",
            "E /payload/artifacts/0/contentType: generic-worker 10.3 does not know `contentType`",
            "E /payload/features/taskclusterProxy: generic-worker 10.3 does not know `taskclusterProxy`",
        ]
    );
    let findings = found_by("generic-worker:5.3.0", &task, Clock::None);
    assert!(
        findings.contains(&"E /payload/mounts: generic-worker 5.3.0 does not know `mounts`".into()),
        "{findings:?}"
    );
    task["payload"]["maxRunTime"] = 86_401.into();
    assert_eq!(found_by("generic-worker:10", &task, Clock::None), ["E /payload/maxRunTime: invalid value"]);
}

#[test]
fn what_is_missing_is_named_once() {
    assert_eq!(
        found(&json!({"payload": {"x": 1}})),
        [
            "E : missing property `created`",
            "E : missing property `deadline`",
            "E : missing property `metadata`",
            "E : missing property `taskQueueId`",
            "W /payload: the payload is not checked: it is not known which worker it is for",
        ]
    );
    assert_eq!(found(&json!([])), ["E : wrong type"]);
}

#[test]
fn workers_are_named() {
    for bad in ["", "generic-worker:x", "docker-worker:1", "script-worker"] {
        assert!(bad.parse::<WorkerChoice>().is_err(), "{bad}");
    }
    assert_eq!("generic-worker:106.0.0".parse(), Ok(WorkerChoice::GenericWorker));
    assert_eq!(WorkerChoice::Auto.of(&json!({"image": "x"})).unwrap().name(), "docker-worker");
}

#[test]
fn a_definition_that_no_body_can_carry_has_one_fault() {
    let checks = Checks { worker: WorkerChoice::Auto, clock: Clock::None };
    let of = |length: usize| {
        check_definition(&json!({"payload": {"env": {"A": "x".repeat(length)}}}), "/tasks/0", checks).unwrap()
    };
    let found = of(50 << 20);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].path.as_str(), found[0].found.as_deref()), ("/tasks/0", Some("51 MiB")));
    assert!(of(9 << 20).len() > 1, "the rest is checked");
}
