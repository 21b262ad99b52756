//! What real services and the Go tool were seen to do: facts in `tests/data/`, made by `scripts/distill-test-data`, and
//! whole recordings, where these are at hand.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The directory of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Facts of `tests/data/`.
pub fn data<T: DeserializeOwned>(name: &str) -> T {
    let text = std::fs::read_to_string(root().join("tests/data").join(name)).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A whole recording, where it is at hand.
pub fn whole<T: DeserializeOwned>(name: &str) -> Option<T> {
    let text = std::fs::read_to_string(root().join("../shared/data").join(name)).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// A run of the Go tool.
#[derive(Deserialize)]
pub struct Transcript {
    pub args: Vec<String>,
    pub exit: u8,
    #[serde(default)]
    pub stdin: String,
    /// What it printed, where that is no JSON and no question.
    #[serde(default)]
    pub lines: Vec<String>,
    /// Keys and types of the JSON that it printed.
    pub json: Option<Value>,
    /// Variables that were not set.
    #[serde(default)]
    pub without: Vec<String>,
}

/// The runs of the Go tool.
pub fn transcripts() -> Vec<Transcript> {
    data("transcripts.json")
}

/// The runs of the Go tool about tasks, or about groups.
pub fn transcripts_about(noun: &str) -> Vec<Transcript> {
    let mut all = transcripts();
    all.retain(|run| run.args[0] == noun);
    all
}

/// A time as the services write it.
pub fn time(text: &str) -> Option<DateTime<Utc>> {
    // Only what the services write: milliseconds, and `Z` or a zero offset.
    let shape = text.len() >= 24 && text.as_bytes()[10] == b'T' && text.as_bytes()[19] == b'.';
    shape.then(|| DateTime::parse_from_rfc3339(text).ok()).flatten().map(|time| time.to_utc())
}

/// Keys and types of a value; `["string"]` is a list of strings, of any length.
pub fn shape(value: &Value) -> Value {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "boolean".into(),
        Value::Number(_) => "number".into(),
        Value::String(text) => if time(text).is_some() { "time" } else { "string" }.into(),
        Value::Array(items) => {
            let mut found = Vec::new();
            for item in items.iter().map(shape) {
                if !found.contains(&item) {
                    found.push(item);
                }
            }
            Value::Array(found)
        }
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, member)| (name.clone(), shape(member))).collect())
        }
    }
}

/// Where two shapes differ: keys (in their order, too), types, or that a list is empty. With `any_items` lists need not
/// hold the same kinds of items.
pub fn differ_shape(path: &str, theirs: &Value, ours: &Value, any_items: bool) -> Option<String> {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            // What was sent is told in the order in which it was sent, or in that of the defaults.
            let (mut there, mut here): (Vec<_>, Vec<_>) = (theirs.keys().collect(), ours.keys().collect());
            if path.starts_with("/requestInfo") {
                there.sort();
                here.sort();
            }
            if there != here {
                let names = |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
                return Some(format!("{path}: members {:?} in place of {:?}", names(ours), names(theirs)));
            }
            theirs
                .iter()
                .find_map(|(name, theirs)| differ_shape(&format!("{path}/{name}"), theirs, &ours[name], any_items))
        }
        (Value::Array(theirs), Value::Array(ours)) if any_items => ours.iter().find_map(|ours| {
            let same = |theirs: &&Value| differ_shape(path, theirs, ours, any_items).is_none();
            let first = theirs.first()?;
            if theirs.iter().any(|theirs| same(&theirs)) { None } else { differ_shape(path, first, ours, any_items) }
        }),
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == 1 && ours.len() == 1 => {
            differ_shape(&format!("{path}/0"), &theirs[0], &ours[0], any_items)
        }
        _ if theirs == ours => None,
        _ => Some(format!("{path}: {ours} in place of {theirs}")),
    }
}
