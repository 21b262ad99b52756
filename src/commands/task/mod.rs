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
mod ids;
mod lookup;
mod shown;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

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
    pub async fn run(&self, context: &Context) -> Result<Status> {
        match self {
            Self::Status(args) => status::run(args, context).await,
            Self::Def(args) => def::run(args, context).await,
            Self::Name(args) => name::run(args, context).await,
            Self::Group(args) => group::run(args, context).await,
            Self::Deps(args) => deps::run(args, context).await,
            Self::Log(args) => log::run(args, context).await,
            Self::Artifacts(args) => artifacts::run(args, context).await,
            Self::Wait(args) => wait::run(args, context).await,
            Self::Watch(args) => watch::run(args, context).await,
            Self::Rerun(args) => rerun::run(args, context).await,
            Self::Retrigger(args) => retrigger::run(args, context).await,
            Self::Cancel(args) => cancel::run(args, context).await,
            Self::Schedule(args) => schedule::run(args, context).await,
            Self::Complete(args) => complete::run(args, context).await,
            Self::Priority(args) => priority::run(args, context).await,
            Self::Open(args) => open::run(args, context).await,
        }
    }
}
