//! `tc group`: one file a verb.

mod artifacts;
mod cancel;
mod diff;
mod failures;
mod flaky;
mod list;
mod open;
mod priority;
mod rerun;
mod retrigger;
mod seal;
mod status;
mod timeline;
mod wait;
mod watch;
mod why;

mod snapshot;
mod view;

use clap::builder::StringValueParser;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// What to do with a task group; each takes its ID, or the address of its page.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Status(status::Args),
    Why(why::Args),
    Failures(failures::Args),
    Diff(diff::Args),
    Flaky(flaky::Args),
    List(list::Args),
    Watch(watch::Args),
    Wait(wait::Args),
    Cancel(cancel::Args),
    Rerun(rerun::Args),
    Retrigger(retrigger::Args),
    Seal(seal::Args),
    Priority(priority::Args),
    Timeline(timeline::Args),
    Artifacts(artifacts::Args),
    Open(open::Args),
}

impl Command {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &Context) -> Result<Status> {
        match self {
            Self::Status(args) => status::run(args, context).await,
            Self::Why(args) => why::run(args, context).await,
            Self::Failures(args) => failures::run(args, context).await,
            Self::Diff(args) => diff::run(args, context).await,
            Self::Flaky(args) => flaky::run(args, context).await,
            Self::List(args) => list::run(args, context).await,
            Self::Watch(args) => watch::run(args, context).await,
            Self::Wait(args) => wait::run(args, context).await,
            Self::Cancel(args) => cancel::run(args, context).await,
            Self::Rerun(args) => rerun::run(args, context).await,
            Self::Retrigger(args) => retrigger::run(args, context).await,
            Self::Seal(args) => seal::run(args, context).await,
            Self::Priority(args) => priority::run(args, context).await,
            Self::Timeline(args) => timeline::run(args, context).await,
            Self::Artifacts(args) => artifacts::run(args, context).await,
            Self::Open(args) => open::run(args, context).await,
        }
    }
}

/// What derived arguments cannot say: `--force` means `--yes`, as it does for the Go tool.
pub(crate) fn adjust(command: clap::Command) -> clap::Command {
    let bulk = ["cancel", "rerun", "retrigger", "priority"];
    bulk.into_iter().fold(command, |command, verb| {
        command.mut_subcommand(verb, |verb| verb.mut_arg("yes", |yes| yes.visible_alias("force")))
    })
}

/// The same for a program that is called by the name of the Go tool, in which `cancel -f` means `cancel --force`. Under
/// our own name it does not, as `-f` chooses failed tasks in the verbs beside it: that slip cancelled 156 tasks. Of several
/// worker types the last one counts there, and an empty one chooses nothing.
pub(crate) fn adjust_for_go_tool(command: clap::Command) -> clap::Command {
    command.mut_subcommand("cancel", |cancel| {
        cancel
            .mut_arg("failed", |failed| failed.short(None))
            .mut_arg("yes", |yes| yes.visible_short_alias('f'))
            .mut_arg("worker_pool", |pool| pool.action(clap::ArgAction::Set).value_parser(StringValueParser::new()))
    })
}
