//! A scripted HTTP server on loopback: what is expected must come, and nothing else may.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Longest wait for a condition before the test fails; no test waits that long when all is well.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many runs show whether connections are shared.
const RUNS_TO_SHARE: usize = 5;

/// A server that checks, when it is dropped, that its script was followed to the letter.
pub struct FakeServer {
    shared: Arc<Shared>,
    url: String,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// `GET`.
    pub verb: String,
    /// Path and query, byte for byte; the whole URL where the server was asked as a proxy.
    pub target: String,
    /// Headers by their names in lower case.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
    /// How many requests were without an answer when it came, itself included; rather too few than too many.
    pub in_flight: usize,
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    behaviour: Behaviour,
    after_calls: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    Whole,
    /// The connection ends in place of an answer.
    Cut,
    /// The connection ends after so many bytes of the body.
    CutAfter(usize),
    /// No answer for as long as the server lives.
    Hang,
}

struct Expectation {
    call: String,
    answer: Answer,
    required: bool,
}

#[derive(Default)]
struct State {
    script: Vec<Expectation>,
    requests: Vec<Recorded>,
    unexpected: Vec<String>,
    always: Vec<(String, Answer)>,
    otherwise: Option<Answer>,
    connections: Vec<TcpStream>,
    in_flight: usize,
    stopped: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FakeServer {
    /// A server on a free port of 127.0.0.1.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let mut state = accepting.lock();
                if state.stopped {
                    return;
                }
                state.connections.push(connection.try_clone().unwrap());
                drop(state);
                let serving = Arc::clone(&accepting);
                thread::spawn(move || serve(&connection, &serving));
            }
        });
        Self { shared, url }
    }

    /// The root URL: `http://127.0.0.1:1234`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its host and port, as messages name it.
    pub fn host(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// Expects one more call, such as `GET /api/queue/v1/ping`, byte for byte.
    ///
    /// Calls may come in any order; equal ones are answered in the order of the script.
    pub fn expect(&self, call: &str, answer: Answer) -> &Self {
        self.shared.lock().script.push(Expectation { call: call.to_owned(), answer, required: true });
        self
    }

    /// Allows one more call, which need not come: what is fetched ahead may no longer be wanted.
    pub fn allow(&self, call: &str, answer: Answer) -> &Self {
        self.shared.lock().script.push(Expectation { call: call.to_owned(), answer, required: false });
        self
    }

    /// Allows a call, as often as it comes.
    pub fn always(&self, call: &str, answer: Answer) -> &Self {
        self.shared.lock().always.push((call.to_owned(), answer));
        self
    }

    /// Expects the same call so many times.
    pub fn expect_times(&self, times: usize, call: &str, answer: Answer) -> &Self {
        for _ in 0..times {
            self.expect(call, answer.clone());
        }
        self
    }

    /// Answers whatever is not in the script like this.
    pub fn otherwise(&self, answer: Answer) -> &Self {
        self.shared.lock().otherwise = Some(answer);
        self
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.lock().requests.clone()
    }

    /// How many connections were opened so far.
    pub fn connections(&self) -> usize {
        self.shared.lock().connections.len()
    }

    /// Waits until so many requests have come.
    #[track_caller]
    pub fn wait_for_requests(&self, count: usize) {
        let state = self.shared.lock();
        let (state, waited) =
            self.shared.changed.wait_timeout_while(state, PATIENCE, |state| state.requests.len() < count).unwrap();
        assert!(!waited.timed_out(), "only {} of {count} requests came", state.requests.len());
    }
}

/// Checks that all requests of a run go over one connection, in one of a few runs at least. A client whose connection
/// comes back to its pool a moment too late opens another, as happens on a busy machine; one that does not share
/// connections never does with one.
#[track_caller]
pub fn assert_shares_a_connection(run: impl Fn(&FakeServer)) {
    let counts: Vec<usize> = (0..RUNS_TO_SHARE)
        .map(|_| {
            let server = FakeServer::start();
            run(&server);
            assert!(server.requests().len() > 1, "a single request shares nothing");
            server.connections()
        })
        .collect();
    assert!(counts.contains(&1), "connections of each run: {counts:?}");
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopped = true;
        for connection in &state.connections {
            drop(connection.shutdown(Shutdown::Both));
        }
        let missing: Vec<String> = state
            .script
            .iter()
            .filter(|expectation| expectation.required)
            .map(|expectation| expectation.call.clone())
            .collect();
        let unexpected = std::mem::take(&mut state.unexpected);
        drop(state);
        self.shared.changed.notify_all();
        // Wakes the thread that accepts, so that it sees the end.
        drop(TcpStream::connect(self.url.trim_start_matches("http://")));
        if !thread::panicking() {
            assert!(missing.is_empty(), "calls that did not come: {missing:#?}");
            assert!(unexpected.is_empty(), "calls that nobody expected: {unexpected:#?}");
        }
    }
}

impl Recorded {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

impl Answer {
    /// An answer of any type, or of none.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), behaviour: Behaviour::Whole, after_calls: 0 }
    }

    /// JSON.
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::new(status, body).header("Content-Type", "application/json; charset=utf-8")
    }

    /// A web page.
    pub fn html(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::new(status, body).header("Content-Type", "text/html; charset=utf-8")
    }

    /// A redirect.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::new(status, "").header("Location", location)
    }

    /// Ends the connection in place of an answer.
    pub fn cut() -> Self {
        Self { behaviour: Behaviour::Cut, ..Self::new(200, "") }
    }

    /// Never answers.
    pub fn hang() -> Self {
        Self { behaviour: Behaviour::Hang, ..Self::new(200, "") }
    }

    /// The same with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, compressed.
    pub fn gzip(mut self) -> Self {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&self.body).unwrap();
        self.body = encoder.finish().unwrap();
        self.header("Content-Encoding", "gzip")
    }

    /// The same, but the connection ends after so many bytes of the body.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.behaviour = Behaviour::CutAfter(bytes);
        self
    }

    /// The same, held back until so many requests have come altogether.
    pub fn after_calls(mut self, calls: usize) -> Self {
        self.after_calls = calls;
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.status != 204 && self.status != 304 {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        let body = match self.behaviour {
            Behaviour::CutAfter(bytes) => &self.body[..bytes],
            _ => &self.body,
        };
        [head.as_bytes(), body].concat()
    }
}

/// Serves one connection until either side ends it.
fn serve(connection: &TcpStream, shared: &Shared) {
    let mut reader = BufReader::new(connection);
    while let Some(request) = read_request(&mut reader) {
        let answer = choose(request, shared);
        let state = shared.lock();
        let held = |state: &mut State| {
            !state.stopped && (answer.behaviour == Behaviour::Hang || state.requests.len() < answer.after_calls)
        };
        // It is over before the client can know that it is, and go on.
        shared.changed.wait_while(state, held).unwrap_or_else(PoisonError::into_inner).in_flight -= 1;
        let cut = matches!(answer.behaviour, Behaviour::Cut | Behaviour::Hang);
        let mut writer = connection;
        let sent = cut || writer.write_all(&answer.bytes()).and_then(|()| writer.flush()).is_err();
        if sent || matches!(answer.behaviour, Behaviour::CutAfter(_)) {
            drop(connection.shutdown(Shutdown::Both));
            return;
        }
    }
}

/// Records a request and takes its answer from the script.
fn choose(mut request: Recorded, shared: &Shared) -> Answer {
    let call = format!("{} {}", request.verb, request.target);
    let mut state = shared.lock();
    state.in_flight += 1;
    request.in_flight = state.in_flight;
    state.requests.push(request);
    let position = state.script.iter().position(|expectation| expectation.call == call);
    let lasting = state.always.iter().find(|(of, _)| *of == call).map(|(_, answer)| answer.clone());
    let answer = match (position, lasting.or_else(|| state.otherwise.clone())) {
        (Some(position), _) => state.script.remove(position).answer,
        (None, Some(answer)) => answer,
        (None, None) => {
            state.unexpected.push(call);
            Answer::json(418, r#"{"code": "Unexpected", "message": "the test did not expect this call"}"#)
        }
    };
    drop(state);
    shared.changed.notify_all();
    answer
}

/// The next request of a connection; none at its end.
pub fn read_request(reader: &mut BufReader<&TcpStream>) -> Option<Recorded> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (verb, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.trim().to_owned()),
            None => break,
        };
    }
    let length = headers.get("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Recorded { verb, target, headers, body, in_flight: 0 })
}
