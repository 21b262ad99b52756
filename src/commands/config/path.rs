//! `tc config path`

use std::io::Write as _;

use serde_json::json;

use crate::config::Paths;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Print where your settings are
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print where stored credentials are
    #[arg(long)]
    credentials: bool,
}

/// Prints the path, whether or not there is a file.
///
/// # Errors
/// When no home directory is known.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let paths = Paths::required(&context.env)?;
    if context.wants_json() {
        let json = json!({
            "settings": paths.settings.display().to_string(),
            "credentials": paths.credentials.display().to_string(),
            "goTool": paths.go_tool.display().to_string(),
        });
        context.print_json(json.to_string()).await?;
    } else {
        let path = if args.credentials { &paths.credentials } else { &paths.settings };
        writeln!(context.ui.out(), "{}", path.display())?;
    }
    Ok(Status::DONE)
}
