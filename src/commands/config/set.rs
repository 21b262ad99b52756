//! `tc config set`

use std::io::Write as _;

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
    /// Only check that the value is valid
    #[arg(short, long)]
    dry_run: bool,
    /// Its value; presets take several; without one it is read from standard input
    #[arg(allow_hyphen_values = true)]
    value: Vec<String>,
}

/// Sets it; everything else in the file stays as it is.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when there is no such setting or the value is not valid for it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let slot = key::slot(&args.key)?;
    let words = match args.value.as_slice() {
        [] => piped(&slot, context).await?,
        words => words.to_vec(),
    };
    let value = slot.kind().parse(&words).ok_or_else(|| {
        let given = words.join(" ");
        Error::usage(format!("invalid value `{given}` for `{slot}`: it must be {}", slot.kind().expects()))
    })?;
    if !args.dry_run {
        let file = SettingsFile::of(&context.env)?;
        file.change(|document| document.with(&slot, &value))?;
    }
    if context.is_taskcluster() {
        writeln!(context.ui.out(), "Set '{}' = {}", args.key, context.ui.safe(&words.join(" ")))?;
    }
    if args.dry_run {
        context.ui.note(format_args!("Nothing was changed: `{slot}` can be `{}`.", words.join(" ")));
        return Ok(Status::DONE);
    }
    if let Slot::Top(key) = &slot
        && let Ok(settings) = Settings::load(&context.env, given(&context.globals))
        && let Some(setting) = settings.find(key)
        && !matches!(setting.source, Source::File(_))
    {
        context.ui.hint(format_args!("The setting has no effect here: {} takes precedence.", setting.source));
    }
    Ok(Status::DONE)
}

/// The value on standard input: for a list one item a line.
async fn piped(slot: &Slot, context: &Context) -> Result<Vec<String>> {
    if context.ui.terminal.stdin {
        return Err(Error::usage(format!("`{slot}` needs a value")));
    }
    let text = String::from_utf8(context.read_stdin().await?.to_vec())
        .map_err(|_| Error::usage("the value on standard input is not UTF-8"))?;
    Ok(text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}
