//! A server for `scripts/bench-transfer`: a deployment and its storage on one port.
//!
//! It uses nothing but the standard library, with a thread a connection, so that it costs little
//! beside what is measured: content goes from the file to the socket inside the kernel. It prints
//! its URL, serves until it is killed, and answers `GET /stats` with the bytes of content it sent.
//!
//! Objects and `/blob` are the file given with `--file`, artifacts 10 kB of anything; what is put
//! is read and dropped. `--rate` limits each connection to so many bytes a second, `--cut` breaks
//! off the first download after so many.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it is a tool for measuring")]

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const EXPIRES: &str = "2100-01-01T00:00:00.000Z";
const SMALL: usize = 10_000;
/// Small bodies are taken in by this, large ones by a buffer of this size.
const BUFFER: usize = 256 << 10;

struct Shared {
    url: String,
    file: PathBuf,
    size: u64,
    sha256: String,
    small: Vec<u8>,
    /// Bytes a second for each connection; 0 is no limit.
    rate: u64,
    /// Where the next download ends too early; `u64::MAX` is nowhere.
    cut: AtomicU64,
    sent: AtomicU64,
}

struct Request {
    verb: String,
    target: String,
    range: Option<String>,
    expects: bool,
    length: u64,
}

fn main() {
    let option = |name: &str| std::env::args().skip_while(|word| word != name).nth(1);
    let number = |name: &str, default: u64| option(name).map_or(default, |word| word.parse().unwrap());
    let file = PathBuf::from(option("--file").unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let shared = Arc::new(Shared {
        url: url.clone(),
        size: file.metadata().unwrap().len(),
        file,
        sha256: option("--sha256").unwrap_or_default(),
        small: (0..SMALL).map(|index| (index * index % 251) as u8).collect(),
        rate: number("--rate", 0),
        cut: AtomicU64::new(number("--cut", u64::MAX)),
        sent: AtomicU64::new(0),
    });
    println!("{url}");
    for connection in listener.incoming().map_while(Result::ok) {
        let shared = Arc::clone(&shared);
        // A connection that breaks off is its client's business.
        thread::Builder::new().stack_size(128 << 10).spawn(move || drop(serve(&connection, &shared))).unwrap();
    }
}

fn serve(connection: &TcpStream, shared: &Shared) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(16 << 10, connection);
    while let Some(request) = read_request(&mut reader)? {
        if request.expects {
            (&*connection).write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        take_in(&mut reader, request.length)?;
        if !answer(connection, &request, shared)? {
            break;
        }
    }
    Ok(())
}

/// Reads a body and drops it.
fn take_in(reader: &mut BufReader<&TcpStream>, mut left: u64) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER.min(usize::try_from(left).unwrap_or(BUFFER))];
    while left > 0 {
        let most = buffer.len().min(usize::try_from(left).unwrap_or(BUFFER));
        match reader.read(&mut buffer[..most])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => left -= read as u64,
        }
    }
    Ok(())
}

/// Answers; false when the connection must end.
fn answer(connection: &TcpStream, request: &Request, shared: &Shared) -> io::Result<bool> {
    let url = &shared.url;
    let (target, is_get) = (request.target.as_str(), request.verb == "GET");
    let body = if target == "/stats" {
        format!(r#"{{"sent": {}}}"#, shared.sent.load(Ordering::Relaxed))
    } else if target.starts_with("/api/object/v1/start-download") {
        let hash = &shared.sha256;
        format!(r#"{{"method":"getUrl","url":"{url}/blob","hashes":{{"sha256":"{hash}"}},"expires":"{EXPIRES}"}}"#)
    } else if target.starts_with("/api/object/v1/upload/") {
        format!(
            r#"{{"projectId":"p","uploadId":"x","expires":"{EXPIRES}","uploadMethod":{{"putUrl":{{"url":"{url}/put","headers":{{}},"expires":"{EXPIRES}"}}}}}}"#
        )
    } else if target.starts_with("/api/queue/") && !is_get {
        format!(r#"{{"storageType":"s3","contentType":"text/plain","expires":"{EXPIRES}","putUrl":"{url}/put"}}"#)
    } else if target.contains("/artifact-content/") {
        format!(r#"{{"storageType":"s3","url":"{url}/small"}}"#)
    } else if target.contains("/artifacts/") {
        return send(connection, "303 See Other", &format!("Location: {url}/small\r\n"), b"");
    } else if target == "/small" {
        return send(connection, "200 OK", "ETag: \"s\"\r\n", &shared.small);
    } else if target == "/blob" {
        return blob(connection, request.range.as_deref(), shared);
    } else if request.verb == "PUT" && target == "/put" {
        return send(connection, "200 OK", "", b"");
    } else {
        "{}".to_owned()
    };
    send(connection, "200 OK", "Content-Type: application/json\r\n", body.as_bytes())
}

fn send(mut connection: &TcpStream, status: &str, headers: &str, body: &[u8]) -> io::Result<bool> {
    let mut answer = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    connection.write_all(&answer)?;
    Ok(true)
}

fn blob(mut connection: &TcpStream, range: Option<&str>, shared: &Shared) -> io::Result<bool> {
    let size = shared.size;
    let wanted = range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-')).map(|(first, last)| {
        let end = last.parse::<u64>().map_or(size, |last| size.min(last + 1));
        first.parse::<u64>().unwrap().min(end)..end
    });
    let status = match &wanted {
        Some(part) => {
            format!("206 Partial Content\r\nContent-Range: bytes {}-{}/{size}", part.start, part.end.saturating_sub(1))
        }
        None => "200 OK".to_owned(),
    };
    let part = wanted.unwrap_or(0..size);
    let length = part.end - part.start;
    let head = format!("HTTP/1.1 {status}\r\nETag: \"b\"\r\nAccept-Ranges: bytes\r\nContent-Length: {length}\r\n\r\n");
    connection.write_all(head.as_bytes())?;
    let mut left = length.min(shared.cut.swap(u64::MAX, Ordering::Relaxed));
    let is_whole = left == length;
    let mut file = File::open(&shared.file)?;
    file.seek(SeekFrom::Start(part.start))?;
    let (begun, mut done) = (Instant::now(), 0_u64);
    while left > 0 {
        let most = if shared.rate > 0 { shared.rate / 50 } else { 4 << 20 };
        let sent = io::copy(&mut (&file).take(left.min(most)), &mut connection)?;
        if sent == 0 {
            return Ok(false);
        }
        (left, done) = (left - sent, done + sent);
        shared.sent.fetch_add(sent, Ordering::Relaxed);
        if shared.rate > 0 {
            let due = Duration::from_secs_f64(done as f64 / shared.rate as f64);
            thread::sleep(due.saturating_sub(begun.elapsed()));
        }
    }
    Ok(is_whole)
}

/// The head of the next request; none when the connection ends.
fn read_request(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(verb), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let mut request = Request { verb, target, range: None, expects: false, length: 0 };
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { return Ok(Some(request)) };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => request.length = value.parse().unwrap_or(0),
            "expect" => request.expects = true,
            "range" => request.range = Some(value.to_owned()),
            _ => {}
        }
    }
}
