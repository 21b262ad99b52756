//! `tc config set`

use super::key;
use crate::config::{Settings, SettingsFile, Slot, Source};
use crate::context::{Context, given};
use crate::error::{Error, Result};
use crate::exit::Status;

/// Change a setting in your file
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name of the setting: `retries`, `profiles.corp.root-url`, `presets.relduty`
    key: String,
    /// Its value; presets take several
    #[arg(required = true, allow_hyphen_values = true)]
    value: Vec<String>,
}

/// Sets it; everything else in the file stays as it is.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when there is no such setting or the value is none for it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let slot = key::slot(&args.key)?;
    let value = slot.kind().parse(&args.value).ok_or_else(|| {
        let given = args.value.join(" ");
        Error::usage(format!("invalid value `{given}` for `{slot}`: it must be {}", slot.kind().expects()))
    })?;
    let file = SettingsFile::of(&context.env)?;
    file.change(|document| document.with(&slot, &value))?;
    if let Slot::Top(key) = &slot
        && let Ok(settings) = Settings::load(&context.env, given(&context.globals))
        && let Some(setting) = settings.find(key)
        && !matches!(setting.source, Source::File(_))
    {
        context.ui.hint(format_args!("What is set does not count here: {} comes before it.", setting.source));
    }
    Ok(Status::DONE)
}
