//! The exit status of a command. `tc help exit-codes` and [`crate::error::Kind`] say what each means.

/// The exit status of a command that did what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub u8);

impl Status {
    /// All is well.
    pub const DONE: Status = Status(0);
}
