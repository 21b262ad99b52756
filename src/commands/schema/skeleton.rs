//! `tc schema skeleton`

use super::target::SchemaTarget;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::schema;

/// Print a body to fill in
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    target: SchemaTarget,
    /// Show optional properties as well
    #[arg(long)]
    all: bool,
}

/// Prints it.
///
/// # Errors
/// When the schema is not found, or standard output cannot be written.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let skeleton = match args.target.own(context).await? {
        Some(schema) => schema::skeleton_of(&schema, args.all)?,
        None => {
            let (service, file) = args.target.find(context)?;
            schema::skeleton(service, &file, args.all)?
        }
    };
    context.print_json(skeleton.to_string()).await?;
    Ok(Status::DONE)
}
