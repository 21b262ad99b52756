//! The one file that opens sockets for API calls.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Certificate, NoProxy, Proxy, RequestBuilder};
use url::Url;

use super::body::{Body, BodyFault};
use super::connection_error::{ConnectionError, ConnectionFault, host_of};
use super::proxy::{Proxies, ProxySetting};
use crate::error::{Error, Result};
use crate::reference::Verb;

/// Largest answer that is kept in memory, in bytes, decompressed. The largest that services send are pages of a
/// thousand tasks, with some ten megabytes.
const MAX_ANSWER_BYTES: usize = 128 << 20;

/// What all connections of a client have in common.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) user_agent: String,
    /// For one try, from connecting to the last byte of the answer.
    pub(super) timeout: Duration,
    /// The same, where the caller set it.
    pub(super) given_timeout: Option<Duration>,
    pub(super) proxies: Proxies,
    /// Trusted besides the system's.
    pub(super) extra_roots: Vec<Certificate>,
    /// A file of those that are trusted in place of the system's, read when TLS is first needed.
    pub(super) only_ca_file: Option<PathBuf>,
}

/// Connections, opened when they are first needed.
///
/// Those without TLS have a pool of their own, because a TLS configuration costs more time than a whole call over
/// plain HTTP to this machine: it has to read the system's certificates.
#[derive(Debug)]
pub(super) struct Transport {
    settings: Settings,
    plain: OnceLock<reqwest::Client>,
    secure: OnceLock<reqwest::Client>,
    /// Streams of one HTTP/2 connection share its rate and its fate; what is passed on piece by piece wants several.
    secure_http1: OnceLock<reqwest::Client>,
}

/// Which connections to use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pool {
    Plain,
    Secure,
    SecureHttp1,
}

/// One try's request.
#[derive(Clone, Copy)]
pub(super) struct Outgoing<'a> {
    pub(super) verb: Verb,
    pub(super) url: &'a Url,
    pub(super) headers: &'a [(String, String)],
    pub(super) body: Option<&'a Bytes>,
    /// Leave the body of a 2xx to be read piece by piece, with at most this long between pieces.
    pub(super) streamed: Option<Duration>,
}

/// The body of an answer that is still arriving, as it stands on the wire.
#[derive(Debug)]
pub(super) struct Arriving {
    response: reqwest::Response,
    pub(super) stall: Duration,
    received: u64,
    announced: Option<u64>,
}

/// One try's answer: read to its end, or just begun where it is to be streamed.
pub(super) struct Incoming {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The body, in place of `body`, of a success that is to be streamed.
    pub(super) arriving: Option<Arriving>,
}

impl Transport {
    /// How long a try may take, where the caller set it.
    pub(super) fn given_timeout(&self) -> Option<Duration> {
        self.settings.given_timeout
    }

    pub(super) fn new(settings: Settings) -> Self {
        let [plain, secure, secure_http1] = [const { OnceLock::new() }; 3];
        Self { settings, plain, secure, secure_http1 }
    }

    /// Sends once and reads the whole answer, or the head of one that is to be streamed.
    pub(super) async fn exchange(&self, outgoing: Outgoing<'_>) -> Result<Result<Incoming, ConnectionError>> {
        let outcome = self.exchange_once(outgoing).await?;
        Ok(outcome.map_err(|broken| broken.through(|| self.settings.proxies.taken(outgoing.url))))
    }

    async fn exchange_once(&self, outgoing: Outgoing<'_>) -> Result<Result<Incoming, ConnectionError>> {
        let client = self.client(outgoing.url, outgoing.streamed.is_some())?;
        let mut builder = client.request(method_of(outgoing.verb), outgoing.url.clone());
        if outgoing.streamed.is_none() {
            builder = builder.timeout(self.settings.timeout).header("Accept-Encoding", "gzip");
        }
        for (name, value) in outgoing.headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = outgoing.body {
            builder = builder.body(body.clone());
        }
        let host = &host_of(outgoing.url);
        let Some(stall) = outgoing.streamed else {
            return Ok(self.read(builder, outgoing.verb, host).await);
        };
        // The time limit of a try holds for all but the body, which may well take hours.
        Ok(match tokio::time::timeout(self.settings.timeout, self.begin(builder, outgoing.verb, host, stall)).await {
            Ok(begun) => begun,
            Err(_) => Err(over_time(host, ConnectionFault::TimeLimit(self.settings.timeout))),
        })
    }

    /// Sends a request to a storage as it stands. Only the head of a success is read.
    ///
    /// The time limit of a try holds unless there is a body, which takes as long as it takes. No silence is longer than
    /// the limit that the caller set.
    pub(super) async fn exchange_raw(
        &self,
        verb: Verb,
        url: &Url,
        headers: &[(String, String)],
        body: Option<reqwest::Body>,
        stall: Duration,
    ) -> Result<Result<Incoming, ConnectionError>> {
        let stall = self.settings.given_timeout.map_or(stall, |limit| limit.min(stall));
        let mut builder = self.client(url, true)?.request(method_of(verb), url.clone());
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        let host = &host_of(url);
        let begun = match body {
            Some(body) => self.begin(builder.body(body), verb, host, stall).await,
            None => {
                let limit = self.settings.timeout.min(stall);
                match tokio::time::timeout(limit, self.begin(builder, verb, host, stall)).await {
                    Ok(begun) => begun,
                    Err(_) if limit < self.settings.timeout => Err(over_time(host, ConnectionFault::Stalled(limit))),
                    Err(_) => Err(over_time(host, ConnectionFault::TimeLimit(limit))),
                }
            }
        };
        Ok(begun.map_err(|broken| broken.through(|| self.settings.proxies.taken(url))))
    }

    /// Sends a request with these headers and no others but what HTTP itself needs. The body of any answer is left to be
    /// read piece by piece.
    pub(super) async fn exchange_open(
        &self,
        verb: Verb,
        url: &Url,
        headers: HeaderMap,
        body: Option<reqwest::Body>,
        stall: Duration,
    ) -> Result<Result<(u16, HeaderMap, Arriving), ConnectionError>> {
        let mut builder = self.client(url, true)?.request(method_of(verb), url.clone()).headers(headers);
        if let Some(body) = body {
            builder = builder.body(body);
        }
        let host = &host_of(url);
        Ok(match builder.send().await {
            Ok(mut response) => {
                let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
                let announced = if has_body(verb, status) { content_length(&headers) } else { None };
                Ok((status, headers, Arriving { response, stall, received: 0, announced }))
            }
            Err(source) => Err(self.broken(host, source)),
        })
    }

    /// How long one try may take.
    pub(super) fn timeout(&self) -> Duration {
        self.settings.timeout
    }

    fn client(&self, url: &Url, piecewise: bool) -> Result<&reqwest::Client> {
        // A proxy may itself want TLS.
        let is_plain = url.scheme() == "http" && self.settings.proxies.http.is_none();
        let (pool, cell) = match (is_plain, piecewise) {
            (true, _) => (Pool::Plain, &self.plain),
            (false, false) => (Pool::Secure, &self.secure),
            (false, true) => (Pool::SecureHttp1, &self.secure_http1),
        };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let client = build(&self.settings, pool)?;
        Ok(cell.get_or_init(|| client))
    }

    /// Reads the answer's head, and its body too unless it is a success.
    async fn begin(
        &self,
        builder: RequestBuilder,
        verb: Verb,
        host: &str,
        stall: Duration,
    ) -> Result<Incoming, ConnectionError> {
        let mut response = builder.send().await.map_err(|source| self.broken(host, source))?;
        if !response.status().is_success() {
            return self.rest(response, verb, host).await;
        }
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        let announced = if has_body(verb, status) { announced_length(status, &headers) } else { None };
        let arriving = Some(Arriving { response, stall, received: 0, announced });
        Ok(Incoming { status, headers, body: Bytes::new(), arriving })
    }

    /// Reads the whole answer.
    async fn read(&self, builder: RequestBuilder, verb: Verb, host: &str) -> Result<Incoming, ConnectionError> {
        let response = builder.send().await.map_err(|source| self.broken(host, source))?;
        self.rest(response, verb, host).await
    }

    async fn rest(&self, mut response: reqwest::Response, verb: Verb, host: &str) -> Result<Incoming, ConnectionError> {
        let (status, mut headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        let announced = if has_body(verb, status) { content_length(&headers) } else { None };
        let mut body = Body::new(&mut headers, MAX_ANSWER_BYTES);
        let mut received = 0;
        while let Some(chunk) = response.chunk().await.map_err(|source| self.broken(host, source))? {
            received += chunk.len() as u64;
            body.add(&chunk).map_err(|fault| unusable(host, &fault))?;
        }
        check_length(host, received, announced)?;
        let body = body.finish().map_err(|fault| unusable(host, &fault))?;
        Ok(Incoming { status, headers, body, arriving: None })
    }

    fn broken(&self, host: &str, source: reqwest::Error) -> ConnectionError {
        ConnectionError::of(host, source, self.settings.timeout)
    }
}

/// Whether an answer's `Content-Length` is that of a body (RFC 9110, 8.6).
fn has_body(verb: Verb, status: u16) -> bool {
    verb != Verb::Head && !matches!(status, 204 | 304)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    number(headers, "content-length")
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// How many bytes a body must have: what its head says, or what Google's storage says that it has stored, where the body
/// is as it was stored and nothing but the end of the connection ends it.
fn announced_length(status: u16, headers: &HeaderMap) -> Option<u64> {
    let coding = |name: &str| {
        let text = headers.get(name).and_then(|value| value.to_str().ok());
        text.map(|text| text.trim().to_ascii_lowercase()).filter(|text| text != "identity")
    };
    let is_stored = status == 200 && coding("content-encoding") == coding("x-goog-stored-content-encoding");
    content_length(headers).or_else(|| is_stored.then(|| number(headers, "x-goog-stored-content-length")).flatten())
}

/// HTTP/2 ends a stream that the server gives up like one that is whole, so the length is compared.
fn check_length(host: &str, received: u64, announced: Option<u64>) -> Result<(), ConnectionError> {
    match announced.filter(|announced| *announced != received) {
        Some(announced) => {
            let fault = ConnectionFault::CutOff { received, announced };
            Err(ConnectionError::new(host, fault, "the connection ended early"))
        }
        None => Ok(()),
    }
}

fn unusable(host: &str, fault: &BodyFault) -> ConnectionError {
    match fault {
        BodyFault::Damaged(source) => ConnectionError::new(host, ConnectionFault::Damaged, source),
        BodyFault::TooLarge => {
            ConnectionError::new(host, ConnectionFault::TooLarge(MAX_ANSWER_BYTES), "the rest was not read")
        }
    }
}

pub(super) fn over_time(host: &str, fault: ConnectionFault) -> ConnectionError {
    ConnectionError::new(host, fault, "the time limit was reached")
}

impl Arriving {
    /// The next piece; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, ConnectionError> {
        let host = host_of(self.response.url()).into_owned();
        match tokio::time::timeout(self.stall, self.response.chunk()).await {
            Ok(Ok(Some(piece))) => {
                self.received += piece.len() as u64;
                Ok(Some(piece))
            }
            Ok(Ok(None)) => check_length(&host, self.received, self.announced).map(|()| None),
            Ok(Err(source)) => Err(match ConnectionError::of(&host, source, self.stall) {
                broken if broken.may_have_arrived() => broken,
                // The head was here: whatever it looks like, the connection was made.
                mut broken => {
                    broken.fault = ConnectionFault::BrokeOff;
                    broken
                }
            }),
            Err(_) => Err(over_time(&host, ConnectionFault::Stalled(self.stall))),
        }
    }
}

fn method_of(verb: Verb) -> reqwest::Method {
    match verb {
        Verb::Get => reqwest::Method::GET,
        Verb::Head => reqwest::Method::HEAD,
        Verb::Post => reqwest::Method::POST,
        Verb::Put => reqwest::Method::PUT,
        Verb::Patch => reqwest::Method::PATCH,
        Verb::Delete => reqwest::Method::DELETE,
    }
}

fn build(settings: &Settings, pool: Pool) -> Result<reqwest::Client> {
    // It fails when a provider is installed already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut builder = reqwest::Client::builder()
        .user_agent(&settings.user_agent)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy();
    if pool == Pool::SecureHttp1 {
        builder = builder.http1_only();
    }
    let extra_roots = settings.extra_roots.iter().cloned();
    builder = match (&settings.only_ca_file, pool == Pool::Plain) {
        (_, true) => builder.tls_certs_only([]),
        (Some(file), false) => builder.tls_certs_only(ca_certificates(file)?.into_iter().chain(extra_roots)),
        (None, false) => builder.tls_certs_merge(extra_roots),
    };
    let exceptions = NoProxy::from_string(&settings.proxies.direct());
    if let Some(setting) = &settings.proxies.http {
        builder = builder.proxy(proxy(setting, Proxy::http)?.no_proxy(exceptions.clone()));
    }
    if let Some(setting) = &settings.proxies.https {
        builder = builder.proxy(proxy(setting, Proxy::https)?.no_proxy(exceptions));
    }
    builder.build().map_err(|source| {
        Error::failed("cannot set up TLS")
            .caused_by(source)
            .hint("Install the system's CA certificates, or name a file of them with SSL_CERT_FILE.")
    })
}

/// The certificates in a PEM file.
pub(super) fn ca_certificates(file: &Path) -> Result<Vec<Certificate>> {
    let pem = fs::read(file).map_err(|source| Error::io("read CA certificates from", file.display(), source))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(Error::failed(format!("{} holds no CA certificates", file.display()))
            .hint("It must be PEM: text with -----BEGIN CERTIFICATE----- in it.")),
    }
}

/// The URL is left out of what is said: it may hold a password.
fn proxy<'a>(setting: &'a ProxySetting, of_scheme: fn(&'a str) -> reqwest::Result<Proxy>) -> Result<Proxy> {
    of_scheme(&setting.url).ok().filter(|_| setting.is_understood()).ok_or_else(|| {
        Error::usage(format!("{} is not a URL of a proxy", setting.variable))
            .hint("It looks like http://proxy.example.com:3128 or socks5h://proxy.example.com:1080.")
    })
}
