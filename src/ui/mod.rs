//! Streams and what people see on them. Knows no Taskcluster.

mod cut;
mod duration;
mod frame;
pub(crate) mod jq;
pub(crate) mod json;
pub(crate) mod log;
mod pages;
mod progress;
mod prompt;
mod sanitize;
mod sink;
mod streams;
mod table;
mod transfers;
mod wrap;

pub(crate) use cut::{columns, cut_end, cut_middle, padded};
pub(crate) use duration::{ago, duration};
pub(crate) use frame::Frame;
pub(crate) use pages::{Pages, StartPager};
pub(crate) use progress::Progress;
pub(crate) use prompt::{KeptModes, Reply};
pub(crate) use sanitize::sanitize;
pub(crate) use sink::Sink;
pub(crate) use streams::{ColorChoice, reader_left, size as screen_size};
pub use streams::{Streams, Terminal};
pub(crate) use table::{Table, one_line};
pub(crate) use transfers::{Transfers, size};
pub(crate) use wrap::wrap;

use std::fmt::Display;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anstyle::{AnsiColor, Style};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default().bold();
/// What stands before the second and later lines of a message.
const INDENT: &str = "  ";

/// The streams of one run, with what was decided about them.
pub(crate) struct Ui {
    stdin: Mutex<Box<dyn Read + Send>>,
    stdout: Mutex<io::BufWriter<Box<dyn Write + Send>>>,
    stderr: Mutex<Box<dyn Write + Send>>,
    /// Which streams are terminals, and how wide.
    pub terminal: Terminal,
    color_stdout: bool,
    color_stderr: bool,
    quiet: bool,
    /// Nothing more is to be printed.
    is_closed: AtomicBool,
    /// Something covers the screen, and nothing is to be drawn.
    is_covered: Arc<AtomicBool>,
}

impl Ui {
    /// Takes the streams; `no_color` is what the environment says when nobody chose.
    pub(crate) fn new(streams: Streams, choice: ColorChoice, no_color: bool, quiet: bool) -> Self {
        let terminal = streams.terminal;
        let color = |is_terminal: bool| match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => is_terminal && !no_color,
        };
        Self {
            stdin: Mutex::new(streams.stdin),
            stdout: Mutex::new(io::BufWriter::with_capacity(1 << 16, streams.stdout)),
            stderr: Mutex::new(streams.stderr),
            terminal,
            color_stdout: color(terminal.stdout),
            color_stderr: color(terminal.stderr),
            quiet,
            is_closed: AtomicBool::new(false),
            is_covered: Arc::default(),
        }
    }

    /// The same where something may cover the screen, as long as this says so.
    #[must_use]
    pub(crate) fn covered_by(self, is_covered: Arc<AtomicBool>) -> Self {
        Self { is_covered, ..self }
    }

    /// Ends standard output for everyone who still writes to it: they find it closed, as a pipe can be.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// Standard output: the result and nothing else. Held until dropped; buffered until [`Ui::flush`].
    pub(crate) fn out(&self) -> impl Write + '_ {
        Out { stdout: lock(&self.stdout), is_closed: &self.is_closed }
    }

    /// Writes what is buffered for standard output; after [`Ui::close`] only when nobody is writing.
    ///
    /// # Errors
    /// When it cannot be written: a closed pipe, a full disk.
    pub(crate) fn flush(&self) -> io::Result<()> {
        if !self.is_closed.load(Ordering::Relaxed) {
            return lock(&self.stdout).flush();
        }
        match self.stdout.try_lock() {
            Ok(mut stdout) => stdout.flush(),
            Err(_) => Ok(()),
        }
    }

    /// All of standard input, or one byte more than this many of it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read_stdin(&self, most_bytes: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        lock(&self.stdin).by_ref().take(most_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// One line of standard input, which is not shown where it is typed at a terminal; empty at the end.
    ///
    /// # Errors
    /// When it cannot be read; [`io::ErrorKind::Interrupted`] for Ctrl-C.
    pub(crate) fn read_hidden_line(&self) -> io::Result<String> {
        // The library asks the terminal of the process, which need not be behind this stream.
        if self.terminal.stdin && io::IsTerminal::is_terminal(&io::stdin()) {
            return rpassword::read_password();
        }
        Ok(self.read_line()?.unwrap_or_default())
    }

    /// Columns and lines of the terminal as it is now, where known.
    pub(crate) fn size(&self) -> Option<(usize, usize)> {
        let now = if self.terminal.is_own { streams::size() } else { None };
        now.or_else(|| Some((self.terminal.width?, self.terminal.height.unwrap_or(usize::MAX))))
    }

    /// Columns to break text at on standard output; none where it is no terminal.
    pub(crate) fn stdout_columns(&self) -> Option<usize> {
        if self.terminal.stdout { self.size().map(|(columns, _)| columns) } else { None }
    }

    /// Whether a view on standard output can be drawn over.
    pub(crate) fn redraws(&self) -> bool {
        self.terminal.stdout && !self.terminal.is_dumb
    }

    /// Whether progress is to be drawn on standard error.
    pub(crate) fn shows_progress(&self) -> bool {
        self.terminal.stderr && !self.terminal.is_dumb && !self.quiet
    }

    /// Whether notes, hints and progress are unwanted.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether standard output is to be coloured.
    pub(crate) fn color(&self) -> bool {
        self.color_stdout
    }

    /// Whether standard error is to be coloured.
    pub(crate) fn color_stderr(&self) -> bool {
        self.color_stderr
    }

    /// Text in a style on standard output, plain where colour is off.
    pub(crate) fn paint(&self, style: Style, text: impl Display) -> String {
        paint(self.color_stdout, style, text)
    }

    /// Text from a deployment, safe to show on standard output: stripped on a terminal, untouched in a pipe.
    pub(crate) fn safe<'a>(&self, text: &'a str) -> std::borrow::Cow<'a, str> {
        if self.terminal.stdout { sanitize(text) } else { text.into() }
    }

    /// A table on a terminal; in a pipe its rows, with tabs between their cells.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn table(&self, table: &Table) -> io::Result<()> {
        let text = if self.terminal.stdout {
            table.render(self.size().map(|(columns, _)| columns), self.color())
        } else {
            table.tabbed()
        };
        self.out().write_all(text.as_bytes())
    }

    /// Text for standard output, broken at words on a terminal; `indent` stands before the lines that follow.
    pub(crate) fn wrapped(&self, text: &str, indent: &str) -> String {
        let width = if self.terminal.stdout { self.size().map(|(columns, _)| columns) } else { None };
        wrap(text, width, indent)
    }

    /// Something worth knowing, on standard error; not with `--quiet`.
    pub(crate) fn note(&self, text: impl Display) {
        if !self.quiet {
            self.line(format_args!("{text}"), "");
        }
    }

    /// Goes back over the `^C` that a terminal shows for the key, so that what is said next stands alone.
    pub(crate) fn overwrite_key(&self) {
        if self.terminal.stdin && self.terminal.stderr {
            self.write_stderr(b"\r");
        }
    }

    /// A warning, on standard error.
    pub(crate) fn warn(&self, text: impl Display) {
        let label = paint(self.color_stderr, WARNING, "warning:");
        self.line(format_args!("{label} {text}"), INDENT);
    }

    /// A hint, on standard error; not with `--quiet`.
    pub(crate) fn hint(&self, text: impl Display) {
        if !self.quiet {
            let label = paint(self.color_stderr, HINT, "hint:");
            self.line(format_args!("{label} {text}"), INDENT);
        }
    }

    /// A failure with its causes and hints, on standard error.
    pub(crate) fn report(&self, message: &str, causes: &[String], hints: &[String]) {
        let safe = |text: &str| if self.terminal.stderr { sanitize(text).into_owned() } else { text.to_owned() };
        let label = paint(self.color_stderr, ERROR, "error:");
        self.line(format_args!("{label} {}", safe(message)), INDENT);
        for cause in causes {
            // Its other lines could be taken for errors of their own.
            let cause = safe(cause).trim_end().replace('\n', "\n    ");
            self.line(format_args!("  caused by: {cause}"), INDENT);
        }
        for hint in hints {
            let label = paint(self.color_stderr, HINT, "hint:");
            self.line(format_args!("{label} {}", safe(hint)), INDENT);
        }
    }

    /// Raw bytes on standard error, for text that is formatted already (usage, logs, a child's output).
    pub(crate) fn write_stderr(&self, bytes: &[u8]) {
        let mut stderr = lock(&self.stderr);
        // Nobody is left to tell when standard error is gone.
        drop(stderr.write_all(bytes).and_then(|()| stderr.flush()));
    }

    /// Something that is drawn over later, on standard error; not while the screen is covered.
    fn draw(&self, bytes: &[u8]) {
        if !self.is_covered.load(Ordering::Relaxed) {
            self.write_stderr(bytes);
        }
    }

    /// A line of its own, broken at words on a terminal; `indent` stands before the lines that follow.
    fn line(&self, text: std::fmt::Arguments<'_>, indent: &str) {
        let width = if self.terminal.stderr { self.size().map(|(columns, _)| columns) } else { None };
        self.write_stderr(format!("{}\n", wrap(&text.to_string(), width, indent)).as_bytes());
    }
}

struct Out<'a> {
    stdout: MutexGuard<'a, io::BufWriter<Box<dyn Write + Send>>>,
    is_closed: &'a AtomicBool,
}

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_closed.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.stdout.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()
    }
}

fn paint(color: bool, style: Style, text: impl Display) -> String {
    if color { format!("{style}{text}{style:#}") } else { text.to_string() }
}

/// A stream stays usable after a panic elsewhere: the worst that happens is a torn line.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
