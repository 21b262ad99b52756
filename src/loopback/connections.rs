//! Connections to a listener, and the answers to their requests.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

/// How long the header of a request may take, and how long a connection may be idle.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long no connection is taken after the system gave none.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers all requests that come to a listener, for as long as this is polled.
pub(crate) async fn accept_all<A, F>(listener: tokio::net::TcpListener, answer: A)
where
    A: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(stream, answer.clone(), HEADER_TIMEOUT))),
            // Too many files are open: those who connect wait until some are closed.
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Answers the requests of one connection. It is closed when a request's header does not come within the time limit.
async fn connection<A, F>(stream: TcpStream, answer: A, header_timeout: Duration)
where
    A: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    // Small answers must not wait for each other's acknowledgements.
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let answer = answer(request.map(Body::new));
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(header_timeout);
    // Whoever hangs up is not told about it.
    drop(http.serve_connection(TokioIo::new(stream), service).await);
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::time::Instant;

    use super::*;

    #[test]
    fn connection_whose_header_comes_a_byte_at_a_time_is_closed() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (port, mut listeners) = crate::loopback::listen(None).unwrap();
        let listener = listeners.remove(0);
        listener.set_nonblocking(true).unwrap();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            connection(stream, |_| async { Response::default() }, Duration::from_millis(200)).await;
        });
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let started = Instant::now();
        let closed =
            "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".bytes().chain(std::iter::repeat(b'x')).any(|byte| {
                assert!(started.elapsed() < Duration::from_secs(30), "still open");
                // A write fails after the server has closed; a read ends.
                stream.write_all(&[byte]).is_err() || matches!(stream.read(&mut [0]), Ok(0))
            });
        assert!(closed);
    }
}
