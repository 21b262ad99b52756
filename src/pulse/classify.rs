//! What the broker's or the system's answer at a step means. Pure.

use lapin::ErrorKind;
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};

use super::broker::Broker;
use super::fault::PulseError;
use super::socket::is_certificate_fault;

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// Connecting, signing in, and opening the virtual host.
    Connect,
    /// Declaring, consuming or deleting a queue.
    Queue(&'a str),
    /// Binding a queue to an exchange.
    Bind(&'a str, &'a str),
}

/// What `error` means when it came at `step`.
pub(super) fn classify(error: &lapin::Error, step: Step<'_>, broker: &Broker) -> PulseError {
    match error.kind() {
        ErrorKind::ProtocolError(answer) => refused(answer.kind(), answer.get_message().as_str(), step, broker),
        _ if is_certificate_fault(error) => {
            PulseError::Certificate { host: broker.host.clone(), cause: innermost(error) }
        }
        _ => PulseError::Unreachable { address: broker.address(), cause: innermost(error), tries: 1 },
    }
}

/// Why a connection that worked is gone, in few words.
pub(super) fn reason(error: &lapin::Error) -> String {
    match error.kind() {
        ErrorKind::ProtocolError(answer) => format!("closed by the broker: {}", answer.get_message()),
        ErrorKind::MissingHeartbeatError => "no sign of life from the broker".into(),
        _ => innermost(error),
    }
}

fn refused(kind: &AMQPErrorKind, said: &str, step: Step<'_>, broker: &Broker) -> PulseError {
    let (user, address, said) = (broker.user.clone(), broker.address(), said.to_owned());
    let queue = match step {
        Step::Queue(queue) | Step::Bind(queue, _) => queue.to_owned(),
        Step::Connect => String::new(),
    };
    let exchange = match step {
        Step::Bind(_, exchange) => Some(exchange.to_owned()),
        Step::Connect | Step::Queue(_) => None,
    };
    match (kind, step) {
        (AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED), Step::Connect) => PulseError::Login { address, user },
        (AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED), Step::Connect) => {
            let exists = !said.contains("not found");
            PulseError::VirtualHost { address, user, name: broker.virtual_host.clone(), exists, said }
        }
        (AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED), _) => {
            match exchange.filter(|_| said.contains("exchange '")) {
                Some(exchange) => PulseError::ExchangeRefused { user, exchange, said },
                None => PulseError::QueueRefused { user, queue, said },
            }
        }
        // A node of a cluster that is away is called not found, and comes back.
        (AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND), _) if !said.contains("inaccessible") => {
            match exchange.filter(|_| !said.contains("no queue")) {
                Some(exchange) => PulseError::ExchangeMissing { exchange, address },
                None => PulseError::QueueMissing { queue },
            }
        }
        (AMQPErrorKind::Soft(AMQPSoftError::RESOURCELOCKED), _) => PulseError::QueueBusy { queue, said },
        (AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED), _) => PulseError::QueueDiffers { queue, said },
        _ => PulseError::Closed { address, said },
    }
}

/// The last cause, which says most.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let last = std::iter::successors(Some(error), |cause| cause.source()).last();
    last.unwrap_or(error).to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lapin::protocol::AMQPError;

    use super::*;
    use crate::env::Environment;
    use crate::error::Kind;

    fn broker() -> Broker {
        let environment = Environment::empty("/").with("PULSE_URL", "amqp://bob:secret@broker/");
        Broker::from_environment(&environment).unwrap()
    }

    fn answer(kind: AMQPErrorKind, said: &str, step: Step<'_>) -> (String, Kind) {
        let error = lapin::Error::from(ErrorKind::ProtocolError(AMQPError::new(kind, said.into())));
        let error = classify(&error, step, &broker());
        (error.to_string(), error.kind())
    }

    #[test]
    fn refusals_are_told_apart_by_step_and_words() {
        let refused = || AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED);
        let missing = || AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND);
        let bind = Step::Bind("queue/bob/q", "exchange/e");
        for (kind, said, step, message, exit) in [
            (
                refused(),
                "Login was refused",
                Step::Connect,
                "broker:5672 refused the password of Pulse user bob",
                Kind::Auth,
            ),
            (
                AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED),
                "vhost x not found",
                Step::Connect,
                "broker:5672 refused user bob on virtual host `/`",
                Kind::NotFound,
            ),
            (
                AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED),
                "access to vhost '/' refused for user 'bob'",
                Step::Connect,
                "broker:5672 refused user bob on virtual host `/`",
                Kind::Auth,
            ),
            (
                refused(),
                "access to queue 'x' in vhost '/' refused",
                Step::Queue("queue/alice/q"),
                "user bob may not use queue `queue/alice/q`",
                Kind::Auth,
            ),
            (refused(), "access to queue 'x' refused", bind, "user bob may not use queue `queue/bob/q`", Kind::Auth),
            (
                refused(),
                "read access to exchange 'exchange/e' refused",
                bind,
                "user bob may not listen to exchange `exchange/e`",
                Kind::Auth,
            ),
            (missing(), "no exchange 'exchange/e'", bind, "no exchange `exchange/e` on broker:5672", Kind::NotFound),
            (missing(), "no queue 'q'", Step::Queue("queue/bob/q"), "no queue `queue/bob/q`", Kind::NotFound),
            (
                missing(),
                "queue 'q' in vhost '/' process is stopped or inaccessible",
                Step::Queue("q"),
                "broker:5672 closed the connection",
                Kind::Unavailable,
            ),
            (
                AMQPErrorKind::Soft(AMQPSoftError::RESOURCELOCKED),
                "cannot obtain exclusive access",
                Step::Queue("queue/bob/q"),
                "queue `queue/bob/q` is in use by another connection",
                Kind::Conflict,
            ),
            (
                AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED),
                "inequivalent arg 'durable'",
                Step::Queue("queue/bob/q"),
                "queue `queue/bob/q` exists with other properties",
                Kind::Conflict,
            ),
            (
                AMQPErrorKind::Hard(AMQPHardError::CONNECTIONFORCED),
                "CONNECTION_FORCED",
                Step::Connect,
                "broker:5672 closed the connection",
                Kind::Unavailable,
            ),
        ] {
            assert_eq!(answer(kind, said, step), (message.to_owned(), exit), "{said}");
        }
    }

    #[test]
    fn a_network_failure_may_pass_and_a_bad_certificate_does_not() {
        let io = |error: std::io::Error| lapin::Error::from(ErrorKind::IOError(Arc::new(error)));
        let refused = classify(&io(std::io::ErrorKind::ConnectionRefused.into()), Step::Connect, &broker());
        assert!(refused.may_pass());
        assert_eq!(refused.cause(), "connection refused");
        let fault = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let bad = classify(&io(std::io::Error::other(fault)), Step::Connect, &broker());
        assert!(!bad.may_pass());
        assert_eq!(bad.to_string(), "cannot trust the certificate of broker");
    }

    #[test]
    fn reasons_of_a_gap_are_the_brokers_words() {
        let forced = AMQPError::new(AMQPHardError::CONNECTIONFORCED.into(), "CONNECTION_FORCED - shutdown".into());
        assert_eq!(
            reason(&ErrorKind::ProtocolError(forced).into()),
            "closed by the broker: CONNECTION_FORCED - shutdown"
        );
        assert_eq!(reason(&ErrorKind::MissingHeartbeatError.into()), "no sign of life from the broker");
    }
}
