//! The exit status of a command. `tc help exit-codes` and [`crate::error::Kind`] say what each means.

use std::ffi::OsString;
use std::process::ExitStatus;

use crate::env::Environment;
use crate::ui::Streams;

/// A whole command line as a function, for a command that runs others: its exit status.
pub(crate) type Program = fn(Vec<OsString>, &Environment, Streams) -> u8;

/// The exit status of a command that did what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Status(pub u8);

impl Status {
    /// All is well.
    pub(crate) const DONE: Status = Status(0);
    /// The user was asked, and said no.
    pub(crate) const NOT_CONFIRMED: Status = Status(1);

    /// That of a program which has ended, as a shell tells it: 128 + n for one that died of signal n, and 1 where
    /// the system tells something that is no status.
    pub(crate) fn of(ended: ExitStatus) -> Self {
        let code = ended.code().or_else(|| signal(ended).map(|signal| 128 + signal));
        code.and_then(|code| u8::try_from(code).ok()).map_or(Status(1), Status)
    }
}

#[cfg(unix)]
fn signal(ended: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&ended)
}

#[cfg(not(unix))]
fn signal(_ended: ExitStatus) -> Option<i32> {
    None
}
