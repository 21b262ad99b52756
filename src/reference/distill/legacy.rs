//! The services of 2018, in the form in which they were kept.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::super::catalogue::Source;
use super::super::model::{Exchange, Method, RoutingKeyEntry, Service, Stability, Verb};
use super::super::route::Route;
use super::super::suggest::kebab_case;
use super::{DistillError, Distilled, check_name, finish, read, read_all, schema_name};

/// The events of a service were a reference of their own: `QueueEvents` beside `Queue`.
const EVENTS: &str = "-events";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Reference {
    name: String,
    base_url: Option<String>,
    #[serde(default)]
    entries: Vec<Value>,
    exchange_prefix: Option<String>,
    #[serde(default)]
    exchanges: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApiEntry {
    name: String,
    method: Verb,
    route: Route,
    args: Vec<String>,
    #[serde(default)]
    query: Vec<String>,
    input: Option<String>,
    output: Option<String>,
    stability: Stability,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExchangeEntry {
    name: String,
    exchange: String,
    routing_key: Vec<KeyEntry>,
    schema: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeyEntry {
    name: String,
    constant: Option<String>,
    #[serde(default)]
    multiple_words: bool,
}

pub(super) fn distill(entries: Vec<Value>) -> Result<Distilled, DistillError> {
    let mut references = BTreeMap::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let label = entry.get("name").and_then(Value::as_str).map_or_else(|| format!("entry {index}"), Into::into);
        let reference: Reference = read(&label, "", entry)?;
        let name = kebab_case(&reference.name);
        check_name(&label, &name)?;
        if references.insert(name, reference).is_some() {
            return Err(DistillError::Entry { entry: label, reason: "this service is here twice".into() });
        }
    }
    let names: Vec<String> = references.keys().cloned().collect();
    let mut services: BTreeMap<String, Service> = BTreeMap::new();
    for (name, reference) in references {
        // Events go with the API of the same name, as in today's references; some have none.
        let home = name.strip_suffix(EVENTS).filter(|api| names.iter().any(|name| name == api)).unwrap_or(&name);
        add(&mut services, home, reference)?;
    }
    finish(Source::Legacy, &services)
}

fn add(services: &mut BTreeMap<String, Service>, name: &str, reference: Reference) -> Result<(), DistillError> {
    let broken = |reason: &str| DistillError::Entry { entry: reference.name.clone(), reason: reason.into() };
    let version = match (&reference.base_url, &reference.exchange_prefix) {
        (Some(url), None) => last_part(url),
        (None, Some(prefix)) => last_part(prefix),
        _ => return Err(broken("there must be either a `baseUrl` or an `exchangePrefix`")),
    };
    let service = services.entry(name.into()).or_insert_with(|| Service::empty(name, version));
    if service.api_version != version {
        return Err(broken("its API and its events have different versions"));
    }
    if reference.base_url.is_some() {
        let entries: Vec<ApiEntry> = read_all(&reference.name, reference.entries)?;
        service.base_url = reference.base_url;
        service.methods = entries.into_iter().map(|entry| method(name, entry)).collect();
    } else {
        let entries: Vec<ExchangeEntry> = read_all(&reference.name, reference.exchanges)?;
        service.exchange_prefix = reference.exchange_prefix;
        service.exchanges = entries.into_iter().map(|entry| exchange(name, entry)).collect();
    }
    Ok(())
}

/// `v1` of `https://queue.taskcluster.net/v1` and of `exchange/taskcluster-queue/v1/`.
fn last_part(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit_once('/').map_or(path, |(_, last)| last)
}

fn method(service: &str, entry: ApiEntry) -> Method {
    Method {
        name: entry.name,
        verb: entry.method,
        route: entry.route,
        args: entry.args,
        query: entry.query,
        input: entry.input.map(|file| schema_name(service, &file)),
        output: entry.output.map(|file| schema_name(service, &file)),
        scopes: None,
        category: String::new(),
        stability: entry.stability,
    }
}

fn exchange(service: &str, entry: ExchangeEntry) -> Exchange {
    let key = |entry: KeyEntry| RoutingKeyEntry {
        name: entry.name,
        constant: entry.constant,
        multiple_words: entry.multiple_words,
        required: false,
    };
    Exchange {
        name: entry.name,
        exchange: entry.exchange,
        routing_key: entry.routing_key.into_iter().map(key).collect(),
        schema: entry.schema.map(|file| schema_name(service, &file)),
    }
}
