//! A task's own proxy: it signs what the task asks of the services, with the task's credentials.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use chrono::TimeDelta;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::api::Api;
use crate::domain::ProxyPath;
use crate::loopback::accept_all;
use crate::sandbox::input::MAX_BODY;

/// How long a signed URL that a task asks for is valid.
const SIGNED_URL_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// A proxy on a port of its own, until it is dropped.
pub(super) struct Proxy {
    port: u16,
    serving: JoinHandle<()>,
}

impl Proxy {
    /// Starts to listen on loopback.
    ///
    /// # Errors
    /// When the system gives no port.
    pub(super) async fn start(api: Arc<Api>) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let serving = tokio::spawn(accept_all(listener, move |request: Request| {
            let api = Arc::clone(&api);
            async move { answer(&api, request).await }
        }));
        Ok(Self { port, serving })
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(api: &Api, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // Tasks are no web pages: a browser that comes here was sent by a page that guessed the port.
    if parts.headers.contains_key(header::ORIGIN) {
        return text(StatusCode::FORBIDDEN, "web pages may not use the proxy of a task");
    }
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let read = to_bytes(body, MAX_BODY).await.ok();
    match ProxyPath::parse(target) {
        ProxyPath::Service { service, version, rest } => {
            let target = format!("/api/{service}/{version}{rest}");
            let mut headers = parts.headers;
            // Each is about the connection to the proxy, or would be a second signature.
            for name in [header::HOST, header::AUTHORIZATION, header::ACCEPT_ENCODING, header::CONNECTION] {
                headers.remove(name);
            }
            let answer = api.send(parts.method.as_str(), &target, headers, read).await;
            let mut response = Response::new(Body::from(answer.body));
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            response
        }
        ProxyPath::SignedUrl => signed_url(api, &String::from_utf8_lossy(&read.unwrap_or_default())),
        ProxyPath::Credentials | ProxyPath::Unknown => {
            text(StatusCode::NOT_FOUND, &format!("{target} is not the path of a service, such as /api/queue/v1/ping"))
        }
    }
}

fn signed_url(api: &Api, url: &str) -> Response {
    let expiry = api.shared().clock.now() + SIGNED_URL_LIFETIME;
    let Some(signed) = api.signed_url(url.trim(), expiry) else {
        return text(StatusCode::BAD_REQUEST, "the body is not a URL of a service of this deployment");
    };
    let mut response = Response::new(Body::from(json!({"url": signed}).to_string()));
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(location) = HeaderValue::from_str(&signed) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn text(status: StatusCode, message: &str) -> Response {
    let mut response = Response::new(Body::from(format!("{message}\n")));
    *response.status_mut() = status;
    response
}
