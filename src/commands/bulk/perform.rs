//! Doing the same thing to many tasks: show, ask, act, report.

use std::cell::RefCell;
use std::collections::HashSet;
use std::future::{Future, ready};
use std::time::{Duration, Instant};

use futures::future::LocalBoxFuture;
use futures::stream::LocalBoxStream;
use futures::{FutureExt as _, Stream, StreamExt as _, TryFutureExt as _, TryStreamExt as _};
use tokio::sync::{Mutex, Notify};

use super::action::{BulkAction, BulkItem, BulkOptions, ItemOutcome};
use super::report::{self, Outcome};
use crate::bulk::{self, Controller, Rest, Verdict, Watch};
use crate::client::Client;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::ui::Progress;

/// Acts on each of `items`: after showing them and asking, unless the options say not to.
///
/// Without a question the first calls go out while later pages of `items` are being fetched. What is
/// listed twice, as may be in a list that grows meanwhile, is done once.
/// `act` makes one call; the text it returns is printed, one line a task, where standard output is
/// no terminal. It stops by itself when it is pointless to go on: see [`Watch`].
///
/// # Errors
/// [`crate::error::Kind::Usage`] when nobody can be asked; [`crate::error::Kind::Unsuccessful`] when it failed for
/// some; when all of it failed alike, that failure; [`crate::error::Kind::Interrupted`].
pub(crate) async fn perform<Done: Into<ItemOutcome>, Acted: Future<Output = Result<Done>>>(
    action: BulkAction,
    items: impl Stream<Item = Result<BulkItem>>,
    options: &BulkOptions,
    context: &Context,
    act: impl Fn(Client, &BulkItem) -> Acted,
) -> Result<Status> {
    // All verbs share what follows: it is twenty kilobytes of the program.
    let act = |client: Client, item: &BulkItem| act(client, item).map_ok(Into::into).boxed_local();
    perform_boxed(action, items.boxed_local(), options, context, &act).await
}

/// Acts on an item.
type Act<'a> = &'a dyn Fn(Client, &BulkItem) -> LocalBoxFuture<'a, Result<ItemOutcome>>;

async fn perform_boxed<'a>(
    action: BulkAction,
    items: LocalBoxStream<'a, Result<BulkItem>>,
    options: &BulkOptions,
    context: &Context,
    act: Act<'a>,
) -> Result<Status> {
    let mut seen = HashSet::new();
    let items = items.try_filter(move |item| ready(seen.insert((item.deployment.clone(), item.id.clone()))));
    if !options.ask && !options.dry_run {
        return run(action, items.boxed_local(), None, options, context, act).await;
    }
    let listed = list(items, context).await?;
    if options.dry_run {
        return report::print_plan(action, &listed, options, context).await;
    }
    if listed.is_empty() {
        context.ui.note(format_args!("There are no tasks to {}.", action.verb));
        return Ok(Status::DONE);
    }
    if !action.confirm(&listed, options, context).await? {
        // To say no to a question that one asked for is no failure.
        return Ok(if options.confirm { Status::DONE } else { Status::NOT_CONFIRMED });
    }
    let total = listed.len();
    let items = futures::stream::iter(listed).map(Ok);
    run(action, items.boxed_local(), Some(total), options, context, act).await
}

async fn run<'a>(
    action: BulkAction,
    items: LocalBoxStream<'a, Result<BulkItem>>,
    total: Option<usize>,
    options: &BulkOptions,
    context: &Context,
    act: Act<'a>,
) -> Result<Status> {
    let started = Instant::now();
    // What is in flight is waited for, and what was done is reported.
    let _claim = context.claim_interrupt();
    let controller = controller(options, context)?;
    let progress = Progress::beside_output(&context.ui, action.doing, total.map(|total| total as u64));
    let outcome = RefCell::new(Outcome::new(action, options, context));
    let (watch, in_vain) = (RefCell::new(Watch::default()), Notify::new());
    // Listening from the start, so that a second interrupt is not missed while the first one is handled.
    let interrupts = Mutex::new(context.env.interrupt.listen());
    let ended = bulk::run(
        items,
        controller,
        || context.pushbacks(),
        async {
            tokio::select! {
                biased;
                _ = async { interrupts.lock().await.next().await } => {}
                () = in_vain.notified() => return Rest::All,
            }
            // It would look as if nobody had heard, while what is in flight is waited for.
            progress.above(|| {
                context.ui.overwrite_key();
                context.ui.note("Stopping; waiting for what is in flight. Ctrl-C again does not wait.");
            });
            Rest::Known
        },
        async {
            interrupts.lock().await.next().await;
        },
        |item: &BulkItem| {
            let acted = item.deployment.client(context).map(|client| act(client, item));
            let begun = started.elapsed();
            async move {
                let result = match acted {
                    Ok(acted) => acted.await,
                    Err(error) => Err(error),
                };
                Ok((begun, result))
            }
        },
        |item: &BulkItem, result: Result<(Duration, Result<ItemOutcome>)>| {
            let (begun, result) = result.unwrap_or_else(|error| (started.elapsed(), Err(error)));
            let verdict = result.as_ref().map_or_else(Verdict::of, |_| Verdict::OfItem);
            let futility = watch.borrow_mut().note(verdict, begun, started.elapsed());
            outcome.borrow_mut().add(item, result, &progress);
            progress.advance(1);
            if let Some(futility) = futility {
                outcome.borrow_mut().stop(futility);
                in_vain.notify_one();
            }
        },
    )
    .await;
    progress.finish();
    outcome.into_inner().finish(ended, total, started.elapsed()).await
}

/// As many calls at once as the flag or else the settings say; else as many as the deployment bears.
fn controller(options: &BulkOptions, context: &Context) -> Result<Controller> {
    let available = bulk::connections_available();
    let jobs = match options.jobs {
        Some(jobs) => Some(u32::from(jobs)),
        None => context.settings()?.jobs(),
    };
    Ok(match jobs {
        Some(jobs) => Controller::fixed(usize::try_from(jobs).unwrap_or(available).min(available)),
        None => Controller::new(available),
    })
}

/// All items, for which large groups take a while.
async fn list(items: impl Stream<Item = Result<BulkItem>>, context: &Context) -> Result<Vec<BulkItem>> {
    let progress = Progress::start(&context.ui, "Listing", None);
    items.inspect_ok(|_| progress.advance(1)).try_collect().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Globals;
    use crate::env::Environment;
    use crate::ui::{ColorChoice, Streams, Terminal, Ui};

    #[test]
    fn a_flag_comes_before_a_profile_and_that_before_the_file() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join(".config/tc");
        std::fs::create_dir_all(&directory).unwrap();
        let settings = "jobs = 3\n[profiles.corp]\nroot-url = \"https://tc.example.com\"\njobs = 5\n";
        std::fs::write(directory.join("config.toml"), settings).unwrap();
        let environment = Environment::empty(home.path()).with("HOME", home.path());
        let limit = |environment: &Environment, jobs: Option<u16>| {
            let (stdin, stdout, stderr) = (std::io::empty(), std::io::sink(), std::io::sink());
            let streams = Streams {
                stdin: Box::new(stdin),
                stdout: Box::new(stdout),
                stderr: Box::new(stderr),
                terminal: Terminal::default(),
            };
            let ui = std::sync::Arc::new(Ui::new(streams, ColorChoice::Never, true, true));
            let context = Context::new(environment.clone(), ui, Globals::default(), Vec::new());
            controller(&BulkOptions { jobs, ..BulkOptions::default() }, &context).unwrap().limit()
        };
        let corp = environment.clone().with("TC_PROFILE", "corp");
        assert_eq!([limit(&environment, None), limit(&corp, None), limit(&corp, Some(7))], [3, 5, 7]);
        assert_eq!(limit(&Environment::empty("/"), None), Controller::new(bulk::connections_available()).limit());
    }
}
