//! `tc references show`

use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Print a service's methods, exchanges and schemas as JSON
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the service
    service: String,
    /// The service of 2018
    #[arg(long)]
    legacy: bool,
}

/// Prints one document.
///
/// # Errors
/// When there is no such service, or standard output cannot be written.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let service = context.catalogue(args.legacy).service(&args.service)?;
    context.print_json(serde_json::to_vec(service).map_err(std::io::Error::from)?).await?;
    Ok(Status::DONE)
}
