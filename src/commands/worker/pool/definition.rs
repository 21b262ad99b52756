//! What makes up a worker pool, as files hold it. Pure but for reading.

use serde_json::{Map, Value};

use super::super::fields::text;
use crate::commands::documents::Document;
use crate::commands::selection::pool;
use crate::context::{Context, Named};
use crate::error::{Error, Result};

/// What a definition consists of, in the order in which it is shown.
const MEMBERS: [&str; 5] = ["providerId", "description", "owner", "emailOnError", "config"];
/// What the service adds to a pool, and does not take back.
const ADDED: [&str; 12] = [
    "workerPoolId",
    "created",
    "lastModified",
    "currentCapacity",
    "requestedCount",
    "runningCount",
    "stoppingCount",
    "stoppedCount",
    "requestedCapacity",
    "runningCapacity",
    "stoppingCapacity",
    "stoppedCapacity",
];

/// A file that defines a pool.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct FileArgs {
    /// The definition: a file of JSON or YAML, or `-` for standard input; `tc worker pool show --definition` prints one
    #[arg(value_name = "FILE")]
    file: String,
    /// Worker pool, where it is not that of `workerPoolId` in the file
    #[arg(long, value_name = "POOL")]
    pool: Option<String>,
    /// Send the definition without checking it against the schemas
    #[arg(long)]
    pub(super) no_validate: bool,
}

/// A worker pool, as a file defines it.
#[derive(Debug)]
pub(super) struct PoolFile {
    /// The pool.
    pub named: Named,
    /// The definition, as it is sent.
    pub body: Value,
    /// The file.
    pub document: Document,
}

impl FileArgs {
    /// The pool, and its definition as it is sent.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] when the file is no object, or no pool is named.
    pub(super) async fn read(&self, context: &Context) -> Result<PoolFile> {
        let document = Document::read(&self.file, context).await?;
        let Value::Object(members) = &document.value else {
            return Err(Error::usage(format!("{} is not an object", document.name))
                .hint("`tc worker pool show POOL --definition` prints the definition of a pool."));
        };
        let in_file = members.get("workerPoolId").and_then(Value::as_str);
        let Some(name) = self.pool.as_deref().or(in_file) else {
            return Err(Error::usage("no worker pool is named").hint("Add --pool, or workerPoolId in the file."));
        };
        let named = pool(name, context)?;
        Ok(PoolFile { named, body: sent(members.clone()), document })
    }
}

/// A definition without what the service has added to it.
fn sent(mut members: Map<String, Value>) -> Value {
    members.retain(|name, _| !ADDED.contains(&name.as_str()));
    Value::Object(members)
}

/// The definition of a pool from the service's answer, with its ID: a file for `tc worker pool update`.
pub(super) fn definition(pool: &Value) -> Value {
    let mut members = Map::new();
    members.insert("workerPoolId".into(), text(pool, "workerPoolId").into());
    for name in MEMBERS {
        if let Some(value) = pool.get(name) {
            members.insert(name.into(), value.clone());
        }
    }
    Value::Object(members)
}

/// A definition as lines that can be compared, whatever the order of its members.
pub(super) fn lines(definition: &Value) -> String {
    let Value::Object(members) = definition else { return String::new() };
    format!("{:#}\n", sorted(&sent(members.clone())))
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> =
                members.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pool_that_was_shown_can_be_sent_again() {
        let pool = json!({"workerPoolId": "p/w", "providerId": "x", "created": "t", "config": {"b": 1, "a": 2},
            "description": "d", "owner": "o", "emailOnError": false, "currentCapacity": 0, "runningCount": 1});
        let shown = definition(&pool);
        assert_eq!(
            shown.to_string(),
            r#"{"workerPoolId":"p/w","providerId":"x","description":"d","owner":"o","emailOnError":false,"config":{"b":1,"a":2}}"#
        );
        let members = json!({"providerId": "x", "unknown": 1, "created": "t"});
        // What is unknown is left for the service to refuse.
        assert_eq!(sent(members.as_object().unwrap().clone()), json!({"providerId": "x", "unknown": 1}));
        assert_eq!(lines(&shown), lines(&pool));
        assert!(lines(&shown).contains("    \"a\": 2,\n    \"b\": 1\n"));
    }
}
