//! Which worker runs a payload, and what that worker's schema says.

use std::str::FromStr;

use serde_json::Value;

use crate::definition::finding::Finding;
use crate::definition::version::Version;
use crate::reference::{Catalogue, Source};
use crate::schema::{Checker, SchemaError, escape};

/// The payload of generic-worker 10, with the version since which each property is known.
const GENERIC_WORKER_10: &str = include_str!("generic-worker-10.json");
/// The last of the versions that took that payload.
const GENERIC_WORKER_10_MAJOR: &str = "10";

/// A worker's kind of payload.
#[expect(clippy::enum_variant_names, reason = "workers are called so")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worker {
    /// generic-worker on Linux or macOS, each task as a user of its own.
    GenericWorkerPosix,
    /// generic-worker on Linux or macOS, all tasks as one user.
    GenericWorkerInsecure,
    /// generic-worker on Windows.
    GenericWorkerWindows,
    /// generic-worker 10 and before, of this version.
    GenericWorker10(Version),
    /// docker-worker.
    DockerWorker,
}

/// What the user says of the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum WorkerChoice {
    /// Tell it by the payload.
    #[default]
    Auto,
    /// generic-worker of today; the payload shows the platform.
    GenericWorker,
    /// Just this.
    Is(Worker),
}

impl FromStr for WorkerChoice {
    type Err = String;

    /// `auto`, `generic-worker`, `generic-worker:10.11`, `generic-worker:windows`, `docker-worker`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        match (name, rest) {
            ("auto", "") => Ok(Self::Auto),
            ("docker-worker", "") => Ok(Self::Is(Worker::DockerWorker)),
            ("generic-worker", "") => Ok(Self::GenericWorker),
            ("generic-worker", "posix" | "multiuser") => Ok(Self::Is(Worker::GenericWorkerPosix)),
            ("generic-worker", "insecure") => Ok(Self::Is(Worker::GenericWorkerInsecure)),
            ("generic-worker", "windows") => Ok(Self::Is(Worker::GenericWorkerWindows)),
            ("generic-worker", version) => {
                let version: Version = version.parse()?;
                let last: Version = GENERIC_WORKER_10_MAJOR.parse()?;
                // Nothing is known of the versions between 10 and the references', which are nearer to those.
                Ok(if version <= last { Self::Is(Worker::GenericWorker10(version)) } else { Self::GenericWorker })
            }
            _ => Err(format!("unknown worker `{text}`")),
        }
    }
}

impl WorkerChoice {
    /// The worker that a payload is for; nothing where the payload does not show it.
    pub(crate) fn of(self, payload: &Value) -> Option<Worker> {
        let commands = payload.get("command").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_docker = payload.get("image").is_some();
        let generic = || match commands.first() {
            Some(Value::String(_)) => Worker::GenericWorkerWindows,
            _ => Worker::GenericWorkerPosix,
        };
        match self {
            Self::Is(worker) => Some(worker),
            Self::GenericWorker => Some(generic()),
            Self::Auto if is_docker => Some(Worker::DockerWorker),
            Self::Auto if !commands.is_empty() => Some(generic()),
            Self::Auto => None,
        }
    }
}

impl Worker {
    /// `generic-worker (multiuser, POSIX)`.
    pub(crate) fn name(self) -> String {
        match self {
            Self::GenericWorkerPosix => "generic-worker (multiuser, POSIX)".into(),
            Self::GenericWorkerInsecure => "generic-worker (insecure, POSIX)".into(),
            Self::GenericWorkerWindows => "generic-worker (multiuser, Windows)".into(),
            Self::GenericWorker10(version) => format!("generic-worker {version}"),
            Self::DockerWorker => "docker-worker".into(),
        }
    }

    fn checker(self) -> Result<Checker, SchemaError> {
        let uri = match self {
            Self::GenericWorkerPosix => "/schemas/generic-worker/multiuser_posix.json#",
            Self::GenericWorkerInsecure => "/schemas/generic-worker/insecure_posix.json#",
            Self::GenericWorkerWindows => "/schemas/generic-worker/multiuser_windows.json#",
            Self::DockerWorker => "/schemas/docker-worker/v1/payload.json#",
            Self::GenericWorker10(_) => return Checker::of(&generic_worker_10()?),
        };
        let path = || SchemaError::Missing { path: uri.into() };
        Checker::new(Catalogue::embedded(Source::Current).service("queue").map_err(|_| path())?, uri)
    }

    /// What is wrong with a payload that stands at `base` in a file.
    ///
    /// # Errors
    /// When a schema of ours is broken.
    pub(crate) fn check(self, payload: &Value, base: &str) -> Result<Vec<Finding>, SchemaError> {
        let mismatches = self.checker()?.mismatches(payload);
        let mut findings: Vec<Finding> = mismatches.into_iter().map(|found| Finding::of(found, base)).collect();
        if let Self::GenericWorker10(version) = self {
            let schema = generic_worker_10()?;
            too_new(&schema, &schema, payload, base, version, &mut findings);
        }
        Ok(findings)
    }
}

fn generic_worker_10() -> Result<Value, SchemaError> {
    let path = "generic-worker-10.json";
    serde_json::from_str(GENERIC_WORKER_10)
        .map_err(|error| SchemaError::Broken { path: path.into(), reason: error.to_string() })
}

/// Finds what a worker of `version` would not know. What is found is not searched for more.
fn too_new(document: &Value, schema: &Value, value: &Value, path: &str, version: Version, findings: &mut Vec<Finding>) {
    let reference =
        schema.get("$ref").and_then(Value::as_str).and_then(|to| document.pointer(to.trim_start_matches('#')));
    let schema = reference.unwrap_or(schema);
    for part in schema.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
        let before = findings.len();
        too_new(document, part, value, path, version, findings);
        // All alternatives say the same of a property that they share.
        if findings.len() > before {
            return;
        }
    }
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let Some(property) = schema.get("properties").and_then(|all| all.get(name)) else { continue };
                let path = format!("{path}/{}", escape(name));
                let since = property.get("x-since").and_then(Value::as_str);
                if since.and_then(|since| since.parse::<Version>().ok()).is_some_and(|since| since > version) {
                    let since = since.unwrap_or_default();
                    findings.push(
                        Finding::error(path, format!("generic-worker {version} does not know `{name}`"))
                            .help(format!("it is known since generic-worker {since}")),
                    );
                } else {
                    too_new(document, property, value, &path, version, findings);
                }
            }
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return };
            for (index, item) in items.iter().enumerate() {
                too_new(document, schema, item, &format!("{path}/{index}"), version, findings);
            }
        }
        _ => {}
    }
}
