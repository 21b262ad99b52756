//! A small HTTP client of the tests' own: it signs with the `hawk` crate and can send what no good client would.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hawk::{Credentials, Key, PayloadHasher, RequestBuilder, SHA256};
use serde_json::{Value, json};
use tc::sandbox::Sandbox;

/// One request in the making.
#[derive(Clone)]
pub struct Wire {
    port: u16,
    host: String,
    headers: Vec<(String, String)>,
    credentials: Option<(String, String)>,
    ext: Option<Value>,
    now: DateTime<Utc>,
    content_type: Option<String>,
    verb: String,
    target: String,
    body: Vec<u8>,
    signed_body: Option<Vec<u8>>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Wire {
    /// A request to a sandbox, signed by the client that may do anything.
    pub fn new(sandbox: &Sandbox, verb: &str, target: &str) -> Self {
        let host = sandbox.root_url().trim_start_matches("http://").to_owned();
        Self {
            port: host.rsplit(':').next().unwrap().parse().unwrap(),
            host,
            headers: Vec::new(),
            credentials: Some((sandbox.client_id().to_owned(), sandbox.access_token().reveal().to_owned())),
            ext: None,
            now: Utc::now(),
            content_type: None,
            verb: verb.to_owned(),
            target: target.to_owned(),
            body: Vec::new(),
            signed_body: None,
        }
    }

    /// An unsigned request to a URL: `http://localhost:1234/path?query`.
    pub fn to(url: &str, verb: &str) -> Self {
        let (host, target) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        Self {
            port: host.rsplit(':').next().unwrap().parse().unwrap(),
            host: host.to_owned(),
            headers: Vec::new(),
            credentials: None,
            ext: None,
            now: Utc::now(),
            content_type: None,
            verb: verb.to_owned(),
            target: format!("/{target}"),
            body: Vec::new(),
            signed_body: None,
        }
    }

    /// Signs this body, whatever is sent.
    pub fn signing(mut self, body: &str) -> Self {
        self.signed_body = Some(body.as_bytes().to_vec());
        self
    }

    pub fn anonymous(mut self) -> Self {
        self.credentials = None;
        self
    }

    pub fn signed_by(mut self, client_id: &str, access_token: &str) -> Self {
        self.credentials = Some((client_id.to_owned(), access_token.to_owned()));
        self
    }

    /// Credentials as a service hands them out: with a certificate, or without.
    pub fn signed_with(mut self, credentials: &Value) -> Self {
        let text = |name: &str| credentials[name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned();
        self.credentials = Some((text("clientId"), text("accessToken")));
        if let Some(certificate) = credentials["certificate"].as_str() {
            self.ext = Some(json!({"certificate": serde_json::from_str::<Value>(certificate).unwrap()}));
        }
        self
    }

    pub fn ext(mut self, ext: Value) -> Self {
        self.ext = Some(ext);
        self
    }

    /// Signs as of this time.
    pub fn at(mut self, now: DateTime<Utc>) -> Self {
        self.now = now;
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", &body.to_string())
    }

    /// A body; an empty content type sends none, but signs for JSON as a careless client does.
    pub fn body(mut self, content_type: &str, body: &str) -> Self {
        self.content_type = Some(content_type.to_owned());
        self.body = body.as_bytes().to_vec();
        self
    }

    /// Adds a bewit that is good for so many seconds in place of a header.
    pub fn bewit(mut self, seconds: i64) -> Self {
        let (id, token) = self.credentials.take().unwrap();
        let credentials = Credentials { id, key: Key::new(token.as_bytes(), SHA256).unwrap() };
        let (host, port) = self.host.rsplit_once(':').unwrap();
        let request = RequestBuilder::new("GET", host, port.parse().unwrap(), &self.target);
        let ext = self.ext.take().map(|ext| STANDARD.encode(ext.to_string()));
        let request = request.ext(ext.as_deref()).request();
        let expires = UNIX_EPOCH + Duration::from_secs((self.now.timestamp() + seconds) as u64);
        let bewit = request.make_bewit(&credentials, expires).unwrap().to_str();
        let mark = if self.target.contains('?') { '&' } else { '?' };
        self.target = format!("{}{mark}bewit={bewit}", self.target);
        self
    }

    fn authorization(&self) -> Option<String> {
        let (id, token) = self.credentials.as_ref()?;
        let credentials = Credentials { id: id.clone(), key: Key::new(token.as_bytes(), SHA256).unwrap() };
        let (host, port) = self.host.rsplit_once(':').unwrap();
        // The crate hashes the content type as it is given.
        let body = self.signed_body.as_ref().unwrap_or(&self.body);
        let hash = (!body.is_empty()).then(|| PayloadHasher::hash("application/json", SHA256, body).unwrap());
        let ext = self.ext.as_ref().map(|ext| STANDARD.encode(ext.to_string()));
        let request = RequestBuilder::new(&self.verb, host, port.parse().unwrap(), &self.target)
            .hash(hash.as_deref())
            .ext(ext.as_deref())
            .request();
        let at = UNIX_EPOCH + Duration::from_secs(self.now.timestamp() as u64);
        let nonce = slugid::nice();
        Some(format!("Hawk {}", request.make_header_full(&credentials, at, nonce).unwrap()))
    }

    /// The request as bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head =
            format!("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.verb, self.target, self.host);
        if let Some(authorization) = self.authorization() {
            head += &format!("Authorization: {authorization}\r\n");
        }
        if let Some(content_type) = self.content_type.as_ref().filter(|content_type| !content_type.is_empty()) {
            head += &format!("Content-Type: {content_type}\r\n");
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("Content-Length: {}\r\n\r\n", self.body.len());
        [head.into_bytes(), self.body.clone()].concat()
    }

    /// Sends it and reads the answer.
    pub fn send(&self) -> Reply {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        // A server that refuses a request for its size may answer and close before it has read all of it.
        let sent = stream.write_all(&self.bytes());
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        assert!(!answer.is_empty(), "no answer: {sent:?} {read:?}");
        Reply::parse(&answer)
    }
}

impl Reply {
    pub fn parse(answer: &[u8]) -> Self {
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_lowercase(), value.to_owned())
        });
        Self { status, headers: headers.collect(), body: answer[end + 4..].to_vec() }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The body: JSON where it is said to be, else text.
    pub fn value(&self) -> Value {
        if self.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
            serde_json::from_slice(&self.body).unwrap()
        } else {
            Value::String(self.text())
        }
    }

    /// The status is this one, and the error code is that one (empty for none).
    #[track_caller]
    pub fn is(&self, status: u16, code: &str) -> &Self {
        let body = self.value();
        assert_eq!((self.status, body["code"].as_str().unwrap_or_default()), (status, code), "{body}");
        self
    }

    /// The first line of an error's message.
    pub fn message(&self) -> String {
        let body = self.value();
        body["message"].as_str().unwrap_or_default().split("\n\n---\n").next().unwrap_or_default().to_owned()
    }
}
