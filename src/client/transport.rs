//! The one file that opens sockets for API calls.

use std::error::Error as StdError;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Certificate, NoProxy, Proxy, RequestBuilder};
use thiserror::Error;
use url::Url;

use super::body::Body;
use super::buffers::Buffers;
use super::proxy::Proxies;
use crate::domain::root_url::is_loopback;
use crate::error::{Error, Result};
use crate::reference::Verb;

/// What all connections of a client have in common.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) user_agent: String,
    /// For one try, from connecting to the last byte of the answer.
    pub(super) timeout: Duration,
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
    buffers: Buffers,
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
    stall: Duration,
}

/// One try's answer: read to its end, or just begun where it is to be streamed.
pub(super) struct Incoming {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The body, in place of `body`, of a success that is to be streamed.
    pub(super) arriving: Option<Arriving>,
}

/// A try that brought no whole answer.
#[derive(Debug, Error)]
#[error("{cause}")]
pub(super) struct Broken {
    /// What happened: `cannot connect to tc.example.com`.
    pub(super) summary: String,
    /// Why, as the system puts it.
    cause: String,
    /// Whether another try may do better.
    pub(super) passing: bool,
    /// What to do about it.
    pub(super) hint: Option<&'static str>,
}

impl Transport {
    pub(super) fn new(settings: Settings) -> Self {
        let [plain, secure, secure_http1] = [const { OnceLock::new() }; 3];
        Self { settings, plain, secure, secure_http1, buffers: Buffers::default() }
    }

    /// Takes back the memory of an answer that nobody needs any more.
    pub(super) fn reuse(&self, body: Bytes) {
        self.buffers.give(body);
    }

    /// Sends once and reads the whole answer, or the head of one that is to be streamed.
    pub(super) async fn exchange(&self, outgoing: Outgoing<'_>) -> Result<Result<Incoming, Broken>> {
        let client = self.client(outgoing.url, outgoing.streamed.is_some())?;
        let mut builder = client.request(method_of(outgoing.verb), outgoing.url.clone());
        if outgoing.streamed.is_none() {
            // On one machine it takes longer to compress and expand an answer than to copy it.
            let accepted = if is_loopback(outgoing.url) { "identity" } else { "gzip" };
            builder = builder.timeout(self.settings.timeout).header("Accept-Encoding", accepted);
        }
        for (name, value) in outgoing.headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = outgoing.body {
            builder = builder.body(body.clone());
        }
        let host = outgoing.url.host_str().unwrap_or_default();
        let Some(stall) = outgoing.streamed else {
            return Ok(self.read(builder, host).await);
        };
        // The time limit of a try holds for all but the body, which may well take hours.
        Ok(match tokio::time::timeout(self.settings.timeout, self.begin(builder, host, stall)).await {
            Ok(begun) => begun,
            Err(_) => Err(Broken::silent(host, self.settings.timeout)),
        })
    }

    /// Sends a request to a storage as it stands. Only the head of a success is read.
    ///
    /// The time limit of a try holds unless there is a body, which takes as long as it takes.
    pub(super) async fn exchange_raw(
        &self,
        verb: Verb,
        url: &Url,
        headers: &[(String, String)],
        body: Option<reqwest::Body>,
        stall: Duration,
    ) -> Result<Result<Incoming, Broken>> {
        let mut builder = self.client(url, true)?.request(method_of(verb), url.clone());
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        let host = url.host_str().unwrap_or_default();
        if let Some(body) = body {
            return Ok(self.begin(builder.body(body), host, stall).await);
        }
        let limit = self.settings.timeout.min(stall);
        Ok(match tokio::time::timeout(limit, self.begin(builder, host, stall)).await {
            Ok(begun) => begun,
            // What is not the time limit of a try is not mended by a longer one.
            Err(_) if limit < self.settings.timeout => Err(Broken { hint: None, ..Broken::silent(host, limit) }),
            Err(_) => Err(Broken::silent(host, limit)),
        })
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
    async fn begin(&self, builder: RequestBuilder, host: &str, stall: Duration) -> Result<Incoming, Broken> {
        let mut response = builder.send().await.map_err(|source| self.broken(host, source))?;
        if !response.status().is_success() {
            return self.rest(response, host).await;
        }
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        Ok(Incoming { status, headers, body: Bytes::new(), arriving: Some(Arriving { response, stall }) })
    }

    /// Reads the whole answer.
    async fn read(&self, builder: RequestBuilder, host: &str) -> Result<Incoming, Broken> {
        let response = builder.send().await.map_err(|source| self.broken(host, source))?;
        self.rest(response, host).await
    }

    async fn rest(&self, mut response: reqwest::Response, host: &str) -> Result<Incoming, Broken> {
        let (status, mut headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        let buffer = self.buffers.take(headers.get("content-length").and_then(length).unwrap_or(0));
        let mut body = Body::new(&mut headers, buffer);
        while let Some(chunk) = response.chunk().await.map_err(|source| self.broken(host, source))? {
            body.add(&chunk).map_err(|source| Broken::undecodable(host, &source))?;
        }
        let body = body.finish().map_err(|source| Broken::undecodable(host, &source))?;
        give_back().await;
        Ok(Incoming { status, headers, body, arriving: None })
    }

    fn broken(&self, host: &str, source: reqwest::Error) -> Broken {
        let source = source.without_url();
        let causes: Vec<&(dyn StdError + 'static)> =
            std::iter::successors(source.source(), |cause| (*cause).source()).collect();
        let certificate = causes.iter().any(|cause| is_certificate_fault(*cause));
        let cause = causes.last().map_or_else(|| source.to_string(), ToString::to_string);
        let summary = if source.is_timeout() {
            format!("no answer from {host} within {}", seconds(self.settings.timeout))
        } else if certificate {
            format!("cannot trust the certificate of {host}")
        } else if source.is_connect() {
            format!("cannot connect to {host}")
        } else {
            format!("the connection to {host} broke off")
        };
        let hint = if certificate {
            Some("If the deployment's CA is a private one, name its file with --cacert.")
        } else if source.is_dns() {
            Some("Check the root URL and the network.")
        } else if source.is_timeout() {
            Some("A longer --timeout may help.")
        } else {
            None
        };
        Broken { summary, cause, passing: !certificate && !source.is_builder(), hint }
    }
}

impl Broken {
    /// What came is not what it says it is; another try may bring it whole.
    fn undecodable(host: &str, source: &io::Error) -> Self {
        let summary = format!("the answer of {host} is compressed, and damaged");
        Self { summary, cause: source.to_string(), passing: true, hint: None }
    }

    /// Nothing came for so long.
    fn silent(host: &str, limit: Duration) -> Self {
        Self {
            summary: format!("no answer from {host} within {}", seconds(limit)),
            cause: "the time limit was reached".to_owned(),
            passing: true,
            hint: Some("A longer --timeout may help."),
        }
    }
}

impl Arriving {
    /// The next piece; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        let host = self.response.url().host_str().unwrap_or_default().to_owned();
        match tokio::time::timeout(self.stall, self.response.chunk()).await {
            Ok(Ok(piece)) => {
                if piece.is_none() {
                    give_back().await;
                }
                Ok(piece)
            }
            Ok(Err(source)) => Err(Broken {
                summary: format!("the connection to {host} broke off"),
                cause: innermost(&source),
                passing: true,
                hint: None,
            }),
            Err(_) => Err(Broken {
                summary: format!("nothing more came from {host} for {}", seconds(self.stall)),
                hint: None,
                ..Broken::silent(&host, self.stall)
            }),
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

fn innermost(source: &reqwest::Error) -> String {
    let last = std::iter::successors(source.source(), |cause| (*cause).source()).last();
    last.map_or_else(|| source.to_string(), ToString::to_string)
}

/// Lets the connection of an answer that has been read return to its pool: a task of its own sees to that. A
/// request that started before would find none free and open another one.
async fn give_back() {
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
}

/// A length to reserve; what a server claims beyond this is believed when it has arrived.
fn length(value: &reqwest::header::HeaderValue) -> Option<usize> {
    const MOST: usize = 16 << 20;
    value.to_str().ok()?.parse().ok().map(|length: usize| length.min(MOST))
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
    if let Some(url) = &settings.proxies.http {
        builder = builder.proxy(Proxy::http(url).map_err(|_| bad_proxy("HTTP_PROXY"))?.no_proxy(exceptions.clone()));
    }
    if let Some(url) = &settings.proxies.https {
        builder = builder.proxy(Proxy::https(url).map_err(|_| bad_proxy("HTTPS_PROXY"))?.no_proxy(exceptions));
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

/// The URL is left out: it may hold a password.
fn bad_proxy(variable: &str) -> Error {
    Error::usage(format!("{variable} (or ALL_PROXY) is no URL of a proxy"))
        .hint("It looks like http://proxy.example.com:3128.")
}

/// An I/O error does not name what it wraps as its source, so it is asked for it.
fn is_certificate_fault(cause: &(dyn StdError + 'static)) -> bool {
    if let Some(fault) = cause.downcast_ref::<rustls::Error>() {
        return matches!(fault, rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented);
    }
    let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.is_some_and(|wrapped| is_certificate_fault(wrapped))
}

fn seconds(duration: Duration) -> impl fmt::Display {
    if duration.subsec_millis() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{} ms", duration.as_millis())
    }
}
