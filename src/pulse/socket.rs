//! The connection below AMQP: TCP, and TLS with the crypto provider and the trust of all other connections.
//!
//! `lapin` would bring a TLS set-up of its own with a second provider. It takes its stream from a runtime kit, so the
//! kit here is tokio's with another stream.

use std::error::Error as StdError;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_rs::traits::{Executor, Reactor, RuntimeKit};
use async_rs::util::Task;
use async_rs::{Runtime, Tokio};
use futures::{AsyncRead, AsyncWrite, Stream};
use lapin::AsyncTcpStream;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt as _};

use super::fault::PulseError;

/// Whose certificates to trust.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// A file of CA certificates (PEM) to trust besides the system's.
    pub extra_ca_file: Option<PathBuf>,
    /// A file of those that are trusted in place of the system's.
    pub only_ca_file: Option<PathBuf>,
}

impl Trust {
    /// The TLS configuration; reads files.
    pub(super) fn config(&self) -> Result<Arc<ClientConfig>, PulseError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = Vec::new();
        for file in self.only_ca_file.iter().chain(&self.extra_ca_file) {
            roots.extend(certificates(file)?);
        }
        let failed = |error: rustls::Error| PulseError::Authorities {
            file: self.only_ca_file.as_deref().map_or_else(|| "the system".into(), |file| file.display().to_string()),
            cause: error.to_string(),
        };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().map_err(failed)?;
        let config = if self.only_ca_file.is_some() {
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(roots);
            builder.with_root_certificates(store).with_no_client_auth()
        } else {
            let verifier = Arc::new(Verifier::new_with_extra_roots(roots, provider).map_err(failed)?);
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
        };
        Ok(Arc::new(config))
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, PulseError> {
    let failed = |cause: String| PulseError::Authorities { file: file.display().to_string(), cause };
    let found = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(failed("it holds no certificate".into())),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// A stream that is read and written, with TLS or without.
pub(super) trait Wire: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}

impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Wire for T {}

type BoxedWire = Compat<Box<dyn Wire>>;

/// Connects, and secures the connection where there is a TLS configuration.
pub(super) async fn connect(
    host: &str,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
) -> io::Result<AsyncTcpStream<BoxedWire>> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let wire: Box<dyn Wire> = match tls {
        None => Box::new(stream),
        Some(config) => {
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            Box::new(TlsConnector::from(config).connect(name, stream).await?)
        }
    };
    Ok(AsyncTcpStream::Plain(wire.compat()))
}

/// Whether a certificate is at fault. An I/O error does not name what it wraps as its source, so it is asked for it.
pub(super) fn is_certificate_fault(error: &(dyn StdError + 'static)) -> bool {
    if let Some(fault) = error.downcast_ref::<rustls::Error>() {
        return matches!(fault, rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented);
    }
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    wrapped.is_some_and(|wrapped| is_certificate_fault(wrapped)) || error.source().is_some_and(is_certificate_fault)
}

/// Tokio, with streams that may be TLS ones.
#[derive(Clone)]
pub(super) struct Kit(Tokio);

impl Kit {
    /// Of the runtime that the caller is in.
    pub(super) fn current() -> Runtime<Self> {
        Runtime::new(Self(Tokio::current()))
    }
}

impl fmt::Debug for Kit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kit")
    }
}

impl RuntimeKit for Kit {}

impl Executor for Kit {
    type Task<T: Send + 'static> = <Tokio as Executor>::Task<T>;

    fn block_on<T, F: Future<Output = T>>(&self, future: F) -> T {
        self.0.block_on(future)
    }

    fn spawn<T: Send + 'static, F: Future<Output = T> + Send + 'static>(&self, future: F) -> Task<Self::Task<T>> {
        self.0.spawn(future)
    }

    fn spawn_blocking<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(&self, work: F) -> Task<Self::Task<T>> {
        self.0.spawn_blocking(work)
    }
}

impl Reactor for Kit {
    type TcpStream = BoxedWire;
    type Sleep = tokio::time::Sleep;

    fn register<H: Read + Write + Send + 'static>(
        &self,
        _socket: H,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        // Only `connect` above makes streams.
        Err::<BoxedWire, _>(io::Error::from(io::ErrorKind::Unsupported))
    }

    fn sleep(&self, duration: Duration) -> Self::Sleep {
        self.0.sleep(duration)
    }

    fn interval(&self, duration: Duration) -> impl Stream<Item = Instant> + Send + 'static {
        self.0.interval(duration)
    }

    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` would borrow the kit, and the trait wants a future that does not"
    )]
    fn tcp_connect_addr(
        &self,
        address: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::TcpStream>> + Send + 'static {
        async move {
            let stream: Box<dyn Wire> = Box::new(TcpStream::connect(address).await?);
            Ok(stream.compat())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for trust in [
            Trust { extra_ca_file: Some(file.path().into()), only_ca_file: None },
            Trust { extra_ca_file: None, only_ca_file: Some(file.path().into()) },
        ] {
            let error = trust.config().unwrap_err();
            assert_eq!(error.cause(), "it holds no certificate");
        }
        assert!(Trust { extra_ca_file: Some("/no/such/file".into()), only_ca_file: None }.config().is_err());
    }

    #[test]
    fn certificate_faults_are_found_inside_of_other_errors() {
        let fault = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        assert!(is_certificate_fault(&io::Error::other(io::Error::other(fault))));
        assert!(!is_certificate_fault(&io::Error::from(io::ErrorKind::ConnectionRefused)));
    }
}
