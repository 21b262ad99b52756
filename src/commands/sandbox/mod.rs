//! `tc sandbox`

mod serve;

use crate::commands::Status;
use crate::context::Context;
use crate::error::Result;

/// Run a Taskcluster of your own on this machine, in memory
///
/// Prints how to point a shell at it once it accepts connections, then serves until Ctrl-C. All that
/// it holds is gone when it stops. Any client can talk to it, and nothing in it leaves this machine.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    serve: serve::Args,
}

/// Serves, or runs one command against a sandbox.
///
/// # Errors
/// Those of the verb.
pub fn run(args: &Args, context: &Context) -> Result<Status> {
    serve::run(&args.serve, context)
}
