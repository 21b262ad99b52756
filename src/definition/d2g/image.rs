//! Where the image comes from.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::D2gError;

/// The file that an image from an artifact is mounted as.
const IMAGE_FILE: &str = "dockerimage";
/// What the worker replaces by the ID of the image that it loaded from [`IMAGE_FILE`].
const LOADED_IMAGE: &str = "__D2G_IMAGE_ID__";
/// Longer names are refused by registries.
const MAXIMUM_NAME_LENGTH: usize = 255;

/// An image reference as <https://github.com/distribution/reference> defines it: host and port, path, tag, digest.
static REFERENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let label = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
    let part = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*";
    let digest = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
    Regex::new(&format!(
        r"^(?P<name>(?:{label}(?:\.{label})*(?::[0-9]+)?/)?{part}(?:/{part})*)(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(?:@{digest})?$"
    ))
    .ok()
});

/// What the payload says about its image, as generic-worker needs it.
#[derive(Debug)]
pub(super) struct Image {
    /// What `docker run` is given.
    pub(super) argument: String,
    /// The file to mount, where the image is an artifact.
    pub(super) mount: Option<Value>,
    /// Whether the worker needs the proxy to find the artifact by its namespace.
    pub(super) is_indexed: bool,
}

/// Reads `image` of a payload that its schema found good.
pub(super) fn read(image: &Value) -> Result<Image, D2gError> {
    let member = |name: &str| image.get(name).cloned().unwrap_or_default();
    let from_artifact = |mut content: Value, is_indexed: bool| {
        let path = member("path");
        let is_lz4 = path.as_str().is_some_and(|path| path.ends_with(".lz4"));
        if let Value::Object(members) = &mut content {
            members.insert("artifact".into(), path);
        }
        let mut mount = json!({"content": content, "file": IMAGE_FILE});
        // Docker loads every other compression itself.
        if is_lz4 {
            mount["format"] = "lz4".into();
        }
        Image { argument: LOADED_IMAGE.into(), mount: Some(mount), is_indexed }
    };
    match image.get("type").and_then(Value::as_str) {
        Some("task-image") => Ok(from_artifact(json!({"taskId": member("taskId")}), false)),
        Some("indexed-image") => Ok(from_artifact(json!({"namespace": member("namespace")}), true)),
        _ => {
            let name = image.get("name").unwrap_or(image).as_str().unwrap_or_default();
            if !is_reference(name) {
                return Err(D2gError::Image(name.into()));
            }
            Ok(Image { argument: name.into(), mount: None, is_indexed: false })
        }
    }
}

fn is_reference(text: &str) -> bool {
    let parts = REFERENCE.as_ref().and_then(|pattern| pattern.captures(text));
    parts.and_then(|parts| parts.name("name")).is_some_and(|name| name.len() <= MAXIMUM_NAME_LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_references_are_told_from_other_texts() {
        let digest = format!("ubuntu@sha256:{}", "a1".repeat(32));
        for good in [
            "ubuntu",
            "ubuntu:latest",
            "node:20-alpine",
            "taskcluster/decision:0.1.10",
            "localhost:5000/a/b_c/d--e:x",
            "registry.example.com/team/image",
            digest.as_str(),
        ] {
            assert!(is_reference(good), "{good}");
        }
        let long = "a".repeat(256);
        for bad in [
            "",
            "Ubuntu",
            "ubuntu:",
            "-ubuntu",
            "ubuntu latest",
            "a/-b",
            "ubuntu@sha256:12",
            "--rm",
            "a//b",
            "ü",
            &long,
        ] {
            assert!(!is_reference(bad), "{bad}");
        }
    }
}
