//! The one runtime, and the race between a verb and the interrupt.
//!
//! This thread moves bytes and waits for the interrupt; the verb's future has a thread of its own, so that a verb
//! which computes holds up neither.

use std::future::Future;
use std::panic;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use tracing::Dispatch;
use tracing::dispatcher::set_default;

use crate::context::{Context, Ending};
use crate::env::{Asked, Interrupt, Interrupts};
use crate::error::{Error, Result};
use crate::exit::Status;

use super::pager::Viewer;

/// Threads for what the system offers no other way than blocking. Each name that is looked up takes one and some open
/// files, each large file that is written takes one.
const MAX_BLOCKING_THREADS: usize = 16;
/// Tasks that have their turn before the system is asked for news: two for each of the 512 connections that a bulk
/// action may have, so that connections which are done are free before the next requests start.
const TASKS_PER_TICK: u32 = 1024;
/// Turns in which tasks that the verb has given up are dropped. Shutting down waits for threads that write before it
/// drops tasks, and these threads wait for what such tasks hold.
const TICKS_AT_THE_END: usize = 8;
/// The stack of the verb's thread, in bytes: what a main thread has.
const VERB_STACK_SIZE: usize = 8 << 20;
/// How long a verb may take to its first wait, and thereby to claim an interrupt that came before it began.
const BEGIN_LIMIT: Duration = Duration::from_millis(100);
/// How long a verb that deals with the interrupt may take to end by itself.
const REPORT_LIMIT: Duration = Duration::from_millis(400);
/// How long a verb may take to be dropped; one that computes is left behind then.
const UNWIND_LIMIT: Duration = Duration::from_millis(200);
/// How long threads that write files may take to leave them in order.
const WRITERS_LIMIT: Duration = Duration::from_secs(10);

/// Runs a verb to its end or to the interrupt, which somebody who leaves the pager means, too.
///
/// # Errors
/// Those of the verb; [`crate::error::Kind::Interrupted`].
pub(super) fn race<Verb>(
    mut context: Context,
    log: &Dispatch,
    viewer: Option<Viewer>,
    verb: impl FnOnce(Arc<Context>) -> Verb + Send + 'static,
) -> Result<Status>
where
    Verb: Future<Output = Result<Status>>,
{
    let (forward, interrupt) = Interrupt::channel();
    let source = std::mem::replace(&mut context.env.interrupt, interrupt);
    let ending = Arc::clone(context.ending());
    let runtime = runtime(log)?;
    let _log = set_default(log);
    let outcome = runtime.block_on(async {
        // From here on no signal ends the process by itself.
        let mut interrupts = source.listen();
        let mut running = start(context, log, verb)?;
        let Some(outcome) = until_end(&mut interrupts, viewer, &forward, &ending, &mut running).await else {
            return Err(Error::interrupted());
        };
        for _ in 0..TICKS_AT_THE_END {
            tokio::task::yield_now().await;
        }
        match (running.thread.join(), outcome) {
            (Ok(()), Ok(outcome)) => Ok(outcome),
            (Ok(()), Err(_)) => Err(Error::failed("the command ended without an outcome")),
            // The verb panicked, which must look as it would have looked on this thread.
            (Err(payload), _) => panic::resume_unwind(payload),
        }
    });
    match outcome {
        Ok(outcome) => {
            let limit = if ending.is_writing() { WRITERS_LIMIT } else { Duration::ZERO };
            // A name that is being looked up cannot be stopped, and is not worth waiting for.
            runtime.shutdown_timeout(limit);
            outcome
        }
        Err(left_behind) => {
            // The verb still computes. Without the runtime it would panic where it waits next; so it waits for ever.
            std::mem::forget(runtime);
            Err(left_behind)
        }
    }
}

fn runtime(log: &Dispatch) -> Result<Runtime> {
    let log = log.clone();
    Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(MAX_BLOCKING_THREADS)
        .event_interval(TASKS_PER_TICK)
        .on_thread_start(move || std::mem::forget(set_default(&log)))
        .build()
        .map_err(|source| Error::failed("cannot start the I/O runtime").caused_by(source))
}

/// A verb on its thread.
struct Running {
    thread: thread::JoinHandle<()>,
    /// Comes when the verb waits for the first time.
    begun: oneshot::Receiver<()>,
    ended: oneshot::Receiver<Result<Status>>,
}

/// Starts the verb on a thread of its own.
fn start<Verb: Future<Output = Result<Status>>>(
    context: Context,
    log: &Dispatch,
    verb: impl FnOnce(Arc<Context>) -> Verb + Send + 'static,
) -> Result<Running> {
    let ((begin, begun), (end, ended)) = (oneshot::channel(), oneshot::channel());
    let (handle, log) = (tokio::runtime::Handle::current(), log.clone());
    let run = move || {
        let _log = set_default(&log);
        let context = Arc::new(context);
        let ending = Arc::clone(context.ending());
        let outcome = handle.block_on(async {
            tokio::select! {
                biased;
                () = ending.cancelled() => Err(Error::interrupted()),
                outcome = Box::pin(verb(context)) => outcome,
                outcome = has_begun(begin) => outcome,
            }
        });
        // Nobody is left to tell when the verb was left behind.
        drop(end.send(outcome));
    };
    let thread = thread::Builder::new().name("verb".to_owned()).stack_size(VERB_STACK_SIZE).spawn(run);
    let thread = thread.map_err(|source| Error::failed("cannot start a thread").caused_by(source))?;
    Ok(Running { thread, begun, ended })
}

/// Tells that the verb waits; polled after it.
async fn has_begun(begin: oneshot::Sender<()>) -> Result<Status> {
    // Only an interrupt asks for it.
    begin.send(()).unwrap_or_default();
    std::future::pending().await
}

/// Waits for the end of the verb, and ends it at an interrupt; none when it does not end.
async fn until_end(
    interrupts: &mut Interrupts,
    viewer: Option<Viewer>,
    forward: &watch::Sender<bool>,
    ending: &Ending,
    running: &mut Running,
) -> Option<Result<Result<Status>, oneshot::error::RecvError>> {
    let Running { begun, ended, .. } = running;
    tokio::select! {
        biased;
        outcome = &mut *ended => return Some(outcome),
        asked = unwanted(interrupts, viewer, ending) => ending.note_interrupt(asked),
    }
    // Whether it comes in time or too late, the verb is asked the same.
    timeout(BEGIN_LIMIT, begun).await.unwrap_or(Ok(())).unwrap_or_default();
    let (is_claimed, is_followed) = (ending.is_claimed(), ending.is_followed());
    forward.send_replace(true);
    if is_claimed {
        tokio::select! {
            biased;
            outcome = &mut *ended => return Some(outcome),
            _ = interrupts.next() => { forward.send_replace(true); }
            () = ending.released() => {}
        }
    }
    if (is_claimed || is_followed)
        && let Ok(outcome) = timeout(REPORT_LIMIT, &mut *ended).await
    {
        return Some(outcome);
    }
    ending.cancel();
    timeout(UNWIND_LIMIT, &mut *ended).await.ok()
}

/// Waits until the result is wanted no more, and says who wants no more.
async fn unwanted(interrupts: &mut Interrupts, mut viewer: Option<Viewer>, ending: &Ending) -> Asked {
    loop {
        let asked = tokio::select! {
            () = left(&mut viewer) => return Asked::ByKey,
            asked = interrupts.next() => asked,
        };
        let is_for_viewer = viewer.as_ref().is_some_and(|viewer| viewer.takes(asked));
        let is_for_editor = asked == Asked::ByKey && ending.is_terminal_lent();
        if !is_for_viewer && !is_for_editor {
            return asked;
        }
    }
}

/// Waits until somebody leaves the pager; for ever where there is none.
async fn left(viewer: &mut Option<Viewer>) {
    match viewer {
        Some(viewer) => viewer.left().await,
        None => std::future::pending().await,
    }
}
