//! `tc profile use`

use crate::config::{Document, SettingsFile, Slot, Value, keys};
use crate::context::Context;
use crate::env;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Switch to a profile
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its name
    #[arg(required_unless_present = "none")]
    name: Option<String>,
    /// Switch to no profile
    #[arg(long, conflicts_with = "name")]
    none: bool,
}

/// Puts the choice into the settings.
///
/// # Errors
/// [`Kind::NotFound`] when there is no such profile.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let file = SettingsFile::of(&context.env)?;
    let slot = Slot::Top(&keys::PROFILE);
    let Some(name) = &args.name else {
        file.change(|document| document.without(&slot))?;
        return Ok(Status::DONE);
    };
    // The settings as a whole are not asked for: the profile that they name now may not exist.
    let contents = file.read()?.map(|document| file.contents(&document)).transpose()?.unwrap_or_default();
    let Some(profile) = contents.profile(name) else {
        let error = Error::new(Kind::NotFound, format!("unknown profile `{name}`"));
        return Err(match contents.similar_profiles(name).first() {
            Some(similar) => error.hint(format!("Did you mean `{similar}`?")),
            None => error.hint(format!("Make it with `tc profile add {name} ROOT_URL`.")),
        });
    };
    file.change(|document: &Document| document.with(&slot, &Value::Text(name.clone())))?;
    if context.ui.terminal.stderr {
        let root = profile.root_url.map(|root| format!(", {root}")).unwrap_or_default();
        context.ui.note(format_args!("From now on: {name}{root}"));
        context.ui.hint("To sign in: tc signin");
    }
    for variable in [env::TC_PROFILE, env::ROOT_URL] {
        if context.env.get(variable).is_some() {
            context.ui.hint(format_args!("{} is set and comes before it; unset it to use the profile.", variable.name));
        }
    }
    Ok(Status::DONE)
}
