//! A schema with all that it refers to, read once, and the look-up of a `$ref` among them.

use std::collections::BTreeMap;

use serde_json::Value;
use thiserror::Error;
use url::Url;

use crate::reference::{self, Service};

/// Why a schema cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SchemaError {
    /// The service has no schema of this name.
    #[error("unknown schema `{path}`")]
    Missing {
        /// `/schemas/queue/v1/task.json`.
        path: String,
    },
    /// A schema is not JSON.
    #[error("the schema `{path}` is broken: {reason}")]
    Broken {
        /// `/schemas/queue/v1/task.json`.
        path: String,
        /// What the parser said.
        reason: String,
    },
    /// A part of a schema refers to itself before anything is checked.
    #[error("the schema refers to itself without an end at `{0}`")]
    Endless(String),
    /// A schema is JSON, but no JSON schema, or it refers to a part that does not exist.
    #[error("the schema `{path}` cannot be used: {reason}")]
    Unusable {
        /// `/schemas/queue/v1/task.json`.
        path: String,
        /// What the compiler said.
        reason: String,
    },
}

/// A schema and every schema that it leads to, by URL.
#[derive(Debug, Clone)]
pub(super) struct Documents {
    parsed: BTreeMap<String, Value>,
    root: Url,
}

/// A part of a schema, and the URL of the document that it stands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Located<'a> {
    pub(super) document: &'a str,
    pub(super) schema: &'a Value,
}

impl<'a> Located<'a> {
    /// Another part of the same document.
    pub(super) fn with(self, schema: &'a Value) -> Self {
        Self { schema, ..self }
    }
}

impl Documents {
    /// Reads the schema `file` of `service` and what it refers to, directly or not.
    pub(super) fn load(service: &Service, file: &str) -> Result<Self, SchemaError> {
        let root = locate(service.schema_uri(file).trim_end_matches('#'))?;
        let mut parsed = BTreeMap::new();
        let mut wanted = vec![root.clone()];
        while let Some(url) = wanted.pop() {
            if parsed.contains_key(url.as_str()) {
                continue;
            }
            let document = read(service, url.path())?;
            references(&document, &mut |reference| {
                if let Ok(mut target) = url.join(reference) {
                    target.set_fragment(None);
                    wanted.push(target);
                }
            });
            parsed.insert(url.into(), document);
        }
        Ok(Self { parsed, root })
    }

    /// A schema that stands alone.
    pub(super) fn alone(schema: &Value) -> Result<Self, SchemaError> {
        let root = locate("/schema.json")?;
        Ok(Self { parsed: BTreeMap::from([(root.to_string(), schema.clone())]), root })
    }

    /// The URL of the schema that was asked for; its path is the schema's ID.
    pub(super) fn root_url(&self) -> &Url {
        &self.root
    }

    /// The schema that was asked for.
    pub(super) fn root(&self) -> Located<'_> {
        self.document(&self.root).unwrap_or(Located { document: self.root.as_str(), schema: &Value::Bool(true) })
    }

    /// All schemas with their URLs.
    pub(super) fn into_parsed(self) -> BTreeMap<String, Value> {
        self.parsed
    }

    /// Follows `$ref`s to something else; nothing when they lead nowhere or in a circle.
    pub(super) fn follow<'a>(&'a self, mut at: Located<'a>) -> Option<Located<'a>> {
        for _ in 0..16 {
            let Some(reference) = at.schema.get("$ref").and_then(Value::as_str) else { return Some(at) };
            at = self.resolve(at, reference)?;
        }
        None
    }

    /// What `reference` leads to, seen from the document of `at`.
    pub(super) fn resolve<'a>(&'a self, at: Located<'_>, reference: &str) -> Option<Located<'a>> {
        let mut target = Url::parse(at.document).ok()?.join(reference).ok()?;
        let fragment = target.fragment().unwrap_or_default().to_owned();
        target.set_fragment(None);
        let found = self.document(&target)?;
        let pointer = percent_encoding::percent_decode_str(&fragment).decode_utf8().ok()?;
        Some(found.with(found.schema.pointer(&pointer)?))
    }

    fn document(&self, url: &Url) -> Option<Located<'_>> {
        let (document, schema) = self.parsed.get_key_value(url.as_str())?;
        Some(Located { document, schema })
    }
}

/// The one place that knows where schemas come from: `/schemas/queue/v1/task.json` is the text of
/// `v1/task.json` of the queue, and what the service itself does not have is looked for among all.
fn read(service: &Service, path: &str) -> Result<Value, SchemaError> {
    // The drafts' own schemas are not kept: where one is referred to, any schema will do.
    if path == "/schemas/common/metaschema.json" || !path.starts_with("/schemas/") {
        return Ok(Value::Bool(true));
    }
    let own = path.strip_prefix("/schemas/").and_then(|path| path.split_once('/'));
    let text = match own {
        Some((name, file)) if name == service.service_name => service.schema(file),
        _ => reference::schema(path),
    };
    let text = text.ok_or_else(|| SchemaError::Missing { path: path.into() })?;
    serde_json::from_str(text.get())
        .map_err(|error| SchemaError::Broken { path: path.into(), reason: error.to_string() })
}

/// Schemas live at URLs of a scheme of their own, so that relative references join as they do on a
/// deployment.
fn locate(path: &str) -> Result<Url, SchemaError> {
    Url::parse(&format!("schema://{path}"))
        .map_err(|error| SchemaError::Broken { path: path.into(), reason: error.to_string() })
}

/// Tells what each `$ref` of a schema says.
pub(super) fn references(schema: &Value, found: &mut impl FnMut(&str)) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found(reference);
            }
            // A property may itself be called `$ref`; its value is an object then, not a string.
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}
