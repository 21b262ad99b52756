//! How a run ends that does not complete.

use std::fmt::Display;
use std::io;

/// Why a worker reports an exception: the words of the queue's `reportException`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    MalformedPayload,
    IntermittentTask,
    ResourceUnavailable,
    InternalError,
}

impl Reason {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::MalformedPayload => "malformed-payload",
            Self::IntermittentTask => "intermittent-task",
            Self::ResourceUnavailable => "resource-unavailable",
            Self::InternalError => "internal-error",
        }
    }
}

/// What keeps a run from completing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The task itself has failed.
    Failed(String),
    /// The worker could not run it, or shall not count it.
    Exception(Reason, String),
    /// The run was resolved by somebody else meanwhile: there is nothing to report.
    Resolved(String),
}

impl Trouble {
    /// Of an operation on the worker's own files. A full disk is a lack of the worker, and another one may do better.
    pub(super) fn io(what: impl Display, error: &io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Reason::ResourceUnavailable,
            _ => Reason::InternalError,
        };
        Self::Exception(reason, format!("{what}: {error}"))
    }

    /// What the log says of it.
    pub(super) fn message(&self) -> &str {
        match self {
            Self::Failed(message) | Self::Exception(_, message) | Self::Resolved(message) => message,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_a_lack_of_the_worker_and_all_else_a_fault_of_it() {
        let reason = |kind: io::ErrorKind| match Trouble::io("cannot write x", &kind.into()) {
            Trouble::Exception(reason, message) => {
                assert!(message.starts_with("cannot write x: "), "{message}");
                reason.word()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(reason(io::ErrorKind::StorageFull), "resource-unavailable");
        assert_eq!(reason(io::ErrorKind::QuotaExceeded), "resource-unavailable");
        assert_eq!(reason(io::ErrorKind::PermissionDenied), "internal-error");
    }
}
