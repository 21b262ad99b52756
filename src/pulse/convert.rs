//! Failures of Pulse as the crate's one error: the kind, and what is known of the cause. What to do about them in terms
//! of a command line is not said here.

use super::binding::BindingError;
use super::broker::BrokerError;
use super::fault::PulseError;
use super::message::NotJson;
use crate::error::{Error, Kind};

impl From<BindingError> for Error {
    fn from(source: BindingError) -> Self {
        match source {
            BindingError::Lookup(error) => error.into(),
            other => Error::usage(other.to_string()),
        }
    }
}

impl From<BrokerError> for Error {
    fn from(source: BrokerError) -> Self {
        let kind = match source {
            BrokerError::NoUser | BrokerError::NoPassword { .. } => Kind::Auth,
            BrokerError::Url { .. } => Kind::Usage,
        };
        Error::new(kind, source.to_string())
    }
}

impl PulseError {
    /// What kind of failure this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Login { .. }
            | Self::VirtualHost { exists: true, .. }
            | Self::QueueRefused { .. }
            | Self::ExchangeRefused { .. } => Kind::Auth,
            Self::VirtualHost { exists: false, .. } | Self::QueueMissing { .. } | Self::ExchangeMissing { .. } => {
                Kind::NotFound
            }
            Self::QueueBusy { .. } | Self::QueueDiffers { .. } => Kind::Conflict,
            Self::QueueDeleted { .. } | Self::Authorities { .. } => Kind::Failed,
            Self::Certificate { .. } | Self::Unreachable { .. } | Self::Closed { .. } => Kind::Unavailable,
        }
    }
}

impl From<PulseError> for Error {
    fn from(source: PulseError) -> Self {
        let error = Error::new(source.kind(), source.to_string());
        match source.cause() {
            "" => error,
            cause => error.caused_by(cause.to_owned()),
        }
    }
}

impl From<NotJson> for Error {
    fn from(source: NotJson) -> Self {
        Error::failed(source.to_string()).caused_by(source.reason)
    }
}
