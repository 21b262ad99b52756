use serde_json::{Value, json};

use super::*;
use crate::reference::{Catalogue, Service, Source};

fn service(schemas: &Value) -> Service {
    let reference = json!({"serviceName": "toy", "apiVersion": "v1", "schemas": schemas});
    // Schemas are kept as raw text, which only a text can give.
    serde_json::from_str(&reference.to_string()).unwrap()
}

fn faults_of(schema: &Value, body: &Value) -> Vec<String> {
    let service = service(&json!({"v1/a.json": schema}));
    Validator::new(&service, "v1/a.json").unwrap().faults(body).iter().map(ToString::to_string).collect()
}

#[test]
fn a_body_is_refused_in_the_words_of_the_services() {
    let queue = Catalogue::embedded(Source::Current).service("queue").unwrap();
    let validator = Validator::new(queue, "v1/create-task-request.json").unwrap();
    // The services fill in defaults before they check; the payload's own default is refused.
    let faults = validator.faults(&json!({"taskQueueId": "x", "payload": []}));
    let shown: Vec<_> = faults.iter().map(|fault| format!("data{} {}", fault.path, fault.message)).collect();
    assert_eq!(
        shown,
        [
            "data must have required property 'created'",
            "data must have required property 'deadline'",
            "data must have required property 'metadata'",
            r#"data/taskQueueId must match pattern "^[a-zA-Z0-9-_]{1,38}/[a-z]([-a-z0-9]{0,36}[a-z0-9])?$""#,
            "data/payload must be object",
        ]
    );
}

#[test]
fn each_keyword_has_its_words() {
    for (schema, body, fault) in [
        (json!({"type": ["string", "null"]}), json!(1), "/: must be null,string"),
        (json!({"type": "integer"}), json!(1.5), "/: must be integer"),
        (json!({"enum": ["a", 1]}), json!("b"), "/: must be equal to one of the allowed values (\"a\", 1)"),
        (json!({"const": 1}), json!(2), "/: must be equal to constant (1)"),
        (json!({"minLength": 2}), json!("é"), "/: must NOT have fewer than 2 characters"),
        (json!({"maxLength": 1}), json!("ab"), "/: must NOT have more than 1 characters"),
        (json!({"minItems": 1}), json!([]), "/: must NOT have fewer than 1 items"),
        (json!({"maxItems": 1}), json!([1, 2]), "/: must NOT have more than 1 items"),
        (json!({"minProperties": 1}), json!({}), "/: must NOT have fewer than 1 properties"),
        (json!({"maxProperties": 0}), json!({"a": 1}), "/: must NOT have more than 0 properties"),
        (
            json!({"uniqueItems": true}),
            json!(["a", "b", "a", "b"]),
            "/: must NOT have duplicate items (items ## 3 and 1 are identical)",
        ),
        (
            json!({"uniqueItems": true}),
            json!([{}, [], {}]),
            "/: must NOT have duplicate items (items ## 0 and 2 are identical)",
        ),
        (json!({"minimum": 1}), json!(0), "/: must be >= 1"),
        (json!({"maximum": 1}), json!(2), "/: must be <= 1"),
        (json!({"exclusiveMinimum": 1}), json!(1), "/: must be > 1"),
        (json!({"exclusiveMaximum": 1}), json!(1), "/: must be < 1"),
        (json!({"multipleOf": 2}), json!(3), "/: must be multiple of 2"),
        (json!({"not": {"type": "string"}}), json!("a"), "/: must NOT be valid"),
        (json!({"format": "date-time"}), json!("now"), "/: must match format \"date-time\""),
        (json!({"format": "uri"}), json!("redis"), "/: must match format \"uri\""),
        (json!({"pattern": "^[a-z-_]*$"}), json!("A"), "/: must match pattern \"^[a-z-_]*$\""),
        (
            json!({"properties": {}, "additionalProperties": false}),
            json!({"b/~": 1}),
            "/: must NOT have additional properties ('b/~')",
        ),
        (json!({"additionalProperties": {"type": "string"}}), json!({"b/~": 1}), "/b~1~0: must be string"),
    ] {
        assert_eq!(faults_of(&schema, &body), [fault], "{schema}");
    }
}

#[test]
fn alternatives_tell_their_faults_and_then_the_verdict() {
    let schema = json!({"oneOf": [{"required": ["a"]}, {"properties": {"b": {"type": "string"}}, "required": ["b"]}]});
    assert_eq!(
        faults_of(&schema, &json!({"b": 1})),
        ["/: must have required property 'a'", "/b: must be string", "/: must match exactly one schema in oneOf",]
    );
    assert_eq!(faults_of(&schema, &json!({"a": 1, "b": ""})), ["/: must match exactly one schema in oneOf"]);
    assert_eq!(faults_of(&schema, &json!({"b": ""})), [""; 0]);
}

#[test]
fn faults_come_in_the_order_of_the_body_whatever_the_schema_s() {
    let schema = json!({
        "type": "object",
        "properties": {
            "a": {"items": {"properties": {"x": {"type": "null"}, "y": {"type": "null"}}}},
            "z": {"type": "null"},
        },
        "required": ["q"],
        "additionalProperties": false,
    });
    let body = json!({"z": 1, "a": [{"y": 1, "x": 1}, {"x": 1}], "k": 1});
    assert_eq!(
        faults_of(&schema, &body),
        [
            "/: must have required property 'q'",
            "/: must NOT have additional properties ('k')",
            "/z: must be null",
            "/a/0/y: must be null",
            "/a/0/x: must be null",
            "/a/1/x: must be null",
        ]
    );
}

#[test]
fn numbers_keep_their_kind() {
    let schema = json!({"type": "integer"});
    for text in ["1", "1.0", "1e3", "18446744073709551615", "-9223372036854775808"] {
        assert_eq!(faults_of(&schema, &serde_json::from_str(text).unwrap()), [""; 0], "{text}");
    }
}

#[test]
fn references_lead_to_other_schemas_of_the_service() {
    let service = service(&json!({
        "v1/a.json": {"$id": "/schemas/toy/v1/a.json#", "properties": {"b": {"$ref": "b.json#/definitions/c"}}},
        "v1/b.json": {"$id": "/schemas/toy/v1/b.json#", "definitions": {"c": {"$ref": "#/definitions/d"}, "d": {"type": "string"}}},
        "v1/lost.json": {"$ref": "nowhere.json#"},
    }));
    let faults = Validator::new(&service, "v1/a.json").unwrap().faults(&json!({"b": 1}));
    assert_eq!(faults[0].to_string(), "/b: must be string");
    assert_eq!(
        Validator::new(&service, "v1/lost.json").unwrap_err().to_string(),
        "unknown schema `/schemas/toy/v1/nowhere.json`"
    );
    assert_eq!(skeleton(&service, "v1/a.json", true).unwrap(), json!({"b": "<b>"}));
}

#[test]
fn a_schema_of_no_service_is_found_by_its_path() {
    let queue = Catalogue::embedded(Source::Current).service("queue").unwrap();
    let uris: Vec<String> = crate::reference::schema_uris();
    let mut workers = uris.iter().filter(|uri| uri.contains("-worker/")).peekable();
    assert!(workers.peek().is_some());
    for uri in workers {
        let validator = Validator::new(queue, uri).unwrap();
        let skeleton = skeleton(queue, uri, false).unwrap();
        assert_eq!(validator.faults(&skeleton), [], "{uri}");
    }
}

#[test]
fn a_skeleton_of_a_schema_that_contains_itself_ends() {
    let service = service(&json!({
        "v1/a.json": {
            "type": "object",
            "properties": {"child": {"$ref": "#"}, "children": {"type": "array", "items": {"$ref": "#"}}},
        },
        "v1/b.json": {"type": "object", "properties": {"b": {"$ref": "#"}}, "required": ["b"]},
        "v1/c.json": {"$ref": "c.json#"},
    }));
    assert_eq!(skeleton(&service, "v1/a.json", true).unwrap(), json!({"children": []}));
    skeleton(&service, "v1/b.json", false).unwrap();
    assert_eq!(skeleton(&service, "v1/c.json", true).unwrap(), json!({}));
    assert!(fields(&service, "v1/a.json").unwrap().len() < 200);
}

#[test]
fn every_body_of_every_method_has_a_skeleton_that_validates() {
    let mut faulty = Vec::new();
    for service in Catalogue::embedded(Source::Current).services().unwrap() {
        for method in &service.methods {
            for file in method.input.iter().chain(&method.output) {
                let validator = Validator::new(service, file).unwrap();
                for all in [false, true] {
                    let faults = validator.faults(&skeleton(service, file, all).unwrap());
                    if let Some(fault) = faults.first() {
                        faulty.push(format!("{} {} {file} all={all}: {fault}", service.service_name, method.name));
                    }
                }
            }
        }
    }
    assert_eq!(faulty, [""; 0]);
}

#[test]
fn fields_tell_what_is_required() {
    let queue = Catalogue::embedded(Source::Current).service("queue").unwrap();
    let fields = fields(queue, "v1/create-task-request.json").unwrap();
    let required: Vec<_> = fields.iter().filter(|field| field.required).map(|field| field.path.as_str()).collect();
    assert_eq!(
        required,
        [
            "created",
            "deadline",
            "metadata",
            "metadata.description",
            "metadata.name",
            "metadata.owner",
            "metadata.source",
            "payload"
        ]
    );
    let priority = fields.iter().find(|field| field.path == "priority").unwrap();
    assert_eq!((priority.default.clone(), priority.choices.len()), (Some(json!("lowest")), 7));
    assert!(fields.iter().any(|field| field.path == "tags.*"), "{fields:#?}");
    assert!(fields.iter().any(|field| field.path == "routes[]"));
}

#[test]
fn fields_show_every_alternative() {
    let queue = Catalogue::embedded(Source::Current).service("queue").unwrap();
    let fields = fields(queue, "v1/post-artifact-request.json").unwrap();
    let storage = fields.iter().find(|field| field.path == "storageType").unwrap();
    assert!(storage.required && storage.choices.len() > 3, "{storage:?}");
    let url = fields.iter().find(|field| field.path == "url").unwrap();
    assert!(!url.required);
}

#[test]
fn references_that_multiply_each_other_are_refused() {
    let mut definitions = serde_json::Map::new();
    for level in 0..60 {
        let next = json!({"$ref": format!("#/definitions/d{}", level + 1)});
        definitions.insert(format!("d{level}"), json!({"allOf": [next, next]}));
    }
    definitions.insert("d60".into(), json!({"type": "integer"}));
    let schema = json!({"$ref": "#/definitions/d0", "definitions": definitions});
    let refused = Validator::of(&schema).unwrap_err().to_string();
    assert!(refused.ends_with("its references multiply each other"), "{refused}");
    let few = json!({"allOf": [{"$ref": "#/definitions/d"}, {"$ref": "#/definitions/d"}], "definitions": {"d": {"type": "integer"}}});
    assert!(Validator::of(&few).unwrap().is_valid(&json!(1)));
}

#[test]
fn a_schema_that_grows_without_an_end_is_shown_in_part() {
    let mut definitions = serde_json::Map::new();
    for level in 0..24 {
        let next = json!({"$ref": format!("#/definitions/d{}", level + 1)});
        let names = (0..30).map(|name| (format!("p{name}"), next.clone()));
        definitions
            .insert(format!("d{level}"), json!({"type": "object", "properties": Value::Object(names.collect())}));
    }
    definitions.insert("d24".into(), json!({"type": "integer"}));
    let schema = json!({"$ref": "#/definitions/d0", "definitions": definitions});
    assert!(fields_of(&schema).unwrap().len() < 3000);
    assert!(skeleton_of(&schema, true).unwrap().to_string().len() < 1_000_000);
}
