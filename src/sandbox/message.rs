//! HTTP requests and responses as values, so that everything above the sockets is plain functions.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use bytes::Bytes;
use serde_json::Value;

use super::call::WorkRequest;

/// A request as it came in.
pub(super) struct Request {
    /// The verb, in capitals.
    pub verb: String,
    /// Path and query as they stand in the request line: what Hawk signs.
    pub target: String,
    /// All headers.
    pub headers: HeaderMap,
    /// `Host`, or the authority of HTTP/2.
    pub host: String,
    /// The whole body.
    pub body: Bytes,
    /// Whether the body was longer than a service takes; it is then empty here.
    pub too_large: bool,
}

/// What goes out.
#[derive(Debug)]
pub(super) struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// A worker's request for work that found none; its answer can wait for some.
    pub waiting: Option<WorkRequest>,
}

impl Request {
    /// A header's value, where it is there and readable.
    pub(super) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The path, still encoded.
    pub(super) fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path)
    }

    /// The query's pairs, decoded, in order; without a query none.
    pub(super) fn query(&self) -> Vec<(String, String)> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }
}

impl Response {
    /// A response with a body of this type and the headers that every answer of a service has.
    pub(super) fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store no-cache must-revalidate"));
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, headers, body: body.into(), waiting: None }
    }

    /// JSON.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        // A `Value` has string keys only, so this cannot fail.
        Self::json_text(status, serde_json::to_vec(body).unwrap_or_default())
    }

    /// JSON that is text already.
    pub(super) fn json_text(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(status, "application/json; charset=utf-8", body)
    }

    /// Plain text.
    pub(super) fn text(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body)
    }

    /// 204.
    pub(super) fn no_content() -> Self {
        let mut response = Self::new(204, "", Bytes::new());
        response.headers.remove(header::CONTENT_TYPE);
        response
    }

    /// The same with one more header; a value that no header can hold is left out.
    pub(super) fn with(mut self, name: header::HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}
