//! `tc version`

use std::io::Write as _;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::reference;

/// Print the version of tc and of its references
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print the bare version of tc, for scripts
    #[arg(short, long, alias = "short-version")]
    short: bool,
}

/// Prints both versions, or the one that was asked for.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let version = env!("CARGO_PKG_VERSION");
    if context.wants_json() {
        let versions = serde_json::json!({"version": version, "references": reference::VERSION});
        context.print_json(versions.to_string()).await?;
    } else if args.short {
        writeln!(context.ui.out(), "{version}")?;
    } else if context.is_taskcluster() {
        writeln!(context.ui.out(), "taskcluster version {version}")?;
    } else {
        writeln!(context.ui.out(), "tc {version} (references of Taskcluster {})", reference::VERSION)?;
    }
    Ok(Status::DONE)
}
