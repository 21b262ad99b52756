//! `tc group open`

use crate::commands::{page, selection};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Open the group's page in a browser, and print its address
///
/// In a pipe the address is printed and nothing opened.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
}

/// Opens the page.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when no group or no deployment is named.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let group = selection::group(&args.group, context)?;
    page::open(&format!("{}/tasks/groups/{}", group.deployment.root_url(context)?, group.id), context).await
}
