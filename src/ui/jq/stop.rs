//! How a running program is ended from inside.

/// Why a program was stopped from outside of the language: `try` cannot catch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// A value nests too deeply.
    TooDeep,
    /// Calls nest too deeply.
    Recursion,
    /// Nobody waits for the results.
    Abandoned,
}

/// Ends the program; unwinds to where it was started. The interpreter asks values and data in places where no error can
/// be returned.
pub(super) fn stop(reason: Stop) -> ! {
    std::panic::resume_unwind(Box::new(reason))
}
