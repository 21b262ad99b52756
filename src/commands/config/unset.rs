//! `tc config unset`

use std::io::Write as _;

use super::key;
use crate::config::{KEYS, SettingsFile, Slot};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Remove a setting from your file
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name of the setting
    #[arg(required_unless_present = "all")]
    key: Option<String>,
    /// Remove all settings at the top of the file; profiles and presets stay
    #[arg(short, long, conflicts_with = "key")]
    all: bool,
}

/// Removes it; everything else in the file stays as it is.
///
/// # Errors
/// [`Kind::Usage`] when there is no such setting, [`Kind::NotFound`] when it is not in the file.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let file = SettingsFile::of(&context.env)?;
    let slots: Vec<(String, Slot)> = match &args.key {
        Some(key) => vec![(key.clone(), key::slot(key)?)],
        None => KEYS.iter().map(|key| (key.name.to_owned(), Slot::Top(key))).collect(),
    };
    let document = file.read()?;
    let set: Vec<&(String, Slot)> =
        slots.iter().filter(|(_, slot)| document.as_ref().is_some_and(|document| document.has(slot))).collect();
    // The Go tool counts what is not set as reset.
    if set.is_empty() && !args.all && !context.is_taskcluster() {
        let slot = slots.first().map(|(_, slot)| slot.to_string()).unwrap_or_default();
        return Err(Error::new(Kind::NotFound, format!("`{slot}` is not set in {}", file.path().display())));
    }
    for (_, slot) in &set {
        file.change(|document| document.without(slot))?;
    }
    if context.is_taskcluster() {
        let mut out = context.ui.out();
        for (key, _) in &slots {
            let name = if key == "root-url" { key::GO_ROOT_URL } else { key };
            writeln!(out, "Reset {name} to default value.")?;
        }
    } else if args.all {
        context.ui.note(match set.len() {
            0 => "Nothing was set.".to_owned(),
            _ => format!("Removed {}.", set.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", ")),
        });
    }
    Ok(Status::DONE)
}
