//! What a task wants of its worker: the payload of generic-worker on POSIX, and what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Value, json};

use super::archive::Format;
use crate::reference;
use crate::sandbox::wire::parse_time;
use crate::schema::Validator;

/// The schema that payloads are checked against: its first alternative, as the second one is docker-worker's.
const SCHEMA: &str = "/schemas/generic-worker/multiuser_posix.json#";
/// What runs a command that is one string.
const SHELL: [&str; 2] = ["/bin/sh", "-c"];

/// A payload without a fault.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload {
    pub command: Vec<Vec<String>>,
    /// In seconds.
    pub max_run_time: u64,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    #[serde(default)]
    pub artifacts: Vec<Artifact>,
    #[serde(default)]
    pub mounts: Vec<Mount>,
    #[serde(default)]
    pub features: Features,
    #[serde(default)]
    pub on_exit_status: OnExitStatus,
    #[serde(default)]
    pub os_groups: Vec<String>,
    #[serde(default)]
    pub superseder_url: Option<String>,
    #[serde(default)]
    pub taskcluster_proxy_interface: Option<String>,
}

/// Files to be kept of the task.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Artifact {
    #[serde(rename = "type")]
    pub kind: ArtifactKind,
    pub path: String,
    pub name: Option<String>,
    pub expires: Option<String>,
    pub content_type: Option<String>,
    pub content_encoding: Option<Encoding>,
    #[serde(default)]
    pub optional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ArtifactKind {
    File,
    Directory,
}

/// How an artifact is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    Identity,
    Gzip,
}

impl Artifact {
    /// What it is called: its path where the payload gives no name.
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&self.path)
    }
}

/// Something that is put into the task's folder before it starts.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mount {
    pub file: Option<String>,
    pub directory: Option<String>,
    pub cache_name: Option<String>,
    pub content: Option<Content>,
    pub format: Option<String>,
}

impl Mount {
    /// Where it goes, relative to the task's folder.
    pub(super) fn path(&self) -> &str {
        self.file.as_deref().or(self.directory.as_deref()).unwrap_or_default()
    }
}

/// Where the bytes of a mount come from.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(super) enum Content {
    Artifact { task_id: String, artifact: String, sha256: Option<String> },
    Indexed { namespace: String, artifact: String },
    Url { url: String, sha256: Option<String> },
    Raw { raw: String },
    Base64 { base64: String },
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Features {
    pub backing_log: Option<bool>,
    pub live_log: Option<bool>,
    pub chain_of_trust: bool,
    pub taskcluster_proxy: bool,
    pub interactive: bool,
    pub loopback_audio: bool,
    pub loopback_video: bool,
    pub run_task_as_current_user: bool,
}

/// What exit codes of commands mean.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct OnExitStatus {
    pub retry: Vec<i32>,
    pub purge_caches: Vec<i32>,
}

/// A payload, what the worker has to say about it, and which scopes the task needs for it.
#[derive(Debug)]
pub(super) struct Checked {
    pub payload: Payload,
    pub warnings: Vec<String>,
    pub scopes: Vec<String>,
}

/// Reads the payload of a task's definition.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn check(definition: &Value) -> Result<Checked, Vec<String>> {
    let mut payload = definition["payload"].clone();
    if payload.get("image").is_some() {
        return Err(vec![
            "this is a payload for docker-worker, and this worker is a generic-worker".to_owned(),
            "Translate the payload with d2g, or write `command` as a list of lists and leave out `image`.".to_owned(),
        ]);
    }
    let warnings = wrap_strings(&mut payload);
    let faults = validator().map_err(|reason| vec![reason])?.faults(&payload);
    if !faults.is_empty() {
        return Err(faults.iter().map(|fault| format!("payload{fault}")).collect());
    }
    let payload: Payload = serde_json::from_value(payload).map_err(|error| vec![error.to_string()])?;
    let faults = payload.faults(definition);
    if !faults.is_empty() {
        return Err(faults);
    }
    let scopes = payload.scopes(definition["taskQueueId"].as_str().unwrap_or_default());
    let warnings = warnings.into_iter().chain(payload.warnings()).collect();
    Ok(Checked { payload, warnings, scopes })
}

/// Commands that are strings are run by a shell: workers on Windows take such.
fn wrap_strings(payload: &mut Value) -> Vec<String> {
    let mut warnings = Vec::new();
    let commands = payload.get_mut("command").and_then(Value::as_array_mut);
    for (index, command) in commands.into_iter().flatten().enumerate() {
        if let Value::String(line) = command {
            let [shell, flag] = SHELL;
            *command = json!([shell, flag, line]);
            warnings.push(format!(
                "command {index} is a string and runs in {shell}; workers on Linux and macOS take lists of words only"
            ));
        }
    }
    warnings
}

/// The validator of the generic-worker's half of the schema.
fn validator() -> Result<&'static Validator, String> {
    static COMPILED: OnceLock<Result<Validator, String>> = OnceLock::new();
    let compiled = COMPILED.get_or_init(|| {
        let text = reference::schema(SCHEMA).ok_or_else(|| format!("there is no schema {SCHEMA}"))?;
        let whole: Value = serde_json::from_str(text.get()).map_err(|error| error.to_string())?;
        let mut own = whole["oneOf"][0].clone();
        if let Some(members) = own.as_object_mut() {
            members.insert("definitions".to_owned(), whole["definitions"].clone());
        }
        Validator::of(&own).map_err(|error| error.to_string())
    });
    compiled.as_ref().map_err(Clone::clone)
}

impl Payload {
    /// What the schema does not know.
    fn faults(&self, definition: &Value) -> Vec<String> {
        let mut faults = self.missing_features();
        for (index, artifact) in self.artifacts.iter().enumerate() {
            let at = format!("payload/artifacts/{index}");
            if !is_inside(&artifact.path) {
                faults.push(format!("{at}/path: `{}` leads out of the task's folder", artifact.path));
            }
            faults.extend(artifact.expires.as_ref().and_then(|expires| wrong_expiry(&at, expires, definition)));
        }
        let mut caches = BTreeSet::new();
        for (index, mount) in self.mounts.iter().enumerate() {
            let at = format!("payload/mounts/{index}");
            faults.extend(mount.fault(&at, definition));
            if let Some(cache) = &mount.cache_name
                && !caches.insert(cache)
            {
                faults.push(format!("{at}/cacheName: the cache `{cache}` is mounted twice"));
            }
        }
        faults
    }

    fn missing_features(&self) -> Vec<String> {
        let features = &self.features;
        let asked = [
            ("interactive", features.interactive),
            ("loopbackAudio", features.loopback_audio),
            ("loopbackVideo", features.loopback_video),
        ];
        let missing = asked.into_iter().filter(|(_, asked)| *asked);
        let mut faults: Vec<String> = missing
            .map(|(name, _)| format!("payload/features/{name}: this worker does not have this feature"))
            .collect();
        if self.taskcluster_proxy_interface.as_deref() == Some("docker-bridge") {
            faults.push("payload/taskclusterProxyInterface: this worker has no docker bridge".to_owned());
        }
        faults
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.os_groups.is_empty() {
            warnings.push("osGroups changes nothing here: tasks run as the user who started the sandbox".to_owned());
        }
        if self.superseder_url.is_some() {
            warnings.push("supersederUrl changes nothing: tasks are not superseded any more".to_owned());
        }
        warnings
    }

    /// The scopes that the task must have, as workers in production demand them.
    fn scopes(&self, task_queue: &str) -> Vec<String> {
        let mut scopes: Vec<String> =
            self.os_groups.iter().map(|group| format!("generic-worker:os-group:{task_queue}/{group}")).collect();
        if self.features.run_task_as_current_user {
            scopes.push(format!("generic-worker:run-task-as-current-user:{task_queue}"));
        }
        for mount in &self.mounts {
            scopes.extend(mount.cache_name.iter().map(|name| format!("generic-worker:cache:{name}")));
            if let Some(Content::Artifact { artifact, .. } | Content::Indexed { artifact, .. }) = &mount.content
                && !artifact.starts_with("public/")
            {
                scopes.push(format!("queue:get-artifact:{artifact}"));
            }
        }
        scopes
    }
}

impl Mount {
    fn fault(&self, at: &str, definition: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        let path = self.path();
        if !is_inside(path) || Path::new(path).components().all(|part| part == Component::CurDir) {
            faults.push(format!("{at}: `{path}` is not below the task's folder"));
        }
        if let Some(format) = &self.format {
            let known = if self.file.is_some() { format == "gz" } else { Format::parse(format).is_some() };
            if !known {
                let can = if self.file.is_some() { "gz" } else { "tar.gz and zip" };
                faults.push(format!("{at}/format: this worker cannot unpack {format}, only {can}"));
            }
        }
        if let Some(Content::Artifact { task_id, .. }) = &self.content {
            let dependencies = definition["dependencies"].as_array().into_iter().flatten();
            if !dependencies.into_iter().any(|dependency| dependency == task_id.as_str()) {
                faults.push(format!("{at}/content: {task_id} is not among the task's dependencies"));
            }
        }
        faults
    }
}

fn wrong_expiry(at: &str, expires: &str, definition: &Value) -> Option<String> {
    let time = |key: &str| definition[key].as_str().and_then(parse_time);
    let expires = parse_time(expires)?;
    if time("deadline").is_some_and(|deadline| expires < deadline) {
        return Some(format!("{at}/expires: it lies before the task's deadline"));
    }
    time("expires").filter(|end| expires > *end).map(|_| format!("{at}/expires: it lies after the task expires"))
}

/// Whether a path stays below the folder that it starts from, by its words alone.
fn is_inside(path: &str) -> bool {
    let mut depth = 0_usize;
    !path.is_empty()
        && Path::new(path).components().all(|part| match part {
            Component::Normal(_) => {
                depth += 1;
                true
            }
            Component::CurDir => true,
            Component::ParentDir => depth.checked_sub(1).is_some_and(|less| {
                depth = less;
                true
            }),
            Component::RootDir | Component::Prefix(_) => false,
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn definition(payload: Value) -> Value {
        json!({
            "taskQueueId": "proj/linux", "deadline": "2026-11-22T13:00:00.000Z", "expires": "2026-11-25T12:00:00.000Z",
            "dependencies": ["Wk8vAyEoRD2eqSwq8E9Sfg"], "payload": payload,
        })
    }

    fn faults(more: Value) -> Vec<String> {
        let mut payload = json!({"command": [["true"]], "maxRunTime": 60});
        payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        check(&definition(payload)).err().unwrap_or_default()
    }

    #[test]
    fn a_payload_of_a_command_and_a_time_is_enough_and_strings_run_in_a_shell() {
        let checked = check(&definition(json!({"command": [["a", "b"]], "maxRunTime": 60}))).unwrap();
        assert_eq!(checked.payload.command, [["a", "b"]]);
        assert_eq!((checked.warnings.len(), checked.scopes.len()), (0, 0));
        let checked = check(&definition(json!({"command": ["echo a"], "maxRunTime": 60}))).unwrap();
        assert_eq!(checked.payload.command, [["/bin/sh", "-c", "echo a"]]);
        assert!(checked.warnings[0].starts_with("command 0 is a string"), "{:?}", checked.warnings);
    }

    #[test]
    fn every_fault_of_the_schema_is_named() {
        let found = check(&definition(json!({"command": [], "maxRunTime": 0, "zork": 1}))).unwrap_err();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().any(|fault| fault.contains("zork")), "{found:?}");
        assert!(check(&definition(json!(null))).is_err());
        assert!(check(&definition(json!([]))).is_err());
    }

    #[test]
    fn a_payload_for_docker_worker_is_told_of_d2g() {
        let payload = json!({"image": "ubuntu", "command": ["true"], "maxRunTime": 60});
        assert!(check(&definition(payload)).unwrap_err()[1].contains("with d2g"));
    }

    #[test]
    fn what_the_schema_does_not_know_is_a_fault_as_well() {
        let url = json!({"url": "https://example.com/x"});
        for (more, fault) in [
            (json!({"artifacts": [{"type": "file", "path": "../x"}]}), "leads out of the task's folder"),
            (json!({"artifacts": [{"type": "file", "path": "/etc/passwd"}]}), "leads out of the task's folder"),
            (
                json!({"artifacts": [{"type": "file", "path": "x", "expires": "2026-11-22T12:59:00Z"}]}),
                "before the task's deadline",
            ),
            (
                json!({"artifacts": [{"type": "file", "path": "x", "expires": "2026-11-26T12:59:00Z"}]}),
                "after the task expires",
            ),
            (json!({"mounts": [{"directory": "a/../..", "cacheName": "c"}]}), "is not below the task's folder"),
            (json!({"mounts": [{"directory": ".", "cacheName": "c"}]}), "is not below the task's folder"),
            (
                json!({"mounts": [{"directory": "a", "cacheName": "c"}, {"directory": "b", "cacheName": "c"}]}),
                "mounted twice",
            ),
            (
                json!({"mounts": [{"directory": "a", "content": url, "format": "rar"}]}),
                "cannot unpack rar, only tar.gz and zip",
            ),
            (json!({"mounts": [{"file": "a", "content": url, "format": "xz"}]}), "cannot unpack xz, only gz"),
            (
                json!({"mounts": [{"file": "a", "content": {"taskId": "AAAAAAAAQAGAAAAAAAAAAA", "artifact": "public/x"}}]}),
                "not among the task's dependencies",
            ),
            (json!({"features": {"interactive": true}}), "does not have this feature"),
            (json!({"taskclusterProxyInterface": "docker-bridge"}), "no docker bridge"),
        ] {
            let found = faults(more);
            assert!(found.len() == 1 && found[0].contains(fault), "{found:?} lacks {fault}");
        }
        assert_eq!(faults(json!({"mounts": [{"directory": "a", "content": url, "format": "zip"}]})), [""; 0]);
        assert_eq!(
            faults(json!({"artifacts": [{"type": "file", "path": "a/../x", "expires": "2026-11-23T12:00:00Z"}]})),
            [""; 0]
        );
    }

    #[test]
    fn caches_private_artifacts_and_groups_need_scopes() {
        let payload = json!({
            "command": [["true"]], "maxRunTime": 60, "osGroups": ["docker"],
            "mounts": [
                {"directory": "c", "cacheName": "one"},
                {"file": "f", "content": {"taskId": "Wk8vAyEoRD2eqSwq8E9Sfg", "artifact": "private/x"}},
                {"file": "g", "content": {"namespace": "a.b", "artifact": "public/x"}},
            ],
        });
        let scopes = check(&definition(payload)).unwrap().scopes;
        assert_eq!(
            scopes,
            ["generic-worker:os-group:proj/linux/docker", "generic-worker:cache:one", "queue:get-artifact:private/x"]
        );
    }

    /// JSON of the words that payloads are made of, in any order.
    fn any_json() -> impl Strategy<Value = Value> {
        const WORDS: &[&str] = &[
            "command",
            "maxRunTime",
            "env",
            "mounts",
            "content",
            "format",
            "file",
            "directory",
            "cacheName",
            "tar.gz",
            "artifacts",
            "type",
            "path",
            "features",
            "onExitStatus",
            "retry",
            "raw",
            "base64",
            "..",
            "/",
            "",
            "image",
        ];
        let word = || prop::sample::select(WORDS).prop_map(str::to_owned);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            word().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 48, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((word(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_a_payload_is_it_is_taken_or_its_faults_are_named(mut payload in any_json(), valid in any::<bool>()) {
            if valid && let Some(members) = payload.as_object_mut() {
                members.insert("command".to_owned(), json!([["true"]]));
                members.insert("maxRunTime".to_owned(), json!(60));
            }
            match check(&definition(payload)) {
                Ok(checked) => prop_assert!(!checked.payload.command.is_empty()),
                Err(faults) => prop_assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.is_empty())),
            }
        }

        #[test]
        fn a_path_that_is_inside_stays_so_when_its_words_are_followed(path in "[./a]{0,12}") {
            if is_inside(&path) {
                let mut depth = 0;
                for part in path.split('/') {
                    match part {
                        ".." => depth -= 1,
                        "" | "." => {}
                        _ => depth += 1,
                    }
                    prop_assert!(depth >= 0, "{path}");
                }
                prop_assert!(!path.starts_with('/') && !path.is_empty());
            }
        }
    }
}
