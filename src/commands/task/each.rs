//! Asking something about each of many tasks, in the order in which they were named.

use std::future::Future;
use std::pin::pin;

use futures::stream::{self, StreamExt as _};

use super::ids::Named;
use crate::context::Context;
use crate::domain::TaskRef;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;
use crate::ui::Progress;

/// Questions at once; these are cheap for the server.
const QUESTIONS: usize = 32;

/// Asks about each task and hands the answers to `show`, in order and as they come.
///
/// A failure stops nothing but where one task was named: it is told, and the rest goes on. Where it
/// takes long, a terminal shows how far it is.
///
/// # Errors
/// The failure, for one task; for many [`Kind::Unsuccessful`], or what all of them failed with
/// alike; those of `show`.
pub async fn each<'a, T, Answer: Future<Output = Result<T>>>(
    named: &'a Named,
    context: &Context,
    ask: impl Fn(&'a TaskRef) -> Answer,
    mut show: impl FnMut(&TaskRef, T) -> Result<()>,
) -> Result<Status> {
    let refs = &named.targets.refs;
    let questions = refs.iter().map(|found| {
        let answer = ask(found);
        async move { (found, answer.await) }
    });
    let mut answers = pin!(stream::iter(questions).buffered(QUESTIONS));
    let mut failures = Failures::default();
    let progress = Progress::start(&context.ui, "Looking up", Some(refs.len() as u64));
    let asking = async {
        while let Some((found, answer)) = answers.next().await {
            let mut shown = Ok(());
            match answer {
                Ok(answer) => progress.above(|| shown = show(found, answer).and_then(|()| settle(context))),
                Err(error) if named.single => return Err(error),
                Err(error) => progress.above(|| failures.add(&found.id, &error, context)),
            }
            shown?;
            progress.advance(1);
        }
        Ok(())
    };
    context.interruptible(asking).await?;
    progress.finish();
    failures.into_result(refs.len())
}

/// On a terminal what is shown is seen at once, before the bar comes back.
fn settle(context: &Context) -> Result<()> {
    if context.ui.terminal.stdout {
        context.ui.flush()?;
    }
    Ok(())
}

/// What went wrong for some of many tasks.
#[derive(Debug, Default)]
pub struct Failures {
    count: usize,
    kinds: Vec<Kind>,
    hints: Vec<String>,
}

impl Failures {
    /// Tells of a failure and takes note of it.
    pub fn add(&mut self, id: &str, error: &Error, context: &Context) {
        let message =
            if context.ui.terminal.stderr { crate::ui::sanitize(error.message()) } else { error.message().into() };
        context.ui.warn(format_args!("{id}: {message}"));
        self.count += 1;
        if !self.kinds.contains(&error.kind()) {
            self.kinds.push(error.kind());
        }
        for hint in error.hints() {
            if self.hints.len() < 4 && !self.hints.contains(hint) {
                self.hints.push(hint.clone());
            }
        }
    }

    /// The outcome for so many tasks.
    ///
    /// # Errors
    /// When any failed.
    pub fn into_result(self, total: usize) -> Result<Status> {
        let kind = match self.kinds.as_slice() {
            [] => return Ok(Status::DONE),
            [kind] if self.count == total => *kind,
            _ => Kind::Unsuccessful,
        };
        let error = Error::new(kind, format!("{} of {total} tasks could not be looked at", self.count));
        Err(self.hints.into_iter().fold(error, Error::hint))
    }
}
