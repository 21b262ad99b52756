//! The client over TLS: whom it trusts, and what it offers.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::PrivateKeyDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tc::RootUrl;
use tc::client::{Client, Endpoint};
use tc::{Environment, Error, Kind};

use crate::support::Tc;
use crate::support::fake_clock::FakeClock;

/// A TLS server on loopback that answers every request with `{}`, with a CA of its own.
struct TlsServer {
    root: RootUrl,
    directory: tempfile::TempDir,
    offered: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// Hands out the one certificate, and remembers which protocols the client offers.
#[derive(Debug)]
struct Resolver {
    key: Arc<CertifiedKey>,
    offered: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        *self.offered.lock().unwrap() = hello.alpn().into_iter().flatten().map(<[u8]>::to_vec).collect();
        Some(Arc::clone(&self.key))
    }
}

impl TlsServer {
    fn start() -> Self {
        let ca = rcgen::CertifiedIssuer::self_signed(ca_parameters(), rcgen::KeyPair::generate().unwrap()).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
        Self::with(&leaf, &key, &ca.pem())
    }

    /// Its certificate is that of a CA, and its own, as `openssl req -x509` makes it.
    fn with_certificate_of_a_ca() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        parameters.is_ca = ca_parameters().is_ca;
        let own = parameters.self_signed(&key).unwrap();
        Self::with(&own, &key, &own.pem())
    }

    /// Host and port, as errors name them.
    fn address(&self) -> &str {
        self.root.as_str().trim_start_matches("https://")
    }

    fn with(certificate: &rcgen::Certificate, key: &rcgen::KeyPair, ca: &str) -> Self {
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let signing = rustls::crypto::ring::sign::any_supported_type(&private).unwrap();
        let offered = Arc::default();
        let key = Arc::new(CertifiedKey::new(vec![certificate.der().clone()], signing));
        let resolver = Resolver { key, offered: Arc::clone(&offered) };
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("ca.pem"), ca).unwrap();
        let listener = TcpListener::bind("localhost:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(resolver));
        let config = Arc::new(config);
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                answer(connection, Arc::clone(&config));
            }
        });
        Self { root: RootUrl::parse(&format!("https://localhost:{port}")).unwrap(), directory, offered }
    }

    /// Calls it once, with the environment and the CA file that are given.
    async fn ping(&self, variables: &[(&str, &str)], extra_ca_file: Option<&str>) -> Result<u16, Error> {
        let empty = Environment::empty(self.directory.path()).with_clock(FakeClock::at("2026-11-22T12:00:00Z"));
        let environment = variables.iter().fold(empty, |all, (name, value)| all.with(name, value));
        let target = Endpoint { root: self.root.clone(), credentials: None, unsigned_because: None, proxied: false };
        let mut builder = Client::builder_for(&environment, target);
        if let Some(file) = extra_ca_file {
            builder = builder.extra_ca_file(environment.resolve(file));
        }
        builder.build()?.call("queue", "ping").send().await.map(|response| response.status)
    }
}

fn ca_parameters() -> rcgen::CertificateParams {
    let mut parameters = rcgen::CertificateParams::default();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    parameters
}

/// One request, one answer; a client that does not trust us ends the connection, which is its right.
fn answer(mut connection: TcpStream, config: Arc<rustls::ServerConfig>) {
    let mut tls = rustls::ServerConnection::new(config).unwrap();
    let mut stream = rustls::Stream::new(&mut tls, &mut connection);
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&buffer[..read]),
        }
    }
    drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"));
}

#[tokio::test]
async fn an_unknown_ca_is_not_trusted_and_not_tried_again() {
    let server = TlsServer::start();
    let error = server.ping(&[], None).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert_eq!(error.message(), format!("queue.ping failed: cannot trust the certificate of {}", server.address()));
    assert_eq!(error.advice(), [tc::Advice::TrustCertificate]);
}

#[tokio::test]
async fn a_ca_file_makes_it_trusted() {
    let server = TlsServer::start();
    assert_eq!(server.ping(&[], Some("ca.pem")).await.unwrap(), 200);
    assert_eq!(server.ping(&[("SSL_CERT_FILE", "ca.pem")], None).await.unwrap(), 200);
    assert_eq!(*server.offered.lock().unwrap(), [b"h2".to_vec(), b"http/1.1".to_vec()]);
}

#[tokio::test]
async fn a_server_with_the_certificate_of_a_ca_is_explained() {
    let server = TlsServer::with_certificate_of_a_ca();
    for (variables, file) in [(&[][..], Some("ca.pem")), (&[("SSL_CERT_FILE", "ca.pem")], None)] {
        let error = server.ping(variables, file).await.unwrap_err();
        assert_eq!(error.message(), format!("queue.ping failed: cannot trust the certificate of {}", server.address()));
        assert!(error.hints()[0].contains("openssl req -x509 -addext basicConstraints=critical,CA:FALSE"), "{error:?}");
    }
}

/// It said "received corrupt message of type InvalidContentType", and no more.
#[test]
fn a_server_that_speaks_no_tls_is_explained() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let root = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            // What it was sent is read first, or else closing would reset the connection.
            let mut hello = [0; 4096];
            drop(connection.read(&mut hello));
            drop(connection.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
        }
    });
    let ran = Tc::new().at(&root).run(&["api", "queue", "ping", "--retries", "0"]);
    ran.stdout("").status(7);
    assert!(ran.stderr.contains("error: queue.ping failed: cannot connect to "), "{ran}");
    let hint = "hint: What answers there does not speak TLS. The URL of a server without it starts with http://.\n";
    assert!(ran.stderr.ends_with(hint), "{ran}");
}

/// `SSL_CERT_FILE` takes the place of the system's certificates, `--cacert` adds to them.
#[tokio::test]
async fn another_ca_does_not_vouch_for_this_server() {
    let (server, other) = (TlsServer::start(), TlsServer::start());
    let foreign = other.directory.path().join("ca.pem");
    let foreign = foreign.to_str().unwrap();
    assert!(server.ping(&[("SSL_CERT_FILE", foreign)], None).await.is_err());
    assert_eq!(server.ping(&[("SSL_CERT_FILE", foreign)], Some("ca.pem")).await.unwrap(), 200);
}
