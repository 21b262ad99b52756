//! Asking about each of many tasks, in the order in which they were named.

use std::future::Future;
use std::pin::pin;

use futures::stream::{self, StreamExt as _};

use super::Failures;
use crate::client::Client;
use crate::commands::selection::NamedTasks;
use crate::context::{Context, NamedTask};
use crate::error::Result;
use crate::exit::Status;
use crate::ui::Progress;

/// Calls at once; these are cheap for the server.
const MAX_CONCURRENT_LOOKUPS: usize = 32;

/// Asks the deployment of each task about it, and hands the answers to `show`, in order and as they come.
///
/// A failure stops nothing but where one task was named: it is reported, and the rest goes on. Where it
/// takes long, a terminal shows how far it is.
///
/// # Errors
/// The failure, for one task; for many [`crate::error::Kind::Unsuccessful`], or what all of them failed with
/// alike; those of `show`.
pub(crate) async fn look_up<'a, T, Answer: Future<Output = Result<T>>>(
    named: &'a NamedTasks,
    context: &Context,
    ask: impl Fn(Client, &'a NamedTask) -> Answer,
    mut show: impl FnMut(&NamedTask, T) -> Result<()>,
) -> Result<Status> {
    let tasks = &named.tasks;
    let questions = tasks.iter().map(|found| {
        let answer = found.deployment.client(context).map(|client| ask(client, found));
        async move {
            match answer {
                Ok(answer) => (found, answer.await),
                Err(error) => (found, Err(error)),
            }
        }
    });
    let mut answers = pin!(stream::iter(questions).buffered(MAX_CONCURRENT_LOOKUPS));
    let mut failures = Failures::default();
    let progress = Progress::beside_output(&context.ui, "Looking up", Some(tasks.len() as u64));
    let asking = async {
        while let Some((found, answer)) = answers.next().await {
            let mut shown = Ok(());
            match answer {
                Ok(answer) => progress.above(|| shown = show(found, answer).and_then(|()| settle(context))),
                Err(error) if named.is_single => return Err(error),
                Err(error) => progress.above(|| failures.add(&found.id, "", &found.id, false, error, context)),
            }
            shown?;
            progress.advance(1);
        }
        Ok(())
    };
    context.interruptible(asking).await?;
    progress.finish();
    finish(failures, tasks.len(), context)
}

/// The end of looking at so many tasks.
///
/// # Errors
/// When any failed.
pub(crate) fn finish(failures: Failures, total: usize, context: &Context) -> Result<Status> {
    let (done, hints) = (total - failures.count(), failures.report().hints.clone());
    failures.finish(done, "tasks could not be looked up", &hints, context)?;
    Ok(Status::DONE)
}

/// On a terminal what is shown is seen at once, before the bar comes back.
fn settle(context: &Context) -> Result<()> {
    if context.ui.terminal.stdout {
        context.ui.flush()?;
    }
    Ok(())
}
