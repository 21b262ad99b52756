//! The scopes that go with a payload.

use serde_json::{Map, Value};

use super::D2gError;
use super::command::is_on;
use crate::domain::scopes::covers;

const DEVICE: &str = "docker-worker:capability:device:";

/// Whether scopes hold a role, which only the server can expand.
pub(crate) fn needs_expansion(definition: &Value) -> bool {
    let scopes = definition.get("scopes").and_then(Value::as_array);
    scopes.into_iter().flatten().filter_map(Value::as_str).any(|scope| scope.starts_with("assume:"))
}

/// The scopes of a definition, if it says any.
pub(super) fn given(definition: &Map<String, Value>) -> Result<Option<Vec<String>>, D2gError> {
    let Some(scopes) = definition.get("scopes") else { return Ok(None) };
    let texts: Option<Vec<String>> =
        scopes.as_array().and_then(|scopes| scopes.iter().map(|scope| scope.as_str().map(String::from)).collect());
    texts.map(Some).ok_or(D2gError::Scopes)
}

/// `provisionerId/workerType`.
pub(super) fn task_queue(definition: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| definition.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text("taskQueueId")
        .map(String::from)
        .or_else(|| Some(format!("{}/{}", text("provisionerId")?, text("workerType")?)))
}

/// What the payload uses and `scopes` do not allow: each is one need, with the scopes that would each satisfy it.
pub(super) fn missing(payload: &Value, queue: &str, scopes: &[String]) -> Vec<Vec<String>> {
    let mut needs: Vec<Vec<String>> = Vec::new();
    let mut capability = |path: &[&str], scope: String| {
        if is_on(payload, path) {
            needs.push(vec![scope.clone(), format!("{scope}:{queue}")]);
        }
    };
    for name in ["privileged", "disableSeccomp"] {
        capability(&["capabilities", name], format!("docker-worker:capability:{name}"));
    }
    for name in ["hostSharedMemory", "kvm", "loopbackAudio", "loopbackVideo"] {
        capability(&["capabilities", "devices", name], format!("{DEVICE}{name}"));
    }
    if is_on(payload, &["features", "allowPtrace"]) {
        needs.push(vec!["docker-worker:feature:allowPtrace".into()]);
    }
    needs.retain(|need| !need.iter().any(|wanted| scopes.iter().any(|scope| covers(scope, wanted))));
    needs
}

/// The scopes of the converted task: those given, and what stands for docker-worker's among the expanded ones.
pub(super) fn converted(given: &[String], expanded: &[String], queue: &str) -> Vec<String> {
    let mut scopes = given.to_vec();
    scopes.push(format!("generic-worker:os-group:{queue}/docker"));
    for scope in expanded {
        let device = scope.strip_prefix(DEVICE);
        // `kvm`, `kvm:<queue>`, and nothing else that starts so.
        let value = |name: &str| match device?.strip_prefix(name)? {
            "" => Some(None),
            rest => rest.strip_prefix(':').map(Some),
        };
        if let Some(of) = value("kvm") {
            let queue = of.unwrap_or(queue);
            scopes.extend(["kvm", "libvirt"].map(|group| format!("generic-worker:os-group:{queue}/{group}")));
        } else if let Some(of) = value("loopbackVideo") {
            scopes.push(format!("generic-worker:loopback-video:{}", of.unwrap_or("*")));
        } else if let Some(of) = value("loopbackAudio") {
            scopes.push(format!("generic-worker:loopback-audio:{}", of.unwrap_or("*")));
        } else if let Some(rest) = scope.strip_prefix("docker-worker:") {
            scopes.push(format!("generic-worker:{rest}"));
        }
    }
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}
