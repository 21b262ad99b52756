//! How an interrupt ends a verb: at once, unless the verb deals with it.
//!
//! A verb has three ways to meet an interrupt. Most know nothing of it: their future is dropped, wherever it
//! waits. Those that have something to say or to put in order wrap what takes long in [`Context::interruptible`]
//! and get half a second after it. Those that decide themselves when to stop, as bulk actions do, hold a
//! [`Claim`] meanwhile: then the first interrupt is theirs alone. While another program has the terminal
//! ([`Lent`]), Ctrl-C does not interrupt the verb.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::Context;
use crate::env::Asked;
use crate::error::{Error, Result};
use crate::ui::reader_left;

/// What a run and its verb tell each other about the end.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    /// How many claims on the interrupt there are.
    claims: watch::Sender<usize>,
    /// How many pieces of work have something after them that an interrupt must not cut off.
    followed: watch::Sender<usize>,
    /// How many programs of the user's have the terminal, and with it its keys.
    lent: AtomicUsize,
    /// Files may be half written.
    is_writing: AtomicBool,
    /// The verb has to end.
    cancelled: watch::Sender<bool>,
    /// When the interrupt came, and from whom.
    interrupted: OnceLock<(Instant, Asked)>,
}

impl Ending {
    /// Whether the verb decides itself when to stop.
    pub(crate) fn is_claimed(&self) -> bool {
        *self.claims.borrow() > 0
    }

    /// Whether the verb has something to do after an interrupt, which takes little time.
    pub(crate) fn is_followed(&self) -> bool {
        *self.followed.borrow() > 0
    }

    /// Whether a key that is pressed is for another program, which has the terminal.
    pub(crate) fn is_terminal_lent(&self) -> bool {
        self.lent.load(Ordering::Relaxed) > 0
    }

    /// Whether threads may be about to leave files in order.
    pub(crate) fn is_writing(&self) -> bool {
        self.is_writing.load(Ordering::Relaxed)
    }

    /// Waits until the verb has given up its claims.
    pub(crate) async fn released(&self) {
        // The sender is here, so the channel cannot close.
        drop(self.claims.subscribe().wait_for(|claims| *claims == 0).await);
    }

    /// Notes that the interrupt has come.
    pub(crate) fn note_interrupt(&self, asked: Asked) {
        self.interrupted.get_or_init(|| (Instant::now(), asked));
    }

    /// Whether the interrupt reached this process alone, and none of those that it has started.
    pub(crate) fn is_interrupted_alone(&self) -> bool {
        self.interrupted.get().is_some_and(|(_, asked)| *asked == Asked::ByProgram)
    }

    /// How long ago the interrupt came; nothing where none did.
    pub(crate) fn since_interrupt(&self) -> Duration {
        self.interrupted.get().map(|(when, _)| when.elapsed()).unwrap_or_default()
    }

    /// Ends the verb where it waits next.
    pub(crate) fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// Waits until the verb has to end.
    pub(crate) async fn cancelled(&self) {
        drop(self.cancelled.subscribe().wait_for(|cancelled| *cancelled).await);
    }
}

/// The interrupt is dealt with by whoever holds this.
#[must_use = "a claim ends when it is dropped"]
#[derive(Debug)]
pub(crate) struct Claim(Arc<Ending>);

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.claims.send_modify(|claims| *claims -= 1);
    }
}

/// The terminal is another program's, and so is Ctrl-C, for as long as somebody holds this.
#[must_use = "the terminal is taken back when it is dropped"]
#[derive(Debug)]
pub(crate) struct Lent(Arc<Ending>);

impl Drop for Lent {
    fn drop(&mut self) {
        self.0.lent.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts as followed by something until it is dropped.
struct Followed<'a>(&'a Ending);

impl Drop for Followed<'_> {
    fn drop(&mut self) {
        self.0.followed.send_modify(|followed| *followed -= 1);
    }
}

impl Context {
    /// Takes the first interrupt from the run: the verb sees it by `context.env.interrupt` and ends by itself. After
    /// a second one it has half a second left.
    pub(crate) fn claim_interrupt(&self) -> Claim {
        self.ending.claims.send_modify(|claims| *claims += 1);
        Claim(Arc::clone(&self.ending))
    }

    /// Lends the terminal to a program that knows what to do with Ctrl-C, such as an editor. The program tells by how
    /// it ends whether everything has to end; SIGTERM ends the verb as ever.
    pub(crate) fn lend_terminal(&self) -> Lent {
        self.ending.lent.fetch_add(1, Ordering::Relaxed);
        Lent(Arc::clone(&self.ending))
    }

    /// Runs `work` to its end, to the interrupt, or to the end of the time that a transfer may take; the verb goes on in any
    /// case, for half a second at most.
    ///
    /// # Errors
    /// What `work` returns; [`crate::error::Kind::Interrupted`]; [`crate::error::Kind::Pending`].
    pub(crate) async fn interruptible<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.ending.followed.send_modify(|followed| *followed += 1);
        let _followed = Followed(&self.ending);
        tokio::select! {
            biased;
            () = self.env.interrupt.wait() => Err(Error::interrupted()),
            error = self.transfer_limit() => Err(error),
            outcome = work => outcome,
        }
    }

    /// Runs `work`, which waits for news to print, to its end, or to the moment when nobody reads what it prints: `grep -m1`
    /// and `head` would otherwise be waited for until the next news.
    ///
    /// # Errors
    /// What `work` returns; [`crate::error::Kind::BrokenPipe`].
    pub(crate) async fn while_read<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let terminal = self.ui.terminal;
        if !terminal.is_own || !terminal.stdout_is_pipe {
            return work.await;
        }
        tokio::select! {
            biased;
            outcome = work => outcome,
            () = reader_left() => Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe).into()),
        }
    }

    /// Like [`Context::interruptible`], for work that writes files: threads that are left behind by a failure or
    /// by the interrupt get the time to leave them in order.
    pub(crate) async fn writing_files<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.ending.is_writing.store(true, Ordering::Relaxed);
        let outcome = self.interruptible(work).await;
        if outcome.is_ok() {
            self.ending.is_writing.store(false, Ordering::Relaxed);
        }
        outcome
    }
}
