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

/// The exit status of a command that did what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub u8);

impl Status {
    /// All is well.
    pub const DONE: Status = Status(0);
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
#[allow(missing_docs, reason = "the arguments of each say it, and are its help")]
pub enum Command {
    Api(api::Args),
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
    Schema(schema::Args),
    Scope(scope::Args),
    Signin(signin::Args),
    Signout(signout::Args),
    Whoami(whoami::Args),
    Config(config::Args),
    Profile(profile::Args),
    Creds(creds::Args),
    Url(url::Args),
    Slugid(slugid::Args),
    FromNow(from_now::Args),
    /// See and change single tasks
    #[command(subcommand)]
    Task(task::Command),
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

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever it ran into.
    pub fn run(self, context: &Context) -> Result<Status> {
        match self {
            Self::Api(args) => api::run(&args, context),
            Self::Group(command) => command.run(context),
            Self::Artifact(command) => command.run(context),
            Self::Object(command) => command.run(context),
            Self::Download(command) => command.run(context),
            Self::Schema(args) => schema::run(&args, context),
            Self::Scope(args) => scope::run(&args, context),
            Self::Signin(args) => signin::run(&args, context),
            Self::Signout(args) => signout::run(&args, context),
            Self::Whoami(args) => whoami::run(&args, context),
            Self::Config(args) => config::run(&args, context),
            Self::Profile(args) => profile::run(&args, context),
            Self::Creds(args) => creds::run(&args, context),
            Self::Url(args) => url::run(&args, context),
            Self::Slugid(args) => slugid::run(&args, context),
            Self::FromNow(args) => from_now::run(&args, context),
            Self::Task(command) => command.run(context),
            Self::References(command) => command.run(context),
            Self::Sandbox(args) => sandbox::run(&args, context),
            Self::Completions(args) => completions::run(&args, context),
            Self::Man(args) => man::run(&args, context),
            Self::Help(args) => help::run(&args, context),
            Self::Version(args) => version::run(&args, context),
        }
    }
}
