//! Long output on a terminal goes through a pager.

use std::io::{self, Write as _};
use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::runtime::Builder;

use crate::cli::Globals;
use crate::context::pager;
use crate::env::{self, Environment};
use crate::ui::{Pages, Streams, Ui, lines_on_screen};

/// Options of `less` where LESS has none: end at once when one screen is enough, keep colours, leave the text on the screen.
const LESS_OPTIONS: &str = "FRX";

/// A result that is held, and the pager that it goes through when it is long.
pub(super) struct Paged {
    pages: Pages,
    command: String,
}

/// The streams with standard output held, where it is the terminal of this process, on which a pager can be shown, and
/// there is to be one.
pub(super) fn hold(streams: Streams, environment: &Environment, globals: &Globals) -> (Streams, Option<Paged>) {
    let terminal = streams.terminal;
    if !terminal.is_own || !terminal.stdout || terminal.is_dumb {
        return (streams, None);
    }
    let Some(command) = pager(environment, globals) else { return (streams, None) };
    let (streams, pages) = Pages::over(streams);
    (streams, Some(Paged { pages, command }))
}

impl Paged {
    /// Has all printed directly.
    pub(super) fn release(&self) {
        self.pages.release();
    }
}

/// Prints what was held: through the pager when it is longer than the screen, else directly.
///
/// # Errors
/// When standard output cannot be written. Whoever leaves the pager early has seen enough.
pub(super) fn show(paged: &Paged, environment: &Environment, ui: &Ui) -> io::Result<()> {
    ui.flush()?;
    let bytes = paged.pages.take();
    let is_long = ui.size().is_some_and(|(columns, lines)| {
        // The line of the prompt needs a place, too.
        lines_on_screen(&String::from_utf8_lossy(&bytes), columns) >= lines
    });
    if is_long {
        match page(&bytes, &paged.command, environment) {
            Ok(()) => return Ok(()),
            Err(source) => ui.warn(format_args!("cannot start the pager `{}`: {source}", paged.command)),
        }
    }
    let mut out = ui.out();
    out.write_all(&bytes)?;
    out.flush()
}

/// Feeds the pager and waits for its end. Ctrl-C is a key of the pager's, which this program outlives.
///
/// # Errors
/// When it cannot be started.
fn page(bytes: &[u8], command: &str, environment: &Environment) -> io::Result<()> {
    let words = shlex::split(command).unwrap_or_else(|| vec![command.to_owned()]);
    let Some((program, arguments)) = words.split_first() else { return Err(io::ErrorKind::NotFound.into()) };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(async {
        let mut pager = Command::new(program);
        pager.args(arguments).current_dir(&environment.directory).env_clear().envs(environment.variables());
        if environment.get(env::LESS).is_none() {
            pager.env(env::LESS.name, LESS_OPTIONS);
        }
        // From here on the key does not end this process.
        let mut interrupts = Interrupts::new();
        let mut child = pager.stdin(Stdio::piped()).spawn()?;
        let input = child.stdin.take();
        let feed = async {
            if let Some(mut input) = input {
                // It may be left before it has read all.
                drop(input.write_all(bytes).await);
            }
        };
        let ended = async { futures::join!(feed, child.wait()).1 };
        tokio::select! {
            ended = ended => ended.map(drop),
            () = interrupts.terminated() => Ok(()),
        }
    });
    // Nothing is left to be done that would be worth waiting for.
    runtime.shutdown_background();
    ended
}

/// Ctrl-C, which is not for this process while the pager runs, and SIGTERM, which is.
#[cfg(unix)]
struct Interrupts {
    _key: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Interrupts {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        // Where the system refuses to tell of one, it works as without a pager.
        Self { _key: signal(SignalKind::interrupt()).ok(), terminate: signal(SignalKind::terminate()).ok() }
    }

    async fn terminated(&mut self) {
        match &mut self.terminate {
            Some(signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        }
    }
}

/// Ctrl-C, which is not for this process while the pager runs.
#[cfg(not(unix))]
struct Interrupts;

#[cfg(not(unix))]
impl Interrupts {
    fn new() -> Self {
        Self
    }

    async fn terminated(&mut self) {
        while tokio::signal::ctrl_c().await.is_ok() {}
        std::future::pending().await
    }
}
