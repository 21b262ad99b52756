//! HTTP requests and responses as values, so that everything above the sockets is plain functions.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;
use sha1::{Digest as _, Sha1};

use super::call::WorkRequest;
use super::wire::indent;

/// A request as it came in.
pub(super) struct Request {
    /// The verb, in capitals.
    pub verb: String,
    /// Path and query as they stand in the request line: what Hawk signs.
    pub target: String,
    /// All headers.
    pub headers: HeaderMap,
    /// `Host`, or the authority of the request line.
    pub host: String,
    /// `Authorization`; what is not text in it is replaced, and then does not verify.
    pub authorization: Option<String>,
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

/// The weak ETag that the services' web framework makes of a body: length and SHA-1.
fn etag(body: &[u8]) -> String {
    let hash = STANDARD.encode(Sha1::digest(body));
    format!("W/\"{:x}-{}\"", body.len(), hash.get(..27).unwrap_or_default())
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

    /// JSON, indented as the services have it.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        // A `Value` has string keys only, so this cannot fail.
        Self::indented(status, serde_json::to_vec_pretty(body).unwrap_or_default())
    }

    /// JSON that is compact text.
    pub(super) fn json_text(status: u16, body: &str) -> Self {
        Self::indented(status, indent(body))
    }

    fn indented(status: u16, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let etag = etag(&body);
        Self::new(status, "application/json; charset=utf-8", body).with(header::ETAG, &etag)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The value was recorded on a real service.
    #[test]
    fn etag_is_that_of_the_services() {
        let role = "{\n  \"roleId\": \"rec-role\",\n  \"scopes\": [\n    \"secrets:get:rec/*\"\n  ],\n  \"expandedScopes\": [\n    \
                    \"assume:rec-role\",\n    \"secrets:get:rec/*\"\n  ],\n  \"description\": \"r\",\n  \
                    \"lastModified\": \"2026-11-22T12:54:11.952Z\",\n  \"created\": \"2026-11-22T12:54:11.952Z\"\n}";
        assert_eq!(etag(role.as_bytes()), "W/\"fc-oZ3YcDkaPxRJAsmo1aW9JoAIMtM\"");
    }
}
