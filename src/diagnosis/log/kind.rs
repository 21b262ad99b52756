//! What kind of failure a line of a log tells of.

use std::fmt;

use serde::{Serialize, Serializer};

/// What kind of failure a line of a log tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum FailureKind {
    /// A test did not end as it should.
    Test,
    /// A process crashed.
    Crash,
    /// Source code that a compiler, a linker or an interpreter refuses.
    Build,
    /// An exception or an assertion that nobody caught.
    Exception,
    /// Something took longer than it may.
    Timeout,
    /// Not enough memory.
    Memory,
    /// Not enough room on a disk.
    Disk,
    /// A host that did not answer, or broke off.
    Network,
    /// The worker, or what it prepares for a task.
    Worker,
    /// A program or file that the task expects and that is not there.
    Setup,
    /// Any other line that says of itself that it is an error.
    Error,
}

impl FailureKind {
    /// All kinds.
    pub(crate) const ALL: [Self; 11] = [
        Self::Test,
        Self::Crash,
        Self::Build,
        Self::Exception,
        Self::Timeout,
        Self::Memory,
        Self::Disk,
        Self::Network,
        Self::Worker,
        Self::Setup,
        Self::Error,
    ];

    /// The name in JSON and on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Crash => "crash",
            Self::Build => "build",
            Self::Exception => "exception",
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::Disk => "disk",
            Self::Network => "network",
            Self::Worker => "worker",
            Self::Setup => "setup",
            Self::Error => "error",
        }
    }

    /// The kind of this name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether it looks like the machines and what is between them, and not like the code under test.
    pub(crate) fn is_infrastructure(self) -> bool {
        matches!(self, Self::Disk | Self::Network | Self::Worker)
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for FailureKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
