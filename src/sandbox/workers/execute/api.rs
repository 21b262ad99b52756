//! Calls of the sandbox's services in the name of a task, as a worker elsewhere would make them, but without a socket.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue, header};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use super::sign::Credentials;
use crate::sandbox::hawk::host_and_port;
use crate::sandbox::message::{Request, Response};
use crate::sandbox::shared::Shared;
use crate::sandbox::waiting::answer;

/// Speaks to the services with a task's credentials, which are renewed with its claim.
pub(super) struct Api {
    shared: Arc<Shared>,
    credentials: Arc<Mutex<Credentials>>,
    /// The scopes that may be used; all of the credentials where there are none.
    authorized_scopes: Option<Vec<String>>,
}

/// A service has refused a call.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{verb} {path} was refused with status {status}: {message}")]
pub(super) struct Refused {
    pub verb: &'static str,
    pub path: String,
    pub status: u16,
    /// What the service says first, without what it repeats of the request.
    pub message: String,
}

impl Refused {
    fn of(verb: &'static str, path: &str, response: &Response) -> Self {
        let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let message = body["message"].as_str().unwrap_or_default();
        let message = message.split("\n\n---\n").next().unwrap_or_default().to_owned();
        Self { verb, path: path.to_owned(), status: response.status.as_u16(), message }
    }
}

impl Api {
    pub(super) fn new(shared: Arc<Shared>, credentials: Credentials) -> Self {
        Self { shared, credentials: Arc::new(Mutex::new(credentials)), authorized_scopes: None }
    }

    /// The same credentials, now and when they are renewed, with these of their scopes alone.
    pub(super) fn limited_to(&self, scopes: Vec<String>) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            credentials: Arc::clone(&self.credentials),
            authorized_scopes: Some(scopes),
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Takes the credentials of a renewed claim.
    pub(super) fn renew(&self, credentials: Credentials) {
        *self.credentials.lock().unwrap_or_else(PoisonError::into_inner) = credentials;
    }

    fn credentials(&self) -> Credentials {
        let credentials = self.credentials.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Credentials { authorized_scopes: self.authorized_scopes.clone(), ..credentials }
    }

    /// Host and port that requests are signed for, and the `Host` header.
    fn place(&self) -> ((&str, u16), &str) {
        let host = self.shared.root_url.split_once("://").map_or("localhost", |(_, host)| host);
        (host_and_port(host).unwrap_or(("localhost", 80)), host)
    }

    /// Sends a request with the task's signature on it, in place of any other.
    pub(super) async fn send(&self, verb: &str, target: &str, mut headers: HeaderMap, body: Option<Bytes>) -> Response {
        let (place, host) = self.place();
        headers.remove(header::AUTHORIZATION);
        let signature = self.credentials().header(verb, target, place, self.shared.clock.now());
        let request = Request {
            verb: verb.to_owned(),
            target: target.to_owned(),
            host: host.to_owned(),
            headers,
            authorization: Some(signature),
            too_large: body.is_none(),
            body: body.unwrap_or_default(),
        };
        answer(&self.shared, &request).await
    }

    /// Calls a method by its path below `/api/`; null stands for no body.
    ///
    /// # Errors
    /// When the service refuses it, or answers what cannot be read.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        verb: &'static str,
        path: &str,
        body: &Value,
    ) -> Result<T, Refused> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let response = self.send(verb, &format!("/api/{path}"), headers, Some(text.into())).await;
        if !response.status.is_success() {
            return Err(Refused::of(verb, path, &response));
        }
        let text = if response.body.is_empty() { &b"null"[..] } else { &response.body };
        serde_json::from_slice(text)
            .map_err(|error| Refused { message: error.to_string(), ..Refused::of(verb, path, &response) })
    }

    /// Where a GET redirects to.
    ///
    /// # Errors
    /// When the service refuses it, or has it right there.
    pub(super) async fn redirect(&self, path: &str) -> Result<String, Refused> {
        let response = self.send("GET", &format!("/api/{path}"), HeaderMap::new(), Some(Bytes::new())).await;
        let location = response.headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
        match location {
            Some(location) if response.status.is_redirection() => Ok(location.to_owned()),
            _ => Err(Refused::of("GET", path, &response)),
        }
    }

    /// A URL that anybody can GET until `expiry`; none for what is no URL of the sandbox's services.
    pub(super) fn signed_url(&self, url: &str, expiry: DateTime<Utc>) -> Option<String> {
        let resource = url.strip_prefix(self.shared.root_url.as_str()).filter(|path| path.starts_with('/'))?;
        let (place, _) = self.place();
        let mark = if resource.contains('?') { '&' } else { '?' };
        Some(format!("{url}{mark}bewit={}", self.credentials().bewit(resource, place, expiry)))
    }
}
