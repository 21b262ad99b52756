//! `tc slugid encode`

use crate::context::Context;
use crate::domain::slugid;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Convert a UUID to an ID
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The UUID: 5444b0a7-d25a-468f-9790-537f6de98187
    uuid: String,
}

/// Prints it.
///
/// # Errors
/// When it is no UUID, or standard output cannot be written.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let uuid = slugid::parse_uuid(&args.uuid).map_err(|error| {
        Error::usage(error.to_string()).hint("A UUID is 32 hexadecimal digits: 5444b0a7-d25a-468f-9790-537f6de98187.")
    })?;
    let id = slugid::encode(&uuid);
    super::print(context, std::slice::from_ref(&id), || id.clone().into()).await
}
