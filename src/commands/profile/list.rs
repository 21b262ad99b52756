//! `tc profile list`

use serde_json::{Value, json};

use crate::commands::lists::{Cell, Column, ListArgs, Row};
use crate::config::Profile;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Status;

/// List all profiles: built-in ones and your own
///
/// In a pipe: name, root URL, where it is from, and `current` for the one in use, with tabs between them.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    list: ListArgs,
}

/// What is said of each profile.
const COLUMNS: [Column; 4] =
    [Column::new("name"), Column::new("root url"), Column::new("from"), Column::new("current")];

/// Lists them.
///
/// # Errors
/// When the file is broken or the output cannot be written.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let listing = args.list.listing(&COLUMNS, context)?;
    let settings = context.settings()?;
    let current = settings.profile().map(|profile| profile.name.as_str());
    let profiles = settings.contents().all_profiles();
    let is_current = |profile: &Profile| Some(profile.name.as_str()) == current;
    let row = |profile: Profile| {
        let origin = if profile.built_in { "built in" } else { "yours" };
        let current = if is_current(&profile) { "current" } else { "" };
        let root_url = profile.root_url.as_deref().unwrap_or_default();
        let cells = [profile.name.as_str(), root_url, origin, current].map(Cell::from);
        Row::new(profile, cells)
    };
    let json = |profile: &Profile| {
        json!({
            "name": profile.name,
            "rootUrl": profile.root_url,
            "builtIn": profile.built_in,
            "current": is_current(profile),
        })
    };
    let rows = profiles.into_iter().map(row).collect();
    let list = |profiles: Vec<Profile>| profiles.iter().map(json).collect::<Value>().to_string();
    listing.print(rows, "No profiles.", context, list).await
}
