//! A `tc signin` that waits for its answer, with the test in the browser's place.

use std::ffi::OsString;
use std::io::{self, Cursor, Read as _, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::{BoxFuture, FutureExt as _};
use tc::Clock;
use tc::Terminal;
use tc::{Environment, Streams};
use url::Url;

use super::Sink;

/// The deployment that is signed in to; nothing listens there.
pub const ROOT: &str = "http://localhost:1";

/// The path of the page that makes a client.
const PAGE: &str = "/auth/clients/create?";

/// Stands among the arguments where standard output is a terminal.
pub const TERMINAL: &str = "(terminal)";

/// Standard error that can be read while the program runs.
struct Pipe(Sender<Vec<u8>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        drop(self.0.send(bytes.to_vec()));
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// It is noon of a certain day; waiting takes forever, but for a time limit of 77 s, which passes at once.
pub struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        "2026-03-04T12:00:00Z".parse().unwrap()
    }
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration == Duration::from_secs(77) {
            futures::future::ready(()).boxed()
        } else {
            futures::future::pending().boxed()
        }
    }
}

/// A sign-in that waits for its answer.
pub struct SignIn {
    thread: JoinHandle<u8>,
    stdout: Sink,
    pub stderr: Receiver<Vec<u8>>,
    /// What standard error held up to the page's address.
    pub told: String,
    pub page: Url,
    pub callback: Url,
}

/// What it left behind.
pub struct Ended {
    pub stdout: String,
    pub stderr: String,
    pub status: u8,
}

pub fn environment() -> Environment {
    Environment::empty(std::env::temp_dir()).with("TASKCLUSTER_ROOT_URL", ROOT).with_clock(Arc::new(Noon))
}

impl SignIn {
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_in(environment(), &[arguments, &["--no-browser", "--quiet"]].concat())
    }

    pub fn start_in(environment: Environment, arguments: &[&str]) -> Self {
        Self::start_as(super::program(), environment, arguments)
    }

    pub fn start_as(program: &str, environment: Environment, arguments: &[&str]) -> Self {
        let (sender, stderr) = channel();
        let stdout = Sink::default();
        let streams = Streams {
            stdin: Box::new(Cursor::new(Vec::new())),
            stdout: Box::new(stdout.clone()),
            stderr: Box::new(Pipe(sender)),
            terminal: Terminal { stdout: arguments.contains(&TERMINAL), ..Terminal::default() },
        };
        let arguments = arguments.iter().filter(|argument| **argument != TERMINAL);
        let words: Vec<OsString> = [program, "signin"].iter().chain(arguments).map(OsString::from).collect();
        let thread = std::thread::spawn(move || tc::run(words, &environment, streams));
        let mut told = String::new();
        while !told.lines().any(|line| line.contains(PAGE)) || !told.ends_with('\n') {
            match stderr.recv() {
                Ok(piece) => told.push_str(std::str::from_utf8(&piece).unwrap()),
                Err(_) => panic!("it ended with {}: {told}", thread.join().unwrap()),
            }
        }
        let page = told.lines().find(|line| line.contains(PAGE)).unwrap();
        let page = Url::parse(page.trim()).unwrap();
        let callback = page.query_pairs().find(|(name, _)| name == "callback_url").unwrap().1;
        let callback = Url::parse(&callback).unwrap();
        Self { thread, stdout, stderr, told, page, callback }
    }

    pub fn query(&self, wanted: &str) -> Vec<String> {
        let pairs = self.page.query_pairs();
        pairs.filter(|(name, _)| name == wanted).map(|(_, value)| value.into_owned()).collect()
    }

    pub fn port(&self) -> u16 {
        self.callback.port().unwrap()
    }

    pub fn connect(&self, address: &str) -> TcpStream {
        TcpStream::connect((address, self.port())).unwrap()
    }

    /// The request that the page makes the browser send.
    pub fn answer(&self, query: &str) -> String {
        format!("GET {}?{query} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", self.callback.path(), self.port())
    }

    /// Sends bytes and reads all that comes back.
    pub fn send(&self, address: &str, bytes: &[u8]) -> String {
        let mut stream = self.connect(address);
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    pub fn end(self) -> Ended {
        let status = self.thread.join().unwrap();
        let stderr = self.told + &self.stderr.iter().map(|piece| String::from_utf8(piece).unwrap()).collect::<String>();
        Ended { stdout: self.stdout.text(), stderr, status }
    }

    /// Answers as the page does, and ends.
    pub fn finish(self) -> Ended {
        let page = self.send("127.0.0.1", self.answer("clientId=me/tc&accessToken=s3cret").as_bytes());
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
        assert!(!page.contains("me/tc") && !page.contains("s3cret"), "{page}");
        self.end()
    }
}
