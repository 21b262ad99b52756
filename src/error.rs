//! The one error type: what kind, what was tried, why it failed, what to do next.

mod advice;
mod convert;

pub use advice::Advice;

use std::error::Error as StdError;
use std::fmt;
use std::io;

/// What kind of failure this is; it decides the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It was tried and failed.
    Failed,
    /// The command line makes no sense.
    Usage,
    /// What was waited for did not succeed, or part of a bulk action failed.
    Unsuccessful,
    /// Sign-in or scopes are needed.
    Auth,
    /// The thing does not exist.
    NotFound,
    /// The thing exists in another form, or its state forbids the action.
    Conflict,
    /// The network or the server did not answer after all tries.
    Unavailable,
    /// Still pending at the time limit.
    Pending,
    /// The user interrupted.
    Interrupted,
    /// The reader of our output went away; not worth a word.
    BrokenPipe,
}

impl Kind {
    /// All kinds that a user meets, in the order of their exit status.
    pub(crate) const ALL: [Kind; 9] = [
        Kind::Failed,
        Kind::Usage,
        Kind::Unsuccessful,
        Kind::Auth,
        Kind::NotFound,
        Kind::Conflict,
        Kind::Unavailable,
        Kind::Pending,
        Kind::Interrupted,
    ];

    /// The exit status of the process.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::BrokenPipe => 0,
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::Unsuccessful => 3,
            Kind::Auth => 4,
            Kind::NotFound => 5,
            Kind::Conflict => 6,
            Kind::Unavailable => 7,
            Kind::Pending => 8,
            Kind::Interrupted => 130,
        }
    }

    /// What the exit status means, for `tc help exit-codes` and the man page.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Kind::BrokenPipe => "the reader of the output went away",
            Kind::Failed => "it failed",
            Kind::Usage => "the command line was wrong",
            Kind::Unsuccessful => "what was waited for did not succeed, or part of a bulk action failed",
            Kind::Auth => "sign-in or scopes are needed",
            Kind::NotFound => "not found",
            Kind::Conflict => "conflict with what exists",
            Kind::Unavailable => "network or server unavailable after all retries",
            Kind::Pending => "still pending at the time limit",
            Kind::Interrupted => "interrupted",
        }
    }
}

/// A failure with its kind, its causes and hints for what to do next.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    hints: Vec<String>,
    advice: Vec<Advice>,
    halted: Option<Halted>,
    /// What was named does not exist by itself, as against a part of it.
    is_unknown_name: bool,
}

/// What a program of the user's decided about the end.
#[derive(Debug)]
struct Halted {
    status: u8,
    message: Vec<u8>,
}

/// What most functions of the crate return.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A failure of this kind; `message` says what was tried and what happened.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let (hints, advice) = (Vec::new(), Vec::new());
        let message = message.into();
        Self(Box::new(Inner { kind, message, source: None, hints, advice, halted: None, is_unknown_name: false }))
    }

    /// [`Kind::NotFound`]: the deployment has nothing of the name that was given. `what` is a noun with the name.
    pub(crate) fn unknown_name(what: impl fmt::Display) -> Self {
        let mut error = Self::new(Kind::NotFound, format!("{what} does not exist"));
        error.0.is_unknown_name = true;
        error
    }

    /// Whether what was named does not exist by itself, as against a part of it.
    pub(crate) fn is_unknown_name(&self) -> bool {
        self.0.is_unknown_name
    }

    /// [`Kind::Failed`].
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// [`Kind::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// [`Kind::Interrupted`].
    pub fn interrupted() -> Self {
        Self::new(Kind::Interrupted, "interrupted")
    }

    /// A program of the user's ends everything with this exit status, and this text on standard error, as it is.
    pub(crate) fn halted(status: u8, message: Vec<u8>) -> Self {
        let mut error = Self::failed(format!("ended with status {status}"));
        error.0.halted = Some(Halted { status, message });
        error
    }

    /// The text that goes to standard error in place of a report, where a program of the user's ended everything.
    pub(crate) fn last_words(&self) -> Option<&[u8]> {
        self.0.halted.as_ref().map(|halted| halted.message.as_slice())
    }

    /// The same error in other words; its kind, its cause and what would help stay.
    #[must_use]
    pub(crate) fn reworded(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// The same failure, after something was done that stands: `done` says what, such as `created task X`.
    ///
    /// A program of the user's that ended everything keeps its text, below a line that says it. Where nobody reads, and
    /// after an interrupt, the error is as it was.
    #[must_use]
    pub(crate) fn after(mut self, done: &str) -> Self {
        let is_silent = matches!(self.kind(), Kind::BrokenPipe | Kind::Interrupted);
        match &mut self.0.halted {
            Some(halted) if halted.status != 0 => {
                halted.message.splice(0..0, format!("{done}\n").into_bytes());
                self
            }
            Some(_) => self,
            None if is_silent => self,
            None => Self::new(self.kind(), format!("{done}, but the result cannot be printed")).caused_by(self),
        }
    }

    /// The same error as one of another kind.
    #[must_use]
    pub(crate) fn of_kind(mut self, kind: Kind) -> Self {
        self.0.kind = kind;
        self
    }

    /// The same error with what caused it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error with one more hint: what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// The same error with something that would help, for whoever shows it to put into words.
    #[must_use]
    pub fn advise(mut self, advice: Advice) -> Self {
        self.0.advice.push(advice);
        self
    }

    /// A failure to read or write `what` (a path, or a stream by name).
    pub fn io(action: &str, what: impl fmt::Display, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Kind::BrokenPipe, "broken pipe");
        }
        Self::failed(format!("cannot {action} {what}")).caused_by(without_path(source))
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The exit status of the process that ends with this error.
    pub fn exit_code(&self) -> u8 {
        self.0.halted.as_ref().map_or(self.0.kind.exit_code(), |halted| halted.status)
    }

    /// What was tried and what happened, without causes and hints.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do next, in order.
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }

    /// What would help besides the hints.
    pub fn advice(&self) -> &[Advice] {
        &self.0.advice
    }

    /// The advice, which is the caller's to put into words from now on.
    pub(crate) fn take_advice(&mut self) -> Vec<Advice> {
        std::mem::take(&mut self.0.advice)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// A failed write to standard output or standard error.
impl From<io::Error> for Error {
    fn from(source: io::Error) -> Self {
        Self::io("write", "the output", source)
    }
}

/// The same failure without the name of a temporary file, which the library that makes those adds at the end: it is gone, and
/// nobody asked for it.
fn without_path(source: io::Error) -> io::Error {
    let text = source.get_ref().map(ToString::to_string);
    match text.as_deref().and_then(|text| text.rsplit_once(" at path \"")) {
        Some((what, _)) => io::Error::new(source.kind(), what.to_owned()),
        None => source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_distinct() {
        let mut codes: Vec<_> = Kind::ALL.iter().map(|kind| kind.exit_code()).collect();
        codes.dedup();
        assert_eq!(codes, [1, 2, 3, 4, 5, 6, 7, 8, 130]);
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        let error = Error::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(error.exit_code(), 0);
    }

    #[test]
    fn a_temporary_file_is_not_named() {
        let folder = tempfile::tempdir().unwrap();
        let source = tempfile::NamedTempFile::new_in(folder.path().join("none")).unwrap_err();
        assert!(source.to_string().contains(" at path "), "{source}");
        let error = Error::io("write", "`x`", source);
        let cause = error.source().unwrap().to_string();
        assert!(!cause.contains("path"), "{cause}");
        let plain = io::Error::from_raw_os_error(2);
        let text = plain.to_string();
        assert_eq!(Error::io("write", "`x`", plain).source().unwrap().to_string(), text);
    }

    #[test]
    fn a_failure_after_something_was_done_says_both() {
        let error = Error::new(Kind::Unavailable, "no answer").after("created task X");
        assert_eq!(error.message(), "created task X, but the result cannot be printed");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("no answer"));
        assert_eq!(error.kind(), Kind::Unavailable);
        let ended = Error::halted(5, b"bad".to_vec()).after("created task X");
        assert_eq!((ended.last_words(), ended.exit_code()), (Some(&b"created task X\nbad"[..]), 5));
        let ended = Error::halted(0, Vec::new()).after("created task X");
        assert_eq!(ended.last_words(), Some(&b""[..]));
        assert_eq!(Error::interrupted().after("created task X").message(), "interrupted");
    }
}
