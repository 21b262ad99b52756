//! `tc sandbox`

mod demo;
mod serve;
mod shape;

use crate::context::Context;
use crate::error::Result;
use crate::exit::{Program, Status};

/// Run a Taskcluster of your own on this machine, in memory
///
/// Prints how to point a shell at it once it accepts connections, then serves until Ctrl-C. All that
/// it holds is gone when it stops. Any client can talk to it, and nothing in it leaves this machine.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(flatten)]
    serve: serve::Args,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Demo(demo::Args),
}

/// Serves, runs one command against a sandbox, or shows the demo.
pub(crate) async fn run(args: &Args, context: &Context, program: Program) -> Result<Status> {
    match &args.command {
        Some(Command::Demo(args)) => demo::run(args, context, program).await,
        None => serve::run(&args.serve, context).await,
    }
}
