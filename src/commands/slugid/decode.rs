//! `tc slugid decode`

use crate::context::Context;
use crate::domain::slugid;
use crate::error::{Error, Result};
use crate::exit::Status;

/// Convert an ID to a UUID
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The ID: VESwp9JaRo-XkFN_bemBhw
    // IDs may start with a dash; what is no flag of ours is one.
    #[arg(allow_hyphen_values = true)]
    slugid: String,
}

/// Prints it.
///
/// # Errors
/// When it is no ID, or standard output cannot be written.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let uuid = slugid::decode(&args.slugid).map_err(|error| {
        Error::usage(error.to_string())
            .hint("An ID is 22 characters of A-Z, a-z, 0-9, - and _: VESwp9JaRo-XkFN_bemBhw.")
    })?;
    let uuid = uuid.to_string();
    super::print(context, std::slice::from_ref(&uuid), || uuid.clone().into()).await
}
