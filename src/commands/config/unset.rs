//! `tc config unset`

use super::key;
use crate::config::SettingsFile;
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Remove a setting from your file
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name of the setting
    key: String,
}

/// Removes it; everything else in the file stays as it is.
///
/// # Errors
/// [`Kind::Usage`] when there is no such setting, [`Kind::NotFound`] when it is not in the file.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let slot = key::slot(&args.key)?;
    let file = SettingsFile::of(&context.env)?;
    let absent = || Error::new(Kind::NotFound, format!("`{slot}` is not set in {}", file.path().display()));
    if !file.read()?.ok_or_else(absent)?.has(&slot) {
        return Err(absent());
    }
    file.change(|document| document.without(&slot))?;
    Ok(Status::DONE)
}
