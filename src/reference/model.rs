//! The distilled form of one service, as it stands in `references/<service>.json`.

use std::fmt;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::route::Route;
use super::scopes::ScopeExpression;

/// One service: its methods, its exchanges and the schemas they speak.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Service {
    /// Name in URLs, in kebab case: `worker-manager`.
    pub service_name: String,
    /// `v1`.
    pub api_version: String,
    /// Where the 2018 deployment served it; only for services of that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// HTTP methods, in the order of the reference.
    #[serde(default)]
    pub methods: Vec<Method>,
    /// What stands before an exchange's name on the wire: `exchange/taskcluster-queue/v1/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_prefix: Option<String>,
    /// Pulse exchanges, in the order of the reference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<Exchange>,
    /// Schemas by file (`v1/task.json`), without prose, unparsed.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub schemas: IndexMap<String, Box<RawValue>>,
}

impl Service {
    /// A service without methods, exchanges and schemas.
    pub(super) fn empty(name: &str, version: &str) -> Self {
        Self {
            service_name: name.into(),
            api_version: version.into(),
            base_url: None,
            methods: Vec::new(),
            exchange_prefix: None,
            exchanges: Vec::new(),
            schemas: IndexMap::new(),
        }
    }

    /// The method of exactly this name.
    pub fn method(&self, name: &str) -> Option<&Method> {
        self.methods.iter().find(|method| method.name == name)
    }

    /// The method of this name without regard to case; an exact match wins.
    pub fn find_method(&self, name: &str) -> Option<&Method> {
        self.method(name).or_else(|| self.methods.iter().find(|method| method.name.eq_ignore_ascii_case(name)))
    }
}

/// Schemas that belong to no API: payloads of workers, and what services share.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SchemaFamily {
    /// Name in URLs: `docker-worker`.
    pub family: String,
    /// Schemas by file (`v1/payload.json`), without prose, unparsed.
    pub schemas: IndexMap<String, Box<RawValue>>,
}

/// One API method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Method {
    /// `createTask`.
    pub name: String,
    /// HTTP verb.
    pub verb: Verb,
    /// `/task/<taskId>`.
    pub route: Route,
    /// Names of the route's parameters, in the order in which a caller gives them.
    #[serde(default)]
    pub args: Vec<String>,
    /// Names of the query arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<String>,
    /// Schema of the request body: `v1/create-task-request.json`, relative to the service's schemas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Schema of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Scopes that the call needs; none means that anyone may call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<ScopeExpression>,
    /// Heading under which the method is listed; empty for the methods of 2018.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub category: String,
    /// How much one can rely on it.
    pub stability: Stability,
}

impl Method {
    /// Whether the method answers in pages (it takes a `continuationToken`).
    pub fn is_paginated(&self) -> bool {
        self.query.iter().any(|name| name == "continuationToken")
    }
}

/// HTTP verbs that occur in references.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Verb {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    /// `GET`.
    pub fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Head => "HEAD",
            Verb::Post => "POST",
            Verb::Put => "PUT",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How much one can rely on a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Stability {
    Stable,
    Experimental,
    Deprecated,
}

impl fmt::Display for Stability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Stability::Stable => "stable",
            Stability::Experimental => "experimental",
            Stability::Deprecated => "deprecated",
        })
    }
}

/// One Pulse exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exchange {
    /// `taskDefined`.
    pub name: String,
    /// Name on the wire, after the prefix: `task-defined`.
    pub exchange: String,
    /// The words of the routing key.
    pub routing_key: Vec<RoutingKeyEntry>,
    /// Schema of the message: `v1/task-defined-message.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
}

/// One word of a routing key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoutingKeyEntry {
    /// `taskId`.
    pub name: String,
    /// A constant that always stands here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant: Option<String>,
    /// Whether the word may itself contain dots.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub multiple_words: bool,
    /// Whether every message has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
}
