//! The callback server: it listens on both loopback addresses, answers one page, and stops.

use std::cell::Cell;
use std::io;
use std::pin::pin;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::select_all;
use futures::stream::FuturesUnordered;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::answer;
use super::callback::{ANSWERED, Decision, Expected, MALFORMED, Refusal, TOO_LONG, random_path};
use crate::client::Credentials;
use crate::clock::Clock;
use crate::error::{Advice, Error, Kind, Result};
use crate::loopback;

/// A request's head is at most this long, in bytes.
const MAX_REQUEST_HEAD_BYTES: usize = 16 * 1024;
/// A request has at most this many headers.
const MAX_HEADERS: usize = 100;
/// So many connections are served at a time; browsers open some that they never use. For one more, the oldest that has
/// asked for nothing yet is closed.
const MOST_CONNECTIONS: usize = 64;
/// A connection must have sent its request after this time.
const REQUEST_READ_TIMEOUT: Duration = Duration::from_secs(10);
/// So long a connection may take to read its answer and close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// What happens while the answer is waited for.
pub(crate) type Progress<'a> = &'a (dyn Fn(Refusal) + 'a);

/// The callback server.
#[derive(Debug)]
pub(crate) struct Listener {
    expected: Expected,
    sockets: Vec<TcpListener>,
}

impl Listener {
    /// Listens on `port` of 127.0.0.1 and ::1, or on one that is free on both.
    ///
    /// A machine may lack one of the two addresses, but nobody else may have the port on either: the
    /// browser would choose, and a stranger could be sent the credentials.
    ///
    /// # Errors
    /// [`Kind::Conflict`] when the port is in use, [`Kind::Failed`] when there is no loopback.
    pub(crate) async fn bind(port: Option<u16>) -> Result<Self> {
        let (port, sockets) = listen(port).map_err(|source| cannot_listen(port, source))?;
        Ok(Self { expected: Expected { port, path: random_path() }, sockets })
    }

    /// What an answer must look like.
    pub(crate) fn expected(&self) -> &Expected {
        &self.expected
    }

    /// Waits for the answer, for as long as it takes. `refused` hears of each request that is not it.
    pub(crate) async fn wait(self, clock: &dyn Clock, refused: Progress<'_>) -> Credentials {
        let answered = Cell::new(false);
        let silent = Silent::default();
        let mut connections = FuturesUnordered::new();
        loop {
            tokio::select! {
                accepted = accept(&self.sockets) => match accepted {
                    Ok(stream) => {
                        if connections.len() >= MOST_CONNECTIONS {
                            silent.close_oldest();
                        }
                        connections.push(serve(stream, &self.expected, &answered, &silent, clock));
                    }
                    // Out of file descriptors, for instance: connections that end give some back.
                    Err(_) => clock.sleep(Duration::from_millis(50)).await,
                },
                Some(decision) = connections.next() => match decision {
                    Some(Decision::Accept { client_id, access_token }) => {
                        return Credentials { client_id, access_token, certificate: None, authorized_scopes: None };
                    }
                    Some(Decision::Refuse(refusal)) => refused(refusal),
                    Some(Decision::Ignore) | None => {}
                },
            }
        }
    }
}

fn listen(port: Option<u16>) -> io::Result<(u16, Vec<TcpListener>)> {
    let (port, sockets) = loopback::listen(port)?;
    let sockets = sockets.into_iter().map(|socket| {
        socket.set_nonblocking(true)?;
        TcpListener::from_std(socket)
    });
    Ok((port, sockets.collect::<io::Result<_>>()?))
}

fn cannot_listen(port: Option<u16>, source: io::Error) -> Error {
    match (port, source.kind()) {
        (Some(port), io::ErrorKind::AddrInUse) => {
            Error::new(Kind::Conflict, format!("cannot wait for the sign-in: port {port} of localhost is in use"))
                .advise(Advice::ChoosePort)
        }
        (Some(port), _) => {
            Error::failed(format!("cannot wait for the sign-in on port {port} of localhost")).caused_by(source)
        }
        (None, _) => {
            Error::failed("cannot wait for the sign-in on localhost").advise(Advice::PasteAddress).caused_by(source)
        }
    }
}

async fn accept(sockets: &[TcpListener]) -> io::Result<TcpStream> {
    let (accepted, ..) = select_all(sockets.iter().map(|socket| Box::pin(socket.accept()))).await;
    accepted.map(|(stream, _)| stream)
}

/// The connections that have not sent their request yet.
#[derive(Default)]
struct Silent {
    count: Cell<usize>,
    /// Those who wait for it are told in the order in which they came.
    oldest: Notify,
}

impl Silent {
    fn close_oldest(&self) {
        if self.count.get() > 0 {
            self.oldest.notify_one();
        }
    }
}

/// Serves one connection: one request, one answer. Nothing when there was no request.
async fn serve(
    mut stream: TcpStream,
    expected: &Expected,
    answered: &Cell<bool>,
    silent: &Silent,
    clock: &dyn Clock,
) -> Option<Decision> {
    let mut closed = pin!(silent.oldest.notified());
    closed.as_mut().enable();
    silent.count.update(|count| count + 1);
    let decision = tokio::select! {
        biased;
        decision = read(&mut stream, expected) => decision,
        () = closed => None,
        () = clock.sleep(REQUEST_READ_TIMEOUT) => None,
    };
    silent.count.update(|count| count.saturating_sub(1));
    let decision = decision?;
    let decision = match decision {
        Decision::Accept { .. } if answered.replace(true) => Decision::Refuse(ANSWERED),
        decision => decision,
    };
    // Whoever does not read the answer has sent its request all the same.
    tokio::select! {
        () = reply(&mut stream, &decision) => {}
        () = clock.sleep(CLOSE_TIMEOUT) => {}
    }
    Some(decision)
}

async fn reply(stream: &mut TcpStream, decision: &Decision) {
    if stream.write_all(answer::response(decision).as_bytes()).await.is_err() || stream.shutdown().await.is_err() {
        return;
    }
    // Closing before all was read would reset the connection, and the answer might never be seen.
    let mut rest = [0; 1024];
    while let Ok(1..) = stream.read(&mut rest).await {}
}

async fn read(stream: &mut TcpStream, expected: &Expected) -> Option<Decision> {
    let mut head = Vec::with_capacity(2048);
    let mut piece = [0; 2048];
    loop {
        let count = stream.read(&mut piece).await.ok()?;
        if count == 0 {
            return None;
        }
        head.extend_from_slice(&piece[..count]);
        match judge(&head, expected) {
            None if head.len() >= MAX_REQUEST_HEAD_BYTES => return Some(Decision::Refuse(TOO_LONG)),
            None => {}
            decision => return decision,
        }
    }
}

/// Judges what has arrived; nothing while the head is incomplete.
fn judge(head: &[u8], expected: &Expected) -> Option<Decision> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Partial) => None,
        Ok(httparse::Status::Complete(_)) => {
            let hosts: Vec<&[u8]> =
                request.headers.iter().filter(|it| it.name.eq_ignore_ascii_case("host")).map(|it| it.value).collect();
            Some(expected.decide(request.method.unwrap_or_default(), request.path.unwrap_or_default(), &hosts))
        }
        Err(httparse::Error::TooManyHeaders) => Some(Decision::Refuse(TOO_LONG)),
        Err(_) => Some(Decision::Refuse(MALFORMED)),
    }
}
