//! What a run leaves behind beside its log, by the kind of its task.

use fastrand::Rng;
use serde_json::{Value, json};

use super::log;
use super::plan::{End, Plan};
use crate::sandbox::hash::hash;
use crate::sandbox::storage::{Blob, Stored};
use crate::sandbox::task_log::error_summary;

/// The artifacts of a run that ended like this.
///
/// A payload can ask for its own: `{"simulate": {"artifacts": [{"name": "public/x", "bytes": 100, "type": "object"}]}}`.
/// Large ones take no memory.
pub(super) fn artifacts(plan: &Plan, definition: &Value) -> Vec<(String, Stored, Blob)> {
    let mut found: Vec<_> =
        definition["payload"]["simulate"]["artifacts"].as_array().into_iter().flatten().filter_map(asked).collect();
    if plan.end == End::Completed || plan.end == End::Failed {
        found.extend(of_kind(plan, definition));
    }
    found
}

fn asked(wanted: &Value) -> Option<(String, Stored, Blob)> {
    let name = wanted["name"].as_str()?.to_owned();
    let stored = if wanted["type"] == "object" { Stored::Object } else { Stored::S3 };
    let blob = Blob::generated(wanted["bytes"].as_u64().unwrap_or(1024), hash(0, &name));
    Some((name, stored, blob))
}

fn of_kind(plan: &Plan, definition: &Value) -> Vec<(String, Stored, Blob)> {
    let mut rng = Rng::with_seed(plan.seed ^ 2);
    let label = definition["metadata"]["name"].as_str().unwrap_or_default();
    let json = |value: Value| Blob::new(format!("{value:#}\n")).content_type("application/json");
    let s3 = |name: &str, blob: Blob| (name.to_owned(), Stored::S3, blob);
    let large = |rng: &mut Rng| Blob::generated(rng.u64(1 << 20..64 << 20), rng.u64(..));
    match definition["tags"]["kind"].as_str().unwrap_or_default() {
        "decision-task" => vec![
            s3("public/actions.json", json(json!({"version": 1, "actions": [], "variables": {}}))),
            s3("public/parameters.yml", Blob::new("level: '3'\nproject: mozilla-central\n").content_type("text/yaml")),
        ],
        "build" if plan.end == End::Completed => vec![
            s3("public/build/target.tar.xz", large(&mut rng).content_type("application/x-xz")),
            s3("public/build/target.json", json(json!({"label": label, "as": "made up"}))),
        ],
        "toolchain" if plan.end == End::Completed => {
            let name = format!("public/build/{}.tar.zst", label.trim_start_matches("toolchain-"));
            vec![(name, Stored::S3, large(&mut rng).content_type("application/zstd"))]
        }
        "test" => {
            let mishap = (plan.end == End::Failed).then(|| log::mishap(plan, definition));
            let summary = Blob::new(error_summary(label, mishap.as_ref())).content_type("text/plain");
            vec![s3("public/test_info/errorsummary.log", summary)]
        }
        _ => Vec::new(),
    }
}
