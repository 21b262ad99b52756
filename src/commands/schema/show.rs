//! `tc schema show`

use super::target::SchemaTarget;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::reference;
use crate::schema::SchemaError;

/// Print a schema
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    target: SchemaTarget,
}

/// Prints it as it stands in the references.
///
/// # Errors
/// When it is not found, or standard output cannot be written.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    if let Some(schema) = args.target.own(context).await? {
        context.print_json(schema.to_string()).await?;
        return Ok(Status::DONE);
    }
    let (service, file) = args.target.find(context)?;
    let path = service.schema_uri(&file);
    let schema = service.schema(&file).or_else(|| reference::schema(&path)).ok_or(SchemaError::Missing { path })?;
    context.print_json(schema.get().to_owned()).await?;
    Ok(Status::DONE)
}
