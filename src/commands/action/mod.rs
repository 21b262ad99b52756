//! `tc action`: one file a verb.

mod list;
mod run;
mod show;

mod described;
mod perform;
mod preview;
mod published;
mod request;
mod subject;

use self::perform::PerformArgs;
use super::waiting::Ended;
use crate::context::Context;
use crate::error::Result;

/// What to do with the actions that a decision task publishes for its group.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    List(list::Args),
    Show(show::Args),
    Run(run::Args),
    /// Run the action `retrigger`: new tasks that do what these did
    Retrigger(PerformArgs),
    /// Run the action `rerun`: one more run of tasks
    Rerun(PerformArgs),
    /// Run the action `cancel`
    Cancel(PerformArgs),
    /// Run the action `backfill`: the same tasks on earlier pushes
    Backfill(PerformArgs),
    /// Run the action `confirm-failures`: failed tests once more
    ConfirmFailures(PerformArgs),
    /// Run the action `add-new-jobs`: tasks that the push left out
    AddNewJobs(PerformArgs),
}

impl Command {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &Context) -> Result<Ended> {
        let (name, args) = match self {
            Self::List(args) => return list::run(args, context).await.map(Ended::Done),
            Self::Show(args) => return show::run(args, context).await.map(Ended::Done),
            Self::Run(args) => return run::run(args, context).await,
            Self::Retrigger(args) => ("retrigger", args),
            Self::Rerun(args) => ("rerun", args),
            Self::Cancel(args) => ("cancel", args),
            Self::Backfill(args) => ("backfill", args),
            Self::ConfirmFailures(args) => ("confirm-failures", args),
            Self::AddNewJobs(args) => ("add-new-jobs", args),
        };
        perform::perform(name, args, context).await
    }
}
