//! One file a verb: its arguments, whose doc comments are the help, and one `run`.

pub mod api;
pub mod artifact;
pub mod completions;
pub mod config;
pub mod creds;
pub mod download;
pub mod from_now;
pub mod group;
pub mod help;
pub mod man;
pub mod object;
pub mod profile;
pub mod pulse;
pub mod references;
pub mod sandbox;
pub mod schema;
pub mod scope;
pub mod shared;
pub mod signin;
pub mod signout;
pub mod slugid;
pub mod task;
pub mod url;
pub mod version;
pub mod whoami;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// What to do.
#[derive(Debug, clap::Subcommand)]
#[allow(missing_docs, reason = "the arguments of each say it, and are its help")]
pub enum Command {
    Api(api::Args),
    /// See and change single tasks
    #[command(subcommand)]
    Task(task::Command),
    /// See and change the tasks of a task group
    #[command(subcommand)]
    Group(group::Command),
    /// List, print, download and upload artifacts of tasks
    #[command(subcommand)]
    Artifact(artifact::Command),
    /// Download and upload objects of the object service
    #[command(subcommand)]
    Object(object::Command),
    /// Download an artifact or an object to a file
    #[command(subcommand)]
    Download(download::Command),
    /// Hear what the services tell of over Pulse (AMQP)
    #[command(subcommand)]
    Pulse(pulse::Command),
    Signin(signin::Args),
    Signout(signout::Args),
    Whoami(whoami::Args),
    Creds(creds::Args),
    Scope(scope::Args),
    Url(url::Args),
    Schema(schema::Args),
    Slugid(slugid::Args),
    FromNow(from_now::Args),
    Config(config::Args),
    Profile(profile::Args),
    /// Show the API references that tc is built on, and make new ones
    #[command(subcommand)]
    References(references::Command),
    /// Run a Taskcluster of your own on this machine, in memory
    Sandbox(sandbox::Args),
    Completions(completions::Args),
    Man(man::Args),
    Version(version::Args),
    Help(help::Args),
}

/// The command of this name by itself, so that a command line which names it need not build all the others.
///
/// It parses as the one in the whole tree does; its help may lack what stands with its name there.
pub(crate) fn named(name: &str) -> Option<clap::Command> {
    use clap::{Args as _, Subcommand as _};
    let one = |augment: fn(clap::Command) -> clap::Command| Some(augment(clap::Command::new(name.to_owned())));
    let noun = |augment: fn(clap::Command) -> clap::Command| {
        Some(augment(clap::Command::new(name.to_owned())).subcommand_required(true))
    };
    match name {
        "api" => one(api::Args::augment_args),
        "artifact" => noun(artifact::Command::augment_subcommands),
        "completions" => one(completions::Args::augment_args),
        "config" => one(config::Args::augment_args),
        "creds" => one(creds::Args::augment_args),
        "download" => noun(download::Command::augment_subcommands),
        "from-now" => one(from_now::Args::augment_args),
        "group" => noun(group::Command::augment_subcommands),
        "help" => one(help::Args::augment_args),
        "man" => one(man::Args::augment_args),
        "object" => noun(object::Command::augment_subcommands),
        "profile" => one(profile::Args::augment_args),
        "pulse" => noun(pulse::Command::augment_subcommands),
        "references" => noun(references::Command::augment_subcommands),
        "sandbox" => one(sandbox::Args::augment_args),
        "schema" => one(schema::Args::augment_args),
        "scope" => one(scope::Args::augment_args),
        "signin" => one(signin::Args::augment_args),
        "signout" => one(signout::Args::augment_args),
        "slugid" => one(slugid::Args::augment_args),
        "task" => noun(task::Command::augment_subcommands),
        "url" => one(url::Args::augment_args),
        "version" => one(version::Args::augment_args),
        "whoami" => one(whoami::Args::augment_args),
        _ => None,
    }
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever it ran into.
    pub async fn run(self, context: &Context) -> Result<Status> {
        match self {
            Self::Api(args) => api::run(&args, context).await,
            Self::Group(command) => command.run(context).await,
            Self::Artifact(command) => command.run(context).await,
            Self::Object(command) => command.run(context).await,
            Self::Download(command) => command.run(context).await,
            Self::Pulse(command) => command.run(context).await,
            Self::Schema(args) => schema::run(&args, context).await,
            Self::Scope(args) => scope::run(&args, context).await,
            Self::Signin(args) => signin::run(&args, context).await,
            Self::Signout(args) => signout::run(&args, context).await,
            Self::Whoami(args) => whoami::run(&args, context).await,
            Self::Config(args) => config::run(&args, context).await,
            Self::Profile(args) => profile::run(&args, context).await,
            Self::Creds(args) => creds::run(&args, context).await,
            Self::Url(args) => url::run(&args, context).await,
            Self::Slugid(args) => slugid::run(&args, context).await,
            Self::FromNow(args) => from_now::run(&args, context).await,
            Self::Task(command) => command.run(context).await,
            Self::References(command) => command.run(context).await,
            Self::Sandbox(args) => sandbox::run(&args, context).await,
            Self::Completions(args) => completions::run(&args, context).await,
            Self::Man(args) => man::run(&args, context).await,
            Self::Help(args) => help::run(&args, context).await,
            Self::Version(args) => version::run(&args, context).await,
        }
    }
}
