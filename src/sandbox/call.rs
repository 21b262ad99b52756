//! What a behaviour receives and what it answers: values only, so behaviour is tested without a socket.

use std::cell::Cell;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Value, json};

use crate::reference::{Method, ScopeExpression};

/// One API call that has been routed, checked and authenticated.
pub(super) struct Call<'a> {
    /// The service's name.
    pub service: &'a str,
    /// The method that is called.
    pub method: &'a Method,
    /// Route parameters, decoded.
    pub params: IndexMap<String, String>,
    /// Query arguments, decoded.
    pub query: IndexMap<String, String>,
    /// The body, with the schema's defaults filled in; null where the method takes none.
    pub body: Value,
    /// Who calls: the client ID, or none for an anonymous caller.
    pub client_id: Option<String>,
    /// The caller's scopes, expanded; authorized scopes have been applied.
    pub scopes: Vec<String>,
    /// The time of the call.
    pub now: DateTime<Utc>,
    /// Where this sandbox is reached: `http://localhost:1234`.
    pub root_url: &'a str,
    /// Whether the scopes have been checked.
    pub authorized: Cell<bool>,
}

/// What a behaviour answers.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// 200 with JSON.
    Json(Value),
    /// 204.
    NoContent,
    /// Another status with JSON and without an error code.
    Status(u16, Value),
    /// 303 to a URL with a JSON body, or with plain text where the body is null.
    Redirect(String, Value),
    /// 200 with text.
    Text(&'static str),
    /// 200 with JSON that is text already, as large answers are.
    Raw(String),
    /// 200 for a worker that gets no task; the server may keep the request open until there is one.
    NoWork(WorkRequest),
    /// Another answer with further headers.
    WithHeaders(Vec<(&'static str, String)>, Box<Answer>),
}

impl Answer {
    /// 200 with `body` as JSON.
    ///
    /// # Errors
    /// 500 when it does not serialize, as a map with keys that are no strings.
    pub(crate) fn of(body: &impl Serialize) -> Outcome {
        serde_json::to_string(body).map(Answer::Raw).map_err(|error| Fault::internal(error.to_string()))
    }
}

/// A worker's request for tasks, after its scopes and its quarantine have been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WorkRequest {
    /// `<provisionerId>/<workerType>`
    pub task_queue_id: String,
    /// `workerGroup` and `workerId`.
    pub worker: (String, String),
    /// The largest number of tasks to hand out.
    pub tasks: u64,
    /// Whether the worker was in quarantine when it asked: it waits as others do, and gets nothing.
    pub quarantined: bool,
}

/// A refusal: `{code, message}` with its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// HTTP status.
    pub status: u16,
    /// `ResourceNotFound`.
    pub code: &'static str,
    /// The message without the trailer, which is added on the way out.
    pub message: String,
}

/// What a behaviour comes to.
pub(super) type Outcome = Result<Answer, Fault>;

impl Fault {
    /// A refusal with any status and code.
    pub(super) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// 404 `ResourceNotFound`.
    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "ResourceNotFound", message)
    }

    /// 409 `RequestConflict`.
    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "RequestConflict", message)
    }

    /// 500 `InternalServerError`. What the services would not tell stands in the message all the same.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "InternalServerError", message)
    }

    /// 400 `InputError`.
    pub(super) fn input(message: impl Into<String>) -> Self {
        Self::new(400, "InputError", message)
    }
}

impl Call<'_> {
    /// A route parameter; empty when the route has none of this name.
    pub(super) fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// A query argument.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// Whether the caller's scopes satisfy one scope.
    pub(super) fn satisfies(&self, scope: &str) -> bool {
        self.scopes
            .iter()
            .any(|have| have == scope || have.strip_suffix('*').is_some_and(|prefix| scope.starts_with(prefix)))
    }

    /// Checks the method's scope expression with the route's and these further parameters.
    ///
    /// Calls whose expression is filled by the route alone are checked before the behaviour runs;
    /// a behaviour calls this when its expression names what only it can know (`schedulerId` of an
    /// existing task, `priorities`..).
    ///
    /// # Errors
    /// 403 `InsufficientScopes`, with what is missing and what is needed as JSON between backquotes.
    pub(super) fn authorize(&self, further: &[(&str, Value)]) -> Result<(), Fault> {
        self.authorized.set(true);
        let Some(expression) = &self.method.scopes else { return Ok(()) };
        let mut params: IndexMap<String, Value> =
            self.params.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        params.extend(further.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let needed = expression.render(&params);
        match needed.missing(&|scope| self.satisfies(scope)) {
            None => Ok(()),
            Some(missing) => Err(refusal(self.client_id.as_deref(), &needed, &missing)),
        }
    }
}

/// The same without lists of one.
fn simplified(expression: &ScopeExpression) -> ScopeExpression {
    let all = |parts: &[ScopeExpression]| parts.iter().map(simplified).collect::<Vec<_>>();
    match expression {
        ScopeExpression::AllOf { all_of: parts } | ScopeExpression::AnyOf { any_of: parts } if parts.len() == 1 => {
            parts.first().map_or_else(|| expression.clone(), simplified)
        }
        ScopeExpression::AllOf { all_of } => ScopeExpression::AllOf { all_of: all(all_of) },
        ScopeExpression::AnyOf { any_of } => ScopeExpression::AnyOf { any_of: all(any_of) },
        other => other.clone(),
    }
}

/// 403 for a caller who lacks `missing` of what is `needed`.
pub(super) fn refusal(client_id: Option<&str>, needed: &ScopeExpression, missing: &ScopeExpression) -> Fault {
    let show = |expression: &ScopeExpression| match expression {
        ScopeExpression::Scope(scope) => scope.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    let missing = &simplified(missing);
    let message = match client_id {
        Some(client_id) => format!(
            "Client ID {client_id} does not have sufficient scopes and is missing the following scopes:\n\n\
             ```\n{}\n```\n\nThis request requires the client to satisfy the following scope expression:\n\n\
             ```\n{}\n```",
            show(missing),
            show(needed)
        ),
        None => format!(
            "This request requires Taskcluster credentials that satisfy the following scope expression:\n\n\
             ```\n{}\n```",
            show(needed)
        ),
    };
    Fault::new(403, "InsufficientScopes", message)
}
