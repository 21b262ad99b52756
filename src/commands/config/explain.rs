//! `tc config help`

use std::io::Write as _;

use super::get;
use super::key;
use crate::config::{KEYS, Slot};
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::ui::Table;

/// Explain the settings, or one of them
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name of the setting
    key: Option<String>,
}

/// Prints what each setting is for.
///
/// # Errors
/// [`crate::error::Kind::Usage`] when there is no such setting.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let Some(name) = &args.key else {
        let mut table = Table::new(["setting", "meaning"]);
        for key in KEYS {
            table.row([key.name.to_owned(), key.meaning.to_owned()]);
        }
        let text = table.render(context.ui.terminal.width, context.ui.color());
        context.ui.out().write_all(text.as_bytes())?;
        return Ok(Status::DONE);
    };
    let slot = key::slot(name)?;
    let value = get::find(name, context)?;
    let mut out = context.ui.out();
    writeln!(out, "Key:     {slot}")?;
    if let Slot::Top(key) = &slot {
        writeln!(out, "Meaning: {}", key.meaning)?;
    }
    if let Some((value, source)) = value {
        writeln!(out, "Value:   {} (from {source})", context.ui.safe(&value.to_string().replace('\n', ", ")))?;
    }
    match &slot {
        Slot::Top(key) => writeln!(out, "Default: {}", key.default.unwrap_or("none"))?,
        Slot::Profile(..) | Slot::Preset(_) | Slot::Alias(_) => {}
    }
    Ok(Status::DONE)
}
