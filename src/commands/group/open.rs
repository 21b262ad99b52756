//! `tc group open`

use crate::commands::shared;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// Open the group's page in a browser, and print its address
///
/// In a pipe the address is printed and nothing opened.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The group
    #[arg(value_name = "GROUP")]
    group: String,
}

/// Opens the page.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when no group or no deployment is named.
pub async fn run(args: &Args, context: &Context) -> Result<Status> {
    let (group, context) = shared::group(&args.group, context)?;
    shared::open(&format!("{}/tasks/groups/{group}", context.root_url()?), &context).await
}
