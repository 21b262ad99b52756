//! Schemas that refer to other documents, made into one that refers to nothing outside of itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use url::Url;

use super::documents::references;

/// The member of a schema in which others may stand, whatever its draft (JSON Schema draft 7, 9; kept by later ones).
const DEFINITIONS: &str = "definitions";

/// The documents outside of itself that the schema at `place` refers to. The drafts' own schemas are none: they are known.
pub(crate) fn outside(schema: &Value, place: &Url) -> BTreeSet<Url> {
    let base = base(schema, place);
    let mut found = BTreeSet::new();
    references(schema, &mut |reference| {
        found.extend(target(reference, &base).map(|(document, _)| document));
    });
    found.remove(place);
    found.remove(&base);
    found
}

/// The schema at `place` with the documents that it leads to in itself, and references to them changed accordingly. Without
/// such references it is as it was.
///
/// A document that is not among `others`, and a schema that has parts with IDs of their own, keep their references.
pub(crate) fn bundled(schema: Value, place: &Url, others: &BTreeMap<Url, Value>) -> Value {
    let documents = || std::iter::once(&schema).chain(others.values());
    if others.is_empty() || !schema.is_object() || documents().any(has_inner_id) {
        return schema;
    }
    let mut pointers = BTreeMap::from([(place.clone(), "#".to_owned()), (base(&schema, place), "#".to_owned())]);
    let mut taken = schema.get(DEFINITIONS).and_then(Value::as_object).cloned().unwrap_or_default();
    let mut names = BTreeMap::new();
    for (number, (url, other)) in others.iter().enumerate() {
        let mut name = format!("document-{}", number + 1);
        while taken.contains_key(&name) {
            name.push('-');
        }
        taken.insert(name.clone(), Value::Null);
        for known in [url.clone(), base(other, url)] {
            pointers.entry(known).or_insert_with(|| format!("#/{DEFINITIONS}/{name}"));
        }
        names.insert(url, name);
    }
    let localized = |document: &Value, at: &Url| {
        let base = base(document, at);
        let mut document = document.clone();
        // Within another one it is of its draft, and the draft's name may be no URL by itself.
        let draft = (at != place).then_some("$schema");
        for keyword in ["$id", "id"].into_iter().chain(draft) {
            if document.get(keyword).is_some_and(Value::is_string) {
                document.as_object_mut().and_then(|members| members.remove(keyword));
            }
        }
        localize(&mut document, &base, &pointers);
        document
    };
    let mut whole = localized(&schema, place);
    let mut definitions = match whole.get_mut(DEFINITIONS).map(Value::take) {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    };
    for (url, name) in names {
        if let Some(other) = others.get(url) {
            definitions.insert(name, localized(other, url));
        }
    }
    if let Some(members) = whole.as_object_mut() {
        members.insert(DEFINITIONS.into(), Value::Object(definitions));
    }
    whole
}

/// What references of a document are relative to: where it was found, or its ID when that is a whole URL. Taskcluster's
/// schemas have relative ones, which name the place where a deployment serves them.
fn base(schema: &Value, place: &Url) -> Url {
    let id = ["$id", "id"].iter().find_map(|keyword| schema.get(*keyword)?.as_str());
    let mut base = id.and_then(|id| Url::parse(id).ok()).unwrap_or_else(|| place.clone());
    base.set_fragment(None);
    base
}

/// The document that a reference leads to, and its fragment; none within the same document, and for the drafts' own schemas.
fn target(reference: &str, base: &Url) -> Option<(Url, String)> {
    if reference.starts_with('#') {
        return None;
    }
    let mut url = base.join(reference).ok()?;
    let fragment = url.fragment().unwrap_or_default().to_owned();
    url.set_fragment(None);
    (url.host_str() != Some("json-schema.org")).then_some((url, fragment))
}

/// Whether a part of a document has an ID, which changes what references in it are relative to.
fn has_inner_id(document: &Value) -> bool {
    fn has_id(value: &Value) -> bool {
        match value {
            Value::Object(members) => members.get("$id").is_some_and(Value::is_string) || members.values().any(has_id),
            Value::Array(items) => items.iter().any(has_id),
            _ => false,
        }
    }
    document.as_object().is_some_and(|members| members.values().any(has_id))
}

fn localize(schema: &mut Value, base: &Url, pointers: &BTreeMap<Url, String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref") {
                let own = pointers.get(base).map(String::as_str).unwrap_or("#");
                let local = match reference.strip_prefix('#') {
                    Some(fragment) => Some(joined(own, fragment)),
                    None => target(reference, base)
                        .and_then(|(document, fragment)| Some(joined(pointers.get(&document)?, &fragment))),
                };
                if let Some(local) = local {
                    *reference = local;
                }
            }
            members.values_mut().for_each(|member| localize(member, base, pointers));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| localize(item, base, pointers)),
        _ => {}
    }
}

/// A pointer to a document, and one into it. A fragment that is no pointer is a name, which has no other spelling.
fn joined(document: &str, fragment: &str) -> String {
    if fragment.is_empty() || fragment.starts_with('/') {
        format!("{document}{fragment}")
    } else {
        format!("#{fragment}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::Checker;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    /// As a deployment serves them: with relative IDs.
    #[test]
    fn a_schema_of_a_deployment_checks_what_it_refers_to() {
        let place = url("https://tc.example.com/schemas/queue/v1/create.json");
        let task = url("https://tc.example.com/schemas/queue/v1/task.json");
        let schema = json!({
            "$schema": "/schemas/common/metaschema.json#", "$id": "/schemas/queue/v1/create.json#",
            "properties": {"id": {"$ref": "task.json#/properties/id"}, "again": {"$ref": "create.json#/definitions/n"}},
            "definitions": {"n": {"type": "number"}},
        });
        let other = json!({
            "$schema": "/schemas/common/metaschema.json#", "$id": "/schemas/queue/v1/task.json#",
            "properties": {"id": {"$ref": "#/definitions/id"}}, "definitions": {"id": {"type": "string"}},
        });
        assert_eq!(outside(&schema, &place), BTreeSet::from([task.clone()]));
        let whole = bundled(schema, &place, &BTreeMap::from([(task, other)]));
        let checker = Checker::of(&whole).unwrap();
        assert!(checker.mismatches(&json!({"id": "x", "again": 1})).is_empty());
        let paths: Vec<String> =
            checker.mismatches(&json!({"id": 1, "again": "x"})).into_iter().map(|found| found.path).collect();
        assert_eq!(paths, ["/id", "/again"]);
    }

    #[test]
    fn documents_that_refer_to_each_other_without_an_end_are_refused() {
        let (a, b) = (url("file:///a.json"), url("file:///b.json"));
        let others = BTreeMap::from([(b, json!({"$ref": "a.json"}))]);
        let whole = bundled(json!({"$ref": "b.json"}), &a, &others);
        assert!(Checker::of(&whole).unwrap_err().to_string().contains("without an end"));
    }

    #[test]
    fn a_whole_url_as_id_is_what_references_are_relative_to() {
        let place = url("file:///home/me/a.json");
        let schema =
            json!({"$id": "https://x.example.com/s/a.json", "items": [{"$ref": "b.json"}, {"$ref": "a.json#/x"}]});
        assert_eq!(outside(&schema, &place), BTreeSet::from([url("https://x.example.com/s/b.json")]));
    }

    #[test]
    fn what_refers_to_nothing_outside_stays_as_it_is() {
        let place = url("file:///a.json");
        for schema in [
            json!(true),
            json!({"$ref": "#/definitions/x", "definitions": {"x": {}}}),
            json!({"$ref": "http://json-schema.org/draft-07/schema#"}),
            json!({"properties": {"$ref": {"type": "string"}}}),
        ] {
            assert!(outside(&schema, &place).is_empty(), "{schema}");
            assert_eq!(bundled(schema.clone(), &place, &BTreeMap::new()), schema);
        }
    }

    #[test]
    fn definitions_of_the_same_name_are_kept() {
        let place = url("file:///a.json");
        let schema = json!({"$ref": "b.json", "definitions": {"document-1": {"type": "null"}}});
        let whole = bundled(schema, &place, &BTreeMap::from([(url("file:///b.json"), json!({"type": "integer"}))]));
        assert_eq!(whole["definitions"]["document-1"], json!({"type": "null"}));
        let checker = Checker::of(&whole).unwrap();
        assert!(checker.mismatches(&json!(1)).is_empty());
        assert_eq!(checker.mismatches(&json!(null)).len(), 1);
    }
}
