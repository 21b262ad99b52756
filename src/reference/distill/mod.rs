//! From a deployment's own references to ours: facts only, in a form that reviews well.
//!
//! The input is one JSON document, in one of two forms. Today's deployments serve a *roll-up* at
//! `<root>/references/references.json`: an array of `{filename, content}`. The
//! 2018 services are an array of `{name, baseUrl, entries}` and `{name, exchangePrefix, exchanges}`.
//! The output is a function of the input's content: the order of the array does not matter.

mod descriptions;
mod layout;
mod legacy;
mod prose;
mod rollup;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

pub(crate) use descriptions::descriptions;

use super::catalogue::Source;
use super::model::Service;

/// Distilled references: what is to be written where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Distilled {
    /// Which services they are of.
    pub source: Source,
    /// Content by file name, relative to the references' directory: `queue.json`,
    /// `schemas/docker-worker.json`, `legacy/queue.json`.
    pub files: BTreeMap<String, String>,
    /// How many API methods there are in all files.
    pub methods: usize,
    /// How many exchanges there are in all files.
    pub exchanges: usize,
}

/// Why a document cannot be distilled.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum DistillError {
    /// It is not JSON.
    #[error("line {line}, column {column}: {reason}")]
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What the parser missed.
        reason: String,
    },
    /// It is JSON, but of neither form.
    #[error("{0}")]
    Form(&'static str),
    /// One entry is not what it should be.
    #[error("{entry}: {reason}")]
    Entry {
        /// The entry's `filename` (or the name of the service, in the form of 2018).
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Distills a document of either form.
///
/// # Errors
/// When it is not JSON, of neither form, or an entry is broken; nothing is distilled then.
pub(crate) fn distill(text: &str) -> Result<Distilled, DistillError> {
    let document: Value = serde_json::from_str(text).map_err(|error| DistillError::Json {
        line: error.line(),
        column: error.column(),
        reason: without_position(&error),
    })?;
    let Value::Array(entries) = document else {
        return Err(DistillError::Form("a roll-up of references is an array, and this is not one"));
    };
    match entries.first() {
        None => Err(DistillError::Form("the roll-up of references is empty")),
        Some(first) if first.get("filename").is_some() => rollup::distill(entries),
        Some(first) if first.get("name").is_some() => legacy::distill(entries),
        Some(_) => Err(DistillError::Form("the first entry has neither `filename` and `content` nor `name`")),
    }
}

/// The parser's words without the position, which has a field of its own.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Reads `value` as a `T`; an error names the entry, and the part of it where there is one.
fn read<T: DeserializeOwned>(entry: &str, part: &str, value: Value) -> Result<T, DistillError> {
    serde_json::from_value(value).map_err(|error| {
        let within = if part.is_empty() { String::new() } else { format!("`{part}`: ") };
        DistillError::Entry { entry: entry.into(), reason: format!("{within}{error}") }
    })
}

/// Reads the members of a list one by one, so that an error can name the member.
fn read_all<T: DeserializeOwned>(entry: &str, values: Vec<Value>) -> Result<Vec<T>, DistillError> {
    let mut found = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        let name = value.get("name").and_then(Value::as_str).map_or_else(|| format!("#{index}"), str::to_owned);
        found.push(read(entry, &name, value)?);
    }
    Ok(found)
}

/// A name that becomes a file's name: lower case, digits and single hyphens.
fn check_name(entry: &str, name: &str) -> Result<(), DistillError> {
    let word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if name.split('-').all(word) {
        return Ok(());
    }
    Err(DistillError::Entry { entry: entry.into(), reason: format!("invalid service name `{name}`") })
}

/// A schema as methods and exchanges name it, from the several ways in which references do.
///
/// `v1/task.json#`, `queue/v1/task.json#` and `http://host/queue/v1/task.json#` of the queue are all
/// `v1/task.json`; another family's schema is absolute: `/schemas/common/x.json`.
fn schema_name(service: &str, reference: &str) -> String {
    let path = reference.trim_end_matches('#');
    let path = match path.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or(rest, |(_host, path)| path),
        None => path,
    };
    let path = path.strip_prefix("/schemas/").or_else(|| path.strip_prefix("schemas/")).unwrap_or(path);
    let is_version = |word: &str| word.strip_prefix('v').is_some_and(|digits| digits.parse::<u32>().is_ok());
    match path.split_once('/') {
        Some((version, _)) if is_version(version) => path.into(),
        Some((family, file)) if family == service => file.into(),
        Some(_) => format!("/schemas/{path}"),
        None => path.into(),
    }
}

/// The finished files of one source.
fn finish(source: Source, services: &BTreeMap<String, Service>) -> Result<Distilled, DistillError> {
    let directory = match source {
        Source::Current => "",
        Source::Legacy => "legacy/",
    };
    let mut files = BTreeMap::new();
    for (name, service) in services {
        let value = serde_json::to_value(service)
            .map_err(|error| DistillError::Entry { entry: name.clone(), reason: error.to_string() })?;
        files.insert(format!("{directory}{name}.json"), layout::render(&value));
    }
    let methods = services.values().map(|service| service.methods.len()).sum();
    let exchanges = services.values().map(|service| service.exchanges.len()).sum();
    Ok(Distilled { source, files, methods, exchanges })
}

#[cfg(test)]
mod tests;
