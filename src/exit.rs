//! The exit status of a command. `tc help exit-codes` and [`crate::error::Kind`] say what each means.

use std::ffi::OsString;

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
}
