//! A schema and the documents that it refers to, made one document. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use url::Url;

use super::documents::references;

/// A schema, and what has been found so far of what it refers to.
#[derive(Debug)]
pub(crate) struct Bundle {
    root: Url,
    documents: BTreeMap<Url, Value>,
    /// What cannot be had; a validator says so where it is needed.
    missing: BTreeSet<Url>,
}

impl Bundle {
    /// `place` is where the schema was read, to which its own `$id` is relative.
    pub(crate) fn new(place: &Url, schema: Value) -> Self {
        let root = base_of(place, &schema);
        Self { documents: BTreeMap::from([(root.clone(), schema)]), root, missing: BTreeSet::new() }
    }

    /// The next document to look for; none when all have been looked for.
    pub(crate) fn wanted(&self) -> Option<Url> {
        self.documents.iter().find_map(|(base, document)| {
            let mut wanted = None;
            let mut named = BTreeSet::new();
            names(document, base, &mut named);
            references(document, &mut |reference| {
                let target = base.join(reference).ok().map(without_fragment);
                wanted = wanted.take().or(target.filter(|target| !named.contains(target) && !self.is_known(target)));
            });
            wanted
        })
    }

    fn is_known(&self, url: &Url) -> bool {
        self.documents.contains_key(url) || self.missing.contains(url)
    }

    /// How many documents there are.
    pub(crate) fn len(&self) -> usize {
        self.documents.len()
    }

    /// Takes what was found at [`Self::wanted`].
    pub(crate) fn add(&mut self, url: Url, document: Option<Value>) {
        match document {
            Some(document) => drop(self.documents.insert(url, document)),
            None => drop(self.missing.insert(url)),
        }
    }

    /// The schema as one document, which has the others among its definitions. One that leads to no other stays as
    /// it is.
    pub(crate) fn joined(self) -> Value {
        let Self { root, mut documents, .. } = self;
        if documents.len() == 1 {
            return documents.remove(&root).unwrap_or_default();
        }
        let places: BTreeMap<Url, String> = documents
            .keys()
            .filter(|url| **url != root)
            .enumerate()
            .map(|(index, url)| (url.clone(), format!("document-{}", index + 1)))
            .collect();
        for (base, document) in &mut documents {
            redirect(document, &mut |reference| redirected(reference, base, &root, &places));
            if let Value::Object(members) = document {
                members.shift_remove("$id");
            }
        }
        let mut joined = documents.remove(&root).unwrap_or_default();
        if let Value::Object(members) = &mut joined {
            let definitions = members.entry("definitions").or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(definitions) = definitions {
                let others = documents.into_iter().filter_map(|(url, document)| Some((places.get(&url)?, document)));
                definitions.extend(others.map(|(place, document)| (place.clone(), document)));
            }
        }
        joined
    }
}

/// What a document's references are relative to.
fn base_of(place: &Url, schema: &Value) -> Url {
    let id = schema.get("$id").and_then(Value::as_str).unwrap_or_default();
    without_fragment(place.join(id).unwrap_or_else(|_| place.clone()))
}

/// The addresses that parts of a document give themselves.
fn names(schema: &Value, base: &Url, named: &mut BTreeSet<Url>) {
    match schema {
        Value::Object(members) => {
            let own = members.get("$id").and_then(Value::as_str);
            named.extend(own.and_then(|id| base.join(id).ok()).map(without_fragment));
            members.values().for_each(|member| names(member, base, named));
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, base, named)),
        _ => {}
    }
}

fn without_fragment(mut url: Url) -> Url {
    url.set_fragment(None);
    url
}

/// Where a reference leads in the joined document. Drafts' own schemas and what is missing keep their addresses.
fn redirected(reference: &str, base: &Url, root: &Url, places: &BTreeMap<Url, String>) -> Option<String> {
    let target = base.join(reference).ok()?;
    let fragment = target.fragment().unwrap_or_default().to_owned();
    let document = without_fragment(target.clone());
    match places.get(&document) {
        Some(place) => Some(format!("#/definitions/{place}{fragment}")),
        None if document == *root => Some(format!("#{fragment}")),
        None => Some(target.into()),
    }
}

fn redirect(schema: &mut Value, by: &mut impl FnMut(&str) -> Option<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(redirected) = by(reference)
            {
                *reference = redirected;
            }
            members.values_mut().for_each(|member| redirect(member, by));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redirect(item, by)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::Validator;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn documents_that_refer_to_each_other_become_one() {
        let schema = json!({"properties": {
            "a": {"$ref": "task.json#/properties/a"}, "b": {"$ref": "#/definitions/b"}, "c": {"$ref": "http://elsewhere.example.com/x"},
        }, "definitions": {"b": {"type": "string"}}});
        let mut bundle = Bundle::new(&url("file:///s/v1/create.json"), schema);
        assert_eq!(bundle.wanted(), Some(url("file:///s/v1/task.json")));
        let task = json!({"$id": "task.json#", "properties": {"a": {"$ref": "#/definitions/a"}}, "definitions": {"a": {"$ref": "create.json#/definitions/b"}}});
        bundle.add(url("file:///s/v1/task.json"), Some(task));
        assert_eq!(bundle.wanted(), Some(url("http://elsewhere.example.com/x")));
        bundle.add(url("http://elsewhere.example.com/x"), None);
        assert_eq!((bundle.wanted(), bundle.len()), (None, 2));
        let joined = json!({"properties": {
            "a": {"$ref": "#/definitions/document-1/properties/a"}, "b": {"$ref": "#/definitions/b"}, "c": {"$ref": "http://elsewhere.example.com/x"},
        }, "definitions": {"b": {"type": "string"}, "document-1": {
            "properties": {"a": {"$ref": "#/definitions/document-1/definitions/a"}}, "definitions": {"a": {"$ref": "#/definitions/b"}},
        }}});
        assert_eq!(bundle.joined(), joined);
    }

    #[test]
    fn a_circle_through_two_documents_is_found() {
        let mut bundle = Bundle::new(&url("file:///a.json"), json!({"$ref": "b.json"}));
        bundle.add(url("file:///b.json"), Some(json!({"$ref": "a.json"})));
        assert!(Validator::of(&bundle.joined()).unwrap_err().to_string().contains("refers to itself without an end"));
    }

    #[test]
    fn a_schema_that_stands_alone_stays_as_it_is() {
        let schema = json!({
            "$id": "http://x.example.com/y#", "properties": {"a": {"$ref": "#/definitions/a"}, "b": {"$ref": "b.json"}},
            "definitions": {"a": true, "b": {"$id": "b.json"}},
        });
        assert_eq!(Bundle::new(&url("file:///s.json"), schema.clone()).wanted(), None);
        assert_eq!(Bundle::new(&url("file:///s.json"), schema.clone()).joined(), schema);
    }
}
