//! Schemas by their URI, across services and families.
//!
//! Every schema has an `$id` such as `/schemas/queue/v1/task.json#`. References from one to another
//! are relative to it (`task-run.json#`) and stay within JSON Schema draft 06, where whatever stands
//! beside a `$ref` is ignored.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use super::catalogue::{Catalogue, Source};
use super::embedded::FAMILIES;
use super::model::{Method, SchemaFamily, Service};

/// Stands for the root URL while a reference is resolved.
const BASE: &str = "schema:///";

impl Service {
    /// The schema of this file (`v1/task.json`, with or without a `#` at its end).
    pub fn schema(&self, file: &str) -> Option<&RawValue> {
        self.schemas.get(file.trim_end_matches('#')).map(|schema| &**schema)
    }

    /// The URI of a schema as a method or an exchange names it: `/schemas/queue/v1/task.json#`.
    pub fn schema_uri(&self, file: &str) -> String {
        let file = file.trim_end_matches('#');
        if file.starts_with('/') { format!("{file}#") } else { format!("/schemas/{}/{file}#", self.service_name) }
    }
}

/// The embedded schema at a URI, whatever its fragment: `/schemas/queue/v1/task.json#`.
///
/// The URI may be a deployment's: `https://tc.example.com/schemas/queue/v1/task.json`.
pub fn schema(uri: &str) -> Option<&'static RawValue> {
    let path = uri.split('#').next().unwrap_or_default();
    let (_, path) = path.split_once("/schemas/")?;
    let (family, file) = path.split_once('/')?;
    let catalogue = Catalogue::embedded(Source::Current);
    match catalogue.service_names().find(|name| *name == family) {
        Some(service) => catalogue.service(service).ok()?.schema(file),
        None => families().iter().find(|found| found.family == family)?.schemas.get(file).map(|schema| &**schema),
    }
}

/// The URIs of all embedded schemas, those of services first.
pub fn schema_uris() -> Vec<String> {
    let services = Catalogue::embedded(Source::Current).services().unwrap_or_default();
    let own = services.into_iter().flat_map(|service| service.schemas.keys().map(|file| service.schema_uri(file)));
    own.chain(family_schema_uris()).collect()
}

/// The URIs of the embedded schemas that belong to no service: those of workers' payloads and the like.
pub(crate) fn family_schema_uris() -> impl Iterator<Item = String> {
    families().iter().flat_map(|family| family.schemas.keys().map(|file| format!("/schemas/{}/{file}#", family.family)))
}

/// A `$ref` as it stands in the schema at `base`, made absolute: path and fragment.
///
/// `task-run.json#/properties/x` seen from `/schemas/queue/v1/task.json#` is
/// `/schemas/queue/v1/task-run.json#/properties/x`. Nothing for what is no URI reference.
pub(crate) fn resolve_schema(base: &str, reference: &str) -> Option<String> {
    let base = Url::parse(BASE).ok()?.join(base).ok()?;
    let resolved = base.join(reference).ok()?;
    Some(match resolved.as_str().strip_prefix(BASE) {
        Some(local) => format!("/{local}"),
        None => resolved.into(),
    })
}

/// The property of a method's answer that holds the items of a page: `tasks` of `listTaskGroup`.
///
/// It is the one list in the answer's schema. Nothing for methods that do not answer in pages, and
/// for those of 2018, whose schemas are not known.
pub(crate) fn page_list<'a>(service: &'a Service, method: &Method) -> Option<&'a str> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        properties: indexmap::IndexMap<&'a str, Shape>,
    }
    let file = method.output.as_deref().filter(|_| method.is_paginated())?;
    let answer: Answer<'a> = serde_json::from_str(service.schema(file)?.get()).ok()?;
    let base = service.schema_uri(file);
    let mut lists = answer.properties.into_iter().filter(|(_, property)| property.is_list(&base));
    match (lists.next(), lists.next()) {
        (Some((name, _)), None) => Some(name),
        _ => None,
    }
}

/// As much of a schema as tells whether it is one of lists.
#[derive(Deserialize)]
struct Shape {
    #[serde(rename = "type")]
    kind: Option<serde_json::Value>,
    #[serde(rename = "$ref")]
    reference: Option<String>,
}

impl Shape {
    /// Whether it is a list, here or in the document that it refers to.
    fn is_list(&self, base: &str) -> bool {
        let is_array = |shape: &Shape| shape.kind.as_ref().is_some_and(|kind| kind == "array");
        match &self.reference {
            None => is_array(self),
            Some(reference) => resolve_schema(base, reference)
                .filter(|uri| uri.ends_with('#'))
                .and_then(|uri| serde_json::from_str(schema(&uri)?.get()).ok())
                .is_some_and(|target| is_array(&target)),
        }
    }
}

fn families() -> &'static [SchemaFamily] {
    static PARSED: OnceLock<Vec<SchemaFamily>> = OnceLock::new();
    // The tests parse each of the embedded files, so none is lost here.
    PARSED.get_or_init(|| FAMILIES.iter().filter_map(|file| serde_json::from_str(file.json).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn current() -> &'static Catalogue {
        Catalogue::embedded(Source::Current)
    }

    #[test]
    fn schemas_are_found_by_uri() {
        for uri in [
            "/schemas/queue/v1/task.json#",
            "/schemas/queue/v1/task.json",
            "/schemas/queue/v1/task.json#/properties/payload",
            "https://tc.example.com/schemas/docker-worker/v1/payload.json#",
            "/schemas/generic-worker/insecure_posix.json#",
            "/schemas/common/action-schema-v1.json",
        ] {
            assert!(schema(uri).is_some(), "{uri}");
        }
        for uri in ["", "task.json", "/schemas/queue", "/schemas/quoue/v1/task.json#", "/schemas/queue/v1/no.json#"] {
            assert!(schema(uri).is_none(), "{uri}");
        }
    }

    #[test]
    fn references_are_relative_to_their_schema() {
        let base = "/schemas/queue/v1/task.json#";
        for (reference, absolute) in [
            ("task-run.json#", "/schemas/queue/v1/task-run.json#"),
            ("./task-run.json#/properties/x", "/schemas/queue/v1/task-run.json#/properties/x"),
            ("#/definitions/a", "/schemas/queue/v1/task.json#/definitions/a"),
            ("/schemas/common/a.json#", "/schemas/common/a.json#"),
            ("http://json-schema.org/draft-06/schema#", "http://json-schema.org/draft-06/schema#"),
        ] {
            assert_eq!(resolve_schema(base, reference).as_deref(), Some(absolute));
        }
        assert_eq!(resolve_schema(base, "http://[").as_deref(), None);
    }

    #[test]
    fn every_reference_between_schemas_leads_somewhere() {
        fn references<'a>(value: &'a serde_json::Value, found: &mut Vec<&'a str>) {
            if let Some(reference) = value.get("$ref").and_then(|reference| reference.as_str()) {
                found.push(reference);
            }
            match value {
                serde_json::Value::Object(members) => members.values().for_each(|member| references(member, found)),
                serde_json::Value::Array(items) => items.iter().for_each(|item| references(item, found)),
                _ => {}
            }
        }
        let uris = schema_uris();
        assert!(uris.len() > 190, "{}", uris.len());
        for uri in &uris {
            let value: serde_json::Value = serde_json::from_str(schema(uri).unwrap().get()).unwrap();
            assert_eq!(value["$id"], uri.as_str());
            let mut found = Vec::new();
            references(&value, &mut found);
            for reference in found.into_iter().filter(|reference| !reference.starts_with("http://json-schema.org/")) {
                let target = resolve_schema(uri, reference).unwrap();
                let document: serde_json::Value = serde_json::from_str(schema(&target).unwrap().get()).unwrap();
                let (_, pointer) = target.split_once('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference} in {uri}");
            }
        }
    }

    #[test]
    fn every_schema_that_is_named_is_there() {
        for service in current().services().unwrap() {
            let methods = service.methods.iter().flat_map(|method| [&method.input, &method.output]);
            let exchanges = service.exchanges.iter().map(|exchange| &exchange.schema);
            for file in methods.chain(exchanges).flatten() {
                assert!(schema(&service.schema_uri(file)).is_some(), "{file} of {}", service.service_name);
            }
        }
    }

    #[test]
    fn each_paginated_method_has_one_list() {
        let mut lists = Vec::new();
        for service in current().services().unwrap() {
            for method in service.methods.iter().filter(|method| method.is_paginated()) {
                lists.push((service.service_name.as_str(), method.name.as_str(), page_list(service, method)));
            }
        }
        assert_eq!(lists.len(), 35);
        assert!(lists.iter().all(|(.., list)| list.is_some()), "{lists:?}");
        assert!(lists.contains(&("queue", "listTaskGroup", Some("tasks"))));
        assert!(lists.contains(&("secrets", "list", Some("secrets"))));
        let (queue, task) = current().method("queue", "task").unwrap();
        assert_eq!(page_list(queue, task), None);
    }
}
