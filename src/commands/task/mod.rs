//! `tc task`: one file a verb.

mod artifacts;
mod cancel;
mod complete;
mod cot;
mod create;
mod def;
mod deps;
mod edit;
mod errors;
mod group;
mod log;
mod name;
mod open;
mod priority;
mod render;
mod rerun;
mod retrigger;
mod run;
mod schedule;
mod status;
mod validate;
mod wait;
mod watch;
mod why;

mod action;
mod attend;
mod ids;
mod lookup;
mod made;
mod quoted_list;
mod shown;

use crate::commands::waiting::Ended;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// What to do with tasks; each verb takes IDs, or the addresses of pages.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Status(status::Args),
    Why(why::Args),
    Errors(errors::Args),
    Def(def::Args),
    Name(name::Args),
    Group(group::Args),
    Deps(deps::Args),
    Log(log::Args),
    Artifacts(artifacts::Args),
    Wait(wait::Args),
    Watch(watch::Args),
    Run(run::Args),
    Create(create::Args),
    Render(render::Args),
    Validate(validate::Args),
    Edit(edit::Args),
    Cot(cot::Args),
    Rerun(rerun::Args),
    Retrigger(retrigger::Args),
    Cancel(cancel::Args),
    Schedule(schedule::Args),
    Complete(complete::Args),
    Priority(priority::Args),
    Open(open::Args),
}

/// For a program that is called by the name of the Go tool: options of `task run` count behind the image, too, as there. Under
/// our own name they belong to the command, as for `docker run`.
pub(crate) fn adjust_for_go_tool(command: clap::Command) -> clap::Command {
    command.mut_subcommand("run", |run| {
        run.mut_arg("words", |words| words.trailing_var_arg(false).allow_hyphen_values(false))
    })
}

impl Command {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &Context) -> Result<Status> {
        match self {
            Self::Status(args) => status::run(args, context).await,
            Self::Why(args) => why::run(args, context).await,
            Self::Errors(args) => errors::run(args, context).await,
            Self::Def(args) => def::run(args, context).await,
            Self::Name(args) => name::run(args, context).await,
            Self::Group(args) => group::run(args, context).await,
            Self::Deps(args) => deps::run(args, context).await,
            Self::Log(args) => log::run(args, context).await,
            Self::Artifacts(args) => artifacts::run(args, context).await,
            Self::Wait(args) => wait::run(args, context).await,
            Self::Watch(args) => watch::run(args, context).await,
            Self::Run(args) => run::run(args, context).await,
            Self::Create(args) => create::run(args, context).await,
            Self::Render(args) => render::run(args, context).await,
            Self::Validate(args) => validate::run(args, context).await,
            Self::Edit(args) => edit::run(args, context).await,
            Self::Cot(args) => cot::run(args, context).await,
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

/// Stays with the tasks that a verb of another noun has created, where it was asked to.
///
/// # Errors
/// [`crate::error::Kind::Unsuccessful`] when they end otherwise than completed.
pub(crate) async fn stay(ended: Ended, context: &Context) -> Result<Status> {
    match ended {
        Ended::Done(status) => Ok(status),
        Ended::Created(tasks) => attend::attend(&tasks.ids, tasks.with_logs, &tasks.deployment, context).await,
    }
}
