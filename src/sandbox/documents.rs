//! What a deployment serves beside its API: references, schemas, the web page.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::message::{Request, Response};
use super::refusal::not_found;
use crate::reference::{Catalogue, Exchange, Method, Service, Source, schema, schema_uris};

/// Answers a request outside of `/api/`.
pub(super) fn respond(request: &Request) -> Response {
    let path = request.path();
    if !matches!(request.verb.as_str(), "GET" | "HEAD") || path.starts_with("//") {
        return not_found();
    }
    if let Some(file) = path.strip_prefix("/references/") {
        return reference(file).map_or_else(not_found, |document| Response::json(200, &document));
    }
    if path.starts_with("/schemas/") {
        return match schema(path) {
            Some(schema) => Response::new(200, "application/json; charset=utf-8", schema.get()),
            None => not_found(),
        };
    }
    web_page()
}

/// The page that a deployment's web interface starts from; it also answers for what does not exist.
pub(super) fn web_page() -> Response {
    Response::new(
        200,
        "text/html; charset=utf-8",
        "<!doctype html><html><head><title>Taskcluster sandbox</title></head>\
         <body>This Taskcluster lives in memory and has no web interface.</body></html>",
    )
}

fn reference(file: &str) -> Option<Value> {
    match file {
        "manifest.json" => Some(manifest()),
        "references.json" => Some(roll_up().clone()),
        _ => {
            let mut parts = file.split('/');
            let service = services().into_iter().find(|it| parts.clone().next() == Some(&it.service_name))?;
            let (version, document) = (parts.nth(1)?, parts.next()?);
            if version != service.api_version || parts.next().is_some() {
                return None;
            }
            match document {
                "api.json" => Some(api(service)),
                "exchanges.json" => exchanges(service),
                _ => None,
            }
        }
    }
}

fn services() -> Vec<&'static Service> {
    // The tests parse each embedded reference, so none is lost here.
    Catalogue::embedded(Source::Current).services().unwrap_or_default()
}

fn file_of(service: &Service, document: &str) -> String {
    format!("references/{}/{}/{document}", service.service_name, service.api_version)
}

/// Every reference with its file name.
fn references() -> Vec<(String, Value)> {
    services()
        .into_iter()
        .flat_map(|service| {
            let api = (file_of(service, "api.json"), api(service));
            let exchanges = exchanges(service).map(|document| (file_of(service, "exchanges.json"), document));
            [Some(api), exchanges]
        })
        .flatten()
        .collect()
}

fn manifest() -> Value {
    let list: Vec<String> = references().into_iter().map(|(file, _)| format!("/{file}")).collect();
    json!({"$schema": "/schemas/common/manifest-v3.json#", "references": list})
}

/// All references and schemas in one document, rebuilt once a process.
fn roll_up() -> &'static Value {
    static ROLL_UP: OnceLock<Value> = OnceLock::new();
    ROLL_UP.get_or_init(|| {
        let references = references().into_iter();
        let schemas = schema_uris().into_iter().filter_map(|uri| {
            let content = serde_json::from_str(schema(&uri)?.get()).ok()?;
            Some((uri.trim_start_matches('/').trim_end_matches('#').to_owned(), content))
        });
        references.chain(schemas).map(|(filename, content)| json!({"filename": filename, "content": content})).collect()
    })
}

fn api(service: &Service) -> Value {
    json!({
        "$schema": "/schemas/common/api-reference-v0.json#",
        "apiVersion": service.api_version,
        "serviceName": service.service_name,
        "title": service.service_name,
        "description": "",
        "entries": service.methods.iter().map(entry).collect::<Vec<_>>(),
    })
}

fn entry(method: &Method) -> Value {
    let mut entry = json!({
        "type": "function",
        "name": method.name,
        "method": method.verb.as_str().to_lowercase(),
        "route": method.route,
        "args": method.args,
        "query": method.query,
        "stability": method.stability,
        "category": method.category,
        "title": method.name,
        "description": "",
    });
    let with_hash = |file: &String| format!("{}#", file.trim_end_matches('#')).into();
    let optional = [
        ("input", method.input.as_ref().map(with_hash)),
        ("output", method.output.as_ref().map(|file| if file == "blob" { "blob".into() } else { with_hash(file) })),
        ("scopes", method.scopes.as_ref().map(|scopes| json!(scopes))),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            entry[name] = value;
        }
    }
    entry
}

fn exchanges(service: &Service) -> Option<Value> {
    let prefix = service.exchange_prefix.as_ref()?;
    Some(json!({
        "$schema": "/schemas/common/exchanges-reference-v0.json#",
        "apiVersion": service.api_version,
        "serviceName": service.service_name,
        "title": service.service_name,
        "description": "",
        "exchangePrefix": prefix,
        "entries": service.exchanges.iter().map(exchange).collect::<Vec<_>>(),
    }))
}

fn exchange(exchange: &Exchange) -> Value {
    let routing_key: Vec<Value> = exchange
        .routing_key
        .iter()
        .map(|word| {
            let mut entry = json!({
                "name": word.name, "summary": "", "multipleWords": word.multiple_words, "required": word.required,
            });
            if let Some(constant) = &word.constant {
                entry["constant"] = constant.as_str().into();
            }
            entry
        })
        .collect();
    json!({
        "type": "topic-exchange",
        "name": exchange.name,
        "exchange": exchange.exchange,
        "title": exchange.name,
        "description": "",
        "routingKey": routing_key,
        "schema": exchange.schema.as_ref().map(|file| format!("{}#", file.trim_end_matches('#'))),
    })
}
