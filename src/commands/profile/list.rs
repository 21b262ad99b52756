//! `tc profile list`

use std::io::Write as _;

use serde_json::{Value, json};

use crate::config::Profile;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;
use crate::ui::Table;

/// List all profiles, those that are built in and your own
///
/// In a pipe: name, root URL, where it is from, and `current` for the one in use, with tabs between them.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

/// Lists them.
///
/// # Errors
/// When the file is broken or the output cannot be written.
pub(super) async fn run(_args: &Args, context: &Context) -> Result<Status> {
    let settings = context.settings()?;
    let current = settings.profile().map(|profile| profile.name.as_str());
    let profiles = settings.contents().all_profiles();
    let is_current = |profile: &Profile| Some(profile.name.as_str()) == current;
    if context.wants_json() {
        let items = profiles.iter().map(|profile| {
            json!({
                "name": profile.name,
                "rootUrl": profile.root_url,
                "builtIn": profile.built_in,
                "current": is_current(profile),
            })
        });
        context.print_json(items.collect::<Value>().to_string()).await?;
        return Ok(Status::DONE);
    }
    let rows = profiles.iter().map(|profile| {
        let origin = if profile.built_in { "built in" } else { "yours" };
        let current = if is_current(profile) { "current" } else { "" };
        [profile.name.as_str(), profile.root_url.as_deref().unwrap_or_default(), origin, current]
    });
    if context.ui.terminal.stdout {
        let mut table = Table::new(["name", "root url", "from", ""]);
        rows.for_each(|row| table.row(row));
        let text = table.render(context.ui.terminal.width, context.ui.color());
        context.ui.out().write_all(text.as_bytes())?;
    } else {
        let mut out = context.ui.out();
        for row in rows {
            writeln!(out, "{}", row.join("\t"))?;
        }
    }
    Ok(Status::DONE)
}
