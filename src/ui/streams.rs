//! The three streams and what is known of the terminal behind them.

use std::io::{self, IsTerminal as _, Read, Write};

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Which streams are terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terminal {
    /// Whether standard input is one.
    pub stdin: bool,
    /// Whether standard output is one.
    pub stdout: bool,
    /// Whether standard error is one.
    pub stderr: bool,
    /// Whether standard output is a pipe, behind which somebody may write to the terminal.
    pub stdout_is_pipe: bool,
    /// Columns, where known.
    pub width: Option<usize>,
    /// Lines, where known.
    pub height: Option<usize>,
    /// It takes lines one after the other, and nothing can be drawn over.
    pub is_dumb: bool,
    /// It is the terminal of this process, whose size can be asked for again when a window has changed.
    pub is_own: bool,
}

/// Standard input, output and error, real or not.
pub struct Streams {
    /// What is read.
    pub stdin: Box<dyn Read + Send>,
    /// The result.
    pub stdout: Box<dyn Write + Send>,
    /// Everything else.
    pub stderr: Box<dyn Write + Send>,
    /// Which of them are terminals.
    pub terminal: Terminal,
}

impl Streams {
    /// The streams of this process.
    pub fn from_process() -> Self {
        let terminal = Terminal {
            stdin: io::stdin().is_terminal(),
            stdout: io::stdout().is_terminal(),
            stderr: io::stderr().is_terminal(),
            stdout_is_pipe: stdout_is_pipe(),
            width: size().map(|(width, _)| width),
            height: size().map(|(_, height)| height),
            is_dumb: false,
            is_own: true,
        };
        Self { stdin: Box::new(io::stdin()), stdout: Box::new(io::stdout()), stderr: Box::new(io::stderr()), terminal }
    }
}

#[cfg(unix)]
fn stdout_is_pipe() -> bool {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::FileTypeExt as _;
    let stdout = io::stdout().as_fd().try_clone_to_owned();
    stdout.and_then(|stdout| std::fs::File::from(stdout).metadata()).is_ok_and(|found| found.file_type().is_fifo())
}

#[cfg(not(unix))]
fn stdout_is_pipe() -> bool {
    false
}

/// Waits until nobody reads any more what is written to standard output, a pipe; for ever where the system does not tell
/// of that before something is written.
#[cfg(unix)]
pub(crate) async fn reader_left() {
    use std::os::fd::AsFd as _;
    use tokio::io::Interest;
    use tokio::net::unix::pipe::Sender;
    // Unchecked, for what is checked would be set not to block, and standard output with it.
    let watched = io::stdout().as_fd().try_clone_to_owned().and_then(Sender::from_owned_fd_unchecked);
    let has_left = match &watched {
        Ok(pipe) => pipe.ready(Interest::ERROR).await.is_ok(),
        Err(_) => false,
    };
    if !has_left {
        std::future::pending::<()>().await;
    }
}

#[cfg(not(unix))]
pub(crate) async fn reader_left() {
    std::future::pending().await
}

/// Columns and lines of the terminal of this process; `None` where the size is zero.
pub(crate) fn size() -> Option<(usize, usize)> {
    let (width, height) = terminal_size::terminal_size()?;
    (width.0 > 0 && height.0 > 0).then_some((usize::from(width.0), usize::from(height.0)))
}
