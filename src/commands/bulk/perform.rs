//! Doing the same thing to many tasks: show, ask, act, report.

use std::cell::RefCell;
use std::collections::HashSet;
use std::future::{Future, ready};
use std::path::PathBuf;
use std::time::Instant;

use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};

use super::Confirmation;
use super::report::{self, Outcome, tasks};
use crate::bulk::{self, Controller};
use crate::client::Client;
use crate::context::{Context, Deployment, Named};
use crate::domain::{TaskItem, TaskState};
use crate::error::Result;
use crate::exit::Status;
use crate::ui::{Progress, sanitize};

/// Tasks that are shown before the question.
const MAX_SHOWN_TASKS: usize = 10;
/// What to do where nobody can be asked.
const HINT: &str = "Use --yes to skip the question, or --dry-run to see the tasks that would be affected.";

/// How to act on many tasks.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct BulkArgs {
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub yes: bool,
    /// Only print the tasks that would be affected
    #[arg(short = 'n', long, visible_alias = "noop")]
    pub dry_run: bool,
    /// Maximum number of concurrent calls; by default that of the settings, else chosen automatically
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Write the IDs of the tasks that failed to this file, for another try
    #[arg(long, value_name = "FILE")]
    pub failures: Option<PathBuf>,
}

/// How a bulk action is carried out.
#[derive(Debug, Clone, Default)]
pub struct BulkOptions {
    /// Show the tasks and ask first.
    pub ask: bool,
    /// The question was asked for, so whatever standard input is, it has the answer.
    pub confirm: bool,
    /// Print a line for each task on a terminal, too.
    pub lines: bool,
    /// There is one task, so its failure is that of the command.
    pub alone: bool,
    /// Only print the tasks that would be affected.
    pub dry_run: bool,
    /// Maximum number of concurrent calls; by default that of the settings, else chosen automatically.
    pub jobs: Option<u16>,
    /// Where to write the IDs of the tasks that failed.
    pub failures: Option<PathBuf>,
}

impl BulkArgs {
    /// The options of an action on many tasks, which is asked about.
    pub fn options(&self) -> BulkOptions {
        BulkOptions {
            ask: !self.yes,
            dry_run: self.dry_run,
            jobs: self.jobs,
            failures: self.failures.clone(),
            ..BulkOptions::default()
        }
    }
}

/// What is done to tasks, in the words that messages need.
#[derive(Debug, Clone, Copy)]
pub struct BulkAction {
    /// `cancel`.
    pub verb: &'static str,
    /// `Cancelling`.
    pub doing: &'static str,
    /// `cancelled`.
    pub done: &'static str,
    /// The verb as `tc signin --for` takes it.
    pub needs: &'static str,
}

impl BulkAction {
    /// Its name in JSON.
    pub fn name(&self) -> String {
        self.verb.replace('-', "")
    }

    /// Whether anybody can be asked about so many tasks.
    ///
    /// # Errors
    /// [`crate::error::Kind::Usage`] when not.
    pub fn check_terminal(&self, count: usize, context: &Context) -> Result<()> {
        let action = format!("{} {}", self.verb, tasks(count));
        let nobody = Confirmation { action: &action, hint: HINT, ..Confirmation::default() };
        nobody.check_terminal(context)
    }

    /// Asks whether to do it to these tasks, of which some are shown.
    async fn confirm(&self, listed: &[BulkItem], options: &BulkOptions, context: &Context) -> Result<bool> {
        let count = listed.len();
        let action = format!("{} {}", self.verb, tasks(count));
        let mut notice = format!("About to {action}:");
        for item in listed.iter().take(MAX_SHOWN_TASKS) {
            notice.push_str(&format!("\n  {} {}", item.id, sanitize(&item.name)));
        }
        if count > MAX_SHOWN_TASKS {
            notice.push_str(&format!("\n  .. and {} more", count - MAX_SHOWN_TASKS));
        }
        let confirmation = Confirmation {
            action: &action,
            refusal: &format!("{} nothing", self.done),
            notice: &notice,
            question: &format!("{} {}?", capitalized(self.verb), if count == 1 { "it" } else { "them" }),
            hint: HINT,
            was_requested: options.confirm,
        };
        confirmation.ask(context).await
    }
}

/// What was done to one task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemOutcome {
    /// What to print about it.
    pub line: String,
    /// The server's answer, for `--json`.
    pub answer: Option<Bytes>,
}

impl From<String> for ItemOutcome {
    fn from(line: String) -> Self {
        Self { line, answer: None }
    }
}

/// A task that something is done to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BulkItem {
    /// Where it is.
    pub deployment: Deployment,
    /// Its ID.
    pub id: String,
    /// Its name, where it is known.
    pub name: String,
    /// Its state, where it is known.
    pub state: Option<TaskState>,
}

impl BulkItem {
    /// A task of which no more is known.
    pub fn of(deployment: Deployment, id: String) -> Self {
        Self { deployment, id, ..Self::default() }
    }

    /// A task of a group.
    pub fn in_group(group: &Named, item: &TaskItem<'_>) -> Self {
        let (id, name) = (item.id().to_owned(), item.name().to_owned());
        Self { deployment: group.deployment.clone(), id, name, state: Some(item.status.state) }
    }
}

/// Acts on each of `items`: after showing them and asking, unless told not to.
///
/// Without a question the first calls go out while later pages of `items` are being fetched. What is
/// listed twice, as may be in a list that grows meanwhile, is done once.
/// `act` makes one call; the text it returns is printed, one line a task, where standard output is
/// no terminal.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when nobody can be asked; [`crate::error::Kind::Unsuccessful`] when it failed for
/// some; when all of it failed alike, that failure; [`crate::error::Kind::Interrupted`].
pub async fn perform<Done: Into<ItemOutcome>, Acted: Future<Output = Result<Done>>>(
    action: BulkAction,
    items: impl Stream<Item = Result<BulkItem>>,
    options: &BulkOptions,
    context: &Context,
    act: impl Fn(Client, &BulkItem) -> Acted,
) -> Result<Status> {
    let mut seen = HashSet::new();
    let items = items.try_filter(move |item| ready(seen.insert((item.deployment.clone(), item.id.clone()))));
    if !options.ask && !options.dry_run {
        return run(action, items, None, options, context, act).await;
    }
    let listed = list(items, context).await?;
    if options.dry_run {
        return report::print_plan(action, &listed, context).await;
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
    run(action, items, Some(total), options, context, act).await
}

async fn run<Done: Into<ItemOutcome>, Acted: Future<Output = Result<Done>>>(
    action: BulkAction,
    items: impl Stream<Item = Result<BulkItem>>,
    total: Option<usize>,
    options: &BulkOptions,
    context: &Context,
    act: impl Fn(Client, &BulkItem) -> Acted,
) -> Result<Status> {
    let started = Instant::now();
    // What is in flight is waited for, and what was done is told.
    let _claim = context.claim_interrupt();
    let controller = controller(options, context)?;
    let progress = Progress::start(&context.ui, action.doing, total.map(|total| total as u64));
    let outcome = RefCell::new(Outcome::new(action, options, context));
    let ended = bulk::run(
        items,
        controller,
        || context.pushbacks(),
        async {
            context.env.interrupt.wait().await;
            // It would look as if nobody had heard, while what is in flight is waited for.
            progress.above(|| {
                context.ui.overwrite_key();
                context.ui.note("Stopping; waiting for what is in flight. Ctrl-C again does not wait.");
            });
        },
        context.env.interrupt.again(),
        |item: &BulkItem| {
            let acted = item.deployment.client(context).map(|client| act(client, item));
            async move { acted?.await }
        },
        |item: &BulkItem, result| {
            outcome.borrow_mut().add(item, result.map(Into::into), &progress);
            progress.advance(1);
        },
    )
    .await;
    progress.finish();
    outcome.into_inner().finish(&ended, total, started.elapsed(), options).await
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
            controller(&BulkOptions { jobs, ..BulkOptions::default() }, &context).unwrap().limit()
        };
        let corp = environment.clone().with("TC_PROFILE", "corp");
        assert_eq!([limit(&environment, None), limit(&corp, None), limit(&corp, Some(7))], [3, 5, 7]);
        assert_eq!(limit(&Environment::empty("/"), None), Controller::new(bulk::connections_available()).limit());
    }
}
