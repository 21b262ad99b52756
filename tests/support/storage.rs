//! A deployment with one artifact, on two origins, that misbehaves as it is told to.

use std::collections::{HashMap, VecDeque};
use std::io::{BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::fake_server::{self, Recorded};

pub const TASK: &str = "VESwp9JaRo-XkFN_bemBhw";

/// What the storage does with its next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: the request is served.
    None,
    /// The connection ends after so many bytes of the body.
    CutAfter(usize),
    /// Nothing more comes after so many bytes of the body.
    StallAfter(usize),
    /// This status, with a storage's XML.
    Status(u16),
    /// Everything is sent, although a part was asked for.
    IgnoreRange,
    /// The connection ends in place of an answer.
    Drop,
    /// The URL has expired, this once.
    Expired,
    /// A part is sent that starts so many bytes too late, and says so.
    PartFrom(usize),
    /// A part is sent with a byte more than it announces in all.
    OneMore,
    /// A part is sent without how much there is in all.
    NoTotal,
    /// No length is sent, and the end of the connection, after so many bytes of the body, is that of the answer.
    Unmeasured(usize),
}

/// What is stored, and how.
#[derive(Clone)]
pub struct Content {
    /// The bytes on the wire.
    pub bytes: Arc<Vec<u8>>,
    pub headers: Vec<(String, String)>,
    /// For objects: what the object service says.
    pub hashes: Value,
    /// How many bytes a second a connection gets; all at once when it is 0.
    pub rate: usize,
}

/// A request to the storage.
#[derive(Debug, Clone)]
pub struct Seen {
    pub verb: String,
    pub target: String,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
    /// Bytes of the body that were sent in answer.
    pub sent: usize,
}

struct State {
    storage_type: &'static str,
    content: Content,
    faults: VecDeque<Fault>,
    seen: Vec<Seen>,
    located: usize,
    /// The content after the next request.
    next: Option<Content>,
    /// Requests to the storage that had credentials with them.
    leaks: Vec<String>,
    extra: HashMap<String, Value>,
}

/// Both servers.
pub struct Storage {
    root: String,
    state: Arc<Mutex<State>>,
    stopped: Arc<AtomicBool>,
    addresses: [String; 2],
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes that differ everywhere.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ length as u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

impl Content {
    pub fn new(bytes: Vec<u8>) -> Self {
        let headers =
            vec![("ETag".into(), format!("\"v-{}\"", &sha256(&bytes)[..8])), ("Accept-Ranges".into(), "bytes".into())];
        let hashes = json!({"sha256": sha256(&bytes)});
        Self { bytes: Arc::new(bytes), headers, hashes, rate: 0 }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub fn hashes(mut self, hashes: Value) -> Self {
        self.hashes = hashes;
        self
    }

    pub fn rate(mut self, rate: usize) -> Self {
        self.rate = rate;
        self
    }
}

impl Storage {
    /// Storage types: those of the queue, and `simple` for an object service that knows only that method.
    /// Artifact `public/x` of [`TASK`] (or anything else that is asked for) with this content.
    pub fn start(storage_type: &'static str, content: Content) -> Self {
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let addresses = [0, 1].map(|index: usize| listeners[index].local_addr().unwrap().to_string());
        let state = Arc::new(Mutex::new(State {
            storage_type,
            content,
            faults: VecDeque::new(),
            seen: Vec::new(),
            located: 0,
            next: None,
            leaks: Vec::new(),
            extra: HashMap::new(),
        }));
        let stopped = Arc::new(AtomicBool::new(false));
        let storage = format!("http://{}", addresses[1]);
        for (index, listener) in listeners.into_iter().enumerate() {
            let (state, stopped, storage) = (Arc::clone(&state), Arc::clone(&stopped), storage.clone());
            thread::spawn(move || {
                for connection in listener.incoming().map_while(Result::ok) {
                    if stopped.load(Ordering::SeqCst) {
                        return;
                    }
                    let (state, stopped, storage) = (Arc::clone(&state), Arc::clone(&stopped), storage.clone());
                    thread::spawn(move || serve(&connection, index == 0, &state, &stopped, &storage));
                }
            });
        }
        Self { root: format!("http://{}", addresses[0]), state, stopped, addresses }
    }

    pub fn url(&self) -> &str {
        &self.root
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The next requests to the storage are treated like this, in this order.
    pub fn faults(&self, faults: &[Fault]) -> &Self {
        self.lock().faults.extend(faults);
        self
    }

    /// From now on it has this content.
    pub fn replace(&self, content: Content) {
        self.lock().content = content;
    }

    /// It has this content once the next request has been answered with what it has now.
    pub fn replace_after_next(&self, content: Content) {
        self.lock().next = Some(content);
    }

    /// Answers this call of the API (`GET /api/..`) with this.
    pub fn answer(&self, call: &str, answer: Value) -> &Self {
        self.lock().extra.insert(call.to_owned(), answer);
        self
    }

    /// Requests to the storage so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }

    /// How often it was asked where the content is.
    pub fn located(&self) -> usize {
        self.lock().located
    }

    /// Bytes of content that were sent since the last call.
    pub fn sent(&self) -> usize {
        let mut state = self.lock();
        let sent = state.seen.iter().map(|seen| seen.sent).sum();
        state.seen.clear();
        sent
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        for address in &self.addresses {
            drop(TcpStream::connect(address));
        }
        if !thread::panicking() {
            assert_eq!(self.lock().leaks, [""; 0], "credentials leaked to the storage");
        }
    }
}

fn serve(connection: &TcpStream, is_api: bool, state: &Mutex<State>, stopped: &AtomicBool, storage: &str) {
    let mut reader = BufReader::new(connection);
    while let Some(seen) = read_request(&mut reader) {
        let keeps =
            if is_api { api(connection, &seen, state, storage) } else { store(connection, seen, state, stopped) };
        if !keeps {
            drop(connection.shutdown(Shutdown::Both));
            return;
        }
    }
}

fn api(mut connection: &TcpStream, seen: &Seen, state: &Mutex<State>, storage: &str) -> bool {
    let mut state = state.lock().unwrap();
    let call = format!("{} {}", seen.verb, seen.target);
    let url = format!("{storage}/bucket/x?signature=secret");
    let answer = if let Some(answer) = state.extra.get(&call).cloned() {
        state.located += usize::from(seen.target.starts_with("/api/object/v1/start-download/"));
        let text = answer.to_string().replace("<storage>", storage);
        serde_json::from_str(&text).unwrap()
    } else if seen.target.starts_with("/api/object/v1/metadata/") {
        json!({"projectId": "p", "expires": "2100-01-01T00:00:00.000Z", "hashes": state.content.hashes})
    } else if seen.target.starts_with("/api/object/v1/start-download/") && state.storage_type == "simple" {
        if String::from_utf8_lossy(&seen.body).contains("getUrl") {
            json!({"status": 406, "body": {"code": "NoMatchingMethod", "message": "only simple"}})
        } else {
            state.located += 1;
            json!({"method": "simple", "url": url})
        }
    } else if seen.target.starts_with("/api/object/v1/start-download/") {
        state.located += 1;
        json!({"method": "getUrl", "url": url, "expires": "2100-01-01T00:00:00.000Z", "hashes": state.content.hashes})
    } else if ["object", "simple"].contains(&state.storage_type) {
        json!({"storageType": "object", "name": "t/x", "credentials": {"clientId": "download", "accessToken": "key"}})
    } else {
        state.located += 1;
        json!({"storageType": state.storage_type, "url": url})
    };
    let (status, body) = match answer["status"].as_u64() {
        Some(status) => (status, answer["body"].to_string()),
        None => (200, answer.to_string()),
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(head.as_bytes()).is_ok()
}

fn store(connection: &TcpStream, mut seen: Seen, state: &Mutex<State>, stopped: &AtomicBool) -> bool {
    let (fault, content) = {
        let mut state = state.lock().unwrap();
        if seen.headers.contains_key("authorization") || seen.target.contains("bewit=") {
            state.leaks.push(seen.target.clone());
        }
        let content = state.content.clone();
        if let Some(next) = state.next.take() {
            state.content = next;
        }
        (state.faults.pop_front().unwrap_or(Fault::None), content)
    };
    let (status, extra, body) = answer(&seen, fault, &content);
    let limit = match fault {
        Fault::CutAfter(bytes) | Fault::StallAfter(bytes) | Fault::Unmeasured(bytes) => bytes.min(body.len()),
        Fault::Drop => 0,
        _ => body.len(),
    };
    let is_measured = !matches!(fault, Fault::Unmeasured(_));
    let mut head = format!("HTTP/1.1 {status} X\r\n");
    head.push_str(&if is_measured { format!("Content-Length: {}\r\n", body.len()) } else { String::new() });
    for (name, value) in extra {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let is_head = seen.verb == "HEAD";
    let sent = if fault == Fault::Drop { None } else { Some(()) };
    seen.sent = if is_head || sent.is_none() { 0 } else { limit };
    // It is on record before the client can know that it was answered.
    let counted = seen.sent;
    state.lock().unwrap().seen.push(seen);
    let mut writer = connection;
    let outcome =
        sent.is_some() && writer.write_all(head.as_bytes()).is_ok() && slowly(writer, &body[..counted], content.rate);
    if let Fault::StallAfter(_) = fault {
        while !stopped.load(Ordering::SeqCst) && connection.peek(&mut [0]).is_ok_and(|read| read > 0) {}
        return false;
    }
    outcome && limit == body.len() && is_measured
}

fn slowly(mut connection: &TcpStream, body: &[u8], rate: usize) -> bool {
    if rate == 0 {
        return connection.write_all(body).is_ok();
    }
    // What one connection may have in 10 ms.
    body.chunks((rate / 100).max(1)).all(|piece| {
        thread::sleep(Duration::from_millis(10));
        connection.write_all(piece).is_ok()
    })
}

fn answer(seen: &Seen, fault: Fault, content: &Content) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let xml = |code: &str| format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>").into_bytes();
    let mut headers = content.headers.clone();
    match fault {
        Fault::Status(status) => return (status, Vec::new(), xml("SlowDown")),
        Fault::Expired => return (403, Vec::new(), xml("AccessDenied")),
        _ => {}
    }
    if seen.verb == "PUT" {
        return (200, Vec::new(), Vec::new());
    }
    let bytes = &content.bytes;
    let etag = headers.iter().find(|(name, _)| name == "ETag").map(|(_, value)| value);
    let current = seen.headers.get("if-range").is_none_or(|value| Some(value) == etag);
    let range = seen.headers.get("range").filter(|_| current && fault != Fault::IgnoreRange);
    let Some(range) = range else { return (200, headers, bytes.to_vec()) };
    let (start, end) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    let (start, end) = match start.parse::<usize>() {
        Ok(start) => (start, end),
        // The last bytes (RFC 9110, 14.1.2).
        Err(_) => (bytes.len().saturating_sub(end.parse().unwrap()), ""),
    };
    let end = end.parse().map_or(bytes.len(), |end: usize| (end + 1).min(bytes.len()));
    if start >= bytes.len() {
        return (416, Vec::new(), xml("InvalidRange"));
    }
    let (start, total) = match fault {
        Fault::PartFrom(late) => (start + late, bytes.len().to_string()),
        Fault::NoTotal => (start, "*".into()),
        _ => (start, bytes.len().to_string()),
    };
    headers.push(("Content-Range".into(), format!("bytes {start}-{}/{total}", end - 1)));
    let mut part = bytes[start..end].to_vec();
    part.extend((fault == Fault::OneMore).then_some(0));
    (206, headers, part)
}

fn read_request(reader: &mut BufReader<&TcpStream>) -> Option<Seen> {
    let Recorded { verb, target, headers, body, .. } = fake_server::read_request(reader)?;
    Some(Seen { verb, target, headers, body, sent: 0 })
}
