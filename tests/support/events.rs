//! The stream of a sandbox's messages, as a reader of lines.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use tc::sandbox::Sandbox;

/// How long a message may take; what has not come by then does not come.
const ENOUGH: Duration = Duration::from_secs(60);

/// An open stream.
pub struct Events {
    lines: BufReader<TcpStream>,
}

impl Events {
    /// Opens the stream; what happens from now on is in it.
    pub fn open(sandbox: &Sandbox, query: &str) -> Self {
        let (status, lines) = request(sandbox, query);
        assert_eq!(status, 200);
        Self { lines }
    }

    /// The next message.
    pub fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}

/// Asks for the stream; what the server answers with, and the rest to read.
pub fn request(sandbox: &Sandbox, query: &str) -> (u16, BufReader<TcpStream>) {
    let host = sandbox.root_url().trim_start_matches("http://");
    let mut socket = TcpStream::connect(host.replace("localhost", "127.0.0.1")).unwrap();
    socket.set_read_timeout(Some(ENOUGH)).unwrap();
    // An answer to this version has no chunks: lines can be read as they come.
    write!(socket, "GET /sandbox/events{query} HTTP/1.0\r\nHost: {host}\r\n\r\n").unwrap();
    let mut lines = BufReader::new(socket);
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    while line.trim() != "" {
        line.clear();
        lines.read_line(&mut line).unwrap();
    }
    (status, lines)
}
