use serde_json::{Value, json};

use super::*;

/// What the service's converter makes of 19 payloads and definitions: of each what differs from case to case.
const CASES: &str = include_str!("../../../tests/data/d2g.json");

const CONTAINER: &str = "taskcontainer";

/// The whole payload that a case's facts amount to.
fn expected(case: &Value) -> Value {
    let mut command = json!([
        "docker",
        "run",
        "-t",
        "--name",
        CONTAINER,
        "--memory-swap",
        "-1",
        "--pids-limit",
        "-1",
        "--pull=never",
        "--log-driver=none",
        "--add-host=localhost.localdomain:127.0.0.1",
    ]);
    let list = command.as_array_mut().unwrap();
    list.extend(case["options"].as_array().unwrap().iter().cloned());
    list.extend(["--env-file".into(), "env.list".into(), "--".into(), case["imageArgument"].clone(), "true".into()]);
    let logs = case.get("logs").is_none();
    let mut payload = json!({
        "command": [command],
        "features": {"backingLog": logs, "liveLog": logs, "resourceMonitor": true},
        "logs": {"backing": "public/logs/live_backing.log", "live": "public/logs/live.log"},
        "maxRunTime": 60,
        "osGroups": ["docker"],
        "taskclusterProxyInterface": "docker-bridge",
    });
    for feature in case["features"].as_array().into_iter().flatten() {
        payload["features"][feature.as_str().unwrap()] = true.into();
    }
    for name in ["mounts", "artifacts"] {
        if let Some(value) = case.get(name) {
            payload[name] = value.clone();
        }
    }
    payload
}

fn payload(members: Value) -> Value {
    let mut payload = json!({"image": "ubuntu", "command": ["true"], "maxRunTime": 60});
    payload.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    payload
}

fn converted(members: Value) -> Value {
    convert_payload(&payload(members), CONTAINER).unwrap().value
}

/// The options of `docker run` between those that are always there.
fn options(members: Value) -> Vec<String> {
    let made = converted(members);
    let command: Vec<String> = serde_json::from_value(made["command"][0].clone()).unwrap();
    let end = command.iter().position(|word| word == "--env-file").unwrap();
    command[11..end].to_vec()
}

#[test]
fn all_cases_of_the_services_converter_are_met() {
    let cases: Vec<Value> = serde_json::from_str(CASES).unwrap();
    assert_eq!(cases.len(), 19);
    for case in cases {
        let payload = payload(case["payload"].clone());
        assert_eq!(convert_payload(&payload, CONTAINER).unwrap().value, expected(&case), "{case}");
        let Some(scopes) = case.get("scopes") else { continue };
        let mut definition = json!({"metadata": {}, "payload": payload, "scopes": scopes});
        let more = definition.as_object_mut().unwrap();
        for name in ["queue", "otherMembers"] {
            more.extend(case.get(name).and_then(Value::as_object).cloned().unwrap_or_default());
        }
        let mut wanted = definition.clone();
        wanted["payload"] = expected(&case);
        let list = wanted["scopes"].as_array_mut().unwrap();
        list.extend(case["convertedScopes"].as_array().unwrap().iter().cloned());
        list.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
        assert_eq!(convert_definition(&definition, None, CONTAINER).unwrap().value, wanted, "{case}");
    }
}

#[test]
fn each_capability_has_its_options() {
    let add_host = "--add-host=localhost.localdomain:127.0.0.1";
    for (members, expected) in [
        (
            json!({"capabilities": {"privileged": true}, "features": {"allowPtrace": true}}),
            vec!["--privileged", add_host],
        ),
        (json!({"features": {"allowPtrace": true}}), vec!["--cap-add=SYS_PTRACE", add_host]),
        (json!({"capabilities": {"disableSeccomp": true}}), vec!["--security-opt=seccomp=unconfined", add_host]),
        (
            json!({"features": {"taskclusterProxy": true}}),
            vec![
                add_host,
                "--network",
                "__TASKCLUSTER_DOCKER_NETWORK__",
                "--add-host=taskcluster:__TASKCLUSTER_PROXY_GATEWAY__",
            ],
        ),
        (
            json!({"capabilities": {"devices": {"kvm": true, "hostSharedMemory": true, "loopbackVideo": true, "loopbackAudio": true}}}),
            vec![
                add_host,
                "--device=/dev/kvm",
                "-v",
                "/dev/shm:/dev/shm",
                "--device=__TASKCLUSTER_VIDEO_DEVICE__",
                "--device=/dev/snd",
            ],
        ),
    ] {
        assert_eq!(options(members.clone()), expected, "{members}");
    }
}

#[test]
fn each_feature_is_carried_over() {
    let made = converted(json!({
        "features": {"chainOfTrust": true, "interactive": true, "taskclusterProxy": true, "bulkLog": false},
        "capabilities": {"devices": {"loopbackAudio": true, "loopbackVideo": true}},
    }));
    assert_eq!(
        made["features"],
        json!({
            "backingLog": false, "chainOfTrust": true, "interactive": true, "liveLog": true, "loopbackAudio": true,
            "loopbackVideo": true, "resourceMonitor": true, "taskclusterProxy": true,
        })
    );
    assert_eq!(converted(json!({"features": {"localLiveLog": false}}))["features"]["liveLog"], false);
}

#[test]
fn a_fuzzing_task_keeps_its_caches_in_order_of_their_names() {
    let made = converted(json!({
        "image": {"type": "indexed-image", "namespace": "project.fuzzing.orion.x.master", "path": "public/x.tar.zst"},
        "cache": {"z": "/z", "a": "/a"},
        "artifacts": {
            "project/fuzz/private/logs": {"path": "/logs/", "type": "directory", "expires": "2020-01-01T00:00:00.123456Z"},
            "project/fuzz/corpus.tar": {"path": "/work/corpus.tar", "type": "file"},
            "project/fuzz/vol.d": {"path": "/work.d/vol", "type": "volume"},
        },
        "features": {"taskclusterProxy": true},
        "capabilities": {"privileged": true},
        "onExitStatus": {"retry": [125, 128], "purgeCaches": [125]},
        "supersederUrl": "https://example.com/supersede",
        "log": "project/fuzz/live",
    }));
    assert_eq!(
        made["mounts"],
        json!([
            {"cacheName": "a", "directory": "cache0"},
            {"cacheName": "z", "directory": "cache1"},
            {"content": {"namespace": "project.fuzzing.orion.x.master", "artifact": "public/x.tar.zst"}, "file": "dockerimage"},
        ])
    );
    assert_eq!(
        made["artifacts"],
        json!([
            {"name": "project/fuzz/corpus.tar", "optional": true, "path": "artifact0.tar", "type": "file"},
            {
                "name": "project/fuzz/private/logs", "optional": true, "path": "artifact1", "type": "directory",
                "expires": "2020-01-01T00:00:00.123Z",
            },
            {"name": "project/fuzz/vol.d", "optional": true, "path": "volume2", "type": "directory"},
        ])
    );
    let command = made["command"][0].to_string();
    assert!(
        command.contains(
            r#""-v","__TASK_DIR__/cache0:/a","-v","__TASK_DIR__/cache1:/z","-v","__TASK_DIR__/volume2:/work.d/vol","--network""#
        ),
        "{command}"
    );
    assert_eq!(made["logs"], json!({"live": "project/fuzz/live", "backing": "project/fuzz/live_backing"}));
    assert_eq!(made["onExitStatus"], json!({"purgeCaches": [125], "retry": [125, 128]}));
    assert_eq!(made["supersederUrl"], "https://example.com/supersede");
}

#[test]
fn lines_that_no_file_of_variables_can_hold_become_arguments() {
    let long = "x".repeat(70_000);
    let fits = "y".repeat(65_536 - "FITS=".len());
    let made = convert_payload(
        &payload(json!({"env": {"PLAIN": "1", "LINES": "a\nb", "BIG": long, "FITS": fits, "A": "\n"}})),
        CONTAINER,
    )
    .unwrap();
    let command: Vec<String> = serde_json::from_value(made.value["command"][0].clone()).unwrap();
    let start = command.iter().position(|word| word == "-e").unwrap();
    assert_eq!(command[start..start + 6], ["-e", "A=\n", "-e", &format!("BIG={long}"), "-e", "LINES=a\nb"]);
    assert_eq!(command[start + 6], "--env-file");
    assert_eq!(made.omitted_variables, ["FITS", "PLAIN"]);
    assert_eq!(made.value.get("env"), None);
}

#[test]
fn a_decision_task_keeps_everything_around_its_payload() {
    let definition = json!({
        "taskQueueId": "gecko-1/decision",
        "scopes": ["assume:repo:hg.mozilla.org/try:*", "docker-worker:cache:a"],
        "routes": ["index.x"],
        "extra": {"b": 1, "a": {"d": 2, "c": 3}},
        "payload": payload(json!({
            "image": "taskcluster/decision:0.1.10@sha256:c5451ee6c655b3d97d4baa3b0e29a5115f23e0991d4f7f36d2a8f793076d6854",
            "features": {"chainOfTrust": true, "taskclusterProxy": true},
            "env": {"HG_STORE_PATH": "/builds/worker/checkouts/hg-store"},
        })),
    });
    assert!(needs_expansion(&definition));
    let expanded = [
        "assume:repo:hg.mozilla.org/try:*",
        "docker-worker:cache:a",
        "docker-worker:capability:device:loopbackVideo:x",
    ]
    .map(String::from);
    let made = convert_definition(&definition, Some(&expanded), CONTAINER).unwrap();
    assert_eq!(
        made.value["scopes"],
        json!([
            "assume:repo:hg.mozilla.org/try:*",
            "docker-worker:cache:a",
            "generic-worker:cache:a",
            "generic-worker:loopback-video:x",
            "generic-worker:os-group:gecko-1/decision/docker",
        ])
    );
    assert_eq!(made.value["routes"], definition["routes"]);
    assert_eq!(made.value["extra"].to_string(), r#"{"a":{"c":3,"d":2},"b":1}"#);
    assert_eq!(made.omitted_variables, ["HG_STORE_PATH"]);
}

#[test]
fn scopes_that_a_capability_needs_are_named() {
    let mut definition = json!({
        "provisionerId": "p", "workerType": "w", "scopes": ["docker-worker:capability:device:kvm:p/w"],
        "payload": payload(json!({
            "capabilities": {"privileged": true, "disableSeccomp": true, "devices": {"kvm": true, "loopbackAudio": true}},
            "features": {"allowPtrace": true},
        })),
    });
    let missing = |definition: &Value| match convert_definition(definition, None, CONTAINER) {
        Err(D2gError::MissingScopes(missing)) => missing.into_iter().map(|need| need[0].clone()).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        missing(&definition),
        [
            "docker-worker:capability:privileged",
            "docker-worker:capability:disableSeccomp",
            "docker-worker:capability:device:loopbackAudio",
            "docker-worker:feature:allowPtrace",
        ]
    );
    definition["scopes"] = json!(["docker-worker:capability:*", "docker-worker:feature:allowPtrace"]);
    let made = convert_definition(&definition, None, CONTAINER).unwrap();
    assert_eq!(
        made.value["scopes"],
        json!([
            "docker-worker:capability:*",
            "docker-worker:feature:allowPtrace",
            "generic-worker:capability:*",
            "generic-worker:feature:allowPtrace",
            "generic-worker:os-group:p/w/docker",
        ])
    );
}

#[test]
fn what_cannot_be_converted_is_told_why() {
    let error = |value: &Value| convert_payload(value, CONTAINER).unwrap_err();
    let faulty = error(&json!({"image": "ubuntu", "maxRunTime": 0, "features": {"dind": true}}));
    assert_eq!(faulty.to_string(), "the payload is not a docker-worker payload");
    let faults: Vec<_> = faulty.faults().iter().map(ToString::to_string).collect();
    assert_eq!(faults, ["/maxRunTime: must be >= 1", "/features: must NOT have additional properties ('dind')"]);
    assert_eq!(error(&payload(json!({"image": "Not An Image"}))), D2gError::Image("Not An Image".into()));
    let negative = error(&payload(json!({"onExitStatus": {"retry": [-1]}})));
    assert_eq!(negative.to_string(), "the payload has no generic-worker equivalent");

    let definition = |value: Value| convert_definition(&value, None, CONTAINER).unwrap_err();
    assert_eq!(definition(json!([])), D2gError::NoPayload);
    assert_eq!(definition(json!({"payload": payload(json!({})), "scopes": []})), D2gError::NoTaskQueue);
    assert_eq!(
        definition(json!({"payload": payload(json!({})), "scopes": [1], "taskQueueId": "a/b"})),
        D2gError::Scopes
    );
}

#[test]
fn a_fragment_without_queue_and_scopes_is_converted_without_them() {
    let made = convert_definition(&json!({"payload": payload(json!({}))}), None, CONTAINER).unwrap();
    assert_eq!(made.value.get("scopes"), None);
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    fn any_payload() -> impl Strategy<Value = Value> {
        let image = prop_oneof![
            "[a-z]{1,8}(:[a-z0-9]{1,5})?".prop_map(Value::from),
            "[a-z]{1,8}".prop_map(|name| json!({"type": "docker-image", "name": name})),
            "[a-z./]{0,12}(\\.lz4)?"
                .prop_map(|path| json!({"type": "indexed-image", "namespace": "a.b", "path": path})),
        ];
        let artifacts = prop::collection::btree_map(
            "[a-z/.]{1,9}",
            ("[a-z/. ']{0,12}", prop::sample::select(vec!["file", "directory", "volume"])),
            0..4,
        );
        let texts = || prop::collection::btree_map("[A-Z_]{1,6}", ".{0,12}", 0..4);
        let switches = prop::collection::vec(any::<bool>(), 13);
        (image, artifacts, texts(), texts(), switches, prop::collection::vec(".{0,9}", 0..4)).prop_map(
            |(image, artifacts, env, cache, on, command)| {
                let artifacts: Map<String, Value> = artifacts
                    .into_iter()
                    .map(|(name, (path, kind))| (name, json!({"path": path, "type": kind})))
                    .collect();
                json!({
                    "image": image, "maxRunTime": 1, "command": command, "env": env, "cache": cache, "artifacts": artifacts,
                    "features": {
                        "allowPtrace": on[0], "artifacts": on[1], "bulkLog": on[2], "chainOfTrust": on[3],
                        "interactive": on[4], "localLiveLog": on[5], "taskclusterProxy": on[6],
                    },
                    "capabilities": {
                        "privileged": on[7], "disableSeccomp": on[8],
                        "devices": {
                            "hostSharedMemory": on[9], "kvm": on[10], "loopbackAudio": on[11], "loopbackVideo": on[12],
                        },
                    },
                })
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_payload_is_converted_the_same_way_each_time(payload in any_payload()) {
            let once = convert_payload(&payload, CONTAINER);
            prop_assert!(once.is_ok(), "{:?}", once);
            prop_assert_eq!(&once, &convert_payload(&payload, CONTAINER));
            let command = once.unwrap().value["command"][0].to_string();
            prop_assert!(command.starts_with(r#"["docker","run","-t","--name","taskcontainer""#));
        }
    }
}
