//! Between HTTP and the values that everything above works with: hosts, bodies, CORS, compression.

use std::io::{self, Write as _};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::StreamExt as _;

use super::events;
use super::host::is_local;
use super::input::MAX_BODY;
use super::message::{Request, Response};
use super::respond::{Admission, admit};
use super::shared::Shared;
use super::waiting::answer;

/// Bodies from this size on are compressed for those who accept it, in bytes.
const MIN_COMPRESSED_BYTES: usize = 1024;

/// Bodies up to this size are read before the header is looked at, in bytes.
const SMALL_BODY_BYTES: u64 = 64 * 1024;

/// How many large bodies of unknown callers are read at a time.
pub(super) const MAX_ANONYMOUS_BODIES: usize = 4;

/// How long the body of an unknown caller may take.
const ANONYMOUS_BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of a refused body is read and dropped, in bytes, and for how long, so that the client gets to read the refusal.
const DRAINED_BYTES: u64 = 1024 * 1024;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-for-request-id");

/// Answers a request to the services.
pub(super) async fn handle(shared: &Shared, request: extract::Request) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let asked_by_page = parts.headers.contains_key(header::ORIGIN) && is_for_pages(parts.uri.path());
    if let Some(mut stream) = events::respond(&shared.events, &parts) {
        if asked_by_page {
            allow_origins(stream.headers_mut());
        }
        return stream;
    }
    let is_api = parts.uri.path().starts_with("/api/");
    let mut response = match exchange(shared, &parts, body).await {
        Ok(response) => response,
        Err(refused) => refused,
    };
    if is_api {
        response.headers.insert(REQUEST_ID, request_id(&parts.headers));
    }
    if asked_by_page {
        allow_origins(&mut response.headers);
    }
    finish(response, &parts)
}

async fn exchange(shared: &Shared, parts: &Parts, body: Body) -> Result<Response, Response> {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(|authority| authority.as_str())).unwrap_or_default();
    if !is_local(host) {
        return Err(Response::text(421, format!("the sandbox is reached as localhost, not as {host}\n")));
    }
    if parts.method == Method::OPTIONS && is_for_pages(parts.uri.path()) {
        let mut response = Response::text(200, "");
        allow_origins(&mut response.headers);
        return Ok(response);
    }
    let authorization = parts.headers.get(header::AUTHORIZATION);
    let mut request = Request {
        verb: parts.method.as_str().to_owned(),
        target: parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        host: host.to_owned(),
        headers: parts.headers.clone(),
        authorization: authorization.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        too_large: false,
        body: Bytes::new(),
    };
    if has_small_body(&parts.headers) {
        read(&mut request, body).await;
        return Ok(answer(shared, &request).await);
    }
    match admit(shared, &request) {
        Admission::Known => {
            read(&mut request, body).await;
            Ok(answer(shared, &request).await)
        }
        Admission::Anonymous => {
            // The permit is held until the body is gone.
            let _permit = shared.anonymous_bodies.acquire().await;
            if tokio::time::timeout(ANONYMOUS_BODY_TIMEOUT, read(&mut request, body)).await.is_err() {
                return Err(Response::text(408, "the body did not come in time\n"));
            }
            Ok(answer(shared, &request).await)
        }
        Admission::Refused(response) => {
            drop(tokio::time::timeout(DRAIN_TIMEOUT, drain(body)).await);
            Err(*response)
        }
    }
}

/// Whether the body is small by its own account. One of unknown length may be large.
fn has_small_body(headers: &HeaderMap) -> bool {
    let length =
        headers.get(header::CONTENT_LENGTH).map(|length| length.to_str().ok().and_then(|text| text.parse().ok()));
    match length {
        Some(length) => length.is_some_and(|length: u64| length <= SMALL_BODY_BYTES),
        None => !headers.contains_key(header::TRANSFER_ENCODING),
    }
}

async fn read(request: &mut Request, body: Body) {
    match to_bytes(body, MAX_BODY).await {
        Ok(bytes) => request.body = bytes,
        Err(_) => request.too_large = true,
    }
}

/// Reads some of a body that nobody wants.
async fn drain(body: Body) {
    let mut chunks = body.into_data_stream();
    let mut left = DRAINED_BYTES;
    while let Some(Ok(chunk)) = chunks.next().await {
        left = left.saturating_sub(chunk.len() as u64);
        if left == 0 {
            break;
        }
    }
}

/// The ID that the client gave to its request, or a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get("x-request-id").cloned();
    given.unwrap_or_else(|| {
        HeaderValue::try_from(uuid::Uuid::new_v4().to_string()).unwrap_or_else(|_| HeaderValue::from_static(""))
    })
}

/// Whether web pages of other origins may read what is there: everything but the page that signs in.
fn is_for_pages(path: &str) -> bool {
    ["/api/", "/references/", "/schemas/", "/sandbox/"].iter().any(|start| path.starts_with(start))
}

/// Lets web pages of any origin read the answer, as the services do. Credentials stand in the Hawk header, which no
/// browser sends by itself.
fn allow_origins(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_MAX_AGE, "900"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "OPTIONS,GET,HEAD,POST,PUT,DELETE,TRACE,CONNECT"),
        (header::ACCESS_CONTROL_REQUEST_METHOD, "*"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "X-Requested-With,Content-Type,Authorization,Accept,Origin,Cache-Control,x-taskcluster-trace-id",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Whether the client has this very answer already (RFC 9110, section 13.1.2).
fn is_fresh(response: &Response, parts: &Parts) -> bool {
    let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let Some(known) = text(header::IF_NONE_MATCH) else { return false };
    let Some(etag) = response.headers.get(header::ETAG).and_then(|etag| etag.to_str().ok()) else { return false };
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    matches!(parts.method, Method::GET | Method::HEAD)
        && response.status.is_success()
        && !text(header::CACHE_CONTROL).is_some_and(|control| control.contains("no-cache"))
        && known.split(',').any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|value| value.split(',').any(|coding| coding.trim().split(';').next() == Some("gzip")))
}

fn finish(mut response: Response, parts: &Parts) -> axum::response::Response {
    if is_fresh(&response, parts) {
        response.status = StatusCode::NOT_MODIFIED;
        response.body = Bytes::new();
        response.headers.remove(header::CONTENT_TYPE);
    }
    if accepts_gzip(&parts.headers)
        && response.body.len() >= MIN_COMPRESSED_BYTES
        && let Ok(smaller) = compress(&response.body)
    {
        response.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response.headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        response.body = smaller.into();
    }
    let mut finished = axum::response::Response::new(Body::from(response.body));
    *finished.status_mut() = response.status;
    *finished.headers_mut() = response.headers;
    finished
}

fn compress(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}
