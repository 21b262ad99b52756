//! `tc update`

use std::io::Write as _;

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Show how to get a newer version
///
/// Nothing is downloaded: a new version comes the way this one came.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Says it.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) async fn run(_args: &Args, context: &Context) -> Result<Status> {
    let version = env!("CARGO_PKG_VERSION");
    writeln!(
        context.ui.out(),
        "This is tc {version}. Nothing was downloaded.\n\
         A newer version is installed the way this one was; from its sources:\n  \
         git pull && cargo install --path . --profile dist"
    )?;
    Ok(Status::DONE)
}
