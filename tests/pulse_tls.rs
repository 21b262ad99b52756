//! Pulse over TLS: the broker is asked through a door that speaks TLS with a CA of its own.

use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::support::pulse;

/// A door to the broker, for as long as it lives.
struct Door {
    port: u16,
    directory: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl Door {
    fn open(broker: u16) -> Self {
        let mut parameters = rcgen::CertificateParams::default();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca = rcgen::CertifiedIssuer::self_signed(parameters, rcgen::KeyPair::generate().unwrap()).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("ca.pem"), ca.pem()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("localhost:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that does not trust us leaves, which is its right.
                    let Ok(mut outside) = acceptor.accept(stream).await else { return };
                    let mut inside = TcpStream::connect(("127.0.0.1", broker)).await.unwrap();
                    drop(tokio::io::copy_bidirectional(&mut outside, &mut inside).await);
                });
            }
        });
        Self { port, directory, _runtime: runtime }
    }
}

#[test]
fn broker_is_trusted_by_its_ca_alone() {
    let Some(rabbit) = pulse::shared() else { return };
    let door = Door::open(rabbit.port);
    let ca = door.directory.path().join("ca.pem");
    let ca = ca.to_str().unwrap();
    let tc = || pulse::tc(&rabbit).env("PULSE_URL", &format!("amqps://localhost:{}", door.port));
    let listen = ["pulse", "listen", "auth.roleUpdated", "--timeout", "1s"];
    tc().run(&[&listen[..], &["--cacert", ca]].concat()).status(0).stdout("").stderr("");
    tc().env("SSL_CERT_FILE", ca).run(&listen).status(0).stdout("").stderr("");
    let ran = tc().run(&["pulse", "listen", "auth.roleUpdated", "--retries", "0"]);
    ran.status(7).stdout("");
    assert!(ran.stderr.starts_with("error: cannot trust the certificate of localhost\n  caused by: "), "{ran}");
    assert!(ran.stderr.ends_with("hint: If the broker's CA is a private one, name its file with --cacert.\n"), "{ran}");
    let ran = tc().run(&["pulse", "listen", "auth.roleUpdated", "--cacert", "/dev/null"]);
    ran.status(1).stderr(
        "error: cannot use CA certificates in /dev/null\n  \
         caused by: it holds no certificate\n\
         hint: Name a PEM file: text with -----BEGIN CERTIFICATE----- in it.\n",
    );
}
