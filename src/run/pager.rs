//! Long output on a terminal goes through a pager, which shows the first screen while the rest still comes.

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::cli::Globals;
use crate::context::pager;
use crate::env::{self, Asked, Environment, Interrupt, terminate};
use crate::error::{Error, Result};
use crate::ui::{Pages, StartPager, Streams, Ui, screen_size};

/// Options of `less` where LESS has none: end at once when one screen is enough, keep colours, leave the text on the screen.
const LESS_OPTIONS: &str = "FRX";

/// How long a pager may take to give the terminal back.
const END_LIMIT: Duration = Duration::from_millis(500);

/// Where the pager is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    NotStarted,
    /// As the process of this number.
    Running(u32),
    Ended,
}

/// A result that goes through a pager when it is long.
pub(super) struct Paged {
    pages: Pages,
    command: String,
    viewer: Viewer,
}

/// The pager, as others see it.
#[derive(Clone)]
pub(super) struct Viewer(watch::Receiver<Stage>);

/// The streams with standard output held, where it is the terminal of this process, on which a pager can be shown, and
/// there is to be one.
pub(super) fn hold(streams: Streams, environment: &Environment, globals: &Globals) -> (Streams, Option<Paged>) {
    let terminal = streams.terminal;
    // Who wants no progress may still want a pager; a terminal that cannot be drawn over has no place for one.
    if !terminal.is_own || !terminal.stdout || super::is_dumb(terminal, environment) {
        return (streams, None);
    }
    let Some(command) = pager(environment, globals) else { return (streams, None) };
    let (stage, viewer) = watch::channel(Stage::NotStarted);
    let start = start(command.clone(), environment.clone(), stage);
    let (streams, pages) = Pages::over(streams, screen_size, start);
    (streams, Some(Paged { pages, command, viewer: Viewer(viewer) }))
}

impl Paged {
    /// Has all printed directly that no pager shows yet.
    pub(super) fn release(&self) {
        self.pages.release();
        self.pages.uncover();
    }

    /// The same after an interrupt, which a pager that runs has not seen.
    pub(super) fn abandon(&self) {
        self.release();
        let mut viewer = self.viewer();
        if let Ok(runtime) = Builder::new_current_thread().enable_all().build() {
            runtime.block_on(viewer.end());
        }
    }

    /// Whether the screen is the pager's.
    pub(super) fn covered(&self) -> Arc<AtomicBool> {
        self.pages.covered()
    }

    /// The pager.
    pub(super) fn viewer(&self) -> Viewer {
        self.viewer.clone()
    }

    /// Prints what is still held: through the pager when it is longer than the screen, else directly. Waits for the end of
    /// the pager.
    ///
    /// # Errors
    /// When standard output cannot be written; whoever leaves the pager early has seen enough.
    /// [`crate::error::Kind::Interrupted`] when a program ends this process meanwhile.
    pub(super) fn finish(&self, ui: &Ui) -> Result<()> {
        let printed = ui.flush().and_then(|()| self.pages.end());
        let is_started = self.viewer.stage() != Stage::NotStarted;
        if is_started {
            self.viewer.wait()?;
        }
        if let Some(fault) = self.pages.uncover() {
            ui.warn(format_args!("cannot start the pager `{}`: {fault}", self.command));
        }
        match printed {
            Err(fault) if is_started && fault.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            printed => Ok(printed?),
        }
    }
}

impl Viewer {
    fn stage(&self) -> Stage {
        *self.0.borrow()
    }

    /// Whether somebody left the pager, and wants to see no more.
    pub(super) fn was_left(&self) -> bool {
        self.stage() == Stage::Ended
    }

    /// Whether this is for the pager and not for this process: a key that is pressed while the pager runs.
    pub(super) fn takes(&self, asked: Asked) -> bool {
        asked == Asked::ByKey && matches!(self.stage(), Stage::Running(_))
    }

    /// Waits until the pager has ended; for ever where none is started.
    pub(super) async fn left(&mut self) {
        if self.0.wait_for(|stage| *stage == Stage::Ended).await.is_err() {
            std::future::pending().await
        }
    }

    /// Waits until the pager has ended, or a program wants this process to end.
    fn wait(&self) -> Result<()> {
        let mut viewer = self.clone();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut interrupts = Interrupt::from_signals().listen();
            loop {
                tokio::select! {
                    () = viewer.left() => return Ok(()),
                    asked = interrupts.next() => if !viewer.takes(asked) {
                        viewer.end().await;
                        return Err(Error::interrupted());
                    },
                }
            }
        })
    }

    /// Ends the pager, which would fight with the shell for the keys, and leave the terminal without its echo.
    async fn end(&mut self) {
        if let Stage::Running(process) = self.stage() {
            terminate(process);
            // A pager that does not listen is left alone.
            drop(timeout(END_LIMIT, self.left()).await);
        }
    }
}

/// Starts the pager and tells its stages.
fn start(command: String, environment: Environment, stage: watch::Sender<Stage>) -> StartPager {
    Box::new(move || {
        let words = shlex::split(&command).unwrap_or_else(|| vec![command.clone()]);
        let Some((program, arguments)) = words.split_first() else { return Err(io::ErrorKind::NotFound.into()) };
        let mut pager = Command::new(program);
        pager.args(arguments).current_dir(&environment.directory).env_clear().envs(environment.variables());
        if environment.get(env::LESS).is_none() {
            pager.env(env::LESS.name, LESS_OPTIONS);
        }
        outlive_the_key()?;
        let mut child = pager.stdin(Stdio::piped()).spawn()?;
        let input: Box<dyn Write + Send> = match child.stdin.take() {
            Some(input) => Box::new(input),
            None => return Err(io::ErrorKind::BrokenPipe.into()),
        };
        stage.send_replace(Stage::Running(child.id()));
        thread::Builder::new().name("pager".to_owned()).spawn(move || {
            // However it ended, it has ended.
            drop(child.wait());
            stage.send_replace(Stage::Ended);
        })?;
        Ok(input)
    })
}

/// Ctrl-C is a key of the pager's, too, and does not end this process from here on.
fn outlive_the_key() -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let entered = runtime.enter();
    // The handler stays when nobody listens any more.
    drop(Interrupt::from_signals().listen());
    drop(entered);
    // This may be another runtime's thread, which must not wait.
    runtime.shutdown_background();
    Ok(())
}
