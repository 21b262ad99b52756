//! The scopes that a payload needs and the task's `scopes` lack.

use serde_json::Value;

use super::worker::Worker;
use crate::definition::finding::{Finding, Severity};
use crate::domain::scopes::covers;

/// A need: where in the payload it comes from, and the scopes of which one must be there.
type Need = (String, Vec<String>);

/// Checks the scopes of a definition that stands at `base`.
pub(super) fn check(definition: &Value, base: &str, worker: Worker, findings: &mut Vec<Finding>) {
    let text = |name: &str| definition.get(name).and_then(Value::as_str).unwrap_or_default();
    let queue = match text("taskQueueId") {
        "" => format!("{}/{}", text("provisionerId"), text("workerType")),
        queue => queue.to_owned(),
    };
    let list = |value: Option<&Value>| -> Vec<String> {
        let items = value.and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(String::from).collect()
    };
    let scopes = list(definition.get("scopes"));
    let payload = definition.get("payload").unwrap_or(&Value::Null);
    let needs = match worker {
        Worker::DockerWorker => docker(payload, &queue),
        worker => generic(payload, &queue, worker),
    };
    // Only the server knows what a role holds.
    let has_role = scopes.iter().any(|scope| scope.starts_with("assume:"));
    for (path, alternatives) in needs {
        if alternatives.iter().any(|wanted| scopes.iter().any(|scope| covers(scope, wanted))) {
            continue;
        }
        let severity = if has_role { Severity::Warning } else { Severity::Error };
        let Some(first) = alternatives.first() else { continue };
        let finding = Finding::error(format!("{base}/payload{path}"), format!("the task lacks the scope `{first}`"));
        let help = if has_role {
            "check that a role of the task holds it, or add it to `scopes`"
        } else {
            "add it to `scopes`"
        };
        findings.push(Finding { severity, ..finding.help(help) });
    }
}

fn generic(payload: &Value, queue: &str, worker: Worker) -> Vec<Need> {
    let is_old = matches!(worker, Worker::GenericWorker10(_));
    let mut needs: Vec<Need> = Vec::new();
    let items = |name: &str| payload.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (index, mount) in items("mounts").iter().enumerate() {
        if let Some(cache) = mount.get("cacheName").and_then(Value::as_str) {
            needs.push((format!("/mounts/{index}/cacheName"), vec![format!("generic-worker:cache:{cache}")]));
        }
        if let Some(content) = mount.get("content") {
            needs.extend(artifact(content.get("artifact"), format!("/mounts/{index}/content/artifact")));
        }
    }
    for (index, group) in items("osGroups").iter().enumerate() {
        let group = group.as_str().unwrap_or_default();
        let scope = if is_old { group.to_owned() } else { format!("{queue}/{group}") };
        needs.push((format!("/osGroups/{index}"), vec![format!("generic-worker:os-group:{scope}")]));
    }
    if payload.get("rdpInfo").is_some() {
        needs.push(("/rdpInfo".into(), vec![format!("generic-worker:allow-rdp:{queue}")]));
    }
    for (feature, scope) in [
        ("runAsAdministrator", "generic-worker:run-as-administrator"),
        ("runTaskAsCurrentUser", "generic-worker:run-task-as-current-user"),
        ("loopbackAudio", "generic-worker:loopback-audio"),
        ("loopbackVideo", "generic-worker:loopback-video"),
    ] {
        if payload.get("features").is_some_and(|features| features[feature] == true) {
            needs.push((format!("/features/{feature}"), vec![format!("{scope}:{queue}")]));
        }
    }
    needs
}

fn docker(payload: &Value, queue: &str) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    for name in payload.get("cache").and_then(Value::as_object).into_iter().flat_map(|caches| caches.keys()) {
        let path = format!("/cache/{}", crate::schema::escape(name));
        needs.push((path, vec![format!("docker-worker:cache:{name}")]));
    }
    needs.extend(artifact(payload.get("image").and_then(|image| image.get("path")), "/image/path".into()));
    let mut switch = |path: &str, scope: &str, has_queue: bool| {
        if payload.pointer(path).is_some_and(|value| value == true) {
            let mut scopes = vec![scope.to_owned()];
            if has_queue {
                scopes.push(format!("{scope}:{queue}"));
            }
            needs.push((path.into(), scopes));
        }
    };
    for name in ["privileged", "disableSeccomp"] {
        switch(&format!("/capabilities/{name}"), &format!("docker-worker:capability:{name}"), true);
    }
    for name in ["hostSharedMemory", "kvm", "loopbackAudio", "loopbackVideo"] {
        let scope = format!("docker-worker:capability:device:{name}");
        switch(&format!("/capabilities/devices/{name}"), &scope, true);
    }
    switch("/features/allowPtrace", "docker-worker:feature:allowPtrace", false);
    needs
}

/// Artifacts that are not public need a scope to be read.
fn artifact(name: Option<&Value>, path: String) -> Option<Need> {
    let name = name.and_then(Value::as_str).filter(|name| !name.starts_with("public/"))?;
    Some((path, vec![format!("queue:get-artifact:{name}")]))
}
