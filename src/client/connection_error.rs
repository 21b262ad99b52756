//! Why a try brought no whole answer. Pure.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use url::Url;

use crate::error::{Advice, Error, Kind};

/// What to do where a proxy answers that it wants to know who asks.
pub(super) const PROXY_WANTS_USER: &str = "A proxy answered; its URL needs a user and password that the proxy accepts.";

/// A try that brought no whole answer; the source of the [`Error`] that the call returns.
///
/// It shows the cause as the system words it; what happened is the message of the error that this caused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct ConnectionError {
    /// The host that was asked, with its port where that is not the usual one of the scheme.
    pub host: String,
    /// What happened.
    pub fault: ConnectionFault,
    /// Why, as the system words it.
    pub cause: String,
    /// The proxy that was asked in place of the host, and the variable that names it.
    pub(super) proxy: Option<String>,
    /// What to do about the cause.
    hint: Option<&'static str>,
}

/// What happened to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionFault {
    /// The host's name has no address.
    NameLookup,
    /// No connection came about.
    Connect,
    /// The host's certificate is not trusted.
    Certificate,
    /// The try took longer than the client's time limit.
    TimeLimit(Duration),
    /// Nothing came for so long.
    Stalled(Duration),
    /// The connection ended before the answer did.
    BrokeOff,
    /// The answer has another length than it announced.
    CutOff {
        /// Bytes that arrived.
        received: u64,
        /// Bytes that were announced.
        announced: u64,
    },
    /// The answer is compressed, and damaged.
    Damaged,
    /// The answer is larger, decompressed, than this many bytes.
    TooLarge(usize),
    /// The request could not be put together.
    Request,
}

impl ConnectionError {
    pub(super) fn new(host: &str, fault: ConnectionFault, cause: impl fmt::Display) -> Self {
        Self { host: host.to_owned(), fault, cause: cause.to_string(), proxy: None, hint: None }
    }

    /// The same for a request that went to a proxy: who is not there, or is silent, may be the proxy, and not the host.
    pub(super) fn through(mut self, proxy: impl FnOnce() -> Option<String>) -> Self {
        use ConnectionFault::{BrokeOff, Connect, NameLookup, TimeLimit};
        if matches!(self.fault, NameLookup | Connect | TimeLimit(_) | BrokeOff) {
            self.proxy = proxy();
        }
        self
    }

    /// What the HTTP library failed with, for a try that may take `time_limit`.
    pub(super) fn of(host: &str, source: reqwest::Error, time_limit: Duration) -> Self {
        let source = source.without_url();
        let causes: Vec<&(dyn StdError + 'static)> =
            std::iter::successors(source.source(), |cause| (*cause).source()).collect();
        let fault = if source.is_timeout() {
            ConnectionFault::TimeLimit(time_limit)
        } else if causes.iter().any(|cause| is_certificate_fault(*cause)) {
            ConnectionFault::Certificate
        } else if source.is_dns() {
            ConnectionFault::NameLookup
        } else if source.is_connect() {
            ConnectionFault::Connect
        } else if source.is_builder() {
            ConnectionFault::Request
        } else {
            ConnectionFault::BrokeOff
        };
        let cause = causes.last().map_or_else(|| source.to_string(), ToString::to_string);
        let hint = causes.iter().find_map(|cause| match *cause {
            cause if is_authority_as_server(cause) => Some(AUTHORITY_AS_SERVER),
            cause if is_without_tls(cause) => Some(WITHOUT_TLS),
            _ => None,
        });
        Self { hint, ..Self::new(host, fault, cause) }
    }

    /// The failed connection that caused `error`, if one did.
    pub fn of_error(error: &Error) -> Option<&Self> {
        std::iter::successors(error.source(), |cause| (*cause).source()).find_map(|cause| cause.downcast_ref())
    }

    /// Whether another try may do better.
    pub(super) fn may_pass(&self) -> bool {
        use ConnectionFault::{Certificate, Request, TooLarge};
        !matches!(self.fault, Certificate | Request | TooLarge(_))
    }

    /// Whether the request may have reached the host, and done there what it is for.
    pub fn may_have_arrived(&self) -> bool {
        use ConnectionFault::{Certificate, Connect, NameLookup, Request};
        !matches!(self.fault, NameLookup | Connect | Certificate | Request)
    }

    /// The error for a call that ends with this, after so many tries.
    pub(super) fn into_error(self, what: &str, tries: u32) -> Error {
        let after = if tries > 1 { format!(" after {tries} tries") } else { String::new() };
        let kind = if matches!(self.fault, ConnectionFault::TooLarge(_)) { Kind::Failed } else { Kind::Unavailable };
        let error = Error::new(kind, format!("{what} failed{after}: {}", self.summary()));
        let error = match self.advice() {
            Some(advice) => error.advise(advice),
            None => error,
        };
        let error = self.hint.into_iter().fold(error, Error::hint);
        let error = self.about_proxy().into_iter().fold(error, Error::hint);
        error.caused_by(self)
    }

    /// What happened, in a few words.
    pub(super) fn summary(&self) -> String {
        let host = match &self.proxy {
            Some(proxy) => Cow::Owned(format!("{} through the proxy {proxy}", self.host)),
            None => Cow::Borrowed(self.host.as_str()),
        };
        match self.fault {
            ConnectionFault::NameLookup | ConnectionFault::Connect => format!("cannot connect to {host}"),
            ConnectionFault::Certificate => format!("cannot trust the certificate of {host}"),
            ConnectionFault::TimeLimit(limit) => format!("no answer from {host} within {}", seconds(limit)),
            ConnectionFault::Stalled(limit) => format!("nothing more came from {host} for {}", seconds(limit)),
            ConnectionFault::BrokeOff => format!("the connection to {host} broke off"),
            ConnectionFault::CutOff { received, announced } => {
                format!("the answer of {host} was cut off: {received} of {announced} bytes arrived")
            }
            ConnectionFault::Damaged => format!("the answer of {host} is compressed, and damaged"),
            ConnectionFault::TooLarge(limit) => {
                format!("the answer of {host} is larger than {} MiB, the limit of an answer", limit >> 20)
            }
            ConnectionFault::Request => format!("cannot send a request to {host}"),
        }
    }

    /// What to do about a proxy that does not do what it is for.
    fn about_proxy(&self) -> Option<&'static str> {
        self.proxy.as_ref()?;
        match self.fault {
            ConnectionFault::Connect if self.cause.contains("authorization required") => Some(PROXY_WANTS_USER),
            // How `hyper-util` words any other answer than a 200.
            ConnectionFault::Connect if self.cause == "tunnel error: unsuccessful" => {
                Some("The proxy answered, and does not connect; NO_PROXY lists the hosts that are reached without it.")
            }
            ConnectionFault::NameLookup | ConnectionFault::Connect => {
                Some("Check that the proxy runs; NO_PROXY lists the hosts that are reached without it.")
            }
            _ => None,
        }
    }

    /// What to do about it.
    fn advice(&self) -> Option<Advice> {
        match self.fault {
            _ if self.about_proxy().is_some() || self.hint.is_some() => None,
            ConnectionFault::Certificate => Some(Advice::TrustCertificate),
            ConnectionFault::NameLookup => Some(Advice::CheckRootUrl),
            ConnectionFault::TimeLimit(_) => Some(Advice::AllowMoreTime),
            _ => None,
        }
    }
}

/// The host of `url` as messages name it: with its port where that is not the usual one of the scheme.
pub(crate) fn host_of(url: &Url) -> Cow<'_, str> {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => Cow::Owned(format!("{host}:{port}")),
        None => Cow::Borrowed(host),
    }
}

/// An I/O error does not name what it wraps as its source, so it is asked for it.
fn is_certificate_fault(cause: &(dyn StdError + 'static)) -> bool {
    if let Some(fault) = cause.downcast_ref::<rustls::Error>() {
        return matches!(fault, rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented);
    }
    let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.is_some_and(|wrapped| is_certificate_fault(wrapped))
}

const AUTHORITY_AS_SERVER: &str = "The server shows the certificate of a CA as its own, which is what `openssl req -x509` \
    makes by default. Make one that is not a CA's: openssl req -x509 -addext basicConstraints=critical,CA:FALSE ..";

/// Whether a server's certificate is refused because it is that of an authority.
fn is_authority_as_server(cause: &(dyn StdError + 'static)) -> bool {
    use rustls::{CertificateError, Error};
    if let Some(Error::InvalidCertificate(CertificateError::Other(other))) = cause.downcast_ref::<Error>() {
        return other.to_string().contains("CaUsedAsEndEntity");
    }
    let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.is_some_and(|wrapped| is_authority_as_server(wrapped))
}

const WITHOUT_TLS: &str = "What answers there does not speak TLS. The URL of a server without it starts with http://.";

/// Whether what answered did so without TLS.
fn is_without_tls(cause: &(dyn StdError + 'static)) -> bool {
    if let Some(fault) = cause.downcast_ref::<rustls::Error>() {
        return matches!(fault, rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType));
    }
    let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.is_some_and(|wrapped| is_without_tls(wrapped))
}

fn seconds(duration: Duration) -> impl fmt::Display {
    if duration.subsec_millis() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{} ms", duration.as_millis())
    }
}
