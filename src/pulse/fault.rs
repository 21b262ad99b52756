//! What goes wrong with a broker, as data.

use thiserror::Error;

/// Why a consumer cannot be, or cannot go on.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum PulseError {
    /// Wrong user or password.
    #[error("{address} refused the password of Pulse user {user}")]
    Login {
        /// The broker.
        address: String,
        /// Who asked.
        user: String,
    },
    /// The virtual host does not exist, or the user may not use it.
    #[error("{address} refused user {user} on virtual host `{name}`")]
    VirtualHost {
        /// The broker.
        address: String,
        /// Who asked.
        user: String,
        /// `/`.
        name: String,
        /// Whether it exists.
        exists: bool,
        /// The broker's own words.
        said: String,
    },
    /// The user may not have a queue of this name.
    #[error("user {user} may not use queue `{queue}`")]
    QueueRefused {
        /// Who asked.
        user: String,
        /// Its full name.
        queue: String,
        /// The broker's own words.
        said: String,
    },
    /// Somebody else consumes it, and nobody beside.
    #[error("queue `{queue}` is in use by another connection")]
    QueueBusy {
        /// Its full name.
        queue: String,
        /// The broker's own words.
        said: String,
    },
    /// There is such a queue of another kind.
    #[error("queue `{queue}` exists with other properties")]
    QueueDiffers {
        /// Its full name.
        queue: String,
        /// The broker's own words.
        said: String,
    },
    /// There is no such queue.
    #[error("no queue `{queue}`")]
    QueueMissing {
        /// Its full name.
        queue: String,
    },
    /// The queue was there, and has been deleted with what was in it.
    #[error("queue `{queue}` was deleted on the broker")]
    QueueDeleted {
        /// Its full name.
        queue: String,
    },
    /// There is no such exchange.
    #[error("no exchange `{exchange}` on {address}")]
    ExchangeMissing {
        /// Its name on the wire.
        exchange: String,
        /// The broker.
        address: String,
    },
    /// The user may not listen to this exchange.
    #[error("user {user} may not listen to exchange `{exchange}`")]
    ExchangeRefused {
        /// Who asked.
        user: String,
        /// Its name on the wire.
        exchange: String,
        /// The broker's own words.
        said: String,
    },
    /// The broker's certificate is not to be trusted.
    #[error("cannot trust the certificate of {host}")]
    Certificate {
        /// The broker.
        host: String,
        /// Why.
        cause: String,
    },
    /// Files of CA certificates that cannot be used.
    #[error("cannot use CA certificates in {file}")]
    Authorities {
        /// The file.
        file: String,
        /// Why.
        cause: String,
    },
    /// No connection, after all tries.
    #[error("cannot connect to {address}")]
    Unreachable {
        /// The broker.
        address: String,
        /// What happened at the last try.
        cause: String,
        /// How many there were.
        tries: u32,
    },
    /// The broker ended the conversation.
    #[error("{address} closed the connection")]
    Closed {
        /// The broker.
        address: String,
        /// Its own words.
        said: String,
    },
}

impl PulseError {
    /// Why, in the broker's or the system's own words; empty where there is no more to say.
    pub fn cause(&self) -> &str {
        match self {
            Self::VirtualHost { said, .. }
            | Self::QueueRefused { said, .. }
            | Self::QueueBusy { said, .. }
            | Self::QueueDiffers { said, .. }
            | Self::ExchangeRefused { said, .. }
            | Self::Closed { said, .. } => said,
            Self::Certificate { cause, .. } | Self::Authorities { cause, .. } | Self::Unreachable { cause, .. } => {
                cause
            }
            Self::Login { .. }
            | Self::QueueMissing { .. }
            | Self::QueueDeleted { .. }
            | Self::ExchangeMissing { .. } => "",
        }
    }

    /// Whether another try may do better.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Closed { .. })
    }
}
