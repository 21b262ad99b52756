//! `tc task`: one file a verb.

mod artifacts;
mod cancel;
mod complete;
mod def;
mod deps;
mod group;
mod log;
mod name;
mod open;
mod priority;
mod rerun;
mod retrigger;
mod schedule;
mod status;
mod wait;
mod watch;

mod action;
mod each;
mod ids;
mod lookup;
mod shown;

use crate::commands::Status;
use crate::context::Context;
use crate::error::Result;

/// What to do with tasks; each verb takes IDs, or the addresses of pages.
#[derive(Debug, clap::Subcommand)]
#[allow(missing_docs, reason = "the arguments of each say it, and are its help")]
pub enum Command {
    Status(status::Args),
    Def(def::Args),
    Name(name::Args),
    Group(group::Args),
    Deps(deps::Args),
    Log(log::Args),
    Artifacts(artifacts::Args),
    Wait(wait::Args),
    Watch(watch::Args),
    Rerun(rerun::Args),
    Retrigger(retrigger::Args),
    Cancel(cancel::Args),
    Schedule(schedule::Args),
    Complete(complete::Args),
    Priority(priority::Args),
    Open(open::Args),
}

impl Command {
    /// Runs the verb.
    ///
    /// # Errors
    /// Those of the verb.
    pub fn run(&self, context: &Context) -> Result<Status> {
        match self {
            Self::Status(args) => status::run(args, context),
            Self::Def(args) => def::run(args, context),
            Self::Name(args) => name::run(args, context),
            Self::Group(args) => group::run(args, context),
            Self::Deps(args) => deps::run(args, context),
            Self::Log(args) => log::run(args, context),
            Self::Artifacts(args) => artifacts::run(args, context),
            Self::Wait(args) => wait::run(args, context),
            Self::Watch(args) => watch::run(args, context),
            Self::Rerun(args) => rerun::run(args, context),
            Self::Retrigger(args) => retrigger::run(args, context),
            Self::Cancel(args) => cancel::run(args, context),
            Self::Schedule(args) => schedule::run(args, context),
            Self::Complete(args) => complete::run(args, context),
            Self::Priority(args) => priority::run(args, context),
            Self::Open(args) => open::run(args, context),
        }
    }
}
