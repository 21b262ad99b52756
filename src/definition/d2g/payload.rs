//! The payload, property by property.

use serde_json::{Map, Value, json};

use super::command::{at, docker_run, is_on, listed_variables};
use super::{D2gError, image};
use crate::domain::time::{parse_time, to_iso};

/// Converts a payload that is valid and has its defaults, and names the variables that are not in the result.
pub(super) fn convert(payload: &Value, container: &str) -> Result<(Value, Vec<String>), D2gError> {
    let image = image::read(at(payload, &["image"]))?;
    let artifacts = if is_on(payload, &["features", "artifacts"]) { artifacts(payload) } else { Vec::new() };
    let caches = caches(payload);
    let mut volumes =
        caches.clone().into_iter().map(|(index, _, path)| (format!("cache{index}"), path)).collect::<Vec<_>>();
    volumes.extend(artifacts.iter().filter_map(|artifact| artifact.volume.clone()));

    let mut made = Map::new();
    if !artifacts.is_empty() {
        made.insert(
            "artifacts".into(),
            artifacts.into_iter().map(|artifact| artifact.value).collect::<Vec<_>>().into(),
        );
    }
    made.insert("command".into(), json!([docker_run(payload, &image, &volumes, container)]));
    made.insert("features".into(), features(payload, image.is_indexed));
    made.insert("logs".into(), logs(payload));
    made.insert("maxRunTime".into(), at(payload, &["maxRunTime"]).clone());
    let mut mounts: Vec<Value> = caches
        .into_iter()
        .map(|(index, name, _)| json!({"cacheName": name, "directory": format!("cache{index}")}))
        .collect();
    mounts.extend(image.mount);
    if !mounts.is_empty() {
        made.insert("mounts".into(), mounts.into());
    }
    if let Some(statuses) = exit_statuses(payload) {
        made.insert("onExitStatus".into(), statuses);
    }
    made.insert("osGroups".into(), json!(["docker"]));
    if let Some(url) = at(payload, &["supersederUrl"]).as_str().filter(|url| !url.is_empty()) {
        made.insert("supersederUrl".into(), url.into());
    }
    made.insert("taskclusterProxyInterface".into(), "docker-bridge".into());
    Ok((Value::Object(made), listed_variables(payload)))
}

struct Artifact {
    value: Value,
    /// Where a volume is in the task directory and in the container.
    volume: Option<(String, String)>,
}

/// Artifacts sorted by name. What is no volume is copied out of the container by the worker.
fn artifacts(payload: &Value) -> Vec<Artifact> {
    let mut named: Vec<_> = at(payload, &["artifacts"]).as_object().into_iter().flatten().collect();
    named.sort_by(|one, other| one.0.cmp(other.0));
    named
        .into_iter()
        .enumerate()
        .map(|(index, (name, artifact))| {
            let source = at(artifact, &["path"]).as_str().unwrap_or_default();
            let is_volume = artifact.get("type").is_some_and(|kind| kind == "volume");
            let prefix = if is_volume { "volume" } else { "artifact" };
            let path = format!("{prefix}{index}{}", extension(source));
            let kind = if is_volume { "directory".into() } else { at(artifact, &["type"]).clone() };
            let mut value = json!({"name": name, "optional": true, "path": path, "type": kind});
            if let Some(expires) = artifact.get("expires").and_then(Value::as_str) {
                let expires = parse_time(&expires.replacen(' ', "T", 1)).map_or_else(|_| expires.into(), to_iso);
                value["expires"] = expires.into();
            }
            Artifact { value, volume: is_volume.then(|| (path, source.into())) }
        })
        .collect()
}

/// From the last dot of the last part of a path: `.txt`, or nothing.
fn extension(path: &str) -> &str {
    let name = path.rfind('/').map_or(path, |slash| &path[slash + 1..]);
    name.rfind('.').map_or("", |dot| &name[dot..])
}

/// Caches in the order of their names: number, name, path.
fn caches(payload: &Value) -> Vec<(usize, String, String)> {
    let mut named: Vec<_> = at(payload, &["cache"]).as_object().into_iter().flatten().collect();
    named.sort_by(|one, other| one.0.cmp(other.0));
    let path = |path: &Value| path.as_str().unwrap_or_default().to_owned();
    named.into_iter().enumerate().map(|(index, (name, at))| (index, name.clone(), path(at))).collect()
}

fn features(payload: &Value, is_indexed: bool) -> Value {
    let feature = |name: &str| is_on(payload, &["features", name]);
    let has_artifacts = feature("artifacts");
    let mut made = Map::new();
    // Both are on by default, so they are said even when they are off.
    made.insert("backingLog".into(), (has_artifacts && feature("bulkLog")).into());
    made.insert("liveLog".into(), (has_artifacts && feature("localLiveLog")).into());
    made.insert("resourceMonitor".into(), true.into());
    for (name, is_on) in [
        ("chainOfTrust", feature("chainOfTrust")),
        ("interactive", feature("interactive")),
        ("loopbackAudio", is_on(payload, &["capabilities", "devices", "loopbackAudio"])),
        ("loopbackVideo", is_on(payload, &["capabilities", "devices", "loopbackVideo"])),
        ("taskclusterProxy", is_indexed || feature("taskclusterProxy")),
    ] {
        if is_on {
            made.insert(name.into(), true.into());
        }
    }
    Value::Object(made)
}

fn logs(payload: &Value) -> Value {
    let live = at(payload, &["log"]).as_str().unwrap_or_default();
    let extension = extension(live);
    let stem = &live[..live.len() - extension.len()];
    json!({"live": live, "backing": format!("{stem}_backing{extension}")})
}

fn exit_statuses(payload: &Value) -> Option<Value> {
    let given = at(payload, &["onExitStatus"]).as_object()?;
    let is_empty = |list: &Value| list.as_array().is_none_or(Vec::is_empty);
    let kept: Map<String, Value> =
        given.iter().filter(|(_, list)| !is_empty(list)).map(|(name, list)| (name.clone(), list.clone())).collect();
    (!kept.is_empty()).then_some(Value::Object(kept))
}
