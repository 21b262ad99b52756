//! Doing the same thing to many tasks: show, ask, act, report.

use std::cell::RefCell;
use std::collections::HashSet;
use std::future::{Future, ready};
use std::path::PathBuf;
use std::time::Instant;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};

use super::outcome::Outcome;
use crate::bulk::{self, Controller};
use crate::client::Client;
use crate::context::Context;
use crate::domain::{TaskItem, TaskState};
use crate::error::{Error, Result};
use crate::exit::Status;
use crate::ui::{Progress, Reply};

/// Tasks that are shown before the question.
const SHOWN: usize = 10;

/// How to go about it.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ActArgs {
    /// Do not ask
    #[arg(short, long, visible_alias = "force")]
    pub yes: bool,
    /// Only print the tasks that it would be done to
    #[arg(short = 'n', long, visible_alias = "noop")]
    pub dry_run: bool,
    /// How many calls at once, at most; by default what the settings say, or as many as pay
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Write the IDs of tasks that it could not be done to into this file, for another try
    #[arg(long, value_name = "FILE")]
    pub failures: Option<PathBuf>,
}

/// How a deed is to be gone about.
#[derive(Debug, Clone, Default)]
pub struct How {
    /// Show the tasks and ask first.
    pub ask: bool,
    /// The user wishes to be asked, so whatever standard input is, it has the answer.
    pub confirm: bool,
    /// Print a line for each task on a terminal, too.
    pub lines: bool,
    /// There is one task, so its failure is that of the command.
    pub alone: bool,
    /// Only print what it would be done to.
    pub dry_run: bool,
    /// How many calls at once, at most; by default what the settings say, or as many as pay.
    pub jobs: Option<u16>,
    /// Where to write the IDs of tasks that it could not be done to.
    pub failures: Option<PathBuf>,
}

impl ActArgs {
    /// What the flags mean for a deed on many tasks, which is asked about.
    pub fn how(&self) -> How {
        How {
            ask: !self.yes,
            dry_run: self.dry_run,
            jobs: self.jobs,
            failures: self.failures.clone(),
            ..How::default()
        }
    }
}

/// What is done to tasks, in the words that messages need.
#[derive(Debug, Clone, Copy)]
pub struct Deed {
    /// `cancel`.
    pub verb: &'static str,
    /// `Cancelling`.
    pub doing: &'static str,
    /// `cancelled`.
    pub done: &'static str,
    /// The verb as `tc signin --for` takes it.
    pub needs: &'static str,
}

/// What was done to one task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// What to print about it.
    pub line: String,
    /// The server's answer, for `--json`.
    pub answer: Option<Bytes>,
}

impl From<String> for Done {
    fn from(line: String) -> Self {
        Self { line, answer: None }
    }
}

/// A task that something is done to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// Its ID.
    pub id: String,
    /// Its name, where it is known.
    pub name: String,
    /// Its state, where it is known.
    pub state: Option<TaskState>,
}

impl Target {
    /// The target that an item of a group is.
    pub fn of(item: &TaskItem<'_>) -> Self {
        Self { id: item.id().to_owned(), name: item.name().to_owned(), state: Some(item.status.state) }
    }
}

/// Does it to each of `targets`: after showing them and asking, unless told not to.
///
/// Without a question the first calls go out while later pages of `targets` are being fetched. What is
/// listed twice, as may be in a list that grows meanwhile, is done once.
/// `act` makes one call; the text it returns is printed, one line a task, where standard output is
/// no terminal.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when nobody can be asked; [`crate::error::Kind::Failed`] when the
/// answer is no; [`crate::error::Kind::Unsuccessful`] when it failed for some; when all of it failed
/// alike, that failure; [`crate::error::Kind::Interrupted`].
pub async fn perform<D: Into<Done>, Action: Future<Output = Result<D>>>(
    deed: Deed,
    targets: impl Stream<Item = Result<Target>>,
    how: &How,
    client: &Client,
    context: &Context,
    act: impl Fn(&Target) -> Action,
) -> Result<Status> {
    let mut seen = HashSet::new();
    let targets = targets.try_filter(move |target| ready(seen.insert(target.id.clone())));
    if !how.ask && !how.dry_run {
        return run(deed, targets, None, how, client, context, act).await;
    }
    let listed = list(targets, context).await?;
    if how.dry_run {
        return super::outcome::print_plan(deed, &listed, context);
    }
    if listed.is_empty() {
        context.ui.note(format_args!("There are no tasks to {}.", deed.verb));
        return Ok(Status::DONE);
    }
    if !ask(deed, &listed, how, context).await? {
        context.ui.note(format_args!("Nothing was {}.", deed.done));
        return Ok(Status::DONE);
    }
    let total = listed.len();
    let targets = futures::stream::iter(listed).map(Ok);
    run(deed, targets, Some(total), how, client, context, act).await
}

/// Shows what it would be done to, and asks. To say no to a question that one wished for is no failure.
async fn ask(deed: Deed, listed: &[Target], how: &How, context: &Context) -> Result<bool> {
    let ui = &context.ui;
    let count = listed.len();
    let unasked =
        |message: String| Error::usage(message).hint("--yes does it without asking, --dry-run only shows what.");
    if !ui.terminal.stdin && !how.confirm {
        return Err(unasked(format!(
            "to {} {} a confirmation is needed, and there is no terminal to ask on",
            deed.verb,
            tasks(count)
        )));
    }
    ui.note(format_args!("About to {} {}:", deed.verb, tasks(count)));
    for target in listed.iter().take(SHOWN) {
        ui.note(format_args!("  {} {}", target.id, crate::ui::sanitize(&target.name)));
    }
    if count > SHOWN {
        ui.note(format_args!("  .. and {} more", count - SHOWN));
    }
    let question = format!("{} {}?", capitalized(deed.verb), if count == 1 { "it" } else { "them" });
    match context.ask(&question).await? {
        Reply::Yes => Ok(true),
        Reply::No if how.confirm => Ok(false),
        Reply::End => Err(Error::failed(format!("nothing was {}: the input ended without an answer", deed.done))),
        Reply::No | Reply::Unclear => Err(Error::failed(format!("nothing was {}: there was no yes", deed.done))),
    }
}

async fn run<D: Into<Done>, Action: Future<Output = Result<D>>>(
    deed: Deed,
    targets: impl Stream<Item = Result<Target>>,
    total: Option<usize>,
    how: &How,
    client: &Client,
    context: &Context,
    act: impl Fn(&Target) -> Action,
) -> Result<Status> {
    let started = Instant::now();
    // What is in flight is waited for, and what was done is told.
    let _claim = context.claim_interrupt();
    let controller = controller(how, context)?;
    let progress = Progress::start(&context.ui, deed.doing, total.map(|total| total as u64));
    let outcome = RefCell::new(Outcome::new(deed, how, context));
    let ended = bulk::run(
        targets,
        controller,
        || client.pushbacks(),
        async {
            context.env.interrupt.wait().await;
            // It would look as if nobody had heard, while what is in flight is waited for.
            progress.above(|| {
                context.ui.overwrite_key();
                context.ui.note("Stopping; waiting for what is in flight. Ctrl-C again does not wait.");
            });
        },
        context.env.interrupt.again(),
        act,
        |target: &Target, result| {
            outcome.borrow_mut().add(target, result.map(Into::into), &progress);
            progress.advance(1);
        },
    )
    .await;
    progress.finish();
    outcome.into_inner().finish(&ended, total, started.elapsed(), how)
}

/// As many calls at once as the flag or else the settings say; else as many as pay.
fn controller(how: &How, context: &Context) -> Result<Controller> {
    let available = bulk::connections_available();
    let jobs = match how.jobs {
        Some(jobs) => Some(u32::from(jobs)),
        None => context.settings()?.jobs(),
    };
    Ok(match jobs {
        Some(jobs) => Controller::fixed(usize::try_from(jobs).unwrap_or(available).min(available)),
        None => Controller::new(available),
    })
}

/// All targets, for which large groups take a while.
async fn list(targets: impl Stream<Item = Result<Target>>, context: &Context) -> Result<Vec<Target>> {
    let progress = Progress::start(&context.ui, "Listing", None);
    targets.inspect_ok(|_| progress.advance(1)).try_collect().await
}

/// `1 task`, `2 tasks`.
pub(super) fn tasks(count: usize) -> String {
    if count == 1 { "1 task".to_owned() } else { format!("{count} tasks") }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
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
            controller(&How { jobs, ..How::default() }, &context).unwrap().limit()
        };
        let corp = environment.clone().with("TC_PROFILE", "corp");
        assert_eq!([limit(&environment, None), limit(&corp, None), limit(&corp, Some(7))], [3, 5, 7]);
        assert_eq!(limit(&Environment::empty("/"), None), Controller::new(bulk::connections_available()).limit());
    }
}
