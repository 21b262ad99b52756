//! Schemas without their prose, and without touching what only looks like prose.

use serde_json::Value;

/// Keywords that explain and do not constrain. `$schema` goes with them: it is the same
/// meta-schema (draft 06) everywhere.
const PROSE: [&str; 5] = ["title", "description", "$comment", "$schema", "examples"];

/// Keywords whose value is a map from names to schemas; the names are the schema's own.
const MAPS: [&str; 6] = ["properties", "patternProperties", "definitions", "$defs", "dependentSchemas", "dependencies"];

/// Keywords whose value is a schema or a list of schemas.
const NESTED: [&str; 12] = [
    "items",
    "additionalItems",
    "additionalProperties",
    "not",
    "contains",
    "propertyNames",
    "if",
    "then",
    "else",
    "allOf",
    "anyOf",
    "oneOf",
];

/// Removes the prose of `schema` and of every schema in it.
///
/// Only keywords are removed: a property that is called `title` stays, and so does whatever stands
/// in `enum`, `const`, `default` and in keywords that are not known here.
pub(super) fn strip(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            keywords.retain(|keyword, _| !PROSE.contains(&keyword.as_str()));
            for (keyword, value) in keywords.iter_mut() {
                match value {
                    Value::Object(named) if MAPS.contains(&keyword.as_str()) => named.values_mut().for_each(strip),
                    nested if NESTED.contains(&keyword.as_str()) => strip(nested),
                    _ => {}
                }
            }
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(strip),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::strip;

    fn stripped(mut schema: Value) -> Value {
        strip(&mut schema);
        schema
    }

    #[test]
    fn prose_goes_at_every_depth() {
        let schema = json!({
            "$id": "/schemas/x/v1/y.json#", "$schema": "/schemas/common/metaschema.json#", "title": "T", "description": "D",
            "oneOf": [{"title": "A", "not": {"description": "B", "type": "null"}}],
            "items": [{"title": "A", "type": "string"}],
            "additionalProperties": {"description": "C", "$comment": "D", "type": "string"},
            "dependencies": {"a": ["title"], "b": {"title": "E", "required": ["c"]}},
        });
        let facts = json!({
            "$id": "/schemas/x/v1/y.json#",
            "oneOf": [{"not": {"type": "null"}}],
            "items": [{"type": "string"}],
            "additionalProperties": {"type": "string"},
            "dependencies": {"a": ["title"], "b": {"required": ["c"]}},
        });
        assert_eq!(stripped(schema), facts);
    }

    #[test]
    fn what_is_only_called_title_stays() {
        let schema = json!({
            "properties": {
                "title": {"type": "string", "title": "T"},
                "description": {"$ref": "a.json#/properties/description"},
                "properties": {"properties": {"title": {"type": "string", "description": "D"}}},
            },
            "patternProperties": {"description": {"title": "T", "minLength": 1}},
            "definitions": {"title": {"title": "T", "const": {"title": "kept"}}},
            "required": ["title", "description"],
            "enum": [{"title": "kept"}],
            "default": {"description": "kept"},
        });
        let facts = json!({
            "properties": {
                "title": {"type": "string"},
                "description": {"$ref": "a.json#/properties/description"},
                "properties": {"properties": {"title": {"type": "string"}}},
            },
            "patternProperties": {"description": {"minLength": 1}},
            "definitions": {"title": {"const": {"title": "kept"}}},
            "required": ["title", "description"],
            "enum": [{"title": "kept"}],
            "default": {"description": "kept"},
        });
        assert_eq!(stripped(schema), facts);
    }
}
