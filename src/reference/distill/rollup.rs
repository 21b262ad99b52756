//! The roll-up that today's deployments serve.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use super::super::catalogue::Source;
use super::super::model::{Exchange, Method, RoutingKeyEntry, SchemaFamily, Service, Stability, Verb};
use super::super::route::Route;
use super::super::scopes::ScopeExpression;
use super::{DistillError, Distilled, check_name, finish, layout, prose, read, read_all, schema_name};

/// The values file of the deployment's own Helm chart: nothing that goes over the wire, and as
/// large as all other common schemas together.
const NOT_WIRE: &str = "schemas/common/values.schema.json";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    filename: String,
    content: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    service_name: String,
    api_version: String,
    exchange_prefix: Option<String>,
    entries: Vec<Value>,
}

#[derive(Deserialize)]
struct ApiEntry {
    name: String,
    method: Verb,
    route: Route,
    args: Vec<String>,
    #[serde(default)]
    query: Vec<String>,
    input: Option<String>,
    output: Option<String>,
    scopes: Option<ScopeExpression>,
    #[serde(default)]
    category: String,
    stability: Stability,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExchangeEntry {
    name: String,
    exchange: String,
    routing_key: Vec<KeyEntry>,
    schema: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyEntry {
    name: String,
    constant: Option<String>,
    #[serde(default)]
    multiple_words: bool,
    #[serde(default)]
    required: bool,
}

/// Schemas of one family, by file.
type Family = BTreeMap<String, Value>;

pub(super) fn distill(entries: Vec<Value>) -> Result<Distilled, DistillError> {
    let mut services = BTreeMap::new();
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let label = entry.get("filename").and_then(Value::as_str).map_or_else(|| format!("entry {index}"), Into::into);
        let file: File = read(&label, "", entry)?;
        let path: Vec<&str> = file.filename.trim_start_matches('/').split('/').collect();
        match path.as_slice() {
            ["references", _, _, "api.json"] => add_api(&mut services, &label, file.content)?,
            ["references", _, _, "exchanges.json"] => add_exchanges(&mut services, &label, file.content)?,
            ["schemas", family, rest @ ..] if !rest.is_empty() && path.join("/") != NOT_WIRE => {
                check_name(&label, family)?;
                add_schema(families.entry((*family).into()).or_default(), &label, &rest.join("/"), file.content)?;
            }
            _ => {}
        }
    }
    if services.is_empty() {
        return Err(DistillError::Form("the roll-up has no API reference (references/<service>/<version>/api.json)"));
    }
    for (name, service) in &mut services {
        if let Some(family) = families.remove(name) {
            service.schemas = raw(name, family)?;
        }
    }
    let mut distilled = finish(Source::Current, &services)?;
    for (family, schemas) in families {
        let file = SchemaFamily { schemas: raw(&family, schemas)?, family: family.clone() };
        let value = serde_json::to_value(&file).map_err(|error| broken(&family, &error))?;
        distilled.files.insert(format!("schemas/{family}.json"), layout::render(&value));
    }
    Ok(distilled)
}

fn broken(entry: &str, reason: &dyn std::fmt::Display) -> DistillError {
    DistillError::Entry { entry: entry.into(), reason: reason.to_string() }
}

/// The service that a reference is of; one name has one version.
fn service_of<'a>(
    services: &'a mut BTreeMap<String, Service>,
    label: &str,
    reference: &Reference,
) -> Result<&'a mut Service, DistillError> {
    check_name(label, &reference.service_name)?;
    let (name, version) = (&reference.service_name, &reference.api_version);
    let service = services.entry(name.clone()).or_insert_with(|| Service::empty(name, version));
    if service.api_version == *version {
        Ok(service)
    } else {
        let reason = format!("`{name}` is here in two versions, {} and {version}", service.api_version);
        Err(broken(label, &reason))
    }
}

fn add_api(services: &mut BTreeMap<String, Service>, label: &str, content: Value) -> Result<(), DistillError> {
    let mut reference: Reference = read(label, "", content)?;
    let entries: Vec<ApiEntry> = read_all(label, std::mem::take(&mut reference.entries))?;
    let service = service_of(services, label, &reference)?;
    if !service.methods.is_empty() {
        return Err(broken(label, &format!("`{}` has two API references", service.service_name)));
    }
    service.methods = entries.into_iter().map(|entry| method(&reference.service_name, entry)).collect();
    Ok(())
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
        scopes: entry.scopes,
        category: entry.category,
        stability: entry.stability,
    }
}

fn add_exchanges(services: &mut BTreeMap<String, Service>, label: &str, content: Value) -> Result<(), DistillError> {
    let mut reference: Reference = read(label, "", content)?;
    let entries: Vec<ExchangeEntry> = read_all(label, std::mem::take(&mut reference.entries))?;
    let service = service_of(services, label, &reference)?;
    if service.exchange_prefix.is_some() {
        return Err(broken(label, &format!("`{}` has two references of exchanges", service.service_name)));
    }
    let Some(prefix) = &reference.exchange_prefix else { return Err(broken(label, &"there is no `exchangePrefix`")) };
    service.exchange_prefix = Some(prefix.clone());
    service.exchanges = entries.into_iter().map(|entry| exchange(&reference.service_name, entry)).collect();
    Ok(())
}

fn exchange(service: &str, entry: ExchangeEntry) -> Exchange {
    let key = |entry: KeyEntry| RoutingKeyEntry {
        name: entry.name,
        constant: entry.constant,
        multiple_words: entry.multiple_words,
        required: entry.required,
    };
    Exchange {
        name: entry.name,
        exchange: entry.exchange,
        routing_key: entry.routing_key.into_iter().map(key).collect(),
        schema: entry.schema.map(|file| schema_name(service, &file)),
    }
}

fn add_schema(family: &mut Family, label: &str, file: &str, mut schema: Value) -> Result<(), DistillError> {
    if !schema.is_object() {
        return Err(broken(label, &"a schema is an object, and this is not one"));
    }
    prose::strip(&mut schema);
    schema.sort_all_objects();
    match family.insert(file.into(), schema) {
        None => Ok(()),
        Some(_) => Err(broken(label, &"the roll-up has this schema twice")),
    }
}

fn raw(family: &str, schemas: Family) -> Result<IndexMap<String, Box<serde_json::value::RawValue>>, DistillError> {
    schemas
        .into_iter()
        .map(|(file, schema)| {
            serde_json::value::to_raw_value(&schema).map(|raw| (file, raw)).map_err(|error| broken(family, &error))
        })
        .collect()
}
