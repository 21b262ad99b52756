//! `tc profile add`

use crate::config::{SettingsFile, Slot, Value, keys};
use crate::context::Context;
use crate::domain::RootUrl;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Give a deployment a name
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The name: letters, digits, - and _
    name: String,
    /// Root URL of the deployment
    #[arg(value_name = "ROOT_URL")]
    url: String,
    /// Replace the root URL of a profile that exists
    #[arg(long)]
    force: bool,
}

/// Adds the profile to the settings.
///
/// # Errors
/// [`Kind::Usage`] when the name or the URL is invalid, [`Kind::Conflict`] when the name is taken.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let name = &args.name;
    let slot = Slot::parse(&format!("profiles.{name}.{}", keys::ROOT_URL.name)).map_err(|_| {
        Error::usage(format!("`{name}` cannot be the name of a profile"))
            .hint("A name has letters, digits, - and _, and starts with a letter or digit.")
    })?;
    let root = RootUrl::parse(&args.url).map_err(|fault| Error::usage(fault.to_string()))?;
    let file = SettingsFile::of(&context.env)?;
    let contents = file.read()?.map(|document| file.contents(&document)).transpose()?.unwrap_or_default();
    if let Some(profile) = contents.profile(name) {
        let taken = |what: &str| Error::new(Kind::Conflict, format!("there is {what} profile `{name}` already"));
        if profile.built_in {
            return Err(taken("a built-in").hint("Choose another name."));
        }
        if !args.force && profile.root_url.as_deref().is_some_and(|own| own != root.as_str()) {
            return Err(taken("a").hint("Use --force to change its root URL."));
        }
    }
    file.change(|document| document.with(&slot, &Value::Text(root.to_string())))?;
    Ok(Status::DONE)
}
