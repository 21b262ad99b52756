//! The proxy's answer to one request.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use chrono::TimeDelta;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http_body::Body as _;
use serde_json::json;
use url::Url;

use super::access::Access;
use super::guard::{Guard, Refusal};
use crate::client::{ConnectionError, ConnectionFault, PassOn, Passed, signed_url};
use crate::domain::{ProxyPath, RootUrl};
use crate::error::{Error, Kind, Result};
use crate::reference::Verb;

/// How long a URL that the proxy signs is valid.
const SIGNED_URL_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Most bytes of a body that is for the proxy itself.
const MAX_OWN_BODY: usize = 64 << 10;

/// Headers that are about one connection (RFC 9110, 7.6.1), or that the proxy has others for.
const NOT_PASSED_ON: [HeaderName; 11] = [
    header::HOST,
    header::AUTHORIZATION,
    header::CONNECTION,
    header::EXPECT,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// What all requests have in common.
pub(super) struct Shared {
    pub(super) guard: Guard,
    pub(super) access: Access,
    /// Whether callers may read and replace the credentials.
    pub(super) allows_credentials: bool,
}

/// Answers one request.
pub(super) async fn answer(shared: &Shared, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let target = match shared.guard.admit(&parts.headers, &target) {
        Ok(target) => target,
        Err(refusal) => return refused(refusal),
    };
    match ProxyPath::parse(target) {
        ProxyPath::Service { service, version, rest } => {
            let base = shared.access.root().api(service, version);
            match Url::parse(&format!("{base}{rest}")).ok().filter(|url| url.as_str().starts_with(&base)) {
                Some(url) => pass_on(shared, &parts, url, body).await,
                None => failure(StatusCode::BAD_REQUEST, "InvalidPath", "the path leads out of the service"),
            }
        }
        ProxyPath::SignedUrl => match to_bytes(body, MAX_OWN_BODY).await {
            Ok(url) => sign(shared, &String::from_utf8_lossy(&url)).unwrap_or_else(|error| failed(&error)),
            Err(_) => failure(StatusCode::PAYLOAD_TOO_LARGE, "InputTooLarge", "the body is no URL"),
        },
        ProxyPath::Credentials if !shared.allows_credentials => {
            let message = "the proxy was started without --allow-credentials";
            failure(StatusCode::FORBIDDEN, "AuthorizationError", message)
        }
        ProxyPath::Credentials => credentials(shared, &parts, body).await,
        ProxyPath::Unknown => {
            let message = "this is no path of a service, such as /api/queue/v1/ping";
            failure(StatusCode::NOT_FOUND, "ResourceNotFound", message)
        }
    }
}

fn refused(refusal: Refusal) -> Response {
    match refusal {
        Refusal::ForeignHost => {
            failure(StatusCode::FORBIDDEN, "AuthorizationError", "the proxy is for this machine only")
        }
        Refusal::WebPage => failure(StatusCode::FORBIDDEN, "AuthorizationError", "web pages may not use the proxy"),
        Refusal::UnknownPath => {
            let message = "the address of the proxy is not complete; its path is in TASKCLUSTER_PROXY_URL";
            failure(StatusCode::NOT_FOUND, "ResourceNotFound", message)
        }
    }
}

/// Sends a request on, signed, and its answer back.
async fn pass_on(shared: &Shared, parts: &Parts, url: Url, body: Body) -> Response {
    let Some(verb) = verb(parts.method.as_str()) else {
        return failure(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "no service has methods of this verb");
    };
    let client = match shared.access.client() {
        Ok(client) => client,
        Err(error) => return failed(&error),
    };
    let mut headers = passed_headers(&parts.headers);
    let has_body = !body.is_end_stream();
    // Services refuse a body without a type, and programs forget it.
    if has_body && !headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let pieces = has_body.then(|| body.into_data_stream().map_err(std::io::Error::other).boxed());
    let request = PassOn { verb, url: &url, headers: headers.clone(), body: pieces };
    let mut outcome = client.pass_on(request).await;
    // What has no body can be sent once more, with the server's own time in its signature.
    if !has_body && matches!(&outcome, Ok(Ok(passed)) if passed.clock_was_corrected) {
        outcome = client.pass_on(PassOn { verb, url: &url, headers, body: None }).await;
    }
    match outcome {
        Ok(Ok(passed)) if passed.clock_was_corrected => {
            let message = "the clock of this machine is off; the next signature will have the server's time";
            failure(StatusCode::SERVICE_UNAVAILABLE, "ClockCorrected", message)
        }
        Ok(Ok(passed)) => {
            if passed.status == 401 {
                shared.access.was_refused();
            }
            passed_back(passed, &url)
        }
        Ok(Err(broken)) => unreachable(&broken),
        Err(error) => failed(&error),
    }
}

fn verb(method: &str) -> Option<Verb> {
    [Verb::Get, Verb::Head, Verb::Post, Verb::Put, Verb::Patch, Verb::Delete]
        .into_iter()
        .find(|verb| verb.as_str() == method)
}

/// The headers that are for the other end.
fn passed_headers(headers: &HeaderMap) -> HeaderMap {
    let named: Vec<String> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
        .collect();
    let mut passed = HeaderMap::new();
    for (name, value) in headers {
        if !NOT_PASSED_ON.contains(name) && !named.iter().any(|other| other == name.as_str()) {
            passed.append(name, value.clone());
        }
    }
    passed
}

/// The answer as it came. No web page is allowed to read it, whatever the deployment allows.
fn passed_back(passed: Passed, url: &Url) -> Response {
    let mut headers = passed_headers(&passed.headers);
    let foreign: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with("access-control-")).cloned().collect();
    for name in foreign {
        headers.remove(name);
    }
    // Seen from the proxy, a relative address would be another one.
    let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    if let Some(location) = location.and_then(|location| url.join(location).ok())
        && let Ok(location) = HeaderValue::from_str(location.as_str())
    {
        headers.insert(header::LOCATION, location);
    }
    let status = StatusCode::from_u16(passed.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let pieces = stream::try_unfold(passed, |mut passed| async move {
        Ok::<_, ConnectionError>(passed.next().await?.map(|piece| (piece, passed)))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// The answer when the deployment gave none: one that clients try again after.
fn unreachable(broken: &ConnectionError) -> Response {
    let (status, code) = match broken.fault {
        ConnectionFault::TimeLimit(_) | ConnectionFault::Stalled(_) => (StatusCode::GATEWAY_TIMEOUT, "GatewayTimeout"),
        _ => (StatusCode::BAD_GATEWAY, "BadGateway"),
    };
    failure(status, code, &format!("{} did not answer: {}", broken.host, broken.cause))
}

/// A signed URL for one of the deployment's, as the location of a redirect and as text.
fn sign(shared: &Shared, text: &str) -> Result<Response> {
    let url = Url::parse(text.trim()).ok().filter(|url| is_of(url, shared.access.root()));
    let url =
        url.ok_or_else(|| Error::usage(format!("the body is not a URL of a service of {}", shared.access.root())))?;
    let client = shared.access.client()?;
    let credentials =
        client.credentials().ok_or_else(|| Error::new(Kind::Auth, "the proxy has no credentials of its own"))?;
    let expires = (client.clock().now() + SIGNED_URL_LIFETIME).timestamp();
    let signed = signed_url(credentials, &url, u64::try_from(expires).unwrap_or(0))?;
    let mut response = Response::new(Body::from(signed.to_string()));
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(location) = HeaderValue::from_str(signed.as_str()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Whether a URL is one of an API of this deployment.
fn is_of(url: &Url, root: &RootUrl) -> bool {
    if root.is_legacy() {
        return url.scheme() == "https" && url.host_str().is_some_and(|host| host.ends_with(".taskcluster.net"));
    }
    url.as_str().starts_with(&format!("{root}/api/")) && url.username().is_empty() && url.password().is_none()
}

/// Shows or replaces the credentials.
async fn credentials(shared: &Shared, parts: &Parts, body: Body) -> Response {
    match parts.method.as_str() {
        "GET" => {
            shared.access.handed_out().map_or_else(|error| failed(&error), |value| json_of(StatusCode::OK, &value))
        }
        "PUT" => match to_bytes(body, MAX_OWN_BODY).await {
            Ok(body) => match shared.access.take(&body) {
                Ok(()) => Response::new(Body::empty()),
                Err(error) => failure(StatusCode::BAD_REQUEST, "InputValidationError", error.message()),
            },
            Err(_) => {
                failure(StatusCode::PAYLOAD_TOO_LARGE, "InputTooLarge", "the body is larger than credentials are")
            }
        },
        _ => failure(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "credentials are read by GET and set by PUT"),
    }
}

fn failed(error: &Error) -> Response {
    let (status, code) = match error.kind() {
        Kind::Usage => (StatusCode::BAD_REQUEST, "InputError"),
        Kind::Auth => (StatusCode::UNAUTHORIZED, "AuthenticationFailed"),
        _ => (StatusCode::BAD_GATEWAY, "BadGateway"),
    };
    let hints: String = error.hints().iter().map(|hint| format!("\n{hint}")).collect();
    failure(status, code, &format!("{error}{hints}"))
}

/// A refusal of the proxy itself, in the form that services have.
fn failure(status: StatusCode, code: &str, message: &str) -> Response {
    json_of(status, &json!({"code": code, "message": format!("tc proxy: {message}")}))
}

fn json_of(status: StatusCode, value: &serde_json::Value) -> Response {
    let mut response = Response::new(Body::from(format!("{value}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_about_one_connection_are_not_passed_on() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("host", "localhost:1"),
            ("authorization", "Hawk id=\"other\""),
            ("connection", "close, X-Own"),
            ("x-own", "1"),
            ("transfer-encoding", "chunked"),
            ("accept", "*/*"),
            ("content-length", "3"),
        ] {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        let passed = passed_headers(&headers);
        let names: Vec<&str> = passed.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["accept", "content-length"]);
    }

    #[test]
    fn only_urls_of_the_deployment_are_signed() {
        let root = RootUrl::parse("https://tc.example.com").unwrap();
        let is_signed = |text: &str| Url::parse(text).is_ok_and(|url| is_of(&url, &root));
        assert!(is_signed("https://tc.example.com/api/queue/v1/task/x"));
        for other in [
            "https://tc.example.com/login",
            "http://tc.example.com/api/queue/v1/task/x",
            "https://tc.example.com.evil.example/api/queue/v1/x",
            "https://tc.example.com:444/api/queue/v1/x",
            "https://me@tc.example.com/api/queue/v1/x",
            "file:///etc/passwd",
        ] {
            assert!(!is_signed(other), "{other}");
        }
        let legacy = RootUrl::parse("https://taskcluster.net").unwrap();
        assert!(is_of(&Url::parse("https://queue.taskcluster.net/v1/x").unwrap(), &legacy));
        assert!(!is_of(&Url::parse("https://eviltaskcluster.net/v1/x").unwrap(), &legacy));
    }
}
