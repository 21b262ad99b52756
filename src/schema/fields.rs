//! The fields that a body can have, for help.

use serde_json::Value;

use super::circles;
use super::documents::{Documents, Located, SchemaError};
use super::shape::{Branches, Shape};
use crate::reference::Service;

/// How deep fields are listed; what lies deeper is for the schema itself to tell.
const MAX_DEPTH: usize = 4;

/// More fields than this are not listed: a schema that refers to itself in many places has no end of them.
const MAX_FIELDS: usize = 2000;

/// One field of a body.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Field {
    /// `metadata.name`; an array's items are `routes[]`, an object's free members `tags.*`.
    pub path: String,
    /// JSON types: `string`, or several where the schema leaves a choice; empty where anything goes.
    pub types: Vec<String>,
    /// Whether a body must have it, given that it has what contains it.
    pub required: bool,
    /// `date-time`, `uri`, where the schema says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The pattern (a JavaScript regular expression) that it must match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The values to choose from, where they are listed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Value>,
    /// What the service takes when it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
}

/// The fields of the body that the schema `file` of `service` describes: at each level the required
/// ones first, each followed by what it contains.
///
/// # Errors
/// When there is no such schema, or it or one that it refers to is broken.
pub(crate) fn fields(service: &Service, file: &str) -> Result<Vec<Field>, SchemaError> {
    let documents = Documents::load(service, file)?;
    let mut found = Vec::new();
    let root = Shape::of(&documents, &[documents.root()], Branches::All);
    list(&documents, &root, "", MAX_DEPTH, &mut found);
    Ok(found)
}

/// The same for a schema that stands alone.
///
/// # Errors
/// When it refers to itself without an end.
pub(crate) fn fields_of(schema: &Value) -> Result<Vec<Field>, SchemaError> {
    circles::check(schema)?;
    let documents = Documents::alone(schema)?;
    let mut found = Vec::new();
    let root = Shape::of(&documents, &[documents.root()], Branches::All);
    list(&documents, &root, "", MAX_DEPTH, &mut found);
    Ok(found)
}

fn list<'a>(documents: &'a Documents, shape: &Shape<'a>, prefix: &str, depth: usize, found: &mut Vec<Field>) {
    if depth == 0 || found.len() >= MAX_FIELDS {
        return;
    }
    let dot = if prefix.is_empty() { "" } else { "." };
    let mut properties: Vec<_> = shape.properties.iter().collect();
    properties.sort_by_key(|(name, _)| !shape.required.contains(name));
    for (name, schemas) in properties {
        add(documents, schemas, (format!("{prefix}{dot}{name}"), shape.required.contains(name)), depth, found);
    }
    if let Some(items) = shape.items {
        add(documents, &[items], (format!("{prefix}[]"), false), depth, found);
    }
    if let Some(members) = shape.members {
        add(documents, &[members], (format!("{prefix}{dot}*"), false), depth, found);
    }
}

fn add<'a>(
    documents: &'a Documents,
    schemas: &[Located<'a>],
    (path, required): (String, bool),
    depth: usize,
    found: &mut Vec<Field>,
) {
    if found.len() >= MAX_FIELDS {
        return;
    }
    let shape = Shape::of(documents, schemas, Branches::All);
    let contents = path.clone();
    found.push(Field {
        path,
        types: shape.types.iter().map(ToString::to_string).collect(),
        required,
        format: shape.text("format").map(Into::into),
        pattern: shape.text("pattern").map(Into::into),
        choices: shape.choices.iter().map(|choice| (*choice).clone()).collect(),
        default: shape.keyword("default").cloned(),
    });
    list(documents, &shape, &contents, depth - 1, found);
}
