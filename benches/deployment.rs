//! A server for `scripts/bench`: a deployment and its storage as users meet them, and not the sandbox.
//!
//! TLS 1.3 with a CA of its own, HTTP/2 and HTTP/1.1, gzip, and a latency of so many milliseconds: once for an answer,
//! twice for a connection (TCP and TLS have a round trip each). It holds one task group in pages, answers calls after
//! `--call-ms`, and serves the file of `--file` as an object, in ranges; `--cut` breaks off the first download after
//! so many bytes. With `--log` all tasks of the group failed, and that file, compressed, is the log of each. It prints its URL, serves until it is killed, and answers `GET /stats` with what it has seen.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it is a tool for measuring")]

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, RANGE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures::StreamExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

const PAGE_TASKS: usize = 1000;
const GROUP: &str = "AAAAAAAAQACAAAAAAAAAAA";
const EXPIRES: &str = "2100-01-01T00:00:00.000Z";
const BLOCK_BYTES: u64 = 256 << 10;

/// A page as it is, and compressed.
struct Page {
    plain: Bytes,
    gzip: Bytes,
}

#[derive(Default)]
struct Shared {
    url: String,
    pages: Vec<Page>,
    latency: Duration,
    /// How long a call takes that is not about pages or files, the latency included.
    call: Duration,
    file: Option<PathBuf>,
    /// The log of every task, compressed.
    log: Bytes,
    sha256: String,
    /// Where the next download ends too early; `u64::MAX` is nowhere.
    cut: AtomicU64,
    sent: AtomicU64,
    calls: AtomicUsize,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
    cancelled: Mutex<HashSet<String>>,
    connections: AtomicUsize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let option = |name: &str| std::env::args().skip_while(|word| word != name).nth(1);
    let number = |name: &str, default: u64| option(name).map_or(default, |word| word.parse().unwrap());
    let (listener, acceptor) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), acceptor(option("--ca")));
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let shared = Arc::new(Shared {
        url: url.clone(),
        pages: pages(number("--tasks", 0) as usize, number("--size", 2000) as usize, option("--log").is_some()),
        latency: Duration::from_millis(number("--latency-ms", 20)),
        call: Duration::from_millis(number("--call-ms", 50)),
        file: option("--file").map(PathBuf::from),
        log: option("--log").map(|path| std::fs::read(path).unwrap().into()).unwrap_or_default(),
        sha256: option("--sha256").unwrap_or_default(),
        cut: AtomicU64::new(number("--cut", u64::MAX)),
        ..Shared::default()
    });
    let (hand_over, connections) = mpsc::channel(64);
    tokio::spawn(accept(listener, acceptor, hand_over, Arc::clone(&shared)));
    println!("{url}");
    let app = axum::Router::new().fallback(answer).with_state(shared);
    axum::serve(Connections(connections), app).await.unwrap();
}

/// Makes a CA and a certificate of it for `localhost`, and writes the CA to the file.
fn acceptor(ca_file: Option<String>) -> TlsAcceptor {
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
    // OpenSSL tells issuers by their names.
    ca.distinguished_name.push(rcgen::DnType::CommonName, "CA of the bench");
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    std::fs::write(ca_file.unwrap(), ca.self_signed(&ca_key).unwrap().pem()).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut own = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    own.distinguished_name.push(rcgen::DnType::CommonName, "localhost");
    let certificate = own.signed_by(&key, &rcgen::Issuer::new(ca, ca_key)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], key.into())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

type Connection = (TlsStream<TcpStream>, SocketAddr);

/// Connections whose handshake is done.
struct Connections(mpsc::Receiver<Connection>);

impl axum::serve::Listener for Connections {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Connection {
        match self.0.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(SocketAddr::from(([127, 0, 0, 1], 0)))
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, hand_over: mpsc::Sender<Connection>, shared: Arc<Shared>) {
    while let Ok((connection, address)) = listener.accept().await {
        let (tls, hand_over, latency) = (tls.clone(), hand_over.clone(), shared.latency);
        shared.connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            drop(connection.set_nodelay(true));
            tokio::time::sleep(2 * latency).await;
            // A handshake that fails is its client's business.
            if let Ok(stream) = tls.accept(connection).await {
                drop(hand_over.send((stream, address)).await);
            }
        });
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if path == "/stats" {
        let seen = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        let (calls, connections) = (seen(&shared.calls), seen(&shared.connections));
        let most = seen(&shared.most_in_flight);
        let (cancelled, sent) = (shared.cancelled.lock().unwrap().len(), shared.sent.load(Ordering::Relaxed));
        return json(format!(
            r#"{{"calls":{calls},"cancelled":{cancelled},"connections":{connections},"most_in_flight":{most},"sent":{sent}}}"#
        ));
    }
    tokio::time::sleep(shared.latency).await;
    let url = &shared.url;
    if path.contains("/task-group/") {
        let token = request.uri().query().and_then(|query| query.split_once("continuationToken="));
        return page(&shared, token.map_or(0, |(_, token)| token.parse().unwrap_or(0)), request.headers());
    }
    if path == "/log" {
        let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CONTENT_ENCODING, "gzip")];
        return (headers, shared.log.clone()).into_response();
    }
    if path.contains("/artifact-content/") {
        return json(format!(r#"{{"storageType":"s3","url":"{url}/log"}}"#));
    }
    if path.ends_with("/artifacts") {
        let artifact = r#""name":"public/logs/live_backing.log","contentType":"text/plain""#;
        return json(format!(r#"{{"artifacts":[{{"storageType":"s3","expires":"{EXPIRES}",{artifact}}}]}}"#));
    }
    if path == "/blob" {
        return blob(&shared, request.headers());
    }
    if path.starts_with("/api/object/v1/start-download") {
        let hash = &shared.sha256;
        return json(format!(
            r#"{{"method":"getUrl","url":"{url}/blob","hashes":{{"sha256":"{hash}"}},"expires":"{EXPIRES}"}}"#
        ));
    }
    if path.starts_with("/api/object/v1/upload/") {
        let method = format!(r#"{{"putUrl":{{"url":"{url}/put","headers":{{}},"expires":"{EXPIRES}"}}}}"#);
        return json(format!(r#"{{"projectId":"p","uploadId":"x","expires":"{EXPIRES}","uploadMethod":{method}}}"#));
    }
    if path == "/put" {
        let mut body = request.into_body().into_data_stream();
        while body.next().await.is_some_and(|block| block.is_ok()) {}
        return StatusCode::OK.into_response();
    }
    let in_flight = shared.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
    shared.most_in_flight.fetch_max(in_flight, Ordering::Relaxed);
    tokio::time::sleep(shared.call.saturating_sub(shared.latency)).await;
    shared.in_flight.fetch_sub(1, Ordering::Relaxed);
    shared.calls.fetch_add(1, Ordering::Relaxed);
    let id = path.split('/').nth(5).unwrap_or_default().to_owned();
    let status = format!(r#"{{"status":{{"taskId":"{id}","state":"exception"}}}}"#);
    shared.cancelled.lock().unwrap().insert(id);
    json(status)
}

fn json(body: String) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

fn page(shared: &Shared, number: usize, headers: &HeaderMap) -> Response {
    let Some(page) = shared.pages.get(number) else { return StatusCode::NOT_FOUND.into_response() };
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepted.contains("gzip") {
        let headers = [(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, "gzip")];
        return (headers, page.gzip.clone()).into_response();
    }
    ([(CONTENT_TYPE, "application/json")], page.plain.clone()).into_response()
}

/// The file, or a part of it.
fn blob(shared: &Arc<Shared>, headers: &HeaderMap) -> Response {
    let mut file = std::fs::File::open(shared.file.as_ref().unwrap()).unwrap();
    let size = file.metadata().unwrap().len();
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-'));
    let (status, start, end) = match range {
        Some((first, last)) => {
            let end = last.parse::<u64>().map_or(size, |last| size.min(last + 1));
            (StatusCode::PARTIAL_CONTENT, first.parse::<u64>().unwrap().min(end), end)
        }
        None => (StatusCode::OK, 0, size),
    };
    file.seek(SeekFrom::Start(start)).unwrap();
    let cut = shared.cut.swap(u64::MAX, Ordering::Relaxed);
    let shared = Arc::clone(shared);
    let blocks = futures::stream::iter((start..end).step_by(BLOCK_BYTES as usize)).map(move |at| {
        if at - start >= cut {
            return Err(io::Error::other("cut off on purpose"));
        }
        let mut block = vec![0; BLOCK_BYTES.min(end - at) as usize];
        file.read_exact(&mut block)?;
        shared.sent.fetch_add(block.len() as u64, Ordering::Relaxed);
        Ok(Bytes::from(block))
    });
    let mut response = (status, [(ETAG, "\"b\"")], Body::from_stream(blocks)).into_response();
    response.headers_mut().insert("content-length", (end - start).into());
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {start}-{}/{size}", end.saturating_sub(1));
        response.headers_mut().insert(CONTENT_RANGE, range.parse().unwrap());
    }
    response
}

/// Pages of tasks of about `size` bytes each, of which every other one is pending, or all failed.
fn pages(tasks: usize, size: usize, failed: bool) -> Vec<Page> {
    let starts = (0..tasks).step_by(PAGE_TASKS);
    starts
        .map(|start| {
            let end = (start + PAGE_TASKS).min(tasks);
            let items: Vec<String> = (start..end).map(|number| task(number, size, failed)).collect();
            let more =
                if end < tasks { format!(r#","continuationToken":"{}""#, end / PAGE_TASKS) } else { String::new() };
            let page = format!(r#"{{"taskGroupId":"{GROUP}","schedulerId":"s","tasks":[{}]{more}}}"#, items.join(","));
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(page.as_bytes()).unwrap();
            Page { gzip: encoder.finish().unwrap().into(), plain: page.into() }
        })
        .collect()
}

/// A task whose payload has text that compresses about as well as commands and environments do.
fn task(number: usize, size: usize, failed: bool) -> String {
    let state = match number % 2 {
        _ if failed => "failed",
        0 => "pending",
        _ => "completed",
    };
    let (queue, times) = (
        r#""provisionerId":"gecko-t","workerType":"linux","taskQueueId":"gecko-t/linux""#,
        r#""deadline":"2030-01-01T00:00:00.000Z","expires":"2030-01-01T00:00:00.000Z""#,
    );
    let id = format!("{number:08}QACAAAAAAAAAAA");
    let mut task = format!(
        r#"{{"status":{{"taskId":"{id}",{queue},"schedulerId":"s","taskGroupId":"{GROUP}",{times},"retriesLeft":5,"state":"{state}","runs":[{{"runId":0,"state":"{state}","reasonCreated":"scheduled","scheduled":"2026-11-22T12:00:00.000Z"}}]}},"task":{{{queue},{times},"created":"2026-11-22T12:00:00.000Z","dependencies":["{GROUP}"],"metadata":{{"name":"test-linux/opt-xpcshell-{number}","description":"","owner":"a@example.com","source":"https://example.com"}},"tags":{{"kind":"test","os":"linux"}},"payload":{{"env":{{"#,
    );
    let mut value = number as u64;
    for index in 0.. {
        // A generator of numbers that look random (Knuth's constants), so that not all can be compressed away.
        value = value.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        write!(task, r#""MOZ_SETTING_{index}":"{:x}/opt/{:x}""#, value >> 40, number % 97).unwrap();
        if task.len() + 4 >= size {
            break;
        }
        task.push(',');
    }
    task + "}}}}"
}
