//! What a request must look like before any behaviour sees it, in the order of the services' checks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::header;
use indexmap::IndexMap;
use regex::Regex;
use serde_json::{Map, Value, json};

use super::bodies::arrange;
use super::call::Fault;
use super::message::Request;
use super::router::Compiled;
use crate::reference;
use crate::schema;

/// Largest body that a service reads, in bytes.
pub(super) const MAX_BODY: usize = 10 * 1024 * 1024;

/// The body, parsed: an empty object where there is none.
///
/// # Errors
/// For a body that is too large, without a content type, or said to be JSON and is not.
pub(super) fn parse_body(request: &Request) -> Result<Value, Fault> {
    if request.too_large {
        return Err(Fault::new(500, "InternalServerError", "request entity too large"));
    }
    if request.body.is_empty() {
        return Ok(json!({}));
    }
    match request.header(header::CONTENT_TYPE) {
        None => Err(not_json("null")),
        Some(content_type) if is_json(content_type) => serde_json::from_slice(&request.body)
            .map_err(|error| Fault::new(400, "MalformedPayload", format!("Failed to parse JSON: {error}"))),
        Some(_) => Ok(json!({})),
    }
}

/// Checks the route's parameters, then the query.
///
/// # Errors
/// 400 `InvalidRequestArguments`.
pub(super) fn check_arguments(
    target: &Compiled,
    params: &IndexMap<String, String>,
    query: &[(String, String)],
) -> Result<(), Fault> {
    let invalid = |message: String| Err(Fault::new(400, "InvalidRequestArguments", message));
    let wrong: Vec<String> = params
        .iter()
        .filter_map(|(name, value)| {
            let pattern = pattern(target, name)?;
            (!pattern.is_match(value)).then(|| {
                format!("URL parameter '{name}' given as '{value}' must match regular expression: '/{pattern}/'")
            })
        })
        .collect();
    if !wrong.is_empty() {
        return invalid(format!("Invalid URL patterns:\n{}", wrong.join("\n")));
    }
    let wrong: Vec<String> = query.iter().filter_map(|(name, value)| query_fault(target, name, value)).collect();
    if wrong.is_empty() { Ok(()) } else { invalid(wrong.join("\n")) }
}

fn query_fault(target: &Compiled, name: &str, value: &str) -> Option<String> {
    if name == "bewit" {
        return None;
    }
    if !target.method.query.iter().any(|known| known == name) {
        return Some(format!("Query-string parameter: {name} is not supported!"));
    }
    let pattern = pattern(target, name)?;
    (!pattern.is_match(value))
        .then(|| format!("Query-string parameter: {name}=\"{value}\" does not match expression: /{pattern}/"))
}

/// The pattern of an argument; the services take any text for those that have none.
fn pattern(target: &Compiled, name: &str) -> Option<Arc<Regex>> {
    // A process meets a few dozen patterns at most.
    static COMPILED: Mutex<BTreeMap<&'static str, Arc<Regex>>> = Mutex::new(BTreeMap::new());
    let text = reference::pattern(&target.service.service_name, &target.method.name, name)?;
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = compiled.get(text) {
        return Some(Arc::clone(known));
    }
    let pattern = Arc::new(Regex::new(text).ok()?);
    compiled.insert(text, Arc::clone(&pattern));
    Some(pattern)
}

/// Fills in the schema's defaults, then checks the body.
///
/// # Errors
/// 400 `InputValidationError` with every fault, or `MalformedPayload` for a body that is no JSON.
pub(super) fn check_body(target: &Compiled, request: &Request, body: &mut Value, root_url: &str) -> Result<(), Fault> {
    let Some(file) = &target.method.input else { return Ok(()) };
    if !request.header(header::CONTENT_TYPE).is_some_and(is_json) || request.body.is_empty() {
        return Err(not_json(request.header(header::CONTENT_TYPE).unwrap_or("null")));
    }
    check_value(target, file, body, root_url)
}

/// Fills in the defaults of a method's input schema, then checks a body that is JSON already.
///
/// # Errors
/// 400 `InputValidationError` with every fault.
pub(super) fn check_value(target: &Compiled, file: &str, body: &mut Value, root_url: &str) -> Result<(), Fault> {
    let schema = target.schema().map_err(|reason| Fault::new(500, "InternalServerError", reason))?;
    let given = body.as_object().map_or(0, Map::len);
    schema.defaults.fill(body);
    arrange(&target.service.service_name, &target.method.name, given, body);
    let faults = schema.validator.faults(body);
    refuse(&faults, &format!("{root_url}/schemas/{}/{}#", target.service.service_name, file.trim_end_matches('#')))
}

/// Refuses a value that has faults by this schema.
///
/// # Errors
/// 400 `InputValidationError` with every fault, when there is one.
pub(super) fn refuse(faults: &[schema::Fault], schema_url: &str) -> Result<(), Fault> {
    if faults.is_empty() {
        return Ok(());
    }
    let faults: String = faults.iter().map(|fault| format!("\n  * data{} {}", fault.path, wording(fault))).collect();
    Err(Fault::new(
        400,
        "InputValidationError",
        format!("\nSchema Validation Failed!\nRejecting Schema: {schema_url}\nErrors:{faults}"),
    ))
}

/// A fault as the services word it: they name the property that is too many.
fn wording(fault: &schema::Fault) -> String {
    match &fault.detail {
        Some(name) if fault.message.ends_with("additional properties") => {
            format!("{}: \"{}\"", fault.message, name.trim_matches('\''))
        }
        _ => fault.message.clone(),
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn not_json(content_type: &str) -> Fault {
    Fault::new(
        400,
        "MalformedPayload",
        format!("Payload must be JSON with content-type: application/json got content-type: {content_type}"),
    )
}
