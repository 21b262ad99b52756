//! `tc profile rm`

use crate::config::{SettingsFile, Slot, Value, keys};
use crate::context::Context;
use crate::error::{Error, Kind, Result};
use crate::exit::Status;

/// Remove one of your profiles, with its settings
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its name
    name: String,
}

/// Removes it, and the choice of it.
///
/// # Errors
/// [`Kind::NotFound`] when there is no such profile, [`Kind::Usage`] when it is built in.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Status> {
    let name = &args.name;
    let file = SettingsFile::of(&context.env)?;
    let contents = file.read()?.map(|document| file.contents(&document)).transpose()?.unwrap_or_default();
    if !contents.profiles.contains(name) {
        return Err(match contents.profile(name) {
            Some(_) => Error::usage(format!("the profile `{name}` is built in and cannot be removed")),
            None => {
                let error = Error::new(Kind::NotFound, format!("unknown profile `{name}`"));
                match contents.similar_profiles(name).first() {
                    Some(similar) => error.hint(format!("Did you mean `{similar}`?")),
                    None => error.hint("`tc profile list` shows all profiles."),
                }
            }
        });
    }
    let chosen = Slot::Top(&keys::PROFILE);
    let dangles = contents.get(&chosen) == Some(&Value::Text(name.clone()))
        && !contents.profile(name).is_some_and(|profile| profile.built_in);
    file.change(|document| {
        let without = document.without_profile(name)?;
        if dangles { without.without(&chosen) } else { Ok(without) }
    })?;
    if dangles {
        context.ui.note(format_args!("`{name}` was the profile in use; now there is none."));
    }
    Ok(Status::DONE)
}
