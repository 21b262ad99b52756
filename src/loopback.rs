//! Listening on this machine alone: on the same port of 127.0.0.1 and ::1.

mod connections;

pub(crate) use connections::accept_all;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};

/// How often a port is looked for that is free on both addresses.
const MAX_TRIES: usize = 20;

/// Listens on `port` of both addresses, or on one that is free on both.
///
/// A machine may lack one of the two addresses, but nobody else may have the port on either: a browser would choose,
/// and a stranger could be sent what is meant for us.
///
/// # Errors
/// [`io::ErrorKind::AddrInUse`] when the port is in use on either address; [`io::ErrorKind::AddrNotAvailable`] when there
/// is no loopback; what else the system refuses.
pub(crate) fn listen(port: Option<u16>) -> io::Result<(u16, Vec<TcpListener>)> {
    let mut tries = 1;
    loop {
        match bind_both(port.unwrap_or(0)) {
            Err(source) if source.kind() == io::ErrorKind::AddrInUse && port.is_none() && tries < MAX_TRIES => {
                tries += 1;
            }
            outcome => return outcome,
        }
    }
}

fn bind_both(port: u16) -> io::Result<(u16, Vec<TcpListener>)> {
    let mut sockets: Vec<TcpListener> = Vec::new();
    let mut port = port;
    for address in [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()] {
        if let Some(socket) = bind(address, port)? {
            port = socket.local_addr()?.port();
            sockets.push(socket);
        }
    }
    if sockets.is_empty() { Err(io::ErrorKind::AddrNotAvailable.into()) } else { Ok((port, sockets)) }
}

/// None where the machine does not have the address.
fn bind(address: IpAddr, port: u16) -> io::Result<Option<TcpListener>> {
    match TcpListener::bind((address, port)) {
        Ok(socket) => Ok(Some(socket)),
        Err(source) if matches!(source.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied) => {
            Err(source)
        }
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_on_one_address_is_not_listened_on() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_eq!(listen(Some(port)).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let (free, sockets) = listen(None).unwrap();
        assert_ne!(free, port);
        assert!(sockets.iter().all(|socket| socket.local_addr().unwrap().port() == free));
    }
}
