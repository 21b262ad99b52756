use serde_json::{Value, json};

use super::*;

fn entry(filename: &str, content: Value) -> Value {
    json!({"filename": filename, "content": content})
}

fn api(service: &str) -> Value {
    json!({
        "$schema": "/schemas/common/api-reference-v0.json#", "serviceName": service, "apiVersion": "v1",
        "title": "T", "description": "D",
        "entries": [
            {"type": "function", "name": "b", "method": "put", "route": "/b/<x>", "args": ["x"], "query": [],
             "input": "v1/b.json#", "output": "v1/b.json#", "scopes": {"AllOf": ["s:<x>"]}, "stability": "stable",
             "category": "C", "title": "T", "description": "D"},
            {"type": "function", "name": "a", "method": "get", "route": "/a", "args": [], "query": ["limit"],
             "stability": "experimental", "category": "C", "title": "T", "description": "D"},
        ],
    })
}

fn exchanges(service: &str) -> Value {
    json!({
        "serviceName": service, "apiVersion": "v1", "exchangePrefix": "exchange/x/v1/", "title": "T", "description": "D",
        "entries": [{
            "type": "topic-exchange", "name": "made", "exchange": "made", "schema": "v1/b.json#", "title": "T",
            "routingKey": [
                {"name": "kind", "summary": "S", "constant": "primary", "multipleWords": false, "required": true},
                {"name": "reserved", "summary": "S", "multipleWords": true, "required": false},
            ],
        }],
    })
}

fn rollup() -> Vec<Value> {
    vec![
        entry(
            "schemas/my-service/v1/b.json",
            json!({"$id": "/schemas/my-service/v1/b.json#", "type": "object", "title": "T"}),
        ),
        entry("references/my-service/v1/api.json", api("my-service")),
        entry("references/my-service/v1/exchanges.json", exchanges("my-service")),
        entry("references/my-service/v1/logs.json", json!({"types": []})),
        entry("references/manifest.json", json!({"references": []})),
        entry("schemas/payloads/x.json", json!({"type": "string", "description": "D"})),
        entry("schemas/common/values.schema.json", json!({"type": "object"})),
    ]
}

fn distilled(entries: Vec<Value>) -> Distilled {
    distill(&Value::Array(entries).to_string()).unwrap()
}

fn failure(text: &str) -> String {
    distill(text).unwrap_err().to_string()
}

/// The failure after `change` was made to the entry `index` of a good roll-up.
fn failure_with(index: usize, change: impl FnOnce(&mut Value)) -> String {
    let mut entries = rollup();
    change(&mut entries[index]);
    failure(&Value::Array(entries).to_string())
}

#[test]
fn a_service_keeps_its_facts() {
    let distilled = distilled(rollup());
    assert_eq!((distilled.source, distilled.methods, distilled.exchanges), (Source::Current, 2, 1));
    assert_eq!(distilled.files.keys().collect::<Vec<_>>(), ["my-service.json", "schemas/payloads.json"]);
    let service: Value = serde_json::from_str(&distilled.files["my-service.json"]).unwrap();
    let expected = json!({
        "serviceName": "my-service",
        "apiVersion": "v1",
        "methods": [
            {"name": "b", "verb": "put", "route": "/b/<x>", "args": ["x"], "input": "v1/b.json", "output": "v1/b.json",
             "scopes": {"AllOf": ["s:<x>"]}, "category": "C", "stability": "stable"},
            {"name": "a", "verb": "get", "route": "/a", "args": [], "query": ["limit"], "category": "C",
             "stability": "experimental"},
        ],
        "exchangePrefix": "exchange/x/v1/",
        "exchanges": [{
            "name": "made", "exchange": "made", "schema": "v1/b.json",
            "routingKey": [
                {"name": "kind", "constant": "primary", "required": true},
                {"name": "reserved", "multipleWords": true},
            ],
        }],
        "schemas": {"v1/b.json": {"$id": "/schemas/my-service/v1/b.json#", "type": "object"}},
    });
    assert_eq!(service, expected);
    assert_eq!(
        serde_json::from_str::<Value>(&distilled.files["schemas/payloads.json"]).unwrap(),
        json!({"family": "payloads", "schemas": {"x.json": {"type": "string"}}})
    );
}

#[test]
fn the_order_of_the_roll_up_does_not_matter() {
    let expected = distilled(rollup());
    let mut entries = rollup();
    for _ in 0..entries.len() {
        entries.rotate_left(1);
        assert_eq!(distilled(entries.clone()), expected);
    }
    entries.reverse();
    assert_eq!(distilled(entries), expected);
}

#[test]
fn what_is_no_roll_up_is_refused() {
    assert_eq!(failure("[{\"filename\": \n  x"), "line 2, column 3: expected value");
    assert_eq!(failure(""), "line 1, column 0: EOF while parsing a value");
    assert_eq!(failure("{}"), "a roll-up of references is an array, and this is not one");
    assert_eq!(failure("[]"), "the roll-up of references is empty");
    assert_eq!(failure("[1]"), "the first entry has neither `filename` and `content` nor `name`");
    let manifest = json!([entry("references/manifest.json", json!({}))]).to_string();
    assert_eq!(failure(&manifest), "the roll-up has no API reference (references/<service>/<version>/api.json)");
}

#[test]
fn a_broken_entry_is_named() {
    let api = "references/my-service/v1/api.json";
    assert_eq!(
        failure_with(1, |entry| entry["content"]["entries"][1]["method"] = json!("brew")),
        format!("{api}: `a`: unknown variant `brew`, expected one of `get`, `head`, `post`, `put`, `patch`, `delete`")
    );
    assert_eq!(
        failure_with(1, |entry| drop(entry["content"]["entries"][0].as_object_mut().unwrap().remove("name"))),
        format!("{api}: `#0`: missing field `name`")
    );
    assert_eq!(
        failure_with(1, |entry| entry["content"] = json!(null)),
        format!("{api}: invalid type: null, expected struct Reference")
    );
    assert_eq!(failure_with(3, |entry| *entry = json!(3)), "entry 3: invalid type: number, expected struct File");
    assert_eq!(
        failure_with(2, |entry| drop(entry["content"].as_object_mut().unwrap().remove("exchangePrefix"))),
        "references/my-service/v1/exchanges.json: there is no `exchangePrefix`"
    );
    assert_eq!(
        failure_with(0, |entry| entry["content"] = json!([])),
        "schemas/my-service/v1/b.json: a schema is an object, and this is not one"
    );
}

#[test]
fn what_is_there_twice_is_refused() {
    assert_eq!(
        failure_with(3, |entry| *entry = rollup()[1].clone()),
        "references/my-service/v1/api.json: `my-service` has two API references"
    );
    assert_eq!(
        failure_with(3, |entry| *entry = rollup()[0].clone()),
        "schemas/my-service/v1/b.json: the roll-up has this schema twice"
    );
    assert_eq!(
        failure_with(2, |entry| entry["content"]["apiVersion"] = json!("v2")),
        "references/my-service/v1/exchanges.json: `my-service` is here in two versions, v1 and v2"
    );
}

#[test]
fn names_cannot_lead_out_of_the_directory() {
    for name in ["../x", "", "a/b", "A", "a--b", ".."] {
        let text = failure_with(1, |entry| entry["content"]["serviceName"] = json!(name));
        assert_eq!(text, format!("references/my-service/v1/api.json: invalid service name `{name}`"));
    }
    let text = failure_with(0, |entry| entry["filename"] = json!("schemas/../x.json"));
    assert_eq!(text, "schemas/../x.json: invalid service name `..`");
}

#[test]
fn schemas_have_one_name_however_they_are_referred_to() {
    for (reference, name) in [
        ("v1/task.json#", "v1/task.json"),
        ("queue/v1/task.json#", "v1/task.json"),
        ("/schemas/queue/v1/task.json", "v1/task.json"),
        ("http://schemas.taskcluster.net/queue/v1/task.json#", "v1/task.json"),
        ("https://tc.example.com/schemas/queue/v1/task.json#", "v1/task.json"),
        ("http://schemas.taskcluster.net/other/v1/x.json#", "/schemas/other/v1/x.json"),
        ("/schemas/common/x.json#", "/schemas/common/x.json"),
        ("task.json#", "task.json"),
    ] {
        assert_eq!(schema_name("queue", reference), name, "{reference}");
    }
}

fn legacy() -> Value {
    json!([
        {"name": "QueueEvents", "exchangePrefix": "exchange/taskcluster-queue/v1/", "exchanges": [
            {"name": "made", "exchange": "made", "schema": "http://schemas.taskcluster.net/queue/v1/made.json#",
             "routingKey": [{"name": "reserved", "multipleWords": true}]},
        ]},
        {"name": "Queue", "baseUrl": "https://queue.taskcluster.net/v1", "entries": [
            {"name": "task", "method": "get", "route": "/task/<taskId>", "args": ["taskId"], "stability": "stable",
             "output": "queue/v1/task.json#"},
        ]},
        {"name": "OtherEvents", "exchangePrefix": "exchange/other/v2/", "exchanges": []},
    ])
}

#[test]
fn services_of_2018_have_their_events_with_them() {
    let distilled = distill(&legacy().to_string()).unwrap();
    assert_eq!((distilled.source, distilled.methods, distilled.exchanges), (Source::Legacy, 1, 1));
    assert_eq!(distilled.files.keys().collect::<Vec<_>>(), ["legacy/other-events.json", "legacy/queue.json"]);
    let queue: Value = serde_json::from_str(&distilled.files["legacy/queue.json"]).unwrap();
    let expected = json!({
        "serviceName": "queue",
        "apiVersion": "v1",
        "baseUrl": "https://queue.taskcluster.net/v1",
        "methods": [{"name": "task", "verb": "get", "route": "/task/<taskId>", "args": ["taskId"],
                     "output": "v1/task.json", "stability": "stable"}],
        "exchangePrefix": "exchange/taskcluster-queue/v1/",
        "exchanges": [{"name": "made", "exchange": "made", "schema": "v1/made.json",
                       "routingKey": [{"name": "reserved", "multipleWords": true}]}],
    });
    assert_eq!(queue, expected);
}

#[test]
fn broken_services_of_2018_are_named() {
    let failure_with = |change: &dyn Fn(&mut Value)| {
        let mut document = legacy();
        change(&mut document);
        failure(&document.to_string())
    };
    assert_eq!(
        failure_with(&|document| document[1]["name"] = json!("QueueEvents")),
        "QueueEvents: this service is here twice"
    );
    assert_eq!(
        failure_with(&|document| document[1]["baseUrl"] = json!(null)),
        "Queue: there must be either a `baseUrl` or an `exchangePrefix`"
    );
    assert_eq!(
        failure_with(&|document| document[0]["exchangePrefix"] = json!("exchange/x/v2/")),
        "QueueEvents: its API and its events have different versions"
    );
    assert_eq!(
        failure_with(&|document| document[1]["entries"][0]["description"] = json!("D")),
        "Queue: `task`: unknown field `description`, expected one of `name`, `method`, `route`, `args`, `query`, `input`, `output`, `stability`"
    );
    assert_eq!(
        failure_with(&|document| document[1]["name"] = json!("../Queue")),
        "../Queue: invalid service name `../-queue`"
    );
}
