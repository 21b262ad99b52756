//! Schemas that would be followed for ever: a `$ref` that leads back to itself without going into the body.

use std::collections::HashMap;

use serde_json::Value;

use super::documents::SchemaError;

/// Keywords whose schemas are about the same value.
const SAME_VALUE_LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const SAME_VALUE: [&str; 4] = ["not", "if", "then", "else"];

/// References that lead to references end here: each is a level on the stack.
const MAX_REFERENCES_IN_A_ROW: usize = 200;
/// So many schemas may be about one value, counted as often as each is referred to.
const MAX_SCHEMAS_OF_A_VALUE: u64 = 20_000;

/// Finds circles of references within a document, and references that multiply each other.
///
/// # Errors
/// [`SchemaError::Endless`]; [`SchemaError::Unusable`] where too many schemas are about one value.
pub(super) fn check(document: &Value) -> Result<(), SchemaError> {
    let mut pointers = Vec::new();
    references(document, &mut pointers);
    let mut done = HashMap::new();
    for pointer in std::iter::once(String::new()).chain(pointers) {
        walk(document, &pointer, &mut Vec::new(), &mut done)?;
    }
    Ok(())
}

/// Follows what is about the same value as the schema at `pointer`, and counts it.
fn walk(
    document: &Value,
    pointer: &str,
    path: &mut Vec<String>,
    done: &mut HashMap<String, u64>,
) -> Result<u64, SchemaError> {
    if let Some(count) = done.get(pointer) {
        return Ok(*count);
    }
    if path.iter().any(|above| above == pointer) {
        return Err(SchemaError::Endless(format!("#{pointer}")));
    }
    if path.len() > MAX_REFERENCES_IN_A_ROW {
        return Err(excessive(pointer));
    }
    let Some(schema) = document.pointer(pointer) else { return Ok(1) };
    path.push(pointer.to_owned());
    let mut targets = Vec::new();
    same_value(schema, &mut targets);
    let mut count = 1_u64;
    for target in targets {
        count = count.saturating_add(walk(document, &target, path, done)?);
    }
    path.pop();
    if count > MAX_SCHEMAS_OF_A_VALUE {
        return Err(excessive(pointer));
    }
    done.insert(pointer.to_owned(), count);
    Ok(count)
}

fn excessive(pointer: &str) -> SchemaError {
    let reason = "its references multiply each other".to_owned();
    SchemaError::Unusable { path: format!("#{pointer}"), reason }
}

/// The pointers that a schema and its alternatives refer to.
fn same_value(schema: &Value, targets: &mut Vec<String>) {
    let Some(members) = schema.as_object() else { return };
    targets.extend(members.get("$ref").and_then(Value::as_str).and_then(local));
    for keyword in SAME_VALUE_LISTS {
        members.get(keyword).and_then(Value::as_array).into_iter().flatten().for_each(|part| same_value(part, targets));
    }
    for part in SAME_VALUE.iter().filter_map(|keyword| members.get(*keyword)) {
        same_value(part, targets);
    }
}

/// All local references of a document.
fn references(schema: &Value, pointers: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            pointers.extend(members.get("$ref").and_then(Value::as_str).and_then(local));
            members.values().for_each(|member| references(member, pointers));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, pointers)),
        _ => {}
    }
}

/// `#/definitions/a` as a pointer.
fn local(reference: &str) -> Option<String> {
    let fragment = reference.strip_prefix('#')?;
    let pointer = percent_encoding::percent_decode_str(fragment).decode_utf8().ok()?;
    (pointer.is_empty() || pointer.starts_with('/')).then(|| pointer.into_owned())
}
