//! The sandbox's listeners on the loopback addresses.

use std::io;
use std::net::TcpListener;

use axum::extract::Request;
use axum::response::Response;
use tokio::runtime::Runtime;

use crate::error::{Advice, Error, Kind, Result};
use crate::loopback::{self, accept_all};

/// Listens on 127.0.0.1 and, where the machine has it, on the same port of ::1.
pub(super) fn listen(port: u16) -> Result<(u16, Vec<TcpListener>)> {
    loopback::listen((port != 0).then_some(port)).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => {
            Error::new(Kind::Conflict, format!("cannot start the sandbox: port {port} is in use"))
                .advise(Advice::ChoosePort)
        }
        _ => Error::failed(format!("cannot listen on port {port} of 127.0.0.1")).caused_by(source),
    })
}

/// Answers all requests that come to a listener, until the runtime stops.
///
/// # Errors
/// When the system does not let the runtime have the listener.
pub(super) fn serve<A, F>(runtime: &Runtime, listener: TcpListener, answer: A) -> Result<()>
where
    A: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let cannot = |source: io::Error| Error::failed("cannot serve the sandbox").caused_by(source);
    listener.set_nonblocking(true).map_err(cannot)?;
    let _inside = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener).map_err(cannot)?;
    runtime.spawn(accept_all(listener, answer));
    Ok(())
}
