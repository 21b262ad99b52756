//! The storage over HTTP: reading with ranges and conditions, uploading by signed URL, following a log.

use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use futures::StreamExt as _;
use percent_encoding::percent_decode_str;

use super::range::{Wanted, wanted};
use super::sign::Denied;
use super::xml::Refusal;
use super::{Blob, Place, Storage};

/// Answers one request.
pub(in crate::sandbox) async fn handle(storage: &Storage, request: Request, now: DateTime<Utc>) -> Response {
    let (parts, body) = request.into_parts();
    let mut answer = answer(storage, &parts, body, now).await;
    // A web page may read logs, as the buckets of a deployment let it.
    if parts.headers.contains_key(header::ORIGIN) {
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, PUT"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
            (header::ACCESS_CONTROL_EXPOSE_HEADERS, "*"),
        ] {
            answer.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    answer
}

async fn answer(storage: &Storage, parts: &Parts, body: Body, now: DateTime<Utc>) -> Response {
    if parts.method == Method::OPTIONS && parts.headers.contains_key(header::ORIGIN) {
        return Response::default();
    }
    let answer = match Asked::of(parts) {
        Err(refusal) => Err(refusal),
        Ok(asked) if parts.method == Method::PUT => upload(storage, &asked, body, now).await,
        Ok(asked) => download(storage, &asked, now),
    };
    answer.unwrap_or_else(|refusal| refusal.answer(parts.method == Method::HEAD))
}

/// A request without its body.
struct Asked<'a> {
    parts: &'a Parts,
    /// Decoded.
    path: String,
    query: Vec<(String, String)>,
}

impl<'a> Asked<'a> {
    fn of(parts: &'a Parts) -> Result<Self, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        let query: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        // Whoever sends these has followed a redirect with what was meant for the queue.
        if parts.headers.contains_key(header::AUTHORIZATION) || query.iter().any(|(name, _)| name == "bewit") {
            return Err(Refusal::CREDENTIALS);
        }
        let path = percent_decode_str(parts.uri.path()).decode_utf8().map_err(|_| Refusal::NO_SUCH_KEY)?;
        Ok(Self { parts, path: path.into_owned(), query })
    }

    fn header(&self, name: &str) -> Option<&'a str> {
        self.parts.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn is_chunked(&self) -> bool {
        self.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
    }

    fn place(&self) -> Result<Place, Refusal> {
        let (bucket, key) = self.path.trim_start_matches('/').split_once('/').ok_or(Refusal::NO_SUCH_BUCKET)?;
        let bucket = [Place::PUBLIC, Place::PRIVATE].into_iter().find(|known| *known == bucket);
        Ok(Place { bucket: bucket.ok_or(Refusal::NO_SUCH_BUCKET)?, key: key.into() })
    }

    /// Whether the URL is signed; a signature that is there must be good.
    fn is_signed(&self, storage: &Storage, now: DateTime<Utc>) -> Result<bool, Refusal> {
        if !self.query.iter().any(|(name, _)| name.starts_with("X-Amz-")) {
            return Ok(false);
        }
        let authority = self.parts.uri.authority().map(|authority| authority.as_str());
        let promised = self.place().ok().and_then(|place| storage.promised(&place));
        let header = |name: &str| match (self.header(name), name) {
            (Some(value), _) => Some(value.to_owned()),
            (None, "host") => authority.map(str::to_owned),
            // A body in chunks does not say its length; what comes is measured in the end.
            (None, "content-length") if self.is_chunked() => promised.map(|length| length.to_string()),
            _ => None,
        };
        match storage.signer.check(self.parts.method.as_str(), &self.path, &self.query, header, now) {
            Ok(()) => Ok(true),
            Err(Denied::Expired) => Err(Refusal::EXPIRED),
            Err(Denied::Mismatch) => Err(Refusal::MISMATCH),
        }
    }
}

fn download(storage: &Storage, asked: &Asked<'_>, now: DateTime<Utc>) -> Result<Response, Refusal> {
    let head = asked.parts.method == Method::HEAD;
    if !head && asked.parts.method != Method::GET {
        return Err(Refusal::METHOD);
    }
    if let Some(secret) = asked.path.strip_prefix("/log/") {
        return follow(storage, secret);
    }
    let place = asked.place()?;
    if !asked.is_signed(storage, now)? && place.bucket != Place::PUBLIC {
        return Err(Refusal::DENIED);
    }
    let blob = storage.get(&place).ok_or(Refusal::NO_SUCH_KEY)?;
    let length = blob.length();
    let (status, range) = match wanted(|name| asked.header(name), blob.etag(), length) {
        Wanted::Whole => (200, 0..length),
        Wanted::Part(range) => (206, range),
        Wanted::Unsatisfiable => {
            let mut answer = Refusal::RANGE.answer(head);
            set(&mut answer, "content-range", &format!("bytes */{length}"));
            return Ok(answer);
        }
        Wanted::NotModified => (304, 0..0),
        Wanted::PreconditionFailed => return Err(Refusal::PRECONDITION),
    };
    let count = range.end - range.start;
    let mut answer = Response::new(if head || status == 304 { Body::empty() } else { body(&blob, range.clone()) });
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    for (name, value) in blob.headers() {
        set(&mut answer, &name, &value);
    }
    set(&mut answer, "accept-ranges", "bytes");
    if status == 206 {
        set(&mut answer, "content-range", &format!("bytes {}-{}/{length}", range.start, range.end - 1));
    }
    if status != 304 {
        set(&mut answer, "content-length", &count.to_string());
    }
    Ok(answer)
}

fn body(blob: &Blob, range: std::ops::Range<u64>) -> Body {
    Body::from_stream(futures::stream::iter(blob.chunks(range).map(Ok::<Bytes, std::convert::Infallible>)))
}

fn follow(storage: &Storage, secret: &str) -> Result<Response, Refusal> {
    let log = storage.log(secret).ok_or(Refusal::NO_SUCH_KEY)?;
    let mut answer = Response::new(Body::from_stream(log.follow().map(Ok::<Bytes, std::convert::Infallible>)));
    set(&mut answer, "content-type", "text/plain; charset=utf-8");
    Ok(answer)
}

async fn upload(storage: &Storage, asked: &Asked<'_>, body: Body, now: DateTime<Utc>) -> Result<Response, Refusal> {
    let place = asked.place()?;
    if !asked.is_signed(storage, now)? {
        return Err(Refusal::DENIED);
    }
    let length: Option<u64> = asked.header("content-length").and_then(|text| text.parse().ok());
    if length.is_none() && !asked.is_chunked() {
        return Err(Refusal::LENGTH);
    }
    let signed =
        asked.query.iter().any(|(name, value)| name == "X-Amz-SignedHeaders" && value.contains("content-length"));
    let promised = storage.promised(&place).filter(|_| signed);
    let bytes = read(body, length.or(promised)).await?;
    let mut blob = Blob::new(bytes);
    if let Some(content_type) = asked.header("content-type") {
        blob = blob.content_type(content_type);
    }
    if let Some(content_encoding) = asked.header("content-encoding") {
        blob = blob.content_encoding(content_encoding);
    }
    for (name, value) in &asked.parts.headers {
        if let (Some(name), Ok(value)) = (name.as_str().strip_prefix("x-amz-meta-"), value.to_str()) {
            blob = blob.metadata(name, value);
        }
    }
    let digest = asked.header("content-md5").map(|text| STANDARD.decode(text).map(|bytes| HEXLOWER.encode(&bytes)));
    if digest.is_some_and(|digest| digest.as_deref() != Ok(blob.etag())) {
        return Err(Refusal::DIGEST);
    }
    let mut answer = Response::new(Body::empty());
    set(&mut answer, "etag", &format!("\"{}\"", blob.etag()));
    storage.put_awaited(place, blob);
    Ok(answer)
}

/// The whole body. It is kept only when all of it has come; without a length, what has come is all of it.
async fn read(body: Body, length: Option<u64>) -> Result<Bytes, Refusal> {
    let mut bytes = BytesMut::with_capacity(length.unwrap_or_default().min(1 << 30) as usize);
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        bytes.extend_from_slice(&chunk.map_err(|_| Refusal::INCOMPLETE)?);
    }
    if length.is_none_or(|length| bytes.len() as u64 == length) { Ok(bytes.freeze()) } else { Err(Refusal::INCOMPLETE) }
}

/// Sets a header; a value that no header can hold is left out.
fn set(answer: &mut Response, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        answer.headers_mut().insert(name, value);
    }
}
