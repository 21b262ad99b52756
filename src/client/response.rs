//! An answer.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use url::Url;

use super::request::redacted;
use crate::error::{Error, Result};

/// A successful answer, read to its end.
#[derive(Clone)]
pub struct Response {
    /// What was called: `queue.status`.
    pub what: String,
    /// The HTTP status: 2xx, or 3xx when redirects are not followed.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
    /// Where the answer came from, after redirects.
    pub url: Url,
}

impl fmt::Debug for Response {
    /// Without the body and the headers, which can be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("what", &self.what)
            .field("status", &self.status)
            .field("url", &redacted(&self.url))
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

impl Response {
    /// A header's value, when it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    /// [`crate::error::Kind::Failed`] when it is no JSON, with its first line, or not of this type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|source| match source.classify() {
            serde_json::error::Category::Data => {
                Error::failed(format!("{} sent an unexpected answer", self.what)).caused_by(source)
            }
            _ if self.body.trim_ascii().is_empty() => {
                Error::failed(format!("{} answered {} without a body, not JSON", self.what, self.status))
            }
            _ => not_json(&self.what, self.status, &self.body),
        })
    }
}

/// The error for an answer that should have been JSON.
pub(super) fn not_json(what: &str, status: u16, body: &[u8]) -> Error {
    let kind = if is_html(body) { "HTML" } else { "something" };
    Error::failed(format!("{what} answered {status} with {kind} that is not JSON: {}", first_line(body)))
}

/// Whether a body looks like a web page.
pub(super) fn is_html(body: &[u8]) -> bool {
    let start = body.trim_ascii_start();
    let start = String::from_utf8_lossy(&start[..start.len().min(15)]).to_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

/// The first line that has something on it, short enough for a message.
pub(super) fn first_line(body: &[u8]) -> String {
    const MAX_LINE_CHARS: usize = 200;
    let text = String::from_utf8_lossy(&body[..body.len().min(4 * MAX_LINE_CHARS)]);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("(an empty body)");
    match line.char_indices().nth(MAX_LINE_CHARS) {
        Some((cut, _)) => format!("{}..", &line[..cut]),
        None => line.to_owned(),
    }
}
